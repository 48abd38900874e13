import { type GroupVersionKind, gvkOf } from '../apimachinery/gvk.ts';
import { isJsonObject, type JsonObject } from '../apimachinery/json.ts';
import { JsonSyntaxError } from '../apimachinery/json-codec.ts';
import type { RestMapper, RestMapping } from '../apimachinery/rest-mapping.ts';
import { StatusError } from '../apimachinery/status.ts';
import { TransportError } from '../client/transport-error.ts';
import { requestFailure } from '../client/transport-reason.ts';
import type { DryRun, FieldValidation } from '../resource/dry-run.ts';
import type { ManifestObject } from '../resource/manifest-objects.ts';
import { findMapping, mappingOf, UnknownKindError, UnrecognizedObjectError } from '../resource/resource-access.ts';
import type { ManifestProblem } from '../schema-cache/manifest-validator.ts';
import type { OpenApi } from '../schema-cache/openapi.ts';
import { type CommandContext, CommandError } from './command.ts';
import { throwFailures } from './exit.ts';
import { labelFilter, type ManifestInput, readInput, validationFailure } from './manifest-input.ts';
import { suggestionsFor } from './suggestions.ts';
import { parallelRequests } from '../generators/request-plan.ts';

/** One object of the input that was checked, with where it goes. */
export interface CheckedManifest extends ManifestObject {
  /** Undefined for a kind that the same input defines: it will be known when its definition is stored. */
  readonly mapping: RestMapping | undefined;
  /** Where the object goes; what cluster-scoped kinds ignore. */
  readonly namespace: string;
}

/** How the input is to be checked. */
export interface InputChecks {
  readonly validation: FieldValidation;
  readonly dryRun: DryRun;
  /** `-l`: only objects with these labels are taken. */
  readonly selector?: string;
}

/** What came of the check: what may be sent, and what is to be said of the rest. */
export interface CheckedInput {
  readonly entries: readonly CheckedManifest[];
  readonly failures: readonly unknown[];
}

/**
 * Reads all objects of the input and checks every one, so that nothing is sent when something is wrong: texts can be
 * parsed, kinds are known, namespaces fit, no key stands twice, and the fields are those that the server publishes.
 * Only documents that are no objects at all do not hold up the others, as with kubectl. A dry run on the client asks
 * the server where it can, and goes on with what was last known of it, or with the built-in kinds, where it cannot.
 * @param nothing the error for an input in which there is neither an object nor anything wrong
 * @throws CommandError, AggregateCommandError
 */
