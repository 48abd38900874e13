import type { JsonObject, JsonValue } from '../apimachinery/json.ts';
import { cloneJson, equalJson, isJsonObject } from '../apimachinery/json.ts';
import { formatTime, type ManagedFieldsEntry, type Unstructured } from '../apimachinery/object-meta.ts';
import type { Schema, SchemaSource } from '../apimachinery/schema.ts';
import { badRequest, internalError, StatusError } from '../apimachinery/status.ts';
import { FieldSet, type FieldsV1, formatPath } from './structured-merge/field-set.ts';
import {
  compareValues,
  mergeValues,
  removeItems,
  toFieldSet,
  TypedValueError,
  validateTyped,
} from './structured-merge/typed-value.ts';

/** Who writes, through what, and when. */
export interface FieldWriter {
  readonly manager: string;
  /** The empty string for the object itself. */
  readonly subresource: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What is known of the kind that is written. */
export interface ManagedKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly schema: Schema;
  readonly source: SchemaSource;
  /** Paths such as `status` or `spec.x` that this write (its subresource) cannot own. */
  readonly resetFields: readonly string[];
}

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
const ancientManager = 'ancient-changes';
const beforeApplyManager = 'before-first-apply';
const maxUpdateManagers = 10;

/** Metadata that nobody owns. */
const strippedPaths: readonly string[][] = [
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
];

/** One manager's fields: an entry of metadata.managedFields, read. */
interface ManagerEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  time: string | undefined;
  fields: FieldSet;
}

type Managers = Map<string, ManagerEntry>;

/**
 * Records an ordinary write in metadata.managedFields: what it added or changed now belongs to its manager, what it
 * removed to nobody (KEP-555; k8s.io/apimachinery's managedfields). The object is changed and returned.
 * @param live the stored object; undefined for a create.
 */
export function updateManagedFields(
  live: Unstructured | undefined,
  object: Unstructured,
  kind: ManagedKind,
  writer: FieldWriter,
): Unstructured {
  const given = object.metadata.managedFields;
  let managers: Managers;
  try {
    // An empty list asks for a reset; no list at all keeps what was there.
    managers = given === undefined ? decodeManagers(live?.metadata.managedFields) : decodeManagers(given);
  } catch {
    managers = decodeManagers(live?.metadata.managedFields);
  }
  if (given?.length === 0) managers = new Map();
  const before = live === undefined ? undefined : withoutManagedFields(live);
  const after = withoutManagedFields(object);
  const { added, modified, removed } = compareValues(before, after, kind.schema, kind.source);
  const ignored = ignoredSet(kind.resetFields);
  const taken = stripMeta(added.union(modified)).recursiveDifference(ignored);
  const key = managerKey(writer.manager, 'Update', kind.apiVersion, writer.subresource);
  if (!removed.isEmpty()) for (const entry of managers.values()) entry.fields = entry.fields.difference(removed);
  if (!taken.isEmpty()) {
    for (const [other, entry] of managers) if (other !== key) entry.fields = entry.fields.difference(taken);
    const own = managers.get(key) ?? newEntry(writer.manager, 'Update', kind.apiVersion, writer.subresource);
    own.fields = own.fields.union(taken);
    own.time = formatTime(writer.now);
    managers.set(key, own);
  }
  dropEmpty(managers);
  capUpdateManagers(managers);
  return withManagers(object, managers);
}

/**
 * Merges a server-side apply into the stored object.
 * @param live the stored object; undefined when the apply creates it.
 * @returns the object to store; the live one unchanged (the same reference) when nothing changes.
 * @throws StatusError 409 with a cause per field that somebody else owns, unless forced; 400 for managedFields in the
 * configuration; 500 for a configuration that does not fit the schema, with the real server's text.
 */
