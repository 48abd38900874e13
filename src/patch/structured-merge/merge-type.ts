import type { JsonObject, JsonValue } from '../../apimachinery/json.ts';
import { isJsonObject } from '../../apimachinery/json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../../apimachinery/schema.ts';
import { keyElement, type PathElement, valueElement } from './path-element.ts';

/** What a scalar may be; `untyped` takes any scalar. */
export type ScalarType = 'string' | 'numeric' | 'boolean' | 'untyped';

/** A value that is one piece. */
export interface ScalarMergeType {
  readonly kind: 'scalar';
  readonly type: ScalarType;
}

/** A list that is merged item by item (with keys, or as a set), or as a whole. */
export interface ListMergeType {
  readonly kind: 'list';
  readonly relation: 'atomic' | 'set' | 'map';
  readonly keys: readonly string[];
  readonly items: MergeType;
}

/** An object that is merged field by field, or as a whole. */
export interface MapMergeType {
  readonly kind: 'map';
  readonly isAtomic: boolean;
  /** The type of a field; undefined for one that the type does not know. */
  typeOf(name: string): MergeType | undefined;
  /** Whether the type names this field (a struct's field, not a map's key). */
  declares(name: string): boolean;
  /** The declared default of a field. */
  defaultOf(name: string): JsonValue | undefined;
}

/** A value that goes by its own shape. */
export interface AnyMergeType {
  readonly kind: 'any';
  /** Whether lists and maps in it are pieces. */
  readonly isAtomic: boolean;
}

/** What a type says about merging (sigs.k8s.io/structured-merge-diff's schema, made from OpenAPI). */
export type MergeType = ScalarMergeType | ListMergeType | MapMergeType | AnyMergeType;

/** The type of values nothing is known of: maps by key, lists whole. */
export const deducedType: MergeType = { kind: 'any', isAtomic: false };
const untypedType: MergeType = { kind: 'any', isAtomic: true };

const untypedScalar: MergeType = { kind: 'scalar', type: 'untyped' };
const stringScalar: MergeType = { kind: 'scalar', type: 'string' };
const numericScalar: MergeType = { kind: 'scalar', type: 'numeric' };
const booleanScalar: MergeType = { kind: 'scalar', type: 'boolean' };

const deducedMap: MapMergeType = {
  kind: 'map',
  isAtomic: false,
  typeOf: () => deducedType,
  declares: () => false,
  defaultOf: () => undefined,
};
const untypedMap: MapMergeType = { ...deducedMap, isAtomic: true, typeOf: () => untypedType };
const untypedList: ListMergeType = { kind: 'list', relation: 'atomic', keys: [], items: untypedType };

/** Two types that the server knows how to merge better than their schema says. */
const namedTypes: Readonly<Record<string, MergeType>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': untypedScalar,
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': untypedType,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': untypedType,
};

interface TypeCache {
  readonly strict: WeakMap<Schema, MergeType>;
  readonly preserving: WeakMap<Schema, MergeType>;
  readonly named: Map<string, MergeType>;
}

/** Types are worked out once per schema, as far as they are visited. */
const caches = new WeakMap<SchemaSource, TypeCache>();

/** The merge type of a schema. @throws Error for a reference that the source does not know. */
export function mergeTypeOf(schema: Schema, source: SchemaSource): MergeType {
  return typeOfSchema(schema, source, false);
}

function typeOfSchema(schema: Schema, source: SchemaSource, preserves: boolean): MergeType {
  let cache = caches.get(source);
  if (cache === undefined) {
    cache = { strict: new WeakMap(), preserving: new WeakMap(), named: new Map() };
    caches.set(source, cache);
  }
  const known = preserves ? cache.preserving : cache.strict;
  let type = known.get(schema);
  if (type === undefined) {
    type = makeType(schema, source, preserves);
    known.set(schema, type);
  }
  return type;
}

