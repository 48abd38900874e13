import type { Scale } from '../api/types/autoscaling-v1.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { gvkOf } from '../apimachinery/gvk.ts';
import { cloneJson } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { ResourceClient, WriteOptions } from '../client/client.ts';
import { changeCauseOf, changeCausePatch, recordFlag } from '../cli/change-cause.ts';
import { type CommandContext, CommandError, defineCommand } from '../cli/command.ts';
import { throwFailures } from '../cli/exit.ts';
import { dryRunFlag, filenameFlags, printFlags, selectorFlag, standardFormats } from '../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../cli/manifest-input.ts';
import { printerOf } from '../cli/print-objects.ts';
import { withNamespace } from '../cli/typed-objects.ts';
import { requireFlags } from '../cli/required-flags.ts';
import { type LoadedTarget, loadTargets, resolveTargets, nothingNamed } from '../cli/resource-targets.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { resourceOf } from '../resource/resource-access.ts';
import { sleep } from '../system/clock.ts';

interface ScaleOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  readonly all: boolean;
  readonly selector: string;
  readonly replicas: number;
  readonly currentReplicas: number;
  readonly resourceVersion: string;
  readonly timeoutMillis: number;
  readonly dryRun: DryRun;
  readonly printer: ObjectPrinter | undefined;
  readonly changeCause: string | undefined;
}

/** `scale`: sets how many replicas there shall be. */
export const scaleCommand = defineCommand<ScaleOptions>({
  path: ['scale'],
  usage: '[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)',
  short: 'Set a new size for a deployment, replica set, or replication controller',
  long: 'Set how many replicas of something there shall be, if it is as --current-replicas and --resource-version say.',
  examples: '  # Three replicas\n  kubectl scale --replicas=3 deployment/web',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('that name what to scale'),
    selectorFlag,
    dryRunFlag,
    recordFlag,
    { name: 'all', type: 'bool', default: 'false', description: 'All objects of the kinds, in the namespace' },
    {
      name: 'current-replicas',
      type: 'int',
      default: '-1',
      description: 'Only scale what has this many replicas; -1 for any',
    },
    { name: 'replicas', type: 'int', default: '0', description: 'How many replicas there shall be; required' },
    { name: 'resource-version', type: 'string', default: '', description: 'Only scale what has this version' },
    { name: 'timeout', type: 'duration', default: '0s', description: 'How long to wait until it is so; 0 for not' },
  ],
  async toOptions(args, flags, context) {
    requireFlags(flags, ['replicas']);
    const input = manifestInput(flags);
    const replicas = flags.int('replicas');
    if (replicas < 0) {
      throw new CommandError('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
    }
    if (flags.int('current-replicas') < -1) {
      throw new CommandError('The --current-replicas must specify an integer of -1 or greater');
    }
    if (args.length === 0 && input.filenames.length === 0) {
      throw new CommandError(nothingNamed);
    }
    return {
      args,
      input,
      all: flags.bool('all'),
      selector: flags.string('selector'),
      replicas,
      currentReplicas: flags.int('current-replicas'),
      resourceVersion: flags.string('resource-version'),
      timeoutMillis: flags.duration('timeout'),
      dryRun: dryRunOf(flags, context),
      printer: await printerOf(flags, context),
      changeCause: changeCauseOf(flags, ['scale'], args),
    };
  },
  async run(options, context) {
    const targets = await resolveTargets(
      { ...options, isServed: true, fieldSelector: '', allNamespaces: false },
      context,
    );
    const { objects, errors } = await loadTargets(targets, context, { manifests: 'as-given' });
    if (objects.length === 0 && errors.length === 0) throw new CommandError('no objects passed to scale');
    if (options.resourceVersion !== '' && objects.length > 1) {
      throw new CommandError('cannot use --resource-version with multiple resources');
    }
    if (objects.length === 0) throwFailures(errors);
    for (const target of objects) {
      const replicas = options.dryRun === 'client' ? options.replicas : await scaleOne(target, options, context);
      context.streams.out.write(show(shownObject(target), replicas, options));
    }
    throwFailures(errors);
  },
});

