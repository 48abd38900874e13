import { isJsonObject, type JsonObject } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { Schema, SchemaSource } from '../apimachinery/schema.ts';
import { dropEmptyManagers, encodeManagers, type Managers } from './managed-entries.ts';
import { compareValues, type Comparison, noDifference } from './structured-merge/compare.ts';
import { FieldSet } from './structured-merge/field-set.ts';
import { reconcileFieldSet } from './structured-merge/typed-value.ts';

/** Who writes, through what, and when. */
export interface FieldWriter {
  readonly manager: string;
  /** The empty string for the object itself. */
  readonly subresource: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** One version of a kind: its type, and how an object of the written version becomes one of it. */
export interface KindVersion {
  readonly schema: Schema;
  readonly source: SchemaSource;
  /** From the written version to this one. @throws TypedValueError when the result does not fit the type */
  convert(object: JsonObject): JsonObject;
  /** From this version back to the written one. */
  convertBack(object: JsonObject): JsonObject;
  readonly resetFields: readonly string[];
}

/** What is known of the kind that is written. */
export interface ManagedKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly schema: Schema;
  readonly source: SchemaSource;
  /** Paths such as `status` or `spec.x` that this write (its subresource) cannot own. */
  readonly resetFields: readonly string[];
  /** The only paths that this write can own, when it is few of them; `*` is any one step (`spec.containers.*.resources`). */
  readonly onlyFields?: readonly string[];
  /** An object with nothing set, as decoding makes it; `{}` when absent. What stands in it nobody added. */
  readonly empty?: () => Unstructured;
  /**
   * Another version that managers wrote. Undefined for one that is not served any more: its entries are dropped. Asked
   * for conversions before anything is changed, so that work that cannot wait for one can be begun again.
   * Without this function all entries are taken to be of the written version.
   */
  readonly versionOf?: (apiVersion: string) => KindVersion | undefined;
}

/** Metadata that nobody owns. */
const strippedFields = FieldSet.of(
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
);

/** What a write changed, in the written version and in those that managers wrote. */
export interface VersionedDifference {
  readonly own: Comparison;
  in(apiVersion: string): Comparison | undefined;
}

/** Compares two objects, in other versions only when somebody asks. */
export function compareVersions(
  live: JsonObject | Unstructured | undefined,
  object: JsonObject | Unstructured,
  kind: ManagedKind,
): VersionedDifference {
  const before = withoutManagedFields(live);
  const after = withoutManagedFields(object);
  const own = compareValues(before, after, kind.schema, kind.source);
  const others = new Map<string, Comparison | undefined>();
  return {
    own,
    in(apiVersion) {
      if (apiVersion === kind.apiVersion || kind.versionOf === undefined) return filterComparison(own, kind);
      if (others.has(apiVersion)) return others.get(apiVersion);
      const version = kind.versionOf(apiVersion);
      const comparison =
        version === undefined
          ? undefined
          : filterComparison(
              compareValues(version.convert(before), version.convert(after), version.schema, version.source),
              version,
            );
      others.set(apiVersion, comparison);
      return comparison;
    },
  };
}

type OwnableFields = Pick<ManagedKind, 'resetFields' | 'onlyFields'>;

/** Leaves out what a write cannot own. */
export function filterFields(set: FieldSet, { resetFields, onlyFields }: OwnableFields): FieldSet {
  if (set.isEmpty()) return set;
  const kept = resetFields.length === 0 ? set : set.recursiveDifference(resetSetOf(resetFields));
  return onlyFields === undefined ? kept : kept.onlyUnder(onlyFields.map(pathOf));
}

/** A resource names its paths once, and they are asked for with every write. */
const resetSets = new WeakMap<readonly string[], FieldSet>();

function resetSetOf(paths: readonly string[]): FieldSet {
  let set = resetSets.get(paths);
  if (set === undefined) {
    set = FieldSet.of(...paths.map(pathOf));
    resetSets.set(paths, set);
  }
  return set;
}

function pathOf(text: string): string[] {
  return text.split('.').map((name) => (name === '*' ? name : `f:${name}`));
}

function filterComparison(comparison: Comparison, fields: OwnableFields): Comparison {
  if (comparison === noDifference) return comparison;
  return {
    added: filterFields(comparison.added, fields),
    modified: filterFields(comparison.modified, fields),
    removed: filterFields(comparison.removed, fields),
  };
}

/** Takes from everybody (but `keeper`) what a write changed or removed; entries of versions that are gone go too. */
export function releaseFields(
  managers: Managers,
  difference: VersionedDifference,
  kind: ManagedKind,
  keeper?: string,
): Managers {
  for (const [key, entry] of managers) {
    if (key === keeper) continue;
    if (entry.apiVersion === kind.apiVersion && difference.own === noDifference) continue;
    const comparison = difference.in(entry.apiVersion);
    if (comparison === undefined) {
      managers.delete(key);
      continue;
    }
    for (const set of [comparison.added, comparison.modified, comparison.removed]) {
      if (entry.isTouchedBy(set)) entry.fields = entry.fields.difference(set);
    }
  }
  dropEmptyManagers(managers);
  return managers;
}

/** Brings entries that were written for an older schema to this one. */
export function reconcileManagers(managers: Managers, kind: ManagedKind): void {
  for (const entry of managers.values()) {
    const isOther = entry.apiVersion !== kind.apiVersion && kind.versionOf !== undefined;
    const version = isOther ? kind.versionOf(entry.apiVersion) : kind;
    if (version !== undefined) entry.fields = reconcileFieldSet(entry.fields, version.schema, version.source);
  }
}

/** The object as it is compared; an empty one for none. */
export function withoutManagedFields(object: Unstructured | JsonObject | undefined): JsonObject {
  const whole = (object ?? {}) as JsonObject;
  const metadata = whole['metadata'];
  if (!isJsonObject(metadata) || !Object.hasOwn(metadata, 'managedFields')) return whole;
  const { managedFields: _dropped, ...kept } = metadata;
  return { ...whole, metadata: kept };
}

/** Writes the entries into the object and returns it. */
export function withManagers(object: Unstructured, managers: Managers): Unstructured {
  if (managers.size === 0) delete object.metadata.managedFields;
  else object.metadata.managedFields = encodeManagers(managers);
  return object;
}

/** Leaves out the metadata that nobody owns. */
export function stripMetadata(set: FieldSet): FieldSet {
  return set.difference(strippedFields);
}
