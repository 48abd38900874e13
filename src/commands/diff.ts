import { goQuote } from '../apimachinery/field-error.ts';
import { join } from 'node:path';
import { gvkText } from '../apimachinery/gvk.ts';
import { cloneJson, isJsonObject, type JsonObject } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { RestMapping } from '../apimachinery/rest-mapping.ts';
import { hasReason } from '../apimachinery/status.ts';
import { stringifyYaml } from '../apimachinery/yaml.ts';
import { type CheckedManifest, readCheckedInput } from '../cli/checked-input.ts';
import { type CommandContext, CommandError, defineCommand, SilentExit, UsageError } from '../cli/command.ts';
import { PrefixedError, throwFailures } from '../cli/exit.ts';
import { fieldManagerFlag, filenameFlags, selectorFlag } from '../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../cli/manifest-input.ts';
import { klogLine } from '../system/klog.ts';
import { requestPlan } from '../generators/request-plan.ts';
import { type Applied, applyObject, type ApplyPolicy, type ApplyWork, FailedApply } from './apply/apply-object.ts';
import { CurrentObjects } from './apply/current-objects.ts';

interface DiffOptions {
  readonly input: ManifestInput;
  readonly policy: ApplyPolicy;
  readonly selector: string;
  readonly prune: { readonly allowlist: readonly string[] } | undefined;
  readonly showManagedFields: boolean;
  readonly showSecrets: boolean;
}

/** `diff`: what `apply` would change. Exits with 1 when there is something, with 2 when it could not be told. */
export const diffCommand = defineCommand<DiffOptions>({
  path: ['diff'],
  usage: '-f FILENAME',
  short: 'Diff the live version against a would-be applied version',
  long: 'Show how objects would change if manifests were applied. The server makes the changes in a dry run, so that defaults and admission are in it. $KUBECTL_EXTERNAL_DIFF names another program than "diff -u -N", arguments included.\n\nThe exit code is 0 without differences, 1 with some, and greater when something failed.',
  examples: '  kubectl diff -f app.yaml\n  cat app.yaml | kubectl diff -f -',
  errorExitCode: 2,
  flags: [
    { name: 'concurrency', type: 'int', default: '1', description: 'Objects that are compared side by side, at least' },
    fieldManagerFlag('kubectl-client-side-apply'),
    ...filenameFlags('with what to compare'),
    { name: 'force-conflicts', type: 'bool', default: 'false', description: 'Take over fields of other managers' },
    { name: 'prune', type: 'bool', default: 'false', description: 'Show what apply --prune would delete, too' },
    { name: 'prune-allowlist', type: 'stringArray', default: '[]', description: 'Kinds that --prune may delete' },
    selectorFlag,
    { name: 'server-side', type: 'bool', default: 'false', description: 'Let the server merge' },
    { name: 'show-managed-fields', type: 'bool', default: 'false', description: 'Keep managedFields' },
    { name: 'show-secrets', type: 'bool', default: 'false', description: 'Do not mask the values of secrets' },
  ],
  toOptions(args, flags) {
    if (args.length > 0) throw new UsageError(`Unexpected args: [${args.join(' ')}]`);
    const input = manifestInput(flags);
    if (input.filenames.length === 0) throw new CommandError('must specify one of -f and -k');
    const serverSide = flags.bool('server-side');
    const forceConflicts = flags.bool('force-conflicts');
    if (forceConflicts && !serverSide) throw new CommandError('--force-conflicts only works with --server-side');
    return {
      input,
      policy: {
        serverSide,
        forceConflicts,
        dryRun: 'server',
        validation: undefined,
        fieldManager: serverSide && !flags.changed('field-manager') ? 'kubectl' : flags.string('field-manager'),
        keepsManifest: false,
        overwrite: true,
        openApiPatch: true,
        subresource: '',
        force: undefined,
        compares: true,
      },
      selector: flags.string('selector'),
      prune: flags.bool('prune') ? { allowlist: flags.list('prune-allowlist') } : undefined,
      showManagedFields: flags.bool('show-managed-fields'),
      showSecrets: flags.bool('show-secrets'),
    };
  },
  async run(options, context) {
    const pairs = await comparedPairs(options, context);
    const exitCode = await showDifferences(pairs, options, context);
    if (exitCode === 1) throw new SilentExit(1);
  },
});

