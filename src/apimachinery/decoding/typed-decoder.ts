import { canonicalTime } from '../go-time.ts';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../schema.ts';
import { isEmptyPart, isOmittedWhenEmpty, jsonSchemaProps } from './empty-parts.ts';
import { goQualifiedName, goStructName, namedMapOf } from './go-types.ts';
import {
  convertInteger,
  IllegalBase64Error,
  mismatch,
  type Place,
  readBase64,
  readByteList,
  readInteger,
  readIntOrString,
  readString,
  readTime,
  specialTypes,
  wholeThousandths,
} from './scalar-readers.ts';
import { isOptionalName } from './schema-defaults.ts';
import { jsonFieldNames, protobufFields } from './type-fields.ts';
import { TypedDecodeError } from './typed-decode-error.ts';

/** An object read into its type. */
export interface TypedDecodeResult {
  readonly object: JsonObject;
  /** Paths of fields that the type does not have, in the order of the document. */
  readonly unknownFields: readonly string[];
}

/** How values are read. */
export interface TypedDecodeOptions {
  /** Numbers that the document writes otherwise than as plain integers, by their path. */
  readonly numberLiterals?: ReadonlyMap<string, string>;
  /**
   * Values come by way of apimachinery's converter from maps to structs, as what patches made does: it cuts integers to
   * the bits of their type, and types that read themselves are on their own.
   */
  readonly isConverted?: boolean;
  /** Whole numbers that are floating point numbers to the converter, by their path. */
  readonly floats?: ReadonlyMap<string, number>;
  /**
   * Empty lists and maps of optional fields stay, for those who tell them from none: Go reads them as empty, and leaves
   * them out when it writes (see `forgetEmptyParts`).
   */
  readonly keepsEmpty?: boolean;
}

/**
 * Reads a JSON value into a named type as Go's decoder does: unknown fields are dropped (and told), null is nothing,
 * times and quantities get their one way of writing, map keys are sorted. Schema-less parts stay as they are.
 * @throws TypedDecodeError for a value of the wrong type.
 */
export function decodeTyped(
  value: JsonValue,
  typeName: string,
  types: SchemaSource,
  options: TypedDecodeOptions = {},
): TypedDecodeResult {
  const schema = types.lookup(typeName);
  if (schema === undefined) throw new Error(`unknown type ${typeName}`);
  const reader = new TypedReader(types, options);
  if (!isJsonObject(value)) {
    if (value === null) return { object: {}, unknownFields: [] };
    throw new TypedDecodeError(
      `json: cannot unmarshal ${describeJsonKind(value)} into Go value of type ${goQualifiedName(typeName)}`,
    );
  }
  const struct = goStructName(typeName);
  const object = reader.readStruct(value, schema, { struct, type: typeName, fieldStack: '', field: '', path: '' });
  if (reader.firstError !== undefined) throw reader.firstError;
  return { object, unknownFields: reader.unknownFields };
}

const noLiterals: ReadonlyMap<string, string> = new Map();

class TypedReader {
  readonly unknownFields: string[] = [];
  firstError: TypedDecodeError | undefined;
  readonly #types: SchemaSource;
  readonly #literals: ReadonlyMap<string, string>;
  readonly #isConverted: boolean;
  readonly #floats: ReadonlyMap<string, number> | undefined;
  readonly #keepsEmpty: boolean;

  constructor(types: SchemaSource, options: TypedDecodeOptions) {
    const { numberLiterals = noLiterals, isConverted = false, keepsEmpty = false } = options;
    this.#types = types;
    this.#keepsEmpty = keepsEmpty;
    this.#literals = numberLiterals;
    this.#isConverted = isConverted;
    this.#floats = options.floats;
  }

