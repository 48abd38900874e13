import { messageOf } from '../../apimachinery/error-message.ts';
import { gvkOf, parseGroupVersion } from '../../apimachinery/gvk.ts';
import { cloneJson, equalJson, type JsonObject } from '../../apimachinery/json.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { RestMapping } from '../../apimachinery/rest-mapping.ts';
import { recordChangeCause } from '../../cli/change-cause.ts';
import { type CommandContext, CommandError, type FlagDefinition, type FlagValues } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  selectorFlag,
  standardFormats,
} from '../../cli/flags.ts';
import { knownTypeOf, requireKnownType } from '../../cli/known-types.ts';
import { type ManifestInput, manifestInput } from '../../cli/manifest-input.ts';
import { checkNamespace, loadTargetsToChange, nothingNamed, notLocal } from '../../cli/resource-targets.ts';
import { errorsOf, readTypedInput, type TypedManifest } from '../../cli/typed-input.ts';
import { typedPrinter } from '../../cli/typed-objects.ts';
import { typedShape } from '../../generators/typed-shapes.ts';
import { withZeroValues } from '../../generators/zero-values.ts';
import { dryRunSuffix, NamePrinter, qualifiedName } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import { dryRunOf } from '../../cli/dry-run-flag.ts';
import type { DryRun } from '../../resource/dry-run.ts';
import { resourceOf } from '../../resource/resource-access.ts';

/** What all `set` commands are told. */
export interface SetOptions {
  /** Arguments that name objects. */
  readonly resources: readonly string[];
  readonly input: ManifestInput;
  readonly all: boolean;
  readonly selector: string;
  readonly local: boolean;
  readonly dryRun: DryRun;
  readonly fieldManager: string;
  readonly printer: ObjectPrinter;
  /** What --record keeps; undefined for nothing. */
  readonly cause?: string | undefined;
}

/** The flags that all `set` commands have. */
export const setFlags: readonly FlagDefinition[] = [
  ...printFlags({ formats: standardFormats }),
  ...filenameFlags('that name what to change'),
  dryRunFlag,
  fieldManagerFlag('kubectl-set'),
  { name: 'all', type: 'bool', default: 'false', description: 'All objects of the kinds, in the namespace' },
  { name: 'local', type: 'bool', default: 'false', description: 'Change the manifests; do not ask the server' },
];

/** -l, which most of them have. */
export const setSelectorFlag: FlagDefinition = selectorFlag;

/** Reads what all have. @param operation `image updated` */
export async function setOptions(
  resources: readonly string[],
  flags: FlagValues,
  operation: string,
  context: CommandContext,
  input: ManifestInput = manifestInput(flags),
): Promise<Omit<SetOptions, 'selector'>> {
  const dryRun = dryRunOf(flags, context);
  const printer = await typedPrinter(flags, context);
  return {
    resources,
    input,
    all: flags.bool('all'),
    local: flags.bool('local'),
    dryRun,
    fieldManager: flags.string('field-manager'),
    printer: printer ?? new NamePrinter({ operation: `${operation}${dryRunSuffix[dryRun]}` }),
  };
}

/** @throws CommandError for a dry run on a server that is not to be asked */
export function checkLocal({ local, dryRun }: Pick<SetOptions, 'local' | 'dryRun'>): void {
  if (local && dryRun === 'server') {
    throw new CommandError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?');
  }
}

/** An object to change, as it is on the server or, for --local, in a manifest. */
export interface ChangeTarget {
  readonly object: Unstructured;
  /** How messages name it, `deployments/web`. */
  readonly title: string;
  readonly name: string;
  readonly namespace: string;
  /** Undefined where no server is asked. */
  readonly mapping: RestMapping | undefined;
}

/** Reads the objects; one that cannot be had ends the command. @throws CommandError, StatusError */
export async function loadForChange(
  options: SetOptions,
  context: CommandContext,
  ignoresArguments = false,
): Promise<readonly ChangeTarget[]> {
  const { targets, errors } = await findForChange(options, context, ignoresArguments);
  throwFailures(errors);
  return targets;
}

/** What is to be changed, and what is wrong with the others. */
export interface FoundForChange {
  readonly targets: readonly ChangeTarget[];
  readonly errors: readonly unknown[];
}

/** Reads the objects that can be had. @throws CommandError for an input that names nothing */
export async function findForChange(
  options: SetOptions,
  context: CommandContext,
  ignoresArguments = false,
): Promise<FoundForChange> {
  if (options.local) return loadManifests(options, context, ignoresArguments);
  const { resources, input, all, selector } = options;
  const { objects, errors } = await loadTargetsToChange(
    { args: resources, input, isTyped: true, all, selector },
    context,
  );
  const targets = objects.map(({ object, mapping, name, namespace }) => ({
    object,
    title: `${mapping.gvr.resource}/${name}`,
    name,
    namespace,
    mapping,
  }));
  return { targets, errors };
}

