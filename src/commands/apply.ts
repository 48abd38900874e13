import { cloneJson, isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { stringifyGoJson } from '../printers/go-json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { gvkOf } from '../apimachinery/gvk.ts';
import type { RestMapping } from '../apimachinery/rest-mapping.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { Client, PatchType, WriteOptions } from '../client/client.ts';
import { type CommandContext, CommandError, defineCommand, UsageError } from '../cli/command.ts';
import { PrefixedError, throwFailures } from '../cli/exit.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  selectorFlag,
  standardFormats,
  subresourceFlag,
  validateFlag,
} from '../cli/flags.ts';
import { type ManifestInput, manifestInput, readInput } from '../cli/manifest-input.ts';
import { printerOf } from '../cli/print-objects.ts';
import { createThreeWayJsonMergePatch } from '../patch/json-merge-patch.ts';
import { identityUnchanged } from '../patch/patch-precondition.ts';
import type { OpenApi } from '../schema-cache/openapi.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import { type DryRun, type FieldValidation, parseDryRun, parseValidate } from '../resource/dry-run.ts';
import type { ManifestObject } from '../resource/manifest-files.ts';
import { findMapping, resourceOf } from '../resource/resource-access.ts';
import { requestPlan } from '../generators/request-plan.ts';

interface ApplyOptions {
  readonly input: ManifestInput;
  readonly serverSide: boolean;
  readonly forceConflicts: boolean;
  readonly dryRun: DryRun;
  readonly validation: FieldValidation;
  readonly fieldManager: string;
  readonly overwrite: boolean;
  readonly subresource: string;
  readonly output: string;
  readonly printer: ObjectPrinter | undefined;
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** `apply`: makes objects as their manifests say. */
export const applyCommand = defineCommand<ApplyOptions>({
  path: ['apply'],
  usage: '(-f FILENAME | -k DIRECTORY)',
  short: 'Apply a configuration to a resource by file name or stdin',
  long: 'Create what is not there and change what is, so that objects are as the manifests say. What a manifest no longer says is taken out again.',
  examples:
    '  # A folder of manifests\n  kubectl apply -f ./app\n\n  # From another program\n  kustomize build . | kubectl apply -f -',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('with what to apply'),
    dryRunFlag,
    fieldManagerFlag('kubectl-client-side-apply'),
    validateFlag,
    selectorFlag,
    { name: 'all', type: 'bool', default: 'false', description: 'With --prune: all objects of the namespace' },
    {
      name: 'cascade',
      type: 'string',
      default: 'background',
      optional: 'background',
      description: 'With --prune: background, orphan or foreground',
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
  ],
  async toOptions(args, flags, context) {
    if (args.length > 0) throw new UsageError(`Unexpected args: [${args.join(' ')}]`);
    const input = manifestInput(flags);
    if (input.filenames.length === 0) throw new CommandError('must specify one of -f and -k');
    const serverSide = flags.bool('server-side');
    const forceConflicts = flags.bool('force-conflicts');
    if (forceConflicts && !serverSide) throw new CommandError('--force-conflicts only works with --server-side');
    const dryRun = parseDryRun(flags.string('dry-run'), (text) => context.streams.err.write(text));
    if (dryRun === 'client' && serverSide) {
      throw new CommandError(
        "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
      );
    }
    if (flags.bool('prune')) throw new CommandError('--prune is not supported by kubectl-ts yet');
    if (flags.bool('force'))
      throw new CommandError('--force is not supported by kubectl-ts yet: delete the object first');
    const subresource = flags.string('subresource');
    if (subresource !== '' && !serverSide) {
      throw new CommandError('--subresource can only be specified for --server-side');
    }
    const manager = flags.string('field-manager');
    return {
      input,
      serverSide,
      forceConflicts,
      dryRun,
      validation: parseValidate(flags.string('validate')),
      fieldManager: serverSide && !flags.changed('field-manager') ? 'kubectl' : manager,
      overwrite: flags.bool('overwrite'),
      subresource,
      output: flags.string('output'),
      printer: await printerOf(flags, context),
    };
  },
  async run(options, context) {
    const client = await context.cluster.client();
    const objects = await readInput(options.input, context);
    if (objects.length === 0) throw new CommandError('no objects passed to apply');
    const defined = definedKinds(objects);
    const results = await requestPlan(objects, async (entry) => applyOne(entry, options, client, context, defined));
    const errors: unknown[] = [];
    for (const result of results) {
      if (!result.ok) errors.push(result.error);
      else {
        for (const warning of result.value.warnings) context.streams.err.write(warning);
        context.streams.out.write(show(options, result.value));
      }
    }
    throwFailures(errors);
  },
});

/** How long kinds that the same input defines may take to be served. */
const definitionWaitMillis = 10_000;

/** `group/kind` of what the input's CustomResourceDefinitions define. */
function definedKinds(objects: readonly ManifestObject[]): Set<string> {
  const kinds = new Set<string>();
  for (const { object } of objects) {
    if (object.kind !== 'CustomResourceDefinition' || !isJsonObject(object['spec'])) continue;
    const { group, names } = object['spec'];
    if (typeof group === 'string' && isJsonObject(names) && typeof names['kind'] === 'string') {
      kinds.add(`${group}/${names['kind']}`);
    }
  }
  return kinds;
}

interface Applied {
  readonly object: Unstructured;
  readonly operation: 'created' | 'configured' | 'unchanged' | 'serverside-applied';
  readonly warnings: readonly string[];
}

function show(options: ApplyOptions, applied: Applied): string {
  if (options.printer !== undefined) return options.printer.print(applied.object);
  const operation = `${applied.operation}${dryRunSuffix[options.dryRun]}`;
  return new NamePrinter({ operation }).print(applied.object);
}

async function applyOne(
  entry: ManifestObject,
  options: ApplyOptions,
  client: Client,
  context: CommandContext,
  defined: ReadonlySet<string>,
): Promise<Applied> {
  const discovery = await context.cluster.discovery();
  const gvk = gvkOf(entry.object);
  const isDefinedHere = defined.has(`${gvk.group}/${gvk.kind}`);
  const patience = isDefinedHere ? { clock: context.clock, millis: definitionWaitMillis } : undefined;
  const mapping = await findMapping(discovery, entry.object, entry.source, patience);
  const namespace = await namespaceOf(entry.object, mapping, context);
  const object = cloneJson(entry.object);
  if (mapping.namespaced) object.metadata.namespace = namespace;
  if ((object.metadata.name ?? '') === '') {
    throw new CommandError(`from ${entry.object.metadata.generateName ?? ''}: cannot use generate name with apply`);
  }
  return options.serverSide
    ? applyOnServer(object, mapping, namespace, entry, options, client)
    : applyOnClient(object, mapping, namespace, entry, options, client, () => context.cluster.openApi());
}

async function namespaceOf(object: Unstructured, mapping: RestMapping, context: CommandContext): Promise<string> {
  const { name, explicit } = await context.cluster.namespace();
  const own = object.metadata.namespace ?? '';
  if (!mapping.namespaced || own === '') return name;
  if (explicit && context.globals.string('namespace') !== '' && own !== name) {
    throw new CommandError(
      `the namespace from the provided object "${own}" does not match the namespace "${name}". You must pass '--namespace=${own}' to perform this operation.`,
    );
  }
  return own;
}

function writeOptions(options: ApplyOptions): WriteOptions {
  return {
    fieldManager: options.fieldManager,
    fieldValidation: options.validation,
    ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
  };
}

async function applyOnServer(
  object: Unstructured,
  mapping: RestMapping,
  namespace: string,
  entry: ManifestObject,
  options: ApplyOptions,
  client: Client,
): Promise<Applied> {
  const resource = resourceOf(client, mapping, namespace);
  try {
    const result = await resource.patch(object.metadata.name ?? '', 'application/apply-patch+yaml', object, {
      ...writeOptions(options),
      ...(options.forceConflicts ? { force: true } : {}),
      ...(options.subresource === '' ? {} : { subresource: options.subresource }),
    });
    return { object: result, operation: 'serverside-applied', warnings: [] };
  } catch (error) {
    if (!hasReason(error, 'Conflict')) throw withSource(error, entry);
    throw new CommandError(
      `${error.message}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n* If you intend to manage all of these fields, please re-run the apply\n  command with the \`--force-conflicts\` flag.\n* If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n* You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\nSee https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`,
    );
  }
}

/** The manifest as the annotation keeps it: JSON on one line, with a line end. */
function lastAppliedText(object: Unstructured): string {
  const kept = cloneJson(object);
  const annotations = { ...kept.metadata.annotations };
  delete annotations[lastApplied];
  kept.metadata.annotations = annotations;
  return `${stringifyGoJson(kept)}\n`;
}

function withLastApplied(object: Unstructured): Unstructured {
  const copy = cloneJson(object);
  copy.metadata.annotations = { ...copy.metadata.annotations, [lastApplied]: lastAppliedText(object) };
  return copy;
}

async function applyOnClient(
  object: Unstructured,
  mapping: RestMapping,
  namespace: string,
  entry: ManifestObject,
  options: ApplyOptions,
  client: Client,
  openApi: () => Promise<OpenApi>,
): Promise<Applied> {
  const resource = resourceOf(client, mapping, namespace);
  const name = object.metadata.name ?? '';
  const wanted = withLastApplied(object);
  let current: Unstructured;
  try {
    current = await resource.get(name);
  } catch (error) {
    if (!hasReason(error, 'NotFound'))
      throw new PrefixedError(
        `error when retrieving current configuration of:\n${describe(mapping, namespace, name)}\nfrom server for: ${JSON.stringify(entry.source)}`,
        error,
      );
    if (options.dryRun === 'client') return { object: wanted, operation: 'created', warnings: [] };
    try {
      return { object: await resource.create(wanted, writeOptions(options)), operation: 'created', warnings: [] };
    } catch (failure) {
      throw new PrefixedError(`error when creating ${JSON.stringify(entry.source)}`, failure);
    }
  }
  const warnings: string[] = [];
  const annotation = current.metadata.annotations?.[lastApplied];
  if (annotation === undefined) {
    warnings.push(
      `Warning: resource ${mapping.gvr.resource}/${name} is missing the ${lastApplied} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  }
  const { type, patch } = await threeWayPatch(
    { original: originalOf(annotation), wanted, current },
    options.overwrite,
    mapping,
    openApi,
  );
  if (Object.keys(patch).length === 0) return { object: current, operation: 'unchanged', warnings };
  if (options.dryRun === 'client') return { object: current, operation: 'configured', warnings };
  try {
    const patched = await resource.patch(name, type, patch, writeOptions(options));
    return { object: patched, operation: 'configured', warnings };
  } catch (error) {
    throw new PrefixedError(
      `error when applying patch:\n${stringifyGoJson(patch)}\nto:\n${describe(mapping, namespace, name)}\nfor: ${JSON.stringify(entry.source)}`,
      error,
    );
  }
}

/** What was applied last, what is to be, and what is there. */
interface ThreeWays {
  readonly original: JsonObject;
  readonly wanted: Unstructured;
  readonly current: Unstructured;
}

function originalOf(annotation: string | undefined): JsonObject {
  try {
    const original = annotation === undefined ? {} : (JSON.parse(annotation) as JsonValue);
    return isJsonObject(original) ? original : {};
  } catch {
    // An annotation that somebody damaged says nothing.
    return {};
  }
}

/**
 * What brings the stored object to the manifest. Built-in kinds get a strategic merge patch, which merges lists by the
 * keys that the server publishes; custom ones a JSON merge patch.
 */
async function threeWayPatch(
  { original, wanted, current }: ThreeWays,
  overwrite: boolean,
  mapping: RestMapping,
  openApi: () => Promise<OpenApi>,
): Promise<{ readonly type: PatchType; readonly patch: JsonObject }> {
  const modified = cloneJson(wanted) as unknown as JsonObject;
  const live = current as unknown as JsonObject;
  const patch = createThreeWayJsonMergePatch(original, modified, live, identityUnchanged);
  // Where even whole lists are the same, no rules are needed to tell so.
  if (Object.keys(patch).length === 0) return { type: 'application/merge-patch+json', patch };
  const { group, version } = mapping.gvr;
  const types = await (await openApi()).typesOf(group, version);
  const name = types?.nameOf(mapping.gvk.group, mapping.gvk.version, mapping.gvk.kind);
  if (types === undefined || name === undefined || !builtInType.test(name)) {
    return { type: 'application/merge-patch+json', patch };
  }
  const { createThreeWayStrategicMergePatch } = await import('../patch/strategic-merge-patch.ts');
  const checks = { overwrite, preconditions: identityUnchanged };
  const strategic = createThreeWayStrategicMergePatch(original, modified, live, types.lookup(name), types, checks);
  return { type: 'application/strategic-merge-patch+json', patch: strategic };
}

/** Types that come with Kubernetes itself; custom ones are named by their groups. */
const builtInType = /^io\.k8s\.(api|(kube-aggregator|apiextensions-apiserver)\.pkg)\./;

function describe(mapping: RestMapping, namespace: string, name: string): string {
  const { group, version, resource } = mapping.gvr;
  const gvk = `${group === '' ? '' : group}/${version}`;
  return `Resource: "${gvk}, Resource=${resource}", GroupVersionKind: "${gvk}, Kind=${mapping.gvk.kind}"\nName: "${name}", Namespace: "${mapping.namespaced ? namespace : ''}"`;
}

function withSource(error: unknown, entry: ManifestObject): unknown {
  return error instanceof Error ? error : new Error(`${entry.source}: ${String(error)}`);
}
