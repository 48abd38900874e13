import { equalJson, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../../apimachinery/json.ts';
import { stringifyJson } from '../../apimachinery/json-codec.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../../apimachinery/schema.ts';
import { FieldSet, formatPath, type PathElement } from './field-set.ts';

/** A value that does not fit its type; `message` is what sigs.k8s.io/structured-merge-diff says, with the path. */
export class TypedValueError extends Error {}

/** How a value is merged: piece by piece or as a whole. */
export type Structure =
  | { readonly kind: 'scalar'; readonly type: Schema['type'] }
  | { readonly kind: 'atomic'; readonly of: 'map' | 'list' }
  | { readonly kind: 'map'; readonly fieldOf: (key: string) => Schema | undefined; readonly isStruct: boolean }
  | { readonly kind: 'set' }
  | { readonly kind: 'list-map'; readonly keys: readonly string[]; readonly items: Schema };

const anything: Schema = {};

/** What a type says about merging a value. Values without a type go by their own shape: maps by key, lists whole. */
export function structureOf(schema: Schema, value: JsonValue | undefined, source: SchemaSource): Structure {
  const resolved = resolveSchema(schema, source);
  if (resolved.type === 'array') {
    if (resolved.listType === 'set') return { kind: 'set' };
    if (resolved.listType !== 'map') return { kind: 'atomic', of: 'list' };
    return { kind: 'list-map', keys: resolved.listMapKeys ?? [], items: resolved.items ?? anything };
  }
  if (resolved.type === 'object') {
    if (resolved.mapType === 'atomic') return { kind: 'atomic', of: 'map' };
    const { properties, additionalProperties } = resolved;
    const isOpen =
      resolved.preserveUnknownFields === true || (properties === undefined && additionalProperties === undefined);
    return {
      kind: 'map',
      isStruct: properties !== undefined && !isOpen,
      fieldOf: (key) =>
        (properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined) ??
        additionalProperties ??
        (isOpen ? anything : undefined),
    };
  }
  if (resolved.type === undefined && resolved.intOrString !== true && resolved.format === undefined) {
    if (Array.isArray(value)) return { kind: 'atomic', of: 'list' };
    if (isJsonObject(value)) return { kind: 'map', isStruct: false, fieldOf: () => anything };
  }
  return { kind: 'scalar', type: resolved.type };
}

/** `f:name`. */
export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** The step that names an item of a list map; absent keys take the default of the item's type. */
export function keyElement(item: JsonValue, keys: readonly string[], items: Schema, source: SchemaSource): PathElement {
  const resolved = resolveSchema(items, source);
  const key: JsonObject = {};
  for (const name of keys.toSorted()) {
    const own = isJsonObject(item) ? item[name] : undefined;
    const value = own ?? resolved.properties?.[name]?.default;
    if (value !== undefined) key[name] = value;
  }
  return `k:${stringifyJson(key)}`;
}

/** The step that names an item of a set. */
export function valueElement(item: JsonValue): PathElement {
  return `v:${stringifyJson(item)}`;
}

/** All items of an associative list by their step, in order; the first of several with the same step counts. */
export function itemsByElement(
  list: readonly JsonValue[],
  structure: Extract<Structure, { kind: 'set' | 'list-map' }>,
  source: SchemaSource,
): Map<PathElement, JsonValue> {
  const items = new Map<PathElement, JsonValue>();
  for (const item of list) {
    const element =
      structure.kind === 'set' ? valueElement(item) : keyElement(item, structure.keys, structure.items, source);
    if (!items.has(element)) items.set(element, item);
  }
  return items;
}

/** The paths of everything a value sets: its leaves, what is empty, and the items of associative lists. */
export function toFieldSet(value: JsonValue, schema: Schema, source: SchemaSource): FieldSet {
  const set = new FieldSet();
  collect(value, schema, source, set);
  return set;
}

/** Fills `set` with what lies below; @returns whether the value itself is a leaf. */
function collect(value: JsonValue, schema: Schema, source: SchemaSource, set: FieldSet, containers = false): boolean {
  const structure = structureOf(schema, value, source);
  if (structure.kind === 'map' && isJsonObject(value)) {
    const entries = Object.entries(value);
    for (const [key, item] of entries) {
      const below = new FieldSet();
      const element = fieldElement(key);
      const isLeaf = collect(item, structure.fieldOf(key) ?? anything, source, below, containers);
      if (isLeaf || containers) set.members.add(element);
      if (!below.isEmpty()) set.children.set(element, below);
    }
    return entries.length === 0;
  }
  if (structure.kind === 'list-map' && Array.isArray(value)) {
    for (const [element, item] of itemsByElement(value, structure, source)) {
      const below = new FieldSet();
      collect(item, structure.items, source, below, containers);
      set.members.add(element);
      if (!below.isEmpty()) set.children.set(element, below);
    }
    return value.length === 0;
  }
  if (structure.kind === 'set' && Array.isArray(value)) {
    for (const item of value) set.members.add(valueElement(item));
    return value.length === 0;
  }
  return true;
}

/** What differs between two values. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares two values of a type, leaf by leaf. */
export function compareValues(
  old: JsonValue | undefined,
  current: JsonValue | undefined,
  schema: Schema,
  source: SchemaSource,
): Comparison {
  const comparison: Comparison = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  compareInto(old, current, schema, source, comparison);
  return comparison;
}

/** @returns which of the three the value itself, as a leaf, belongs to. */
function compareInto(
  old: JsonValue | undefined,
  current: JsonValue | undefined,
  schema: Schema,
  source: SchemaSource,
  into: Comparison,
): keyof Comparison | undefined {
  if (old === current) return undefined;
  if (old === undefined) {
    // What came new as a whole is owned as such, along with everything in it.
    collect(current ?? null, schema, source, into.added, true);
    return 'added';
  }
  if (current === undefined) return collect(old, schema, source, into.removed) ? 'removed' : undefined;
  const structure = structureOf(schema, current, source);
  if (structure.kind === 'map' && isJsonObject(old) && isJsonObject(current)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(current)])) {
      const left = Object.hasOwn(old, key) ? old[key] : undefined;
      const right = Object.hasOwn(current, key) ? current[key] : undefined;
      compareStep(fieldElement(key), left, right, structure.fieldOf(key) ?? anything, source, into, false);
    }
    return undefined;
  }
  if ((structure.kind === 'list-map' || structure.kind === 'set') && Array.isArray(old) && Array.isArray(current)) {
    const left = itemsByElement(old, structure, source);
    const right = itemsByElement(current, structure, source);
    const items = structure.kind === 'set' ? anything : structure.items;
    for (const element of new Set([...left.keys(), ...right.keys()])) {
      compareStep(element, left.get(element), right.get(element), items, source, into, true);
    }
    return undefined;
  }
  return equalJson(old, current) ? undefined : 'modified';
}

