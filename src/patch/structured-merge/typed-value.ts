import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '../../apimachinery/json.ts';
import type { Schema, SchemaSource } from '../../apimachinery/schema.ts';
import { FieldSet } from './field-set.ts';
import {
  concreteType,
  deducedType,
  itemElement,
  ListItemError,
  type ListMergeType,
  type MapMergeType,
  type MergeType,
  mergeTypeOf,
} from './merge-type.ts';
import { fieldElement, type PathElement } from './path-element.ts';

/** All items of an associative list by their step, in order; an item that cannot be told from others is left out. */
export function itemsByElement(list: readonly JsonValue[], type: ListMergeType): Map<PathElement, JsonValue[]> {
  const items = new Map<PathElement, JsonValue[]>();
  for (const item of list) {
    const element = elementOf(type, item);
    if (element === undefined) continue;
    const same = items.get(element);
    if (same === undefined) items.set(element, [item]);
    else same.push(item);
  }
  return items;
}

function elementOf(type: ListMergeType, item: JsonValue): PathElement | undefined {
  try {
    return itemElement(type, item);
  } catch (error) {
    if (error instanceof ListItemError) return undefined;
    throw error;
  }
}

/** The paths of everything a value sets: leaves, the items of associative lists, the keys of maps. */
export function toFieldSet(value: JsonValue, schema: Schema, source: SchemaSource): FieldSet {
  return collect(value, mergeTypeOf(schema, source)).below ?? new FieldSet();
}

interface Collected {
  readonly isLeaf: boolean;
  readonly below: FieldSet | undefined;
}

const leaf: Collected = { isLeaf: true, below: undefined };
const nothing: Collected = { isLeaf: false, below: undefined };

function collect(value: JsonValue, declared: MergeType): Collected {
  const type = concreteType(declared, value);
  if (type.kind === 'scalar') return leaf;
  if (type.kind === 'map') {
    if (type.isAtomic) return leaf;
    return isJsonObject(value) ? { isLeaf: false, below: collectMap(value, type) } : nothing;
  }
  if (type.relation === 'atomic') return leaf;
  return Array.isArray(value) ? { isLeaf: false, below: collectList(value, type) } : nothing;
}

function collectMap(value: JsonObject, type: MapMergeType): FieldSet {
  const set = new FieldSet();
  for (const name of Object.keys(value)) {
    const item = value[name] ?? null;
    const { isLeaf, below } = collect(item, type.typeOf(name) ?? deducedType);
    const isMember = isLeaf || !type.declares(name) || item === null || isEmptyObject(item);
    set.put(fieldElement(name), isMember, below);
  }
  return set;
}

function collectList(list: readonly JsonValue[], type: ListMergeType): FieldSet {
  const set = new FieldSet();
  for (const [element, [item, ...others]] of itemsByElement(list, type)) {
    const isOnly = others.length === 0 && item !== undefined;
    set.put(element, true, isOnly ? collect(item, type.items).below : undefined);
  }
  return set;
}

function isEmptyObject(value: JsonValue): boolean {
  if (!isJsonObject(value)) return false;
  for (const key in value) if (Object.hasOwn(value, key)) return false;
  return true;
}

/** The live value with the applied one merged into it. Neither is changed; parts of both are in the result. */
export function mergeValues(
  live: JsonValue | undefined,
  applied: JsonValue,
  schema: Schema,
  source: SchemaSource,
): JsonValue {
  return merge(live, applied, mergeTypeOf(schema, source));
}

function merge(live: JsonValue | undefined, applied: JsonValue, declared: MergeType): JsonValue {
  if (live === undefined) return applied;
  const type = concreteType(declared, applied);
  if (type.kind === 'map' && !type.isAtomic && isJsonObject(live)) {
    if (applied === null) return isEmptyObject(live) ? null : live;
    return isJsonObject(applied) ? mergeMaps(live, applied, type) : applied;
  }
  if (type.kind === 'list' && type.relation !== 'atomic' && Array.isArray(live)) {
    if (applied === null) return live.length === 0 ? null : live;
    return Array.isArray(applied) ? mergeLists(live, applied, type) : applied;
  }
  return applied;
}

function mergeMaps(live: JsonObject, applied: JsonObject, type: MapMergeType): JsonObject {
  const result: JsonObject = { ...live };
  for (const name of Object.keys(applied)) {
    const before = Object.hasOwn(live, name) ? live[name] : undefined;
    setOwn(result, name, merge(before, applied[name] ?? null, type.typeOf(name) ?? deducedType));
  }
  return result;
}

/**
 * Applied items keep their order; live ones that are not applied stand before the next item that both have, so that
 * they keep their place as far as that can be (KEP-555's order of merged lists).
 */