/** A manifest is shown as it stands in its file, with the namespace it goes to. */
function shownObject({ manifest, object, mapping, namespace }: LoadedTarget): Unstructured {
  return manifest !== undefined && mapping.namespaced ? withNamespace(manifest, namespace) : (manifest ?? object);
}

/** The object with its new size, where its kind has that at a known place. */
function show(object: Unstructured, replicas: number, options: ScaleOptions): string {
  const scaled = cloneJson(object) as Unstructured & { spec?: { replicas?: number } };
  const { group } = gvkOf(object);
  if (group === '' || group === 'apps') scaled.spec = { ...scaled.spec, replicas };
  if (options.printer !== undefined) return options.printer.print(scaled);
  return new NamePrinter({ operation: `scaled${dryRunSuffix[options.dryRun]}` }).print(scaled);
}

/** How long a change that others came in between of is tried again. */
const retryMillis = 5 * 60_000;

/** @returns how many replicas the server has written down */
async function scaleOne(target: LoadedTarget, options: ScaleOptions, context: CommandContext): Promise<number> {
  const client = await context.cluster.client();
  const resource = resourceOf(client, target.mapping, target.namespace);
  const giveUp = context.clock.now() + retryMillis;
  let replicas: number;
  for (;;) {
    try {
      replicas = await writeScale(resource, target.name, options);
      break;
    } catch (error) {
      if (!hasReason(error, 'Conflict')) throw error;
      if (context.clock.now() >= giveUp || !(await sleep(context.clock, 1000, context.signal))) {
        throw new CommandError('context deadline exceeded');
      }
    }
  }
  if (options.timeoutMillis > 0 && options.dryRun === 'none')
    await untilScaled(resource, target.name, options, context);
  const cause = changeCausePatch(target.object, options.changeCause);
  // Why it was scaled is good to know, but nothing fails without.
  if (cause !== undefined) {
    await resource.patch(target.name, 'application/merge-patch+json', cause).catch(() => undefined);
  }
  return replicas;
}

async function writeScale(resource: ResourceClient, name: string, options: ScaleOptions): Promise<number> {
  const write: WriteOptions = { subresource: 'scale', ...(options.dryRun === 'server' ? { dryRun: 'All' } : {}) };
  if (options.currentReplicas === -1 && options.resourceVersion === '') {
    const patch = { spec: { replicas: options.replicas } };
    return replicasOf(await resource.patch(name, 'application/merge-patch+json', patch, write));
  }
  const current = await resource.get(name, { subresource: 'scale' });
  const { spec, metadata } = current as unknown as Scale;
  const replicas = spec?.replicas ?? 0;
  if (options.currentReplicas !== -1 && replicas !== options.currentReplicas) {
    throw new CommandError(`Expected replicas to be ${options.currentReplicas}, was ${replicas}`);
  }
  const version = metadata.resourceVersion ?? '';
  if (options.resourceVersion !== '' && version !== options.resourceVersion) {
    throw new CommandError(`Expected resource version to be ${options.resourceVersion}, was ${version}`);
  }
  return replicasOf(await resource.update({ ...current, spec: { ...spec, replicas: options.replicas } }, write));
}

function replicasOf(scale: Unstructured): number {
  return (scale as unknown as Scale).spec?.replicas ?? 0;
}

/** Waits until there are as many as there shall be; over as well when somebody else wants another number. */
async function untilScaled(
  resource: ResourceClient,
  name: string,
  options: ScaleOptions,
  context: CommandContext,
): Promise<void> {
  const deadline = context.clock.now() + options.timeoutMillis;
  for (;;) {
    const scale = await resource.get(name, { subresource: 'scale' });
    if (replicasOf(scale) !== options.replicas) return;
    if (((scale as unknown as Scale).status?.replicas ?? 0) === options.replicas) return;
    if (context.clock.now() >= deadline || !(await sleep(context.clock, 1000, context.signal))) {
      throw new CommandError(`timed out waiting for ${goQuote(name)} to be synced`);
    }
  }
}
