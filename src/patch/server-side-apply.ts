import { messageOf } from '../apimachinery/error-message.ts';
import { equalJson, type JsonObject, type JsonValue, withoutTexts } from '../apimachinery/json.ts';
import { formatTime, type Unstructured } from '../apimachinery/object-meta.ts';
import { gvkOf, type GroupVersionKind, gvkText } from '../apimachinery/gvk.ts';
import { badRequest, StatusError } from '../apimachinery/status.ts';
import { namesManagers } from './applied-managers.ts';
import { applyConflictError, type ApplyConflict } from './apply-conflicts.ts';
import { encodeLastApplied, lastAppliedOf, setLastApplied } from './last-applied.ts';
import { decodeManagers, managerKey, ManagerEntry, type Managers, newUpdateEntry } from './managed-entries.ts';
import {
  compareVersions,
  type FieldWriter,
  filterFields,
  type KindVersion,
  type ManagedKind,
  reconcileManagers,
  releaseFields,
  stripMetadata,
  type VersionedDifference,
  withManagers,
  withoutManagedFields,
} from './field-ownership.ts';
import { compareValues } from './structured-merge/compare.ts';
import { FieldSet } from './structured-merge/field-set.ts';
import { mergeValues, removeItems, toFieldSet, withNamedFields } from './structured-merge/typed-value.ts';
import { TypedValueError, validateTyped } from './structured-merge/validate.ts';

const beforeApplyManager = 'before-first-apply';
/** The manager that may take over fields of client-side apply without force. */
const kubectlManager = 'kubectl';

/**
 * Merges a server-side apply into the stored object (KEP-555).
 * @param live the stored object; undefined when the apply creates it. It is not changed.
 * @param patch what is applied; it is not changed
 * @returns the object to store; the live one itself when nothing changes, not even who owns what.
 * @throws StatusError 409 with a cause per field that somebody else owns, unless forced; 400 for managedFields in the
 * configuration or another kind; 500 for a configuration that does not fit the schema, with the real server's text.
 */
export function applyManagedFields(
  live: Unstructured | undefined,
  patch: Unstructured,
  kind: ManagedKind,
  writer: FieldWriter & { readonly force: boolean },
): Unstructured {
  checkKind(patch, kind);
  const managers = decodeLiveManagers(live);
  claimUnmanaged(live, managers, kind, writer);
  if (namesManagers(patch)) throw badRequest('metadata.managedFields must be nil');
  validateConfiguration(patch, kind);
  const configuration = withoutManagedFields(patch) as unknown as Unstructured;
  if (live !== undefined) validateLive(live, kind, 'failed to create typed live object (', ')');
  reconcileManagers(managers, kind);
  const key = managerKey(writer.manager, 'Apply', kind.apiVersion, writer.subresource);
  const last = managers.get(key);
  const entry = takeConfiguration(managers, key, configuration, kind, writer);
  const before = withoutManagedFields(live);
  const applied = configuration as unknown as JsonObject;
  const merged = mergeValues(before, applied, kind.schema, kind.source);
  const result = prune(merged, last, managers, kind) as JsonObject;
  // What was applied is compared by what it says, not by how it was written.
  const difference = compareVersions(withoutTexts(before), withoutTexts(result), kind);
  if (!writer.force) checkConflicts(live, managers, key, difference, kind, writer.manager);
  entry.fields = stripMetadata(entry.fields);
  releaseFields(managers, difference, kind, key);
  if (entry.fields.isEmpty()) managers.delete(key);
  const isSame = live !== undefined && equalJson(before, result);
  if (!isSame) entry.time = formatTime(writer.now);
  // What changed was read and written anew, raw objects with the rest.
  const object = finish(isSame ? before : withoutTexts(result), configuration, managers, writer.manager);
  return isSame && equalJson(object, live) ? live : object;
}

function checkKind(configuration: Unstructured, kind: ManagedKind): void {
  if (configuration.apiVersion === kind.apiVersion && configuration.kind === kind.kind) return;
  throw badRequest(`invalid object type: ${gvkText(readableKind(configuration))}`);
}

/** The kind that an object declares; who says no version that can be read says no kind either. */
function readableKind(object: Unstructured): GroupVersionKind {
  try {
    return gvkOf(object);
  } catch {
    return { group: '', version: '', kind: '' };
  }
}

