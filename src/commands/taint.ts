import { cloneJson, type JsonObject } from '../apimachinery/json.ts';
import { NoMatchError } from '../apimachinery/rest-mapping.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { type CommandContext, CommandError, defineCommand, PlainError, UsageError } from '../cli/command.ts';
import { noResourceMatch, throwFailures } from '../cli/exit.ts';
import { dryRunFlag, fieldManagerFlag, printFlags, selectorFlag, standardFormats, validateFlag } from '../cli/flags.ts';
import { requireKnownType } from '../cli/known-types.ts';
import { printerOf } from '../cli/print-objects.ts';
import { type LoadedTarget, loadTargets, resolveTargets } from '../cli/resource-targets.ts';
import { typedPrinter } from '../cli/typed-objects.ts';
import { GeneratorError } from '../generators/flag-texts.ts';
import { changeTaints, isSameTaint, parseTaints, type Taint, type TaintChanges } from '../generators/taints.ts';
import { withZeroValues } from '../generators/zero-values.ts';
import { NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';
import { type DryRun, type FieldValidation, parseValidate } from '../resource/dry-run.ts';
import { resourceOf } from '../resource/resource-access.ts';

interface TaintOptions {
  /** The kind, and names behind it. */
  readonly resources: readonly string[];
  readonly changes: TaintChanges;
  readonly selector: string;
  readonly all: boolean;
  readonly overwrite: boolean;
  readonly dryRun: DryRun;
  readonly validation: FieldValidation;
  readonly fieldManager: string;
  /** Made when something is printed: a wrong format is told after what went wrong before. */
  readonly makePrinter: () => Promise<ObjectPrinter | undefined>;
}

/** `taint`: changes what keeps pods off nodes. */
export const taintCommand = defineCommand<TaintOptions>({
  path: ['taint'],
  usage: 'NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N',
  short: 'Update the taints on one or more nodes',
  long:
    'Set and remove taints of nodes. A taint is key=value:effect, the value may be left out, and the effect is NoSchedule, PreferNoSchedule or NoExecute.\n\n' +
    'With a dash behind it a taint is removed: key:effect-, or key- for all effects.',
  examples:
    '  # Keep other pods off a node\n  kubectl taint nodes worker-1 dedicated=builds:NoSchedule\n\n' +
    '  # Remove one, and all of a key\n  kubectl taint nodes worker-1 dedicated:NoSchedule-\n  kubectl taint nodes worker-1 dedicated-\n\n' +
    '  # All nodes with a label\n  kubectl taint node -l pool=builds dedicated=builds:PreferNoSchedule',
  flags: [
    ...printFlags({ formats: standardFormats }),
    selectorFlag,
    dryRunFlag,
    fieldManagerFlag('kubectl-taint'),
    validateFlag,
    { name: 'all', type: 'bool', default: 'false', description: 'All nodes' },
    { name: 'overwrite', type: 'bool', default: 'false', description: 'Change taints that a node has already' },
  ],
  async toOptions(args, flags, context) {
    const dryRun = dryRunOf(flags, context);
    const validation = parseValidate(flags.string('validate'));
    const { resources, taints } = split(args);
    if (resources.length === 0) throw new CommandError('one or more resources must be specified as <resource> <name>');
    if (taints.length === 0) throw new CommandError('at least one taint update is required');
    return {
      resources,
      changes: readTaints(taints),
      selector: flags.string('selector'),
      all: flags.bool('all'),
      overwrite: flags.bool('overwrite'),
      dryRun,
      validation,
      fieldManager: flags.string('field-manager'),
      makePrinter: () => (dryRun === 'client' ? printerOf : typedPrinter)(flags, context),
    };
  },
  async run(options, context) {
    await checkResource(options.resources[0] ?? '', context);
    check(options);
    const { all, selector, resources } = options;
    const hasNames = !all && selector === '';
    const request = {
      args: hasNames ? ['nodes', ...resources.slice(1)] : ['nodes'],
      input: { filenames: [], recursive: false },
      all,
      selector,
      fieldSelector: '',
      allNamespaces: false,
      isTyped: true,
    };
    const { objects, errors } = await loadTargets(await resolveTargets(request, context), context);
    const failures: unknown[] = [];
    for (const target of objects) {
      try {
        await taintOne(target, options, context);
      } catch (error) {
        failures.push(error);
      }
    }
    throwFailures([...failures, ...errors]);
  },
});

function split(args: readonly string[]): { readonly resources: readonly string[]; readonly taints: readonly string[] } {
  const isTaint = (argument: string): boolean => /[=:]|-$/.test(argument);
  const first = args.findIndex(isTaint);
  if (first < 0) return { resources: args, taints: [] };
  const taints = args.slice(first);
  const late = taints.find((argument) => !isTaint(argument));
  if (late !== undefined) throw new CommandError(`all resources must be specified before taint changes: ${late}`);
  return { resources: args.slice(0, first), taints };
}

function readTaints(texts: readonly string[]): TaintChanges {
  try {
    return parseTaints(texts);
  } catch (error) {
    if (error instanceof GeneratorError) throw new UsageError(error.message);
    throw error;
  }
}

async function checkResource(type: string, context: CommandContext): Promise<void> {
  const resource = type.toLowerCase();
  const discovery = await context.cluster.discovery();
  try {
    const { kind } = await discovery.withMapper((mapper) => mapper.kindFor({ group: '', version: '', resource }));
    if (kind !== 'Node') throw new CommandError(`invalid resource type ${resource}, only node types are supported`);
  } catch (error) {
    if (!(error instanceof NoMatchError)) throw error;
    throw new PlainError(noResourceMatch(resource).message);
  }
}

function check({ changes: { add, remove }, all, selector, resources }: TaintOptions): void {
  const both = add.flatMap((added) =>
    remove
      .filter(({ key, effect }) => key === added.key && (effect === '' || effect === added.effect))
      .map(({ key, effect }) => `${key}=${effect}`),
  );
  if (both.length > 0) {
    throw new CommandError(
      `can not both modify and remove the following taint(s) in the same command: ${both.join(', ')}`,
    );
  }
  if (all && selector !== '') {
    throw new CommandError("setting 'all' parameter with a non empty selector is prohibited");
  }
  if (!all && selector === '' && resources.length < 2) {
    throw new CommandError("at least one resource name must be specified since 'all' parameter is not set");
  }
}

async function taintOne(target: LoadedTarget, options: TaintOptions, context: CommandContext): Promise<void> {
  const { taints, operation } = changed(target, options);
  const printer = (await options.makePrinter()) ?? new NamePrinter({ operation });
  if (options.dryRun === 'client') {
    context.streams.out.write(printer.print(await withTaints(target.object, taints, context)));
    return;
  }
  const resource = resourceOf(await context.cluster.client(), target.mapping, target.namespace);
  const patch = { spec: { taints: taints.length === 0 ? null : taints } };
  const result = await resource.patch(target.name, 'application/strategic-merge-patch+json', patch, {
    ...(options.fieldManager === '' ? {} : { fieldManager: options.fieldManager }),
    fieldValidation: options.validation,
    ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
  });
  context.streams.out.write(printer.print(result));
}

function changed(
  { name, object }: LoadedTarget,
  { changes, overwrite }: TaintOptions,
): { readonly taints: readonly Taint[]; readonly operation: string } {
  const { taints: existing = [] } = (object['spec'] ?? {}) as { readonly taints?: readonly Taint[] };
  const there = changes.add.filter((added) => existing.some((taint) => isSameTaint(taint, added)));
  if (!overwrite && there.length > 0) {
    const keys = there.map(({ key }) => key).join(',');
    throw new CommandError(`node ${name} already has ${keys} taint(s) with same effect(s) and --overwrite is false`);
  }
  const { taints, operation, missing } = changeTaints(existing, changes, overwrite);
  throwFailures(
    missing.map(({ key, effect }) => new CommandError(`taint "${key}${effect === '' ? '' : `:${effect}`}" not found`)),
  );
  return { taints, operation };
}

/** The node as the real program prints it, with all that its type never leaves out. */
async function withTaints(
  node: Unstructured,
  taints: readonly Taint[],
  context: CommandContext,
): Promise<Unstructured> {
  const { types, name } = await requireKnownType(node, context);
  const full = withZeroValues(cloneJson(node) as unknown as JsonObject, name, types) as unknown as Unstructured;
  const { taints: _before, ...spec } = (full['spec'] ?? {}) as { readonly taints?: unknown };
  return { ...full, spec: taints.length === 0 ? spec : { ...spec, taints } };
}