async function loadManifests(
  { resources, input }: SetOptions,
  context: CommandContext,
  ignoresArguments: boolean,
): Promise<FoundForChange> {
  if (resources.length > 0 && !ignoresArguments) throw new CommandError(notLocal);
  if (input.filenames.length === 0) throw new CommandError(nothingNamed);
  const parts = await readTypedInput(input, context);
  const entries = parts.filter((part): part is TypedManifest => !('error' in part));
  const targets = await Promise.all(
    entries.map(async (entry) => {
      const { object, said } = entry;
      const { types, name: type } = await requireKnownType(object, context);
      const { name = '', namespace = '' } = object.metadata;
      checkNamespace(namespace, await context.cluster.namespace(), context);
      const full = withZeroValues(object as unknown as JsonObject, type, types) as unknown as Unstructured;
      return { object: full, title: localTitle(said ?? object, name), name, namespace, mapping: undefined };
    }),
  );
  return { targets, errors: errorsOf(parts.filter((part) => 'error' in part)) };
}

/** What an object is called without a server; the real program ends that of a kind with a group with a line feed. */
function localTitle({ apiVersion, kind }: Pick<Unstructured, 'apiVersion' | 'kind'>, name: string): string {
  const { group } = parseGroupVersion(apiVersion);
  const title = kind === '' ? `/${name}` : qualifiedName(group, kind, name);
  return group === '' ? title : `${title}\n`;
}

/** How a command changes objects. */
export interface ObjectChange {
  /** Changes the object in place. @returns false when it is left alone. @throws GeneratorError and others for the message */
  apply(object: Unstructured): boolean | void | Promise<boolean | void>;
  /** What stands before the reason when the server refuses; without it the error is left as it is. */
  readonly failure?: string;
  /** Whether objects that are as they shall be are told and sent as well. */
  readonly tellsUnchanged?: boolean;
  /** Whether what cannot be changed is told without the name of the object. */
  readonly untitled?: boolean;
  /** What has to hold when an object was changed, before it is told. */
  afterwards?(): void;
}

/** Changes objects one after the other, tells those that changed, and goes on after errors. @returns the errors */
export async function changeObjects(
  targets: readonly ChangeTarget[],
  change: ObjectChange,
  options: SetOptions,
  context: CommandContext,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  const changes: ({ readonly target: ChangeTarget; readonly before: Unstructured } | { readonly error: unknown })[] =
    [];
  for (const target of targets) {
    const before = cloneJson(target.object);
    try {
      const isChanged = await change.apply(target.object);
      if (isChanged === false) continue;
      recordChangeCause(target.object, options.cause);
      if (change.tellsUnchanged === true || !equalJson(before, target.object)) changes.push({ target, before });
    } catch (error) {
      const reason = messageOf(error);
      changes.push({
        error: change.untitled === true ? error : new CommandError(`error: ${target.title} ${reason}\n`),
      });
    }
  }
  for (const one of changes) {
    if ('error' in one) {
      failures.push(one.error);
      continue;
    }
    const { target, before } = one;
    try {
      const result = await send(target, before, change, options, context);
      context.streams.out.write(options.printer.print(typedShape(result)));
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}

async function send(
  { object, mapping, name, namespace }: ChangeTarget,
  before: Unstructured,
  change: ObjectChange,
  options: SetOptions,
  context: CommandContext,
): Promise<Unstructured> {
  if (mapping === undefined || options.dryRun === 'client') return object;
  const { createStrategicMergePatch } = await import('../../patch/strategic-merge-patch.ts');
  const known = await knownTypeOf(object, context);
  const source = known?.types ?? { lookup: () => undefined };
  const patch = createStrategicMergePatch(
    before as unknown as JsonObject,
    object as unknown as JsonObject,
    known?.schema,
    source,
  );
  const resource = resourceOf(await context.cluster.client(), mapping, namespace);
  let result: Unstructured;
  try {
    result = await resource.patch(name, 'application/strategic-merge-patch+json', patch, {
      ...(options.fieldManager === '' ? {} : { fieldManager: options.fieldManager }),
      ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
    });
  } catch (error) {
    if (change.failure === undefined) throw error;
    throw new CommandError(`${change.failure}${messageOf(error)}`);
  }
  change.afterwards?.();
  return result;
}

/** What Go calls the type of an object. */
export function goTypeName(object: Unstructured): string {
  return `*${gvkOf(object).version}.${object.kind}`;
}