function decodeLiveManagers(live: Unstructured | undefined): Managers {
  try {
    return decodeManagers(live?.metadata.managedFields);
  } catch (error) {
    const text = messageOf(error);
    throw new StatusError({ message: `failed to decode managed fields: ${text}`, code: 500 });
  }
}

/** What stood there before anybody's fields were recorded belongs to a manager of its own. */
function claimUnmanaged(
  live: Unstructured | undefined,
  managers: Managers,
  kind: ManagedKind,
  writer: FieldWriter,
): void {
  if (live === undefined || managers.size > 0) return;
  const purpose = 'failed to create manager for existing fields: failed to convert new object (';
  validateLive(live, kind, purpose, ') to smd typed');
  const { added, modified } = compareVersions(kind.empty?.(), live, kind).own;
  const entry = newUpdateEntry(beforeApplyManager, kind.apiVersion, writer.subresource);
  entry.fields = stripMetadata(filterFields(added.union(modified), kind));
  entry.time = formatTime(writer.now);
  if (entry.fields.isEmpty()) return;
  managers.set(managerKey(beforeApplyManager, 'Update', kind.apiVersion, writer.subresource), entry);
}

function validateConfiguration(configuration: Unstructured, kind: ManagedKind): void {
  try {
    validateTyped(configuration as unknown as JsonValue, kind.schema, kind.source);
  } catch (error) {
    if (!(error instanceof TypedValueError)) throw error;
    throw new StatusError({
      message: `failed to create typed patch object (${describeObject(configuration)}): ${error.message}`,
      code: 500,
    });
  }
}

/** What is stored may be older than the type that its definition gives it now. @throws StatusError 500 */
function validateLive(live: Unstructured, kind: ManagedKind, before: string, after: string): void {
  try {
    validateTyped(withoutManagedFields(live), kind.schema, kind.source, { duplicates: 'allowed' });
  } catch (error) {
    if (!(error instanceof TypedValueError)) throw error;
    throw new StatusError({ message: `${before}${describeObject(live)}${after}: ${error.message}`, code: 500 });
  }
}

function describeObject(object: Unstructured): string {
  const { namespace, name } = object.metadata;
  return `${nameText(namespace)}/${nameText(name)}; ${gvkText(gvkOf(object))}`;
}

/** What is no text names nothing. */
function nameText(name: unknown): string {
  return typeof name === 'string' ? name : '';
}

/** From now on the manager owns what the configuration sets, and nothing else. */
function takeConfiguration(
  managers: Managers,
  key: string,
  configuration: Unstructured,
  kind: ManagedKind,
  writer: FieldWriter,
): ManagerEntry {
  const { manager, subresource } = writer;
  const entry = new ManagerEntry({ manager, operation: 'Apply', apiVersion: kind.apiVersion, subresource });
  entry.time = managers.get(key)?.time;
  entry.fields = filterFields(toFieldSet(configuration as unknown as JsonValue, kind.schema, kind.source), kind);
  managers.set(key, entry);
  return entry;
}

/** Removes what this manager applied last time, does not apply now, and nobody else owns. */
function prune(merged: JsonValue, last: ManagerEntry | undefined, managers: Managers, kind: ManagedKind): JsonValue {
  if (last === undefined || last.fields.isEmpty()) return merged;
  const version = versionOf(last.apiVersion, kind);
  if (version === undefined) return merged;
  const { schema, source } = version;
  const whole = converting('failed to prune fields: failed to convert merged object to last applied version', () =>
    version.convert(merged as JsonObject),
  );
  const named = (set: FieldSet): FieldSet => withNamedFields(set, schema, source);
  const fieldsOf = (value: JsonValue): FieldSet => named(toFieldSet(value, schema, source));
  const lastFields = named(last.fields);
  const everything = fieldsOf(whole);
  let pruned: JsonValue = removeItems(whole, lastFields, schema, source) ?? {};
  pruned = addBackOwned(whole, pruned, managers, last.apiVersion, kind);
  const gone = everything.difference(fieldsOf(pruned)).intersection(lastFields);
  return version.convertBack((removeItems(whole, gone, schema, source) ?? {}) as JsonObject);
}