export async function readCheckedInput(
  input: ManifestInput,
  checks: InputChecks,
  context: CommandContext,
  nothing?: string,
): Promise<CheckedInput> {
  const selects = labelFilter(checks.selector ?? '');
  const isStrict = checks.validation === 'Strict';
  let ahead: Promise<void> | undefined;
  const read = await readInput(input, context, {
    isChecked: checks.validation !== 'Ignore',
    // Reading many files takes as long as the connections for what is in them.
    onFound(files) {
      if (files >= manyFiles && isStrict && checks.dryRun !== 'client') ahead = connectAhead(files, context);
    },
  });
  if (read.hasSyntaxErrors) throwFailures(read.failures);
  const objects = read.objects.filter(({ object }) => selects(object));
  if (objects.length === 0) {
    if (read.failures.length === 0 && nothing !== undefined) throw new CommandError(nothing);
    return { entries: [], failures: read.failures };
  }
  const kinds = await kindsFor(checks.dryRun, context).catch((error: unknown) => {
    throw unreachable(error, objects[0]?.source ?? '', checks.validation);
  });
  const defined = definedKinds(objects);
  const failures: unknown[] = [];
  const entries: CheckedManifest[] = [];
  for (const entry of objects) {
    try {
      const mapping = await mappingFor(entry, kinds, defined);
      entries.push({ ...entry, mapping, namespace: await namespaceFor(entry, mapping, context) });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 0 && isStrict) {
    if (checks.dryRun !== 'client') await (ahead ?? connectAhead(entries.length, context));
    for (const entry of entries) failures.push(...repeatedKeysOf(entry), ...(await problemsOf(entry, kinds)));
  }
  if (failures.length > 0) throwFailures([...read.failures, ...failures]);
  return { entries, failures: read.failures };
}

const manyFiles = 20;

/** Has connections made for all that will be sent, while it is being checked. What fails now is told in its turn. */
async function connectAhead(requests: number, { cluster }: CommandContext): Promise<void> {
  if (requests < 2) return;
  try {
    await (await cluster.openApi()).isPublished();
    await (await cluster.client()).transport.prepare?.(Math.min(requests, parallelRequests));
  } catch {
    // The types are asked for again, and the error is told, with the first object.
  }
}

function repeatedKeysOf({ source, repeatedKeys = [] }: ManifestObject): readonly CommandError[] {
  if (repeatedKeys.length === 0) return [];
  const all = repeatedKeys.map(({ message }) => message).join('; ');
  const places = repeatedKeys.map(({ position: { line, column } }) => `\n  at ${source}:${line}:${column}`).join('');
  return [new CommandError(`${validationFailure(source, all)}${places}`)];
}

/** A server that does not tell its kinds does not tell their types either, and those are asked for first. */
function unreachable(error: unknown, source: string, validation: FieldValidation): unknown {
  if (error instanceof JsonSyntaxError) return new UnrecognizedObjectError(source, error);
  if (!(error instanceof TransportError || error instanceof StatusError)) return error;
  if (validation === 'Ignore') return new UnrecognizedObjectError(source, error);
  let reason = error.message;
  if (error instanceof TransportError) {
    reason = requestFailure(error).replace(/\/apis?\?timeout=(\w+)"/, '/openapi/v2?timeout=$1"');
  }
  return new CommandError(validationFailure(source, `failed to download openapi: ${reason}`));
}

/** Where kinds and their types are known from. */
interface KnownKinds {
  readonly find: (entry: ManifestObject) => RestMapping | Promise<RestMapping>;
  readonly openApi: () => Promise<OpenApi>;
  /** For a client that may go on without a server. */
  readonly bundled: (() => Promise<{ mapper: RestMapper; openApi: OpenApi }>) | undefined;
}

async function kindsFor(dryRun: DryRun, context: CommandContext): Promise<KnownKinds> {
  const bundled = dryRun === 'client' ? context.bundledApi : undefined;
  const openApi = (): Promise<OpenApi> => context.cluster.openApi();
  try {
    const discovery = await context.cluster.discovery();
    await discovery.mapper();
    return { find: (entry) => findMapping(discovery, entry), openApi, bundled };
  } catch (error) {
    if (bundled === undefined || !(error instanceof TransportError)) throw error;
    const api = await bundled();
    return {
      find: (entry) => mappingOf(api.mapper, entry),
      openApi: () => Promise.resolve(api.openApi),
      bundled,
    };
  }
}

async function mappingFor(
  entry: ManifestObject,
  kinds: KnownKinds,
  defined: ReadonlyMap<string, DefinedKind>,
): Promise<RestMapping | undefined> {
  const gvk = gvkOf(entry.object);
  try {
    return await kinds.find(entry);
  } catch (error) {
    const definition = defined.get(`${gvk.group}/${gvk.kind}`);
    if (!(error instanceof UnknownKindError) || definition === undefined) throw error;
    // What a client's dry run defines will never be served.
    return kinds.bundled === undefined ? undefined : mappingAsDefined(gvk, definition);
  }
}

interface DefinedKind {
  readonly plural: string;
  readonly namespaced: boolean;
}

function mappingAsDefined(gvk: GroupVersionKind, { plural, namespaced }: DefinedKind): RestMapping {
  const { group, version, kind } = gvk;
  const about = { verbs: [], shortNames: [], categories: [], subresources: [] };
  const resource = { ...about, group, version, kind, name: plural, singularName: kind.toLowerCase(), namespaced };
  return { gvk, gvr: { group, version, resource: plural }, namespaced, resource };
}

/** What the input's CustomResourceDefinitions define, by `group/kind`. */
function definedKinds(objects: readonly ManifestObject[]): Map<string, DefinedKind> {
  const kinds = new Map<string, DefinedKind>();
  for (const { object } of objects) {
    if (object.kind !== 'CustomResourceDefinition' || !isJsonObject(object['spec'])) continue;
    const { group, names, scope } = object['spec'];
    if (typeof group !== 'string' || !isJsonObject(names)) continue;
    const { kind, plural } = names;
    if (typeof kind !== 'string' || typeof plural !== 'string') continue;
    kinds.set(`${group}/${kind}`, { plural, namespaced: scope !== 'Cluster' });
  }
  return kinds;
}

async function namespaceFor(
  { object }: ManifestObject,
  mapping: RestMapping | undefined,
  context: CommandContext,
): Promise<string> {
  const { name, explicit } = await context.cluster.namespace();
  const own = object.metadata.namespace ?? '';
  if (mapping?.namespaced === false || own === '') return name;
  if (explicit && context.globals.string('namespace') !== '' && own !== name) {
    throw new CommandError(
      `the namespace from the provided object "${own}" does not match the namespace "${name}". You must pass '--namespace=${own}' to perform this operation.`,
    );
  }
  return own;
}

/** What the server would refuse to read in one object. */
async function problemsOf(entry: CheckedManifest, kinds: KnownKinds): Promise<readonly CommandError[]> {
  const { mapping, object, source } = entry;
  if (mapping === undefined) return [];
  const { group, version, kind } = mapping.gvk;
  const types = await publishedTypes(mapping.gvr, kinds);
  const name = types?.nameOf(group, version, kind);
  if (types === undefined || name === undefined) return [];
  const { validateManifest } = await import('../schema-cache/manifest-validator.ts');
  const problems = await validateManifest(types, name, kind, object as unknown as JsonObject);
  if (problems.length === 0) return [];
  const messages = problems.map(({ message }) => message);
  const all = messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(', ')}]`;
  const places = problems.map((problem) => `\n  at ${placeOf(problem, entry)}`).join('');
  return [new CommandError(`${validationFailure(source, all)}${places}`)];
}

/** Undefined where nothing is published for this user: the server itself checks what it is sent. */
async function publishedTypes(
  { group, version }: { readonly group: string; readonly version: string },
  kinds: KnownKinds,
): Promise<Awaited<ReturnType<OpenApi['typesOf']>>> {
  try {
    return await (await kinds.openApi()).typesOf(group, version);
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    if (!(error instanceof TransportError) || kinds.bundled === undefined) throw error;
    return (await kinds.bundled()).openApi.typesOf(group, version);
  }
}

/** `web.yaml:12:5: unknown field "spec.replica" (did you mean "replicas"?)`, or the bare path of another problem. */
function placeOf({ path, known }: ManifestProblem, entry: ManifestObject): string {
  const { line, column } = entry.positionOf(path);
  const field = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  const last = path.at(-1);
  const names = known?.map((name) => ({ name })) ?? [];
  const [suggestion] = typeof last === 'string' ? suggestionsFor(last, names) : [];
  const hint = suggestion === undefined ? '' : ` (did you mean ${JSON.stringify(suggestion)}?)`;
  const shown = field.replace(/^\./, '');
  const what = known === undefined ? shown : `unknown field ${JSON.stringify(shown)}`;
  return `${entry.source}:${line}:${column}: ${what}${hint}`;
}