export function applyManagedFields(
  live: Unstructured | undefined,
  configuration: Unstructured,
  kind: ManagedKind,
  writer: FieldWriter & { readonly force: boolean },
): Unstructured {
  if (configuration.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  validateConfiguration(configuration, kind);
  const managers = decodeManagers(live?.metadata.managedFields);
  claimUnmanaged(live, managers, kind);
  const key = managerKey(writer.manager, 'Apply', kind.apiVersion, writer.subresource);
  const before = live === undefined ? undefined : withoutManagedFields(live);
  const merged = mergeValues(before, cloneJson(configuration) as unknown as JsonValue, kind.schema, kind.source);
  const last = managers.get(key)?.fields ?? new FieldSet();
  const ignored = ignoredSet(kind.resetFields);
  const applied = toFieldSet(configuration as unknown as JsonValue, kind.schema, kind.source);
  const own = stripMeta(applied).recursiveDifference(ignored);
  const entry = newEntry(writer.manager, 'Apply', kind.apiVersion, writer.subresource);
  entry.time = managers.get(key)?.time;
  entry.fields = own;
  managers.set(key, entry);
  const result = prune(merged, last, managers, kind);
  resolveConflicts(before, result, managers, key, kind, writer, live);
  dropEmpty(managers);
  const same = live !== undefined && own.equals(last) && equalJson(before, result);
  if (same) return live;
  entry.time = formatTime(writer.now);
  const object = result as unknown as Unstructured;
  object.metadata ??= {};
  rememberLastApplied(live, configuration, object, writer.manager);
  return withManagers(object, managers);
}

function validateConfiguration(configuration: Unstructured, kind: ManagedKind): void {
  try {
    validateTyped(configuration as unknown as JsonValue, kind.schema, kind.source);
  } catch (error) {
    if (!(error instanceof TypedValueError)) throw error;
    const { namespace = '', name = '' } = configuration.metadata;
    const gv = kind.apiVersion.includes('/') ? kind.apiVersion : `/${kind.apiVersion}`;
    const message = `failed to create typed patch object (${namespace}/${name}; ${gv}, Kind=${kind.kind}): ${error.message}`;
    throw new StatusError({ message, code: 500 });
  }
}

/** What stood there before anybody's fields were recorded belongs to a manager of its own. */
function claimUnmanaged(live: Unstructured | undefined, managers: Managers, kind: ManagedKind): void {
  if (live === undefined || managers.size > 0) return;
  const entry = newEntry(beforeApplyManager, 'Update', kind.apiVersion, '');
  entry.fields = stripMeta(toFieldSet(withoutManagedFields(live), kind.schema, kind.source));
  managers.set(managerKey(beforeApplyManager, 'Update', kind.apiVersion, ''), entry);
}

/** Removes what this manager applied last time, does not apply now, and nobody else owns. */
function prune(merged: JsonValue, last: FieldSet, managers: Managers, kind: ManagedKind): JsonValue {
  if (last.isEmpty()) return merged;
  let owned = new FieldSet();
  for (const entry of managers.values()) owned = owned.union(entry.fields);
  const gone = new FieldSet();
  for (const path of last.paths()) {
    if (owned.has(path) || hasBelow(owned, path)) continue;
    gone.insert(path);
  }
  return removeItems(merged, kind.schema, gone, kind.source) ?? {};
}

function hasBelow(set: FieldSet, path: readonly string[]): boolean {
  let current: FieldSet | undefined = set;
  for (const element of path) current = current?.children.get(element);
  return current !== undefined && !current.isEmpty();
}

function resolveConflicts(
  before: JsonValue | undefined,
  result: JsonValue,
  managers: Managers,
  key: string,
  kind: ManagedKind,
  writer: FieldWriter & { readonly force: boolean },
  live: Unstructured | undefined,
): void {
  const { added, modified, removed } = compareValues(before, result, kind.schema, kind.source);
  const changed = added.union(modified);
  const conflicts: { entry: ManagerEntry; fields: FieldSet }[] = [];
  for (const [other, entry] of managers) {
    if (other === key) continue;
    const fields = entry.fields.intersection(changed);
    if (!fields.isEmpty()) conflicts.push({ entry, fields });
  }
  if (conflicts.length > 0 && !writer.force && !wereApplied(live, conflicts, writer, kind)) {
    throw conflictError(conflicts);
  }
  for (const { entry, fields } of conflicts) entry.fields = entry.fields.difference(fields);
  if (removed.isEmpty()) return;
  for (const [other, entry] of managers) if (other !== key) entry.fields = entry.fields.difference(removed);
}

/**
 * kubectl's move from client-side to server-side apply: fields that the last-applied annotation holds with the live
 * value may be taken over without force.
 */
function wereApplied(
  live: Unstructured | undefined,
  conflicts: readonly { readonly fields: FieldSet }[],
  writer: FieldWriter,
  kind: ManagedKind,
): boolean {
  const text = live?.metadata.annotations?.[lastAppliedAnnotation];
  if (writer.manager !== 'kubectl' || live === undefined || text === undefined) return false;
  let last: JsonValue;
  try {
    last = JSON.parse(text) as JsonValue;
  } catch {
    return false;
  }
  if (!isJsonObject(last) || last['apiVersion'] !== live.apiVersion) return false;
  const inLast = toFieldSet(last, kind.schema, kind.source);
  const { modified } = compareValues(last, withoutManagedFields(live), kind.schema, kind.source);
  const allowed = inLast.difference(modified);
  return conflicts.every(({ fields }) => fields.difference(allowed).isEmpty());
}

/** Whoever goes on with client-side apply after `kubectl apply --server-side` finds an annotation that is up to date. */
function rememberLastApplied(
  live: Unstructured | undefined,
  configuration: Unstructured,
  object: Unstructured,
  manager: string,
): void {
  if (manager !== 'kubectl' || live?.metadata.annotations?.[lastAppliedAnnotation] === undefined) return;
  const { managedFields: _dropped, ...metadata } = configuration.metadata;
  const { [lastAppliedAnnotation]: _old, ...annotations } = metadata.annotations ?? {};
  const kept = { ...configuration, metadata: { ...metadata, annotations } };
  object.metadata.annotations = {
    ...object.metadata.annotations,
    [lastAppliedAnnotation]: `${JSON.stringify(kept)}\n`,
  };
}

function conflictError(conflicts: readonly { readonly entry: ManagerEntry; readonly fields: FieldSet }[]): StatusError {
  const groups = conflicts
    .map(({ entry, fields }) => ({ name: describeManager(entry), paths: fields.paths().map(formatPath) }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  const count = groups.reduce((sum, group) => sum + group.paths.length, 0);
  const texts = groups.map((group) => {
    if (group.paths.length === 1) return `conflict with ${group.name}: ${group.paths[0] ?? ''}`;
    return `conflicts with ${group.name}:\n${group.paths.map((path) => `- ${path}`).join('\n')}`;
  });
  const title = `Apply failed with ${count} conflict${count === 1 ? '' : 's'}`;
  return new StatusError({
    message: `${title}: ${texts.join('\n')}`,
    reason: 'Conflict',
    details: {
      causes: groups.flatMap((group) =>
        group.paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${group.name}`, field })),
      ),
    },
    code: 409,
  });
}

function describeManager(entry: ManagerEntry): string {
  let text = JSON.stringify(entry.manager);
  if (entry.subresource !== '') text += ` with subresource ${JSON.stringify(entry.subresource)}`;
  return entry.operation === 'Update' ? `${text} using ${entry.apiVersion}` : text;
}

/** Only the ten newest Update entries are kept apart; older ones share one per version. */
function capUpdateManagers(managers: Managers): void {
  const updates = [...managers.entries()].filter(([, entry]) => entry.operation === 'Update');
  if (updates.length <= maxUpdateManagers) return;
  updates.sort(
    ([, left], [, right]) => compareText(left.time ?? '', right.time ?? '') || compareText(left.manager, right.manager),
  );
  let excess = updates.length - maxUpdateManagers;
  for (const [key, entry] of updates) {
    if (excess <= 0) return;
    const bucketKey = managerKey(ancientManager, 'Update', entry.apiVersion, '');
    if (key === bucketKey) continue;
    const bucket = managers.get(bucketKey);
    const merged = newEntry(ancientManager, 'Update', entry.apiVersion, '');
    merged.fields = bucket === undefined ? entry.fields : bucket.fields.union(entry.fields);
    merged.time = compareText(bucket?.time ?? '', entry.time ?? '') > 0 ? bucket?.time : entry.time;
    managers.delete(key);
    managers.set(bucketKey, merged);
    if (bucket !== undefined) excess--;
  }
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function ignoredSet(paths: readonly string[]): FieldSet {
  const set = new FieldSet();
  for (const path of paths) set.insert(path.split('.').map((name) => `f:${name}`));
  return set;
}

function stripMeta(set: FieldSet): FieldSet {
  const stripped = new FieldSet();
  for (const path of strippedPaths) stripped.insert(path);
  return set.difference(stripped);
}

function newEntry(
  manager: string,
  operation: 'Apply' | 'Update',
  apiVersion: string,
  subresource: string,
): ManagerEntry {
  return { manager, operation, apiVersion, subresource, time: undefined, fields: new FieldSet() };
}

function managerKey(manager: string, operation: string, apiVersion: string, subresource: string): string {
  return JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource]);
}

function dropEmpty(managers: Managers): void {
  for (const [key, entry] of managers) if (entry.fields.isEmpty()) managers.delete(key);
}

function withoutManagedFields(object: Unstructured): JsonObject {
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata } as unknown as JsonObject;
}

/** @throws StatusError for an entry that cannot be read. */
function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  const managers: Managers = new Map();
  for (const entry of entries ?? []) {
    const operation = entry.operation;
    if (operation !== 'Apply' && operation !== 'Update') {
      throw internalError('operation type ("") must be one of Apply or Update');
    }
    const { manager = '', apiVersion = '', subresource = '' } = entry;
    const decoded = newEntry(manager, operation, apiVersion, subresource);
    decoded.time = entry.time;
    decoded.fields = FieldSet.fromFieldsV1((entry.fieldsV1 ?? {}) as FieldsV1);
    managers.set(managerKey(manager, operation, apiVersion, subresource), decoded);
  }
  return managers;
}

/** Apply entries first, then by time, manager, version and subresource. */
function withManagers(object: Unstructured, managers: Managers): Unstructured {
  const entries = [...managers.values()]
    .sort(
      (left, right) =>
        compareText(left.operation, right.operation) ||
        compareText(left.time ?? '', right.time ?? '') ||
        compareText(left.manager, right.manager) ||
        compareText(left.apiVersion, right.apiVersion) ||
        compareText(left.subresource, right.subresource),
    )
    .map((entry): ManagedFieldsEntry => ({
      manager: entry.manager,
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      ...(entry.time === undefined ? {} : { time: entry.time }),
      fieldsType: 'FieldsV1',
      fieldsV1: entry.fields.toFieldsV1(),
      ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
    }));
  if (entries.length === 0) delete object.metadata.managedFields;
  else object.metadata.managedFields = entries;
  return object;
}
