import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { RestMapping } from '../apimachinery/rest-mapping.ts';
import { changeCauseOf, recordChangeCause, recordFlag } from '../cli/change-cause.ts';
import { type CheckedInput, readCheckedInput } from '../cli/checked-input.ts';
import { type CommandContext, CommandError, defineCommand, type FlagValues, UsageError } from '../cli/command.ts';
import { cascadeOf } from '../cli/deletion-flags.ts';
import { throwFailures } from '../cli/exit.ts';
import {
  cascadeFlag,
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  selectorFlag,
  standardFormats,
  subresourceFlag,
  validateFlag,
} from '../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../cli/manifest-input.ts';
import { printerOf } from '../cli/print-objects.ts';
import type { Client, DeleteOptions } from '../client/client.ts';
import { requestPlan } from '../generators/request-plan.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import { listInFieldOrder, withoutManagedFields } from '../printers/structured-printers.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import { parseValidate } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { klogLine } from '../system/klog.ts';
import { type Applied, applyObject, type ApplyPolicy, FailedApply } from './apply/apply-object.ts';
import type { ApplySetRun } from './apply/apply-set-run.ts';
import { CurrentObjects } from './apply/current-objects.ts';
import { includeUninitializedFlag } from '../cli/uninitialized-choice.ts';

interface ApplyOptions {
  readonly input: ManifestInput;
  readonly policy: ApplyPolicy;
  readonly selector: string;
  readonly all: boolean;
  readonly prune: { readonly allowlist: readonly string[]; readonly deletion: DeleteOptions } | undefined;
  /** `--applyset`; empty for none. */
  readonly applySet: string;
  /** `-o` other than `name`: everything is printed at the end, several objects as a list. */
  readonly printsObjects: boolean;
  readonly keepsOrder: boolean;
  readonly showsManagedFields: boolean;
  /** --record. */
  readonly changeCause: string | undefined;
  readonly printer: ObjectPrinter | undefined;
}