/** An object as it is and as it would be; one of them is not there. */
interface ComparedPair {
  readonly name: string;
  readonly live: Unstructured | undefined;
  readonly merged: Unstructured | undefined;
}

async function comparedPairs(options: DiffOptions, context: CommandContext): Promise<ComparedPair[]> {
  const { policy, selector } = options;
  const client = await context.cluster.client();
  // What is wrong with a field the server tells; the real program's diff does not look at manifests either.
  const checks = { validation: 'Ignore', dryRun: 'server', selector } as const;
  const { entries, failures: refused } = await readCheckedInput(options.input, checks, context);
  throwFailures(refused);
  const current = new CurrentObjects(client, entries);
  const work = { policy, client, current, context };
  const pairs: ComparedPair[] = [];
  const failures: unknown[] = [];
  const keptUids = new Set<string>();
  const namespaces = new Set<string>();
  await requestPlan(
    entries,
    async (entry) => {
      return { ...(await comparedObject(entry, work)), namespace: entry.namespace };
    },
    (result) => {
      if (!result.ok) {
        failures.push(withoutPlace(result.error instanceof FailedApply ? result.error.cause : result.error));
        return;
      }
      const { live, applied, namespace } = result.value;
      if (live !== undefined) keptUids.add(live.metadata.uid ?? '');
      if (applied.mapping.namespaced) namespaces.add(namespace);
      pairs.push({ name: fileName(applied.mapping, applied.object), live, merged: applied.object });
    },
  );
  throwFailures(failures);
  if (options.prune !== undefined) {
    const { findPrunable, pruneMappings, wholeClusterWarning } = await import('./apply/prune.ts');
    if (options.prune.allowlist.length === 0) {
      context.streams.err.write(klogLine('W', context.clock.now(), 'prune.go:71', wholeClusterWarning));
    }
    const mappings = pruneMappings(options.prune.allowlist, await (await context.cluster.discovery()).mapper());
    const scope = { mappings, namespaces, labelSelector: selector, keptUids };
    for (const { object, mapping } of await findPrunable(scope, client)) {
      pairs.push({ name: fileName(mapping, object), live: object, merged: undefined });
    }
  }
  return pairs;
}

/** An object that changes meanwhile, or that others own fields of, is tried as often. */
const maxTries = 4;

/** An object as it is and as it would be. A conflict is taken for a change that happened meanwhile, as the real one does. */
async function comparedObject(
  entry: CheckedManifest,
  work: ApplyWork,
): Promise<{ readonly live: Unstructured | undefined; readonly applied: Applied }> {
  const { mapping, namespace, object } = entry;
  const name = object.metadata.name ?? '';
  for (let attempt = 1; ; attempt++) {
    const live = mapping === undefined ? undefined : await work.current.get(mapping, namespace, name);
    try {
      return { live, applied: await applyObject(entry, work) };
    } catch (error) {
      if (mapping === undefined || !hasReason(error, 'Conflict') || attempt === maxTries) throw error;
      if (attempt < maxTries - 1) continue;
      const warning = `Object (${gvkText(mapping.gvk)}: ${name}) keeps changing, diffing without lock`;
      const { streams, clock } = work.context;
      streams.err.write(klogLine('W', clock.now(), 'diff.go:723', warning));
    }
  }
}

/** `apps.v1.Deployment.default.web`. */
function fileName({ gvk }: RestMapping, { metadata }: Unstructured): string {
  const group = gvk.group === '' ? '' : `${gvk.group}.`;
  return `${group}${gvk.version}.${gvk.kind}.${metadata.namespace ?? ''}.${metadata.name ?? ''}`;
}