function compareStep(
  element: PathElement,
  left: JsonValue | undefined,
  right: JsonValue | undefined,
  schema: Schema,
  source: SchemaSource,
  into: Comparison,
  isItem: boolean,
): void {
  if (left === right) return;
  const below: Comparison = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  const own = compareInto(left, right, schema, source, below);
  if (own !== undefined) into[own].members.add(element);
  else if (isItem && left === undefined) into.added.members.add(element);
  else if (isItem && right === undefined) into.removed.members.add(element);
  for (const kind of ['added', 'modified', 'removed'] as const) {
    if (!below[kind].isEmpty()) into[kind].children.set(element, below[kind]);
  }
}

/** The live value with the applied one merged into it. */
export function mergeValues(
  live: JsonValue | undefined,
  applied: JsonValue,
  schema: Schema,
  source: SchemaSource,
): JsonValue {
  if (live === undefined || live === null) return applied;
  const structure = structureOf(schema, applied, source);
  if (structure.kind === 'map' && isJsonObject(live) && isJsonObject(applied)) {
    const result: JsonObject = { ...live };
    for (const [key, value] of Object.entries(applied)) {
      const before = Object.hasOwn(live, key) ? live[key] : undefined;
      setOwn(result, key, mergeValues(before, value, structure.fieldOf(key) ?? anything, source));
    }
    return result;
  }
  if ((structure.kind === 'list-map' || structure.kind === 'set') && Array.isArray(live) && Array.isArray(applied)) {
    return mergeLists(live, applied, structure, source);
  }
  return applied;
}

/** Items keep the applied order; live ones that are not applied stay where they are among the others. */
function mergeLists(
  live: readonly JsonValue[],
  applied: readonly JsonValue[],
  structure: Extract<Structure, { kind: 'set' | 'list-map' }>,
  source: SchemaSource,
): JsonValue[] {
  const left = itemsByElement(live, structure, source);
  const right = itemsByElement(applied, structure, source);
  const result: JsonValue[] = [];
  const leftOrder = [...left.keys()];
  let next = 0;
  const merged = (element: PathElement, item: JsonValue): JsonValue =>
    structure.kind === 'set' ? item : mergeValues(left.get(element), item, structure.items, source);
  for (const [element, item] of right) {
    // Live items that stand before this one, and are not applied themselves, come first.
    const position = leftOrder.indexOf(element);
    for (; next < position; next++) {
      const before = leftOrder[next] ?? '';
      const kept = left.get(before);
      if (!right.has(before) && kept !== undefined) result.push(kept);
    }
    if (position >= next) next = position + 1;
    result.push(merged(element, item));
  }
  for (; next < leftOrder.length; next++) {
    const element = leftOrder[next] ?? '';
    const kept = left.get(element);
    if (!right.has(element) && kept !== undefined) result.push(kept);
  }
  return result;
}