/** `apply`: makes objects as their manifests say. */
export const applyCommand = defineCommand<ApplyOptions>({
  path: ['apply'],
  usage: '(-f FILENAME | -k DIRECTORY)',
  short: 'Apply a configuration to a resource by file name or stdin',
  long: 'Create what is not there and change what is, so that objects are as the manifests say. What a manifest no longer says is taken out again. Everything is read and checked before anything is sent.',
  examples:
    '  # A folder of manifests\n  kubectl apply -f ./app\n\n  # A kustomization\n  kubectl apply -k ./overlays/production',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('with what to apply'),
    cascadeFlag,
    recordFlag,
    dryRunFlag,
    fieldManagerFlag('kubectl-client-side-apply'),
    validateFlag,
    selectorFlag,
    { name: 'all', type: 'bool', default: 'false', description: 'With --prune: all objects of the namespace' },
    {
      name: 'applyset',
      type: 'string',
      default: '',
      // As in the real program there is none unless $KUBECTL_APPLYSET says so.
      hidden: true,
      description:
        'With --prune: the object that tells what belongs together, [RESOURCE][.GROUP]/NAME; a secret by default',
    },
    { name: 'force', type: 'bool', default: 'false', description: 'Delete and make anew what cannot be changed' },
    { name: 'force-conflicts', type: 'bool', default: 'false', description: 'Take over fields of other managers' },
    { name: 'grace-period', type: 'int', default: '-1', description: 'Seconds a deleted object has to end' },
    { name: 'openapi-patch', type: 'bool', default: 'true', description: 'Use the OpenAPI of the server for patches' },
    { name: 'overwrite', type: 'bool', default: 'true', description: 'Changes made by others are undone' },
    { name: 'prune', type: 'bool', default: 'false', description: 'Delete what was applied before and is gone' },
    { name: 'prune-allowlist', type: 'stringArray', default: '[]', description: 'Kinds that --prune may delete' },
    { name: 'server-side', type: 'bool', default: 'false', description: 'Let the server merge' },
    subresourceFlag('With --server-side: apply this subresource of the object'),
    { name: 'timeout', type: 'duration', default: '0s', description: 'How long to wait for a deletion' },
    { name: 'wait', type: 'bool', default: 'false', description: 'Wait until deleted objects are gone' },
    includeUninitializedFlag,
  ],
  wantsUninitialized: (flags) => flags.bool('prune'),
  async toOptions(args, flags, context) {
    if (args.length > 0) throw new UsageError(`Unexpected args: [${args.join(' ')}]`);
    const input = manifestInput(flags);
    if (input.filenames.length === 0) throw new CommandError('must specify one of -f and -k');
    const serverSide = flags.bool('server-side');
    const dryRun = dryRunOf(flags, context);
    if (dryRun === 'client' && serverSide) {
      throw new CommandError(
        "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
      );
    }
    const deletion = deletionOf(flags, context);
    const options: ApplyOptions = {
      input,
      policy: {
        serverSide,
        forceConflicts: flags.bool('force-conflicts'),
        dryRun,
        validation: parseValidate(flags.string('validate')),
        fieldManager: serverSide && !flags.changed('field-manager') ? 'kubectl' : flags.string('field-manager'),
        keepsManifest: true,
        overwrite: flags.bool('overwrite'),
        openApiPatch: flags.bool('openapi-patch'),
        subresource: flags.string('subresource'),
        force: flags.bool('force') ? { ...deletion, timeoutMillis: flags.duration('timeout') } : undefined,
      },
      selector: flags.string('selector'),
      all: flags.bool('all'),
      prune: flags.bool('prune') ? { allowlist: flags.list('prune-allowlist'), deletion } : undefined,
      applySet: applySetOf(flags, context),
      printsObjects: !['', 'name'].includes(flags.string('output')),
      keepsOrder: ['json', 'kyaml'].includes(flags.string('output').toLowerCase()),
      showsManagedFields: flags.bool('show-managed-fields'),
      changeCause: changeCauseOf(flags, ['apply'], args),
      printer: await printerOf(flags, context),
    };
    checkOptions(options);
    if (options.applySet === '') checkPruning(options);
    return options;
  },
  async run(options, context) {
    const { policy, selector } = options;
    const client = await context.cluster.client();
    const applySet = options.applySet === '' ? undefined : await openApplySet(options, client, context);
    if (applySet !== undefined) checkPruning(options);
    const prunable = await prunableKinds(options, context);
    const checks = { validation: policy.validation ?? 'Strict', dryRun: policy.dryRun, selector };
    const input = await readCheckedInput(options.input, checks, context, 'no objects passed to apply');
    const { entries } = input;
    for (const { object } of entries) recordChangeCause(object, options.changeCause);
    await applySet?.beforeApply(entries);
    const applied = await applyAll(input, options, client, context);
    context.log?.(4, 'apply.go:546', 'Running apply post-processor function');
    if (options.printsObjects && options.printer !== undefined) {
      context.streams.out.write(
        printedTogether(
          applied.map(({ object }) => object),
          options.printer,
          options,
        ),
      );
    }
    if (prunable !== undefined) await pruneRest(applied, prunable, options, client, context);
    await applySet?.prune(applied, (object) => context.streams.out.write(lineOf(object, 'pruned', options)));
  },
});

/** --applyset, where it exists. @throws CommandError as for a flag that there is not */
function applySetOf(flags: FlagValues, { env }: CommandContext): string {
  if (flags.changed('applyset') && (env['KUBECTL_APPLYSET'] ?? '').toLowerCase() !== 'true') {
    throw new CommandError("unknown flag: --applyset\nSee 'kubectl apply --help' for usage.");
  }
  return flags.string('applyset');
}

/** The apply set of --applyset, its parent checked. @throws CommandError */
async function openApplySet(
  { applySet, policy, prune }: ApplyOptions,
  client: Client,
  context: CommandContext,
): Promise<ApplySetRun> {
  const { startApplySet } = await import('./apply/apply-set-run.ts');
  return startApplySet(applySet, { policy, deletion: prune?.deletion ?? {} }, client, context);
}

function deletionOf(flags: FlagValues, context: CommandContext): DeleteOptions {
  const gracePeriodSeconds = flags.int('grace-period');
  return {
    propagationPolicy: cascadeOf(flags.string('cascade'), context),
    ...(gracePeriodSeconds < 0 ? {} : { gracePeriodSeconds }),
  };
}

function checkOptions({ policy, prune, selector, applySet, all }: ApplyOptions): void {
  const { dryRun, force, serverSide } = policy;
  problem(policy.forceConflicts && !serverSide, '--force-conflicts only works with --server-side');
  problem(serverSide && force !== undefined, '--force cannot be used with --server-side');
  problem(dryRun === 'server' && force !== undefined, '--dry-run=server cannot be used with --force');
  problem(all && selector !== '', 'cannot set --all and --selector at the same time');
  problem(applySet !== '' && prune === undefined, '--applyset requires --prune');
  problem(policy.subresource !== '' && !serverSide, '--subresource can only be specified for --server-side');
}