/** Writes both sides as files and runs the program that compares them. @returns its exit code, 0 or 1 */
async function showDifferences(
  pairs: readonly ComparedPair[],
  options: DiffOptions,
  context: CommandContext,
): Promise<number> {
  const { files, random, env, runInPlace, streams } = context;
  const temporary = env['TMPDIR'] ?? env['TEMP'] ?? '/tmp';
  const folderNamed = (side: string): string => join(temporary, `${side}-${Math.floor(random.next() * 1e10)}`);
  const live = folderNamed('LIVE');
  const merged = folderNamed('MERGED');
  try {
    await files.makeFolder(live, 0o700);
    await files.makeFolder(merged, 0o700);
    for (const pair of pairs) {
      const shown = shownPair(pair, options);
      // What is not there yet is an empty file; of what would be deleted there is one file.
      const before = shown.live === undefined ? '' : stringifyYaml(shown.live);
      await files.writeFileAtomic(join(live, pair.name), before, 0o700);
      if (shown.merged !== undefined) {
        await files.writeFileAtomic(join(merged, pair.name), stringifyYaml(shown.merged), 0o700);
      }
    }
    const { program, before, behind } = diffProgram(env);
    const failed = (reason: string): CommandError => new CommandError(`failed to run ${goQuote(program)}: ${reason}`);
    if (runInPlace === undefined) throw failed('no program can be run here');
    if (program === '') throw failed('exec: no command');
    await streams.out.flush();
    const exitCode = await runInPlace(program, [...before, live, merged, ...behind], env).catch((error: unknown) => {
      const { code = '' } = error as { readonly code?: string };
      throw failed(['ENOENT', 'EACCES'].includes(code) ? 'executable file not found in $PATH' : String(error));
    });
    if (exitCode > 1) throw failed(`exit status ${exitCode}`);
    return exitCode;
  } finally {
    await files.remove(live);
    await files.remove(merged);
  }
}

/** A program that compares, and its arguments before and behind what it compares. */
interface DiffProgram {
  readonly program: string;
  readonly before: readonly string[];
  readonly behind: readonly string[];
}

/** Of the arguments that the environment names only harmless ones are taken; they come last, as with the real one. */
function diffProgram(env: CommandContext['env']): DiffProgram {
  const external = env['KUBECTL_EXTERNAL_DIFF'] ?? '';
  if (external === '') return { program: 'diff', before: ['-u', '-N'], behind: [] };
  const [program = '', ...args] = external.split(' ');
  return { program, before: [], behind: args.filter((argument) => /^[a-zA-Z0-9-=]+$/.test(argument)) };
}

function shownPair({ live, merged }: ComparedPair, options: DiffOptions): Omit<ComparedPair, 'name'> {
  const shown = { live: withoutManagedFields(live, options), merged: withoutManagedFields(merged, options) };
  const { apiVersion, kind } = merged ?? live ?? { apiVersion: '', kind: '' };
  if (!options.showSecrets && apiVersion === 'v1' && kind === 'Secret') maskValues(shown.live, shown.merged);
  return shown;
}

function withoutManagedFields(object: Unstructured | undefined, options: DiffOptions): Unstructured | undefined {
  if (object === undefined) return undefined;
  const copy = cloneJson(object);
  if (!options.showManagedFields) delete copy.metadata.managedFields;
  return copy;
}

/** Tells of the values of a secret no more than whether they differ. */
function maskValues(live: Unstructured | undefined, merged: Unstructured | undefined): void {
  const dataOf = (object: Unstructured | undefined): JsonObject =>
    object !== undefined && isJsonObject(object['data']) ? object['data'] : {};
  const before = dataOf(live);
  const after = dataOf(merged);
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const differs = Object.hasOwn(before, key) && Object.hasOwn(after, key) && before[key] !== after[key];
    if (Object.hasOwn(before, key)) before[key] = differs ? '*** (before)' : '***';
    if (Object.hasOwn(after, key)) after[key] = differs ? '*** (after)' : '***';
  }
}

/** An object that cannot be made is told here without the file it stands in. */
function withoutPlace(error: unknown): unknown {
  return error instanceof PrefixedError && error.prefix.startsWith('error when creating ') ? error.cause : error;
}
