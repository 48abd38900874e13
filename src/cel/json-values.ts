import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { withObjectMeta } from './declared-types.ts';
import { isEqual } from './equality.ts';
import { escapeFieldName, unescapeFieldName } from './field-names.ts';
import { CelUint } from './numbers.ts';
import { readDuration, readTimestamp, writeDuration, writeTimestamp } from './time.ts';
import {
  CelDuration,
  CelEvaluationError,
  type CelKey,
  CelList,
  CelMap,
  CelOptional,
  CelTimestamp,
  type CelValue,
  noSuchOverload,
  typeOf,
} from './values.ts';

type Convert = (value: JsonValue, key: string) => CelValue | undefined;

/** An object whose values are converted when they are asked for. */
class JsonMap extends CelMap {
  readonly #object: JsonObject;
  readonly #convert: Convert;
  /** Whether fields go by their escaped names. */
  readonly #isEscaped: boolean;

  constructor(object: JsonObject, convert: Convert, isEscaped: boolean) {
    super();
    this.#object = object;
    this.#convert = convert;
    this.#isEscaped = isEscaped;
  }

  override get size(): number {
    return Object.keys(this.#object).length;
  }

  override find(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined;
    const name = this.#isEscaped ? unescapeFieldName(key) : key;
    const value = Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
    return value === undefined ? undefined : this.#convert(value, name);
  }

  override has(key: CelValue): boolean {
    return this.find(key) !== undefined;
  }

  override *keys(): Generator<CelKey> {
    for (const name of Object.keys(this.#object)) yield this.#isEscaped ? (escapeFieldName(name) ?? name) : name;
  }

  /** The JSON that it is made of. */
  protected get json(): JsonObject {
    return this.#object;
  }
}

/** An object or map with a schema: fields that this does not know are not there, and those of an object that are null. */
class TypedMap extends JsonMap {
  override get comparesAnything(): boolean {
    return false;
  }
  readonly #schemaOf: (key: string) => JsonObject | undefined;
  readonly #isObject: boolean;

  constructor(object: JsonObject, schemaOf: (key: string) => JsonObject | undefined, isObject: boolean) {
    const convert: Convert = (item, key) => {
      const schema = schemaOf(key);
      if (schema === undefined || (isObject && item === null)) return undefined;
      return celFromSchema(item, schema, isEmbedded(schema));
    };
    super(object, convert, isObject);
    this.#schemaOf = schemaOf;
    this.#isObject = isObject;
  }

  #keyOf(name: string): string {
    return this.#isObject ? (escapeFieldName(name) ?? name) : name;
  }

  override *keys(): Generator<CelKey> {
    for (const name of Object.keys(this.json)) if (this.#schemaOf(name) !== undefined) yield this.#keyOf(name);
  }

  override equalTo(other: CelMap): boolean {
    if (this.size !== other.size) return false;
    for (const [name, value] of Object.entries(this.json)) {
      if (this.#schemaOf(name) === undefined) {
        if (!(other instanceof TypedMap)) throw noSuchOverload();
        const theirs = Object.hasOwn(other.json, name) ? other.json[name] : undefined;
        if (theirs !== undefined && !equalJson(value, theirs)) return false;
        continue;
      }
      const key = this.#keyOf(name);
      const [own, theirs] = [this.find(key), other.find(key)];
      if (own === undefined && theirs === undefined) continue;
      if (own === undefined || theirs === undefined || !isEqual(own, theirs)) return false;
    }
    return true;
  }
}

/** A list whose elements are converted when they are asked for. */
class JsonList extends CelList {
  protected readonly array: readonly JsonValue[];
  protected readonly convert: Convert;

  constructor(array: readonly JsonValue[], convert: Convert) {
    super();
    this.array = array;
    this.convert = convert;
  }

  override get size(): number {
    return this.array.length;
  }

  override at(index: number): CelValue | undefined {
    const value = this.array[index];
    return value === undefined ? undefined : this.convert(value, '');
  }
}

/** A list with a schema. */
class TypedList extends JsonList {
  override get comparesAnything(): boolean {
    return false;
  }

  override concat(other: CelList): CelList {
    return new LongerList([...this, ...other]);
  }
}

/** A list with a schema to which others were added: it still compares as one. */
class LongerList extends CelList {
  override get comparesAnything(): boolean {
    return false;
  }

  override concat(other: CelList): CelList {
    return new LongerList([...this, ...other]);
  }
}

/** A list of which the order does not matter, and to which only what is new is added (x-kubernetes-list-type: set). */
class SetList extends CelList {
  override get comparesAnything(): boolean {
    return false;
  }

  override concat(other: CelList): CelList {
    const items = [...this];
    for (const item of other) if (!items.some((own) => isEqual(own, item))) items.push(item);
    return new SetList(items);
  }

  override equalTo(other: CelList): boolean {
    return this.size === other.size && [...other].every((item) => [...this].some((own) => isEqual(own, item)));
  }
}

/** A list of objects with keys: an added one replaces that with its keys (x-kubernetes-list-type: map). */
class KeyedList extends CelList {
  override get comparesAnything(): boolean {
    return false;
  }
  readonly #keys: readonly string[];

  constructor(items: readonly CelValue[], keys: readonly string[]) {
    super(items);
    this.#keys = keys;
  }

  #sameKeys(left: CelValue, right: CelValue): boolean {
    if (!(left instanceof CelMap) || !(right instanceof CelMap)) return false;
    return this.#keys.every((key) => isEqual(left.find(key) ?? null, right.find(key) ?? null));
  }

  override concat(other: CelList): CelList {
    const items = [...this];
    for (const item of other) {
      const place = items.findIndex((own) => this.#sameKeys(own, item));
      if (place < 0) items.push(item);
      else items[place] = item;
    }
    return new KeyedList(items, this.#keys);
  }

  override equalTo(other: CelList): boolean {
    if (this.size !== other.size) return false;
    return [...other].every((item) => {
      const own = [...this].find((candidate) => this.#sameKeys(candidate, item));
      return own !== undefined && isEqual(own, item);
    });
  }
}

/** Any JSON: whole numbers are int, others double. */
export function celFromJson(value: JsonValue): CelValue {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return new JsonList(value, celFromJson);
  return isJsonObject(value) ? new JsonMap(value, celFromJson, false) : value;
}

/** Any JSON as Go has it without a type: every number is a double; fields also go by their escaped names. */
export function celFromUntyped(value: JsonValue): CelValue {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return new JsonList(value, celFromUntyped);
  return isJsonObject(value) ? new JsonMap(value, celFromUntyped, true) : value;
}

/** JSON as its OpenAPI schema declares it (apiserver's cel/common/valuesunstructured.go). @throws CelEvaluationError */
export function celFromSchema(value: JsonValue, schema: JsonObject, isRoot = false): CelValue {
  if (value === null) {
    if (schema['nullable'] === true) return null;
    throw new CelEvaluationError('invalid data, got null for schema with nullable=false');
  }
  if (schema['x-kubernetes-int-or-string'] === true) return celFromJson(value);
  const type = isRoot ? 'object' : schema['type'];
  if (type === 'object') return objectFromSchema(value, isRoot ? withObjectMeta(schema) : schema);
  if (type === 'array') return listFromSchema(value, schema);
  if (type === 'string' && typeof value === 'string') return textFromSchema(value, schema['format']);
  if (type === 'number' && (typeof value === 'number' || typeof value === 'bigint')) return Number(value);
  return celFromJson(value);
}

function isEmbedded(schema: JsonObject): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

function objectFromSchema(value: JsonValue, schema: JsonObject): CelValue {
  if (!isJsonObject(value)) {
    throw new CelEvaluationError('invalid data, expected a map for the provided schema with type=object');
  }
  const { properties, additionalProperties } = schema;
  const schemaOf = (key: string): JsonObject | undefined => {
    const declared = isJsonObject(properties) ? properties : undefined;
    const own =
      declared === undefined ? additionalProperties : Object.hasOwn(declared, key) ? declared[key] : undefined;
    return isJsonObject(own) ? own : undefined;
  };
  return new TypedMap(value, schemaOf, isJsonObject(properties));
}

function listFromSchema(value: JsonValue, schema: JsonObject): CelValue {
  if (!Array.isArray(value)) {
    throw new CelEvaluationError('invalid data, expected an array for the provided schema with type=array');
  }
  const items = isJsonObject(schema['items']) ? schema['items'] : {};
  const convert = (item: JsonValue): CelValue => celFromSchema(item, items, isEmbedded(items));
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return new SetList(value.map(convert));
  if (type === 'map') {
    const keys = Array.isArray(schema['x-kubernetes-list-map-keys']) ? schema['x-kubernetes-list-map-keys'] : [];
    const names = keys.filter((key) => typeof key === 'string').map((key) => escapeFieldName(key) ?? key);
    return new KeyedList(value.map(convert), names);
  }
  return new TypedList(value, convert);
}

function textFromSchema(value: string, format: JsonValue | undefined): CelValue {
  const invalid = (kind: string): CelEvaluationError => new CelEvaluationError(`Invalid ${kind} ${value}`);
  switch (format) {
    case 'duration': {
      const duration = readDuration(value);
      if (duration === undefined) throw invalid('duration');
      return duration;
    }
    case 'date': {
      const date = readTimestamp(`${value}T00:00:00Z`);
      if (date === undefined) throw invalid('date formatted string');
      return date;
    }
    case 'date-time': {
      const time = readTimestamp(value.toUpperCase());
      if (time === undefined) throw invalid('date-time formatted string');
      return time;
    }
    case 'byte':
      return Uint8Array.from(Buffer.from(value, 'base64'));
    default:
      return value;
  }
}

/** A value as JSON, for what leaves the language: patches and objects. @throws CelEvaluationError */
export function jsonFromCel(value: CelValue): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number') {
    return value;
  }
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof CelUint) return jsonFromCel(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof CelTimestamp) return writeTimestamp(value);
  if (value instanceof CelDuration) return writeDuration(value);
  if (value instanceof CelList) return Array.from(value, jsonFromCel);
  if (value instanceof CelOptional) return jsonFromCel(value.get());
  if (value instanceof CelMap) {
    const object: JsonObject = {};
    for (const [key, item] of value.entries()) {
      if (typeof key !== 'string') throw noSuchOverload();
      object[key] = jsonFromCel(item);
    }
    return object;
  }
  throw new CelEvaluationError(`unsupported conversion of ${typeOf(value).name} to JSON`);
}