/** What goes with --prune. Asked once the parent of the apply set is known to be one, as in the real program. */
function checkPruning({ policy, prune, selector, applySet, all }: ApplyOptions): void {
  if (prune === undefined) return;
  problem(policy.force !== undefined, '--force cannot be used with --prune');
  if (applySet !== '') {
    problem(all, '--all is incompatible with --applyset');
    problem(selector !== '', '--selector is incompatible with --applyset');
    problem(prune.allowlist.length > 0, '--prune-allowlist is incompatible with --applyset');
    return;
  }
  problem(
    !all && selector === '',
    'all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector',
  );
  problem(policy.serverSide, "--prune is in alpha and doesn't currently work on objects created by server-side apply");
}

function problem(isWrong: boolean, message: string): void {
  if (isWrong) throw new CommandError(message);
}

async function applyAll(
  { entries, failures }: CheckedInput,
  options: ApplyOptions,
  client: Client,
  context: CommandContext,
): Promise<Applied[]> {
  const work = { policy: options.policy, client, current: new CurrentObjects(client, entries), context };
  const applied: Applied[] = [];
  const errors: unknown[] = [...failures];
  await requestPlan(
    entries,
    (entry) => applyObject(entry, work),
    (result) => {
      if (!result.ok) {
        const { error } = result;
        if (error instanceof FailedApply) for (const warning of error.warnings) context.streams.err.write(warning);
        errors.push(error instanceof FailedApply ? error.cause : error);
        return;
      }
      const { object, operation, warnings } = result.value;
      applied.push(result.value);
      for (const warning of warnings) context.streams.err.write(warning);
      if (!options.printsObjects) context.streams.out.write(lineOf(object, operation, options));
    },
  );
  throwFailures(errors);
  return applied;
}

function lineOf(object: Unstructured, operation: string, { policy, printer }: ApplyOptions): string {
  return (printer ?? new NamePrinter({ operation: `${operation}${dryRunSuffix[policy.dryRun]}` })).print(object);
}

/** One object as it is, several as a list. */
function printedTogether(
  objects: readonly Unstructured[],
  printer: ObjectPrinter,
  { keepsOrder, showsManagedFields }: ApplyOptions,
): string {
  if (objects.length === 1) return printer.print(objects[0]);
  if (keepsOrder)
    return printer.print(listInFieldOrder(showsManagedFields ? objects : objects.map(withoutManagedFields)));
  return printer.print({ apiVersion: 'v1', kind: 'List', metadata: {}, items: objects });
}

/** The kinds that --prune without an apply set deletes from; undefined where nothing is pruned so. @throws CommandError */
async function prunableKinds(
  { prune, applySet }: ApplyOptions,
  context: CommandContext,
): Promise<readonly RestMapping[] | undefined> {
  if (prune === undefined || applySet !== '') return undefined;
  const { pruneMappings } = await import('./apply/prune.ts');
  return pruneMappings(prune.allowlist, await (await context.cluster.discovery()).mapper());
}

async function pruneRest(
  applied: readonly Applied[],
  mappings: readonly RestMapping[],
  options: ApplyOptions,
  client: Client,
  context: CommandContext,
): Promise<void> {
  const { prune, wholeClusterWarning } = await import('./apply/prune.ts');
  const { name, explicit } = await context.cluster.namespace();
  const namespaces = new Set(explicit ? [name] : []);
  for (const { object, mapping } of applied) {
    if (mapping.namespaced) namespaces.add(object.metadata.namespace ?? name);
  }
  const { allowlist = [], deletion = {} } = options.prune ?? {};
  if (allowlist.length === 0) {
    context.streams.err.write(klogLine('W', context.clock.now(), 'prune.go:71', wholeClusterWarning));
  }
  const scope = {
    mappings,
    namespaces,
    labelSelector: options.selector,
    keptUids: new Set(applied.map(({ object }) => object.metadata.uid ?? '')),
  };
  const { dryRun } = options.policy;
  await prune(scope, { deletion, dryRun }, client, (object) =>
    context.streams.out.write(lineOf(object, 'pruned', options)),
  );
}