  readStruct(value: JsonObject, schema: Schema, place: Place): JsonObject {
    const properties = schema.properties ?? {};
    const result: JsonObject = {};
    for (const [key, item] of this.#isConverted ? this.#inFieldOrder(value, place.type) : Object.entries(value)) {
      const path = place.path === '' ? key : `${place.path}.${key}`;
      const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (property === undefined) {
        if (schema.preserveUnknownFields === true) setOwn(result, key, item);
        else this.unknownFields.push(path);
        continue;
      }
      if (item === null && !keepsNull(property)) continue;
      if (isPlainString(item, property)) {
        if (item !== '' || !omittedScalars(place.type, this.#types).has(key)) setOwn(result, key, item);
        continue;
      }
      const name = `${embeddedPath(place.type, this.#types).get(key) ?? ''}${key}`;
      const fieldStack = place.fieldStack === '' ? name : `${place.fieldStack}.${name}`;
      const read = this.#tryRead(item, property, { ...place, fieldStack, field: key, path });
      if (read === undefined) continue;
      if (isZero(read) && omittedScalars(place.type, this.#types).has(key)) continue;
      // An empty list of managers asks for a reset.
      const isSeen = this.#keepsEmpty || path === 'metadata.managedFields';
      if (!isSeen && isEmptyPart(read) && isOmittedWhenEmpty(key, property, schema)) continue;
      setOwn(result, key, read);
    }
    return result;
  }

  /** The converter goes by the fields of a type, not by those of the document, and so do its errors. */
  #inFieldOrder(value: JsonObject, type: string): [string, JsonValue][] {
    const places = fieldPlaces(type, this.#types);
    const placeOf = (name: string): number => places.get(name) ?? places.size;
    return Object.entries(value).toSorted(([left], [right]) => placeOf(left) - placeOf(right));
  }

  /** Types that read themselves end the reading when they fail, as in Go; what is after any other error is read, too. */
  #tryRead(value: JsonValue, declared: Schema, place: Place): JsonValue | undefined {
    try {
      return this.#read(value, declared, place);
    } catch (error) {
      if (!(error instanceof TypedDecodeError) || error.isFinal) throw error;
      this.firstError ??= error;
      return undefined;
    }
  }

  #read(value: JsonValue, declared: Schema, at: Place): JsonValue {
    const literal = this.#literals.get(at.path);
    const own = literal === undefined ? at : { ...at, literal };
    const special = declared.ref === undefined ? undefined : specialTypes[declared.ref];
    if (special !== undefined) return this.#readSpecial(() => special(value, own));
    if (declared.ref?.startsWith(`${jsonSchemaProps}Or`) === true) {
      return asFinal(() => this.#readSchemaOr(value, own));
    }
    const schema = declared.ref === undefined ? declared : resolveSchema(declared, this.#types);
    if (schema.intOrString === true || schema.format === 'int-or-string') {
      return this.#readSpecial(() => readIntOrString(value, own));
    }
    const isNumber = this.#isConverted && typeof value === 'number';
    const place = isNumber ? { ...own, isConverted: true, isFloat: this.#floats?.get(at.path) === value } : own;
    switch (schema.type) {
      case 'string':
        if (schema.format === 'date-time') return this.#readSpecial(() => readTime(value, own, canonicalTime));
        return schema.format === 'byte' ? this.#readBytes(value, schema, place) : readString(value, schema, place);
      case 'integer':
        return this.#isConverted ? convertInteger(value, schema, place) : readInteger(value, schema, place);
      case 'number':
        // Whole numbers beyond 2^53 are rounded, too.
        if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
        throw mismatch(value, schema, place);
      case 'boolean':
        if (typeof value === 'boolean') return value;
        throw mismatch(value, schema, place);
      case 'array':
        return this.#readArray(value, schema, place);
      case 'object':
        return this.#readObject(value, schema, declared, place);
      default:
        return value;
    }
  }

  /** A schema, or a list of them, or neither; the real decoder starts anew there and does not tell of unknown fields. */
  #readSchemaOr(value: JsonValue, place: Place): JsonValue {
    if (Array.isArray(value)) return value.map((item) => this.#readSchemaOr(item, place));
    if (!isJsonObject(value)) return value;
    const schema = this.#types.lookup(jsonSchemaProps);
    if (schema === undefined) throw new Error(`unknown type ${jsonSchemaProps}`);
    const within = { struct: 'JSONSchemaProps', type: jsonSchemaProps, fieldStack: '', field: '', path: '' };
    const reader = new TypedReader(this.#types, { keepsEmpty: this.#keepsEmpty });
    const read = reader.readStruct(value, schema, within);
    if (reader.firstError !== undefined) throw reader.firstError;
    return read;
  }

  /** A type that reads itself: its errors are final, and where they are the converter does not say. */
  #readSpecial(read: () => JsonValue): JsonValue {
    if (!this.#isConverted) return asFinal(read);
    try {
      return read();
    } catch (error) {
      if (!(error instanceof TypedDecodeError)) throw error;
      const message = error.message.replace(/Go struct field \S+ of type (string|int32)$/, 'Go value of type $1');
      throw new TypedDecodeError(message, true);
    }
  }

  #readBytes(value: JsonValue, schema: Schema, place: Place): JsonValue {
    try {
      return Array.isArray(value) ? readByteList(value, place) : readBase64(value, schema, place);
    } catch (error) {
      if (!this.#isConverted || !(error instanceof IllegalBase64Error)) throw error;
      throw new TypedDecodeError(`error decoding from json: ${error.message}`);
    }
  }

  #readArray(value: JsonValue, schema: Schema, place: Place): JsonValue {
    if (!Array.isArray(value)) throw mismatch(value, schema, place);
    const items = schema.items;
    if (items === undefined) return value;
    return value.map((item, index) =>
      item === null ? this.#zeroOf(items) : this.#read(item, items, { ...place, path: `${place.path}[${index}]` }),
    );
  }

  #readObject(value: JsonValue, schema: Schema, declared: Schema, place: Place): JsonValue {
    if (!isJsonObject(value)) throw mismatch(value, { ...schema, ...refOf(declared) }, place);
    if (schema.properties !== undefined) {
      const { ref } = declared;
      const owner = ref === undefined ? {} : { struct: goStructName(ref), type: ref };
      return this.readStruct(value, schema, { ...place, ...owner });
    }
    const values = schema.additionalProperties;
    if (values === undefined) return value;
    const isResourceList = namedMapOf(place.type, place.field) === 'v1.ResourceList';
    const result: JsonObject = {};
    for (const key of Object.keys(value).sort()) {
      const item = value[key] ?? null;
      if (isPlainString(item, values)) {
        setOwn(result, key, item);
        continue;
      }
      const read =
        item === null ? this.#zeroOf(values) : this.#read(item, values, { ...place, path: this.#pathOf(place, key) });
      setOwn(result, key, isResourceList ? wholeThousandths(read) : read);
    }
    return result;
  }

  /** The converter does not count the keys of maps among what a path has. */
  #pathOf({ path }: Place, key: string): string {
    return this.#isConverted ? path : `${path}.${key}`;
  }

  /** What Go puts in a list or map for null. */
  #zeroOf(declared: Schema): JsonValue {
    if (declared.ref !== undefined && specialTypes[declared.ref] !== undefined) {
      return declared.ref.endsWith('.Quantity') ? '0' : null;
    }
    const schema = resolveSchema(declared, this.#types);
    if (schema.intOrString === true) return 0;
    switch (schema.type) {
      case 'string':
        return '';
      case 'integer':
      case 'number':
        return 0;
      case 'boolean':
        return false;
      case 'object':
        return schema.additionalProperties === undefined ? {} : null;
      default:
        return null;
    }
  }
}

/** Errors of types that read themselves are final. */
function asFinal<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw error instanceof TypedDecodeError ? new TypedDecodeError(error.message, true) : error;
  }
}

function refOf(declared: Schema): { ref?: string } {
  return declared.ref === undefined ? {} : { ref: declared.ref };
}

const scalarsByType = new Map<string, ReadonlySet<string>>();

/** Fields of a built-in type that Go leaves out when they hold the zero value of their type. */
function omittedScalars(type: string, types: SchemaSource): ReadonlySet<string> {
  let names = scalarsByType.get(type);
  if (names === undefined) {
    const schema = types.lookup(type) ?? {};
    const { properties = {}, required = [] } = schema;
    const own = (protobufFields(type, types) ?? []).flatMap((field) => {
      if (field.isEmbedded) return [...omittedScalars(field.name, types)];
      if (field.isPointer || field.isKept || required.includes(field.name)) return [];
      // Zero values are shown as defaults; another default takes the place of a zero value, as of an absent one.
      const { default: usual } = properties[field.name] ?? {};
      const isShown = usual === '' || usual === 0 || usual === false;
      return isShown && !isOptionalName(field.name, schema) ? [] : [field.name];
    });
    names = new Set(own);
    scalarsByType.set(type, names);
  }
  return names;
}

const placesByType = new Map<string, ReadonlyMap<string, number>>();

/** Where the fields of a type stand in it. */
function fieldPlaces(type: string, types: SchemaSource): ReadonlyMap<string, number> {
  let places = placesByType.get(type);
  if (places === undefined) {
    places = new Map(jsonFieldNames(type, types).map((name, index) => [name, index]));
    placesByType.set(type, places);
  }
  return places;
}

const embeddedByType = new Map<string, ReadonlyMap<string, string>>();

/** Fields that a type has from structs embedded in it, with the names of those before them: `VolumeSource.`. */
function embeddedPath(type: string, types: SchemaSource): ReadonlyMap<string, string> {
  let paths = embeddedByType.get(type);
  if (paths !== undefined) return paths;
  const embedded = (protobufFields(type, types) ?? []).filter(({ isEmbedded }) => isEmbedded);
  const entries = embedded.flatMap(({ name }) => {
    const inner = embeddedPath(name, types);
    const own = (protobufFields(name, types) ?? []).filter(({ isEmbedded }) => !isEmbedded);
    const prefix = `${goStructName(name)}.`;
    return [
      ...own.map((field): [string, string] => [field.name, prefix]),
      ...[...inner].map(([field, before]): [string, string] => [field, `${prefix}${before}`]),
    ];
  });
  const { properties = {} } = types.lookup(type) ?? {};
  const isKind = properties['apiVersion'] !== undefined && properties['kind'] !== undefined;
  if (isKind && properties['metadata'] !== undefined) entries.push(['apiVersion', 'TypeMeta.'], ['kind', 'TypeMeta.']);
  paths = new Map(entries);
  embeddedByType.set(type, paths);
  return paths;
}

function isZero(value: JsonValue): boolean {
  return value === '' || value === 0 || value === false || value === 0n;
}

/** Whether a value is text that is taken as it is: most of what manifests have. */
function isPlainString(value: JsonValue, { type, format, ref, intOrString }: Schema): value is string {
  return (
    typeof value === 'string' && type === 'string' && format === undefined && ref === undefined && intOrString !== true
  );
}

/** Whether null means something to the type itself (raw JSON). */
function keepsNull(schema: Schema): boolean {
  return schema.type === undefined && schema.ref === undefined;
}