function makeType(schema: Schema, source: SchemaSource, inherited: boolean): MergeType {
  const special = schema.ref === undefined ? undefined : namedTypes[schema.ref];
  if (special !== undefined) return special;
  // A named type does not inherit from the place that refers to it.
  const resolved = resolveSchema(schema, source);
  const preserves = resolved.preserveUnknownFields === true || (inherited && schema.ref === undefined);
  switch (resolved.type) {
    case 'string':
      return resolved.format === undefined || resolved.format === 'byte' ? stringScalar : untypedScalar;
    case 'integer':
    case 'number':
      return numericScalar;
    case 'boolean':
      return booleanScalar;
    case 'array':
      return makeList(resolved, source, preserves);
    case 'object':
      return makeMap(resolved, source, preserves);
    default:
      // What may be a number or a text (IntOrString), too: alternatives do not say how values are merged.
      return resolved.properties === undefined ? deducedType : makeMap(resolved, source, preserves);
  }
}

function makeList(schema: Schema, source: SchemaSource, preserves: boolean): ListMergeType {
  let { listType: relation } = schema;
  let keys = schema.listMapKeys ?? [];
  if (relation === undefined && schema.patchStrategy?.split(',').includes('merge') === true) {
    relation = schema.patchMergeKey === undefined ? 'set' : 'map';
    keys = schema.patchMergeKey === undefined ? [] : [schema.patchMergeKey];
  }
  let items: MergeType | undefined;
  return {
    kind: 'list',
    relation: relation ?? 'atomic',
    keys: keys.toSorted(),
    get items() {
      items ??= schema.items === undefined ? deducedType : typeOfSchema(schema.items, source, preserves);
      return items;
    },
  };
}

function makeMap(schema: Schema, source: SchemaSource, preserves: boolean): MapMergeType {
  const { properties = {}, additionalProperties } = schema;
  const fields = new Map<string, MergeType>();
  const isAtomic = schema.mapType === 'atomic';
  let element: MergeType | undefined;
  const elementType = (): MergeType | undefined => {
    if (additionalProperties !== undefined) element ??= typeOfSchema(additionalProperties, source, preserves);
    else if (preserves) element = deducedType;
    return element;
  };
  return {
    kind: 'map',
    isAtomic,
    typeOf(name) {
      let type = fields.get(name);
      if (type !== undefined) return type;
      const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (field === undefined) return elementType();
      type = typeOfSchema(field, source, preserves);
      fields.set(name, type);
      return type;
    },
    declares: (name) => Object.hasOwn(properties, name),
    defaultOf: (name) => (Object.hasOwn(properties, name) ? properties[name]?.default : undefined),
  };
}

/** The type that a value goes by: where anything may stand, its own shape decides. */
export function concreteType(type: MergeType, value: JsonValue): ScalarMergeType | ListMergeType | MapMergeType {
  if (type.kind !== 'any') return type;
  if (Array.isArray(value)) return untypedList;
  if (isJsonObject(value) || value === null) return type.isAtomic ? untypedMap : deducedMap;
  return untypedScalar as ScalarMergeType;
}

/** An item of a list that cannot be told from others. */
export class ListItemError extends Error {}

/** The step that names an item of a set or of a list with keys. @throws ListItemError */
export function itemElement(list: ListMergeType, item: JsonValue): PathElement {
  if (list.relation === 'set') {
    if (isJsonObject(item)) throw new ListItemError("associative list without keys has an element that's a map type");
    if (Array.isArray(item)) throw new ListItemError('not supported: associative list with lists as elements');
    if (item === null) {
      throw new ListItemError("associative list without keys has an element that's an explicit null");
    }
    return valueElement(item);
  }
  if (item === null) throw new ListItemError('associative list with keys may not have a null element');
  if (!isJsonObject(item)) throw new ListItemError('associative list with keys may not have non-map elements');
  const key: JsonObject = {};
  let isEmpty = true;
  for (const name of list.keys) {
    const own = Object.hasOwn(item, name) ? item[name] : undefined;
    const value = own ?? (own === null ? null : defaultOf(list.items, name));
    if (value === undefined) continue;
    key[name] = value;
    isEmpty = false;
  }
  if (isEmpty) {
    const names = `[${list.keys.map((name) => JSON.stringify(name)).join(' ')}]`;
    throw new ListItemError(
      `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
    );
  }
  return keyElement(key);
}

function defaultOf(items: MergeType, name: string): JsonValue | undefined {
  return items.kind === 'map' ? items.defaultOf(name) : undefined;
}