function mergeLists(live: readonly JsonValue[], applied: readonly JsonValue[], type: ListMergeType): JsonValue[] {
  const left = live.map((item) => elementOf(type, item));
  const liveItems = itemsByElement(live, type);
  const appliedItems = itemsByElement(applied, type);
  const result: JsonValue[] = [];
  let position = 0;
  const keepLiveUntil = (target: PathElement | undefined): void => {
    for (; position < live.length; position++) {
      const element = left[position];
      if (target !== undefined && element === target) return;
      const item = live[position];
      if (item !== undefined && (element === undefined || !appliedItems.has(element))) result.push(item);
    }
  };
  const shared = [...appliedItems.keys()].filter((element) => liveItems.has(element));
  let nextShared = 0;
  for (const [element, [item]] of appliedItems) {
    keepLiveUntil(shared[nextShared]);
    if (element === shared[nextShared]) {
      nextShared++;
      if (left[position] === element) position++;
    }
    const same = liveItems.get(element);
    // A live item that stands there more than once is replaced, not merged.
    const before = same?.length === 1 ? same[0] : undefined;
    result.push(merge(before, item ?? null, type.items));
  }
  keepLiveUntil(undefined);
  return result;
}

/** The value without the paths of the set; undefined when nothing of it is left. Maps and lists inside stay, though empty. */
export function removeItems(
  value: JsonValue,
  set: FieldSet,
  schema: Schema,
  source: SchemaSource,
): JsonValue | undefined {
  return remove(value, set, mergeTypeOf(schema, source));
}

function remove(value: JsonValue, set: FieldSet, declared: MergeType): JsonValue | undefined {
  const type = concreteType(declared, value);
  if (type.kind === 'map' && isJsonObject(value)) {
    if (type.isAtomic) return undefined;
    const result: JsonObject = {};
    for (const name of Object.keys(value)) {
      const kept = removeStep(fieldElement(name), value[name] ?? null, set, type.typeOf(name) ?? deducedType);
      if (kept !== undefined) setOwn(result, name, kept);
    }
    return isEmptyObject(result) && !isEmptyObject(value) ? undefined : result;
  }
  if (type.kind === 'list' && Array.isArray(value)) {
    if (type.relation === 'atomic') return undefined;
    const result: JsonValue[] = [];
    for (const item of value) {
      const element = elementOf(type, item);
      const kept = element === undefined ? item : removeStep(element, item, set, type.items);
      if (kept !== undefined) result.push(kept);
    }
    return result.length === 0 && value.length > 0 ? undefined : result;
  }
  return value;
}

function removeStep(element: PathElement, item: JsonValue, set: FieldSet, type: MergeType): JsonValue | undefined {
  if (set.hasElement(element)) return undefined;
  const below = set.childOf(element);
  if (below === undefined) return item;
  // What stood around items that are gone stays, though empty.
  const empty = Array.isArray(item) ? [] : isJsonObject(item) ? {} : undefined;
  return remove(item, below, type) ?? empty;
}

/** The set with every named field on the way to a member made a member too. */
export function withNamedFields(set: FieldSet, schema: Schema, source: SchemaSource): FieldSet {
  return ensureNamed(set, mergeTypeOf(schema, source));
}

function ensureNamed(set: FieldSet, declared: MergeType): FieldSet {
  const result = new FieldSet();
  for (const [element, isMember, below] of set.entries()) {
    const isField = element.startsWith('f:');
    const name = element.slice(2);
    const isNamed = isField && declared.kind === 'map' && declared.declares(name);
    result.put(
      element,
      isMember || (isNamed && below !== undefined),
      below && ensureNamed(below, typeBelow(declared, isField, name)),
    );
  }
  return result;
}

function typeBelow(type: MergeType, isField: boolean, name: string): MergeType {
  if (isField) return (type.kind === 'map' ? type.typeOf(name) : undefined) ?? deducedType;
  return type.kind === 'list' ? type.items : deducedType;
}

/**
 * Brings a set that was written for an older schema to this one: what has become one piece is owned as one piece.
 * @returns the set itself when there is nothing to do.
 */
export function reconcileFieldSet(set: FieldSet, schema: Schema, source: SchemaSource): FieldSet {
  return reconcile(set, mergeTypeOf(schema, source));
}

function reconcile(set: FieldSet, declared: MergeType): FieldSet {
  if (declared.kind === 'scalar' || declared.kind === 'any') return set;
  const result = new FieldSet();
  let hasChanged = false;
  for (const [element, isMember, below] of set.entries()) {
    const type = typeBelow(declared, element.startsWith('f:'), element.slice(2));
    const isPiece = (type.kind === 'map' && type.isAtomic) || (type.kind === 'list' && type.relation === 'atomic');
    const kept = isPiece ? undefined : below && reconcile(below, type);
    hasChanged ||= kept !== below;
    result.put(element, isMember || isPiece, kept);
  }
  return hasChanged ? result : set;
}