/** The value without the paths of the set; maps and lists that lose everything go too. */
export function removeItems(
  value: JsonValue,
  schema: Schema,
  set: FieldSet,
  source: SchemaSource,
): JsonValue | undefined {
  if (set.isEmpty()) return value;
  const structure = structureOf(schema, value, source);
  if (structure.kind === 'map' && isJsonObject(value)) {
    const result: JsonObject = {};
    for (const [key, item] of Object.entries(value)) {
      const kept = removeStep(fieldElement(key), item, structure.fieldOf(key) ?? anything, set, source);
      if (kept !== undefined) setOwn(result, key, kept);
    }
    return Object.keys(result).length === 0 && Object.keys(value).length > 0 ? undefined : result;
  }
  if ((structure.kind === 'list-map' || structure.kind === 'set') && Array.isArray(value)) {
    const items = structure.kind === 'set' ? anything : structure.items;
    const result: JsonValue[] = [];
    for (const [element, item] of itemsByElement(value, structure, source)) {
      const kept = removeStep(element, item, items, set, source);
      if (kept !== undefined) result.push(kept);
    }
    return result.length === 0 && value.length > 0 ? undefined : result;
  }
  return value;
}

function removeStep(
  element: PathElement,
  item: JsonValue,
  schema: Schema,
  set: FieldSet,
  source: SchemaSource,
): JsonValue | undefined {
  if (set.members.has(element)) return undefined;
  const below = set.children.get(element);
  return below === undefined ? item : removeItems(item, schema, below, source);
}

/** @throws TypedValueError naming every part of the value that does not fit the type. */
export function validateTyped(value: JsonValue, schema: Schema, source: SchemaSource): void {
  const errors: string[] = [];
  check(value, schema, source, [], errors);
  if (errors.length === 1) throw new TypedValueError(errors[0] ?? '');
  if (errors.length > 1) throw new TypedValueError(`errors:\n${errors.map((error) => `  ${error}`).join('\n')}`);
}

function check(
  value: JsonValue,
  schema: Schema,
  source: SchemaSource,
  path: readonly PathElement[],
  errors: string[],
): void {
  if (value === null) return;
  const structure = structureOf(schema, value, source);
  const complain = (message: string, at = path): void => void errors.push(`${formatPath(at)}: ${message}`);
  switch (structure.kind) {
    case 'scalar':
      if (!fitsScalar(value, structure.type)) {
        complain(
          `expected ${scalarNames[structure.type ?? ''] ?? 'scalar'}, got &value.valueUnstructured{Value:${goValue(value)}}`,
        );
      }
      return;
    case 'map':
      if (!isJsonObject(value)) return complain(`expected map, got &{${goShort(value)}}`);
      for (const [key, item] of Object.entries(value)) {
        const field = structure.fieldOf(key);
        const at = [...path, fieldElement(key)];
        if (field === undefined) complain('field not declared in schema', at);
        else check(item, field, source, at, errors);
      }
      return;
    case 'atomic':
      if (structure.of === 'list' ? !Array.isArray(value) : !isJsonObject(value)) {
        complain(`expected ${structure.of}, got &{${goShort(value)}}`);
      }
      return;
    default:
      if (!Array.isArray(value)) return complain(`expected list, got &{${goShort(value)}}`);
      checkItems(value, structure, source, path, errors);
  }
}

function checkItems(
  list: readonly JsonValue[],
  structure: Extract<Structure, { kind: 'set' | 'list-map' }>,
  source: SchemaSource,
  path: readonly PathElement[],
  errors: string[],
): void {
  const seen = new Set<PathElement>();
  for (const item of list) {
    const element =
      structure.kind === 'set' ? valueElement(item) : keyElement(item, structure.keys, structure.items, source);
    if (seen.has(element)) {
      errors.push(`${formatPath(path)}: duplicate entries for key ${formatPath([element])}`);
      continue;
    }
    seen.add(element);
    if (structure.kind === 'list-map') check(item, structure.items, source, [...path, element], errors);
  }
}

const scalarNames: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'numeric (int or float)',
  number: 'numeric (int or float)',
  boolean: 'boolean',
};

function fitsScalar(value: JsonValue, type: Schema['type']): boolean {
  if (type === undefined) return !Array.isArray(value) && !isJsonObject(value);
  if (type === 'integer' || type === 'number') return typeof value === 'number' || typeof value === 'bigint';
  return typeof value === type;
}

/** Go's %#v of a scalar. */
function goValue(value: JsonValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return goShort(value);
}

/** Go's %v. */
function goShort(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(goShort).join(' ')}]`;
  if (isJsonObject(value)) {
    const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
    return `map[${entries.map(([key, item]) => `${key}:${goShort(item)}`).join(' ')}]`;
  }
  return value === null ? '<nil>' : `${value}`;
}
