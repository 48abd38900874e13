import { hasLostEmptyParts } from '../../apimachinery/decoding/empty-parts.ts';
import { equalJson, equalTexts, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import type { Schema, SchemaSource } from '../../apimachinery/schema.ts';
import { FieldSet } from './field-set.ts';
import {
  concreteType,
  deducedType,
  type ListMergeType,
  type MapMergeType,
  type MergeType,
  mergeTypeOf,
} from './merge-type.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { itemsByElement } from './typed-value.ts';

/** What differs between two values. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

type Change = 'added' | 'modified' | 'removed';

/** What differs at and below one place; sets are made when the first path comes. */
interface Difference {
  self: Change | undefined;
  added: FieldSet | undefined;
  modified: FieldSet | undefined;
  removed: FieldSet | undefined;
}

const none = new FieldSet();
/** Two values that do not differ. */
export const noDifference: Comparison = { added: none, modified: none, removed: none };

/**
 * Compares two values of a type, leaf by leaf. What is new or gone as a whole counts itself and with all that is in it.
 * @returns noDifference itself when there is none.
 */
export function compareValues(old: JsonValue, current: JsonValue, schema: Schema, source: SchemaSource): Comparison {
  const difference = compare(old, current, mergeTypeOf(schema, source));
  if (difference === undefined) return noDifference;
  return {
    added: difference.added ?? none,
    modified: difference.modified ?? none,
    removed: difference.removed ?? none,
  };
}

function compare(
  old: JsonValue | undefined,
  current: JsonValue | undefined,
  declared: MergeType,
): Difference | undefined {
  if (old === current) return undefined;
  const difference: Difference = { self: undefined, added: undefined, modified: undefined, removed: undefined };
  if (declared.kind === 'any' && old !== undefined && current !== undefined && shapeOf(old) !== shapeOf(current)) {
    compareAs(old, current, concreteType(declared, old), difference);
    compareAs(old, current, concreteType(declared, current), difference);
  } else {
    compareAs(old, current, concreteType(declared, current ?? old ?? null), difference);
  }
  const { self, added, modified, removed } = difference;
  return self === undefined && added === undefined && modified === undefined && removed === undefined
    ? undefined
    : difference;
}

function shapeOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'list';
  return isJsonObject(value) || value === null ? 'map' : 'scalar';
}

function compareAs(
  old: JsonValue | undefined,
  current: JsonValue | undefined,
  type: ReturnType<typeof concreteType>,
  into: Difference,
): void {
  if (type.kind === 'map' && !type.isAtomic) {
    const left = isJsonObject(old) ? old : undefined;
    const right = isJsonObject(current) ? current : undefined;
    if (!isEmptyMap(left) || !isEmptyMap(right)) {
      compareMaps(left, right, type, into);
      if (old === undefined || current === undefined) into.self = old === undefined ? 'added' : 'removed';
      return;
    }
  } else if (type.kind === 'list' && type.relation !== 'atomic') {
    const left = Array.isArray(old) ? old : undefined;
    const right = Array.isArray(current) ? current : undefined;
    if ((left?.length ?? 0) > 0 || (right?.length ?? 0) > 0) {
      compareLists(left ?? [], right ?? [], type, into);
      if (old === undefined || current === undefined) into.self = old === undefined ? 'added' : 'removed';
      return;
    }
  }
  if (old === undefined) into.self = 'added';
  else if (current === undefined) into.self = 'removed';
  else if (!equalJson(old, current) || !isSameInMemory(old, current)) into.self = 'modified';
}

/** Whether two equal values are equal as Go keeps them, too: in raw bytes, and in what is empty within lists. */
function isSameInMemory(old: JsonValue, current: JsonValue): boolean {
  return equalTexts(old, current) && !hasThinnedLists(current);
}

function hasThinnedLists(value: JsonValue): boolean {
  if (Array.isArray(value)) return hasLostEmptyParts(value);
  return isJsonObject(value) && Object.values(value).some(hasThinnedLists);
}

function isEmptyMap(value: JsonObject | undefined): boolean {
  for (const key in value) if (Object.hasOwn(value, key)) return false;
  return true;
}

function compareMaps(
  old: JsonObject | undefined,
  current: JsonObject | undefined,
  type: MapMergeType,
  into: Difference,
): void {
  for (const name in current) {
    const right = current[name];
    const left = old !== undefined && Object.hasOwn(old, name) ? old[name] : undefined;
    if (left !== right) record(fieldElement(name), compare(left, right, type.typeOf(name) ?? deducedType), into);
  }
  for (const name in old) {
    if (current !== undefined && Object.hasOwn(current, name)) continue;
    record(fieldElement(name), compare(old[name], undefined, type.typeOf(name) ?? deducedType), into);
  }
}

function compareLists(
  old: readonly JsonValue[],
  current: readonly JsonValue[],
  type: ListMergeType,
  into: Difference,
): void {
  // Most lists are as they were; telling so is cheaper than naming their items.
  if (old.length === current.length && equalJson(old, current)) return;
  const left = itemsByElement(old, type);
  const right = itemsByElement(current, type);
  for (const [element, items] of right) compareItems(element, left.get(element) ?? [], items, type, into);
  for (const [element, items] of left) if (!right.has(element)) compareItems(element, items, [], type, into);
}

/** Items that stand there more than once are compared as one piece. */
function compareItems(
  element: PathElement,
  old: readonly JsonValue[],
  current: readonly JsonValue[],
  type: ListMergeType,
  into: Difference,
): void {
  if (old.length <= 1 && current.length <= 1) {
    record(element, compare(old[0], current[0], type.items), into);
  } else if (old.length >= 2 && current.length >= 2) {
    if (!equalJson(old, current)) put(into, 'modified', element, true, undefined);
  } else if (old.length >= 2) {
    if (current.length > 0) record(element, compare(undefined, current[0], type.items), into);
    put(into, 'removed', element, true, undefined);
  } else {
    if (old.length > 0) record(element, compare(old[0], undefined, type.items), into);
    put(into, 'added', element, true, undefined);
  }
}

function record(element: PathElement, difference: Difference | undefined, into: Difference): void {
  if (difference === undefined) return;
  const { self, added, modified, removed } = difference;
  if (self === 'added' || added !== undefined) put(into, 'added', element, self === 'added', added);
  if (self === 'modified' || modified !== undefined) put(into, 'modified', element, self === 'modified', modified);
  if (self === 'removed' || removed !== undefined) put(into, 'removed', element, self === 'removed', removed);
}

function put(
  into: Difference,
  change: Change,
  element: PathElement,
  isMember: boolean,
  below: FieldSet | undefined,
): void {
  const set = into[change] ?? new FieldSet();
  set.put(element, isMember, below);
  into[change] = set;
}
