import { join, resolve } from 'node:path';
import { type CommandContext, CommandError, defineCommand, type FlagValues } from '../cli/command.ts';
import { kustomizeWorld } from '../cli/kustomize-world.ts';
import { systemReasonOrMessage } from '../system/file-errors.ts';
import type { BuildOptions } from '../kustomize/build.ts';

type LoadRestriction = NonNullable<BuildOptions['loadRestriction']>;
type Reordering = NonNullable<BuildOptions['reorder']>;

interface KustomizeOptions {
  readonly path: string;
  readonly loadRestriction: LoadRestriction;
  readonly enableHelm: boolean;
  /** The order that a flag asked for; absent where none was given. */
  readonly reorder?: Reordering;
  readonly managedByLabel: boolean;
  /** A file, or a folder that gets a file for each object; empty for standard output. */
  readonly output: string;
}

const loadRestrictions: readonly LoadRestriction[] = ['LoadRestrictionsRootOnly', 'LoadRestrictionsNone'];
const reorderings: readonly Reordering[] = ['legacy', 'none'];
/** What `--enable-managedby-label` says, said by the environment with `on`. */
const managedByVariable = 'KUSTOMIZE_ENABLE_MANAGEDBY_LABEL';

/** `kustomize`: builds a kustomization and prints its objects. */
export const kustomizeCommand = defineCommand<KustomizeOptions>({
  path: ['kustomize'],
  usage: 'DIR [flags]',
  short: 'Build a kustomization target from a directory or URL',
  long: "Build the kustomization of a folder (by its kustomization.yaml) and print the objects; without a folder, that of the working folder.\n\nEverything is read from local files: folders in git repositories and files behind URLs have to be fetched first, charts are not inflated, and only kustomize's own plugins run.",
  examples:
    '  # The kustomization of the working folder\n  kubectl kustomize\n\n  # That of another folder, applied\n  kubectl kustomize overlays/production | kubectl apply -f -',
  flags: [
    flag('as-current-user', 'bool', 'false', 'Run functions in containers as the user who runs this; none are run'),
    flag('enable-alpha-plugins', 'bool', 'false', 'Allow plugins that are programs; none are run'),
    flag('enable-helm', 'bool', 'false', 'Allow helm to inflate charts; it is not run'),
    {
      ...flag('enable-managedby-label', 'bool', 'false', 'Label every object as managed by kustomize'),
      deprecated:
        'The flag `enable-managedby-label` has been deprecated. Use the `managedByLabel` option in the `buildMetadata` field instead.',
    },
    {
      ...flag('env', 'stringArray', '[]', 'Environment variables for functions; none are run'),
      shorthand: 'e',
    },
    flag('helm-api-versions', 'stringArray', '[]', 'Versions of the API that charts are told of'),
    flag('helm-command', 'string', 'helm', 'The helm program'),
    flag('helm-debug', 'bool', 'false', 'Let helm say more'),
    flag('helm-kube-version', 'string', '', 'The version of Kubernetes that charts are told of'),
    flag(
      'load-restrictor',
      'string',
      'LoadRestrictionsRootOnly',
      "With 'LoadRestrictionsNone', files may stand outside of the folder of the kustomization that names them",
    ),
    flag('mount', 'stringArray', '[]', 'Storage for functions; none are run'),
    flag('network', 'bool', 'false', 'Allow functions to use the network; none are run'),
    flag('network-name', 'string', 'bridge', 'The network of the containers that functions run in'),
    {
      ...flag('output', 'string', '', 'File to write to; a folder gets a file for each object'),
      shorthand: 'o',
    },
    {
      ...flag('reorder', 'string', 'legacy', "The order of the objects: 'legacy', by kind, or 'none', as they come"),
      deprecated: "use the new 'sortOptions' field in kustomization.yaml instead.",
    },
  ],
  toOptions(args, flags) {
    const [path = '.'] = args;
    if (args.length > 1) throw new CommandError('specify one path to kustomization.yaml');
    return {
      path,
      loadRestriction: oneOf(flags, 'load-restrictor', loadRestrictions),
      enableHelm: flags.bool('enable-helm') && !flags.bool('enable-alpha-plugins'),
      ...(flags.changed('reorder') ? { reorder: oneOf(flags, 'reorder', reorderings) } : {}),
      managedByLabel: flags.bool('enable-managedby-label'),
      output: flags.string('output'),
    };
  },
  async run({ output, ...options }, context) {
    const { buildKustomization, kustomizationFiles, kustomizationText } = await import('../kustomize/build.ts');
    const built = await failing(() =>
      buildKustomization({
        ...kustomizeWorld(context),
        ...options,
        managedByLabel: options.managedByLabel || context.env[managedByVariable] === 'on',
      }),
    );
    const target = resolve(context.cwd, output);
    if (output === '') {
      context.streams.out.write(await failing(() => kustomizationText(built)));
    } else if (await isFolder(target, context)) {
      const files = await failing(() => kustomizationFiles(built));
      for (const { name, text } of files) await writeFile(join(output, name), text, context);
    } else {
      await writeFile(output, await failing(() => kustomizationText(built)), context);
    }
  },
});

function flag(
  name: string,
  type: 'bool' | 'string' | 'stringArray',
  defaultValue: string,
  description: string,
): { name: string; type: 'bool' | 'string' | 'stringArray'; default: string; description: string } {
  return { name, type, default: defaultValue, description };
}

/** The value of a flag that takes some words alone. @throws CommandError on another. */
function oneOf<Word extends string>(flags: FlagValues, name: string, words: readonly Word[]): Word {
  const given = flags.string(name);
  const known = words.find((word) => word === given);
  if (known !== undefined) return known;
  throw new CommandError(`illegal flag value --${name} ${given}; legal values: [${words.join(' ')}]`);
}

async function failing<T>(build: () => T | Promise<T>): Promise<T> {
  const { KustomizeError } = await import('../kustomize/build-error.ts');
  try {
    return await build();
  } catch (error) {
    throw error instanceof KustomizeError ? new CommandError(error.message) : error;
  }
}

async function isFolder(path: string, { files }: CommandContext): Promise<boolean> {
  return (await files.exists(path)) && (await files.stat(path)).isFolder;
}

async function writeFile(path: string, text: string, { files, cwd }: CommandContext): Promise<void> {
  try {
    await files.writeFileAtomic(resolve(cwd, path), text, 0o644);
  } catch (error) {
    throw new CommandError(`open ${path}: ${systemReasonOrMessage(error)}`);
  }
}