/** What anybody owns, this manager's new configuration included, stays; asked in every version that somebody wrote. */
function addBackOwned(
  merged: JsonObject,
  pruned: JsonValue,
  managers: Managers,
  prunedVersion: string,
  kind: ManagedKind,
): JsonValue {
  const owned = new Map<string, FieldSet>([[prunedVersion, new FieldSet()]]);
  for (const { apiVersion, fields } of managers.values()) {
    owned.set(apiVersion, (owned.get(apiVersion) ?? new FieldSet()).union(fields));
  }
  const written = versionOf(prunedVersion, kind)?.convertBack(merged) ?? merged;
  let result = pruned as JsonObject;
  for (const [apiVersion, fields] of owned) {
    if (fields.isEmpty()) continue;
    const version = versionOf(apiVersion, kind);
    const from = versionOf(prunedVersion, kind);
    if (version === undefined || from === undefined) continue;
    const { schema, source } = version;
    const named = (set: FieldSet): FieldSet => withNamedFields(set, schema, source);
    const added = 'failed to prune fields: failed add back owned items: failed to convert';
    const whole = converting(`${added} merged object at version ${apiVersion}`, () => version.convert(written));
    const kept = converting(`${added} pruned object at version ${apiVersion}`, () =>
      version.convert(from.convertBack(result)),
    );
    const stays = named(toFieldSet(kept, schema, source)).union(named(fields));
    const goes = named(toFieldSet(whole, schema, source)).difference(stays);
    const rest = (removeItems(whole, goes, schema, source) ?? {}) as JsonObject;
    result = from.convert(version.convertBack(rest));
  }
  return result;
}

/** Says what a conversion was for when the object does not fit the type of the other version. @throws StatusError 500 */
function converting(purpose: string, convert: () => JsonObject): JsonObject {
  try {
    return convert();
  } catch (error) {
    if (!(error instanceof TypedValueError)) throw error;
    throw new StatusError({ message: `${purpose}: ${error.message}`, code: 500 });
  }
}

function versionOf(apiVersion: string, kind: ManagedKind): KindVersion | undefined {
  if (apiVersion !== kind.apiVersion && kind.versionOf !== undefined) return kind.versionOf(apiVersion);
  const { schema, source, resetFields } = kind;
  return { schema, source, resetFields, convert: (object) => object, convertBack: (object) => object };
}

/** @throws StatusError 409 */
function checkConflicts(
  live: Unstructured | undefined,
  managers: Managers,
  key: string,
  difference: VersionedDifference,
  kind: ManagedKind,
  manager: string,
): void {
  let conflicts: ApplyConflict[] = [];
  for (const [other, entry] of [...managers].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const comparison = other === key ? undefined : difference.in(entry.apiVersion);
    if (comparison === undefined) continue;
    const fields = entry.fields.intersection(comparison.modified.union(comparison.added));
    if (!fields.isEmpty()) conflicts.push({ entry, fields });
  }
  if (conflicts.length === 0) return;
  if (manager === kubectlManager) {
    const allowed = appliedByClient(live, kind);
    conflicts = conflicts
      .map(({ entry, fields }) => ({ entry, fields: fields.difference(allowed) }))
      .filter(({ fields }) => !fields.isEmpty());
  }
  if (conflicts.length > 0) throw applyConflictError(conflicts);
}

/**
 * kubectl's move from client-side to server-side apply: fields that the last-applied annotation holds with the live
 * value may be taken over without force.
 */
function appliedByClient(live: Unstructured | undefined, kind: ManagedKind): FieldSet {
  const text = lastAppliedOf(live);
  if (text === undefined) return new FieldSet();
  let last: Unstructured;
  try {
    last = JSON.parse(text) as Unstructured;
    if (last.apiVersion !== kind.apiVersion) return new FieldSet();
    const value = last as unknown as JsonValue;
    validateTyped(value, kind.schema, kind.source);
    const { added, modified, removed } = compareValues(value, withoutManagedFields(live), kind.schema, kind.source);
    const fields = toFieldSet(value, kind.schema, kind.source);
    return fields.difference(modified).difference(added).difference(removed);
  } catch {
    // An annotation that is no configuration of this kind allows nothing.
    return new FieldSet();
  }
}

function finish(result: JsonObject, configuration: Unstructured, managers: Managers, manager: string): Unstructured {
  const object = { ...result } as unknown as Unstructured;
  object.metadata = { ...object.metadata };
  // Whoever goes on with client-side apply finds an annotation that is up to date.
  if (manager === kubectlManager && lastAppliedOf(object) !== undefined) {
    setLastApplied(object, encodeLastApplied(configuration));
  }
  return withManagers(object, managers);
}
