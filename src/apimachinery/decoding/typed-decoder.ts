import { messageOf } from '../error-message.ts';
import { describeJsonKind, type JsonObject, type JsonValue } from '../json.ts';
import { isJsonObject, setOwn } from '../json.ts';
import { parseQuantity, Quantity } from '../quantity.ts';
import { protobufFields } from './type-fields.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../schema.ts';
import { canonicalMicroTime, canonicalTime } from '../go-time.ts';
import { isForgottenWhenEmpty } from './empty-lists.ts';
import { isOptionalName } from './schema-defaults.ts';
import { goQualifiedName, goStructName, goTypeName, namedMapOf } from './go-types.ts';

/** A value does not fit its type; the message is the one of Go's json (or of the type that refused the value). */
export class TypedDecodeError extends Error {
  /** Whether reading ends here; other errors are told when nothing worse follows, the first of them. */
  readonly isFinal: boolean;

  constructor(message: string, isFinal = false) {
    super(message);
    this.name = 'TypedDecodeError';
    this.isFinal = isFinal;
  }
}

/** An object read into its type. */
export interface TypedDecodeResult {
  readonly object: JsonObject;
  /** Paths of fields that the type does not have, in the order of the document. */
  readonly unknownFields: readonly string[];
}

/** Where the reader is: names for messages, and the path for unknown fields. */
interface Place {
  /** Go name of the innermost struct. */
  readonly struct: string;
  /** Full name of its type. */
  readonly type: string;
  /** Field names from the root, without indexes and keys, joined by dots. */
  readonly fieldStack: string;
  /** The last field's name. */
  readonly field: string;
  /** Full path with indexes. */
  readonly path: string;
  /** A number that is not written as a plain integer, as it is written. */
  readonly literal?: string;
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

const jsonSchemaProps = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';

class TypedReader {
  readonly unknownFields: string[] = [];
  firstError: TypedDecodeError | undefined;
  readonly #types: SchemaSource;
  readonly #literals: ReadonlyMap<string, string>;
  readonly #isConverted: boolean;

  constructor(types: SchemaSource, { numberLiterals = noLiterals, isConverted = false }: TypedDecodeOptions) {
    this.#types = types;
    this.#literals = numberLiterals;
    this.#isConverted = isConverted;
  }

  readStruct(value: JsonObject, schema: Schema, place: Place): JsonObject {
    const properties = schema.properties ?? {};
    const result: JsonObject = {};
    for (const [key, item] of Object.entries(value)) {
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
      // An empty list of managedFields asks for a reset, so it must be seen.
      const isOmitted =
        isOmittedWhenEmpty(read, property) &&
        schema.required?.includes(key) !== true &&
        !isForgottenWhenEmpty(key, property, schema);
      if (isOmitted && path !== 'metadata.managedFields') continue;
      setOwn(result, key, read);
    }
    return result;
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
    const place = literal === undefined ? at : { ...at, literal };
    const special = declared.ref === undefined ? undefined : specialTypes[declared.ref];
    if (special !== undefined) return this.#readSpecial(() => special(value, place));
    if (declared.ref?.startsWith(`${jsonSchemaProps}Or`) === true) {
      return asFinal(() => this.#readSchemaOr(value, place));
    }
    const schema = declared.ref === undefined ? declared : resolveSchema(declared, this.#types);
    if (schema.intOrString === true || schema.format === 'int-or-string') {
      return this.#readSpecial(() => readIntOrString(value, place));
    }
    switch (schema.type) {
      case 'string':
        if (schema.format === 'date-time') return this.#readSpecial(() => readTime(value, place, canonicalTime));
        return schema.format === 'byte' ? this.#readBytes(value, schema, place) : readString(value, schema, place);
      case 'integer':
        return this.#isConverted ? convertInteger(value, schema, place) : readInteger(value, schema, place);
      case 'number':
        if (typeof value === 'number' || typeof value === 'bigint') return value;
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
    const reader = new TypedReader(this.#types, {});
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
        item === null ? this.#zeroOf(values) : this.#read(item, values, { ...place, path: `${place.path}.${key}` });
      setOwn(result, key, isResourceList ? wholeThousandths(read) : read);
    }
    return result;
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

/** Amounts of resources are counted in thousandths: what is smaller is rounded away from zero. */
function wholeThousandths(value: JsonValue): JsonValue {
  if (typeof value !== 'string' || !/[un]$|\.|e-/i.test(value)) return value;
  const quantity = parseQuantity(value);
  const rest = quantity.nano % 1_000_000n;
  if (rest === 0n) return value;
  const up = quantity.nano - rest + (rest > 0n ? 1_000_000n : -1_000_000n);
  return new Quantity(up, quantity.format).toString();
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

/** Whether Go leaves a field out: an empty list or map of an optional field. */
function isOmittedWhenEmpty(value: JsonValue, schema: Schema): boolean {
  if (Array.isArray(value)) return value.length === 0 && schema.items !== undefined;
  return isJsonObject(value) && schema.additionalProperties !== undefined && Object.keys(value).length === 0;
}

/** Whether null means something to the type itself (raw JSON). */
function keepsNull(schema: Schema): boolean {
  return schema.type === undefined && schema.ref === undefined;
}

/** Types that read themselves, whatever their schema says. */
const specialTypes: Readonly<Record<string, (value: JsonValue, place: Place) => JsonValue>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': readQuantity,
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': (value, place) => readTime(value, place, canonicalTime),
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': (value, place) => readTime(value, place, canonicalMicroTime),
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': readIntOrString,
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': (value) => value,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': (value) => value,
  'io.k8s.apimachinery.pkg.apis.meta.v1.Duration': (value, place) => {
    if (typeof value === 'string') return value;
    throw mismatch(value, { type: 'string' }, place);
  },
};

function readQuantity(value: JsonValue, { literal }: Place): JsonValue {
  // What is no string is read as it is written, and no list or object is a quantity.
  const text = typeof value === 'object' ? '{}' : (literal ?? String(value));
  try {
    return parseQuantity(text.trim()).toString();
  } catch (error) {
    throw new TypedDecodeError(messageOf(error));
  }
}

function readTime(value: JsonValue, place: Place, canonical: (text: string) => string): JsonValue {
  if (typeof value !== 'string') throw mismatch(value, { type: 'string' }, { ...place, field: '' });
  try {
    return canonical(value);
  } catch (error) {
    throw new TypedDecodeError(messageOf(error));
  }
}

function readIntOrString(value: JsonValue, place: Place): JsonValue {
  if (typeof value === 'string') return value;
  return readInteger(value, { type: 'integer', format: 'int32' }, place);
}

function readString(value: JsonValue, schema: Schema, place: Place): JsonValue {
  if (typeof value !== 'string') throw mismatch(value, schema, place);
  return value;
}

/** Text that should be base64 is not. */
class IllegalBase64Error extends TypedDecodeError {
  constructor(position: number) {
    super(`illegal base64 data at input byte ${position}`);
    this.name = 'IllegalBase64Error';
  }
}

function readBase64(value: JsonValue, schema: Schema, place: Place): JsonValue {
  const text = String(readString(value, schema, place)).replace(/[\r\n]/g, '');
  const wrongAt = illegalBase64At(text);
  if (wrongAt >= 0) throw new IllegalBase64Error(wrongAt);
  return text;
}

/** Bytes may be a list of numbers, too. */
function readByteList(values: readonly JsonValue[], place: Place): JsonValue {
  const bytes = values.map((value) => {
    const isByte = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
    if (isByte || value === null) return Number(value);
    const shown = typeof value === 'number' || typeof value === 'bigint' ? `number ${value}` : describeJsonKind(value);
    throw mismatch(value, { type: 'integer', format: 'byte' }, place, shown);
  });
  return Buffer.from(bytes).toString('base64');
}

function readInteger(value: JsonValue, schema: Schema, place: Place): JsonValue {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw mismatch(value, schema, place);
  const [min, max] = schema.format === 'int32' ? [-(2n ** 31n), 2n ** 31n - 1n] : [-(2n ** 63n), 2n ** 63n - 1n];
  const { literal = String(value) } = place;
  if (!/^-?\d+$/.test(literal) || value < min || value > max) {
    throw mismatch(value, schema, place, `number ${literal}`);
  }
  return value;
}

/** An integer as Go converts one: cut to the bits of its type. */
function convertInteger(value: JsonValue, schema: Schema, place: Place): JsonValue {
  const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
  if (!isWhole) return readInteger(value, schema, place);
  const isInRange = typeof value === 'bigint' || Math.abs(value) < 2 ** 63;
  // A float that no integer can hold becomes the least one.
  const cut = BigInt.asIntN(schema.format === 'int32' ? 32 : 64, isInRange ? BigInt(value) : -(2n ** 63n));
  return Number.isSafeInteger(Number(cut)) ? Number(cut) : cut;
}

/** Position of the first byte that is no standard padded base64; -1 when all is well. */
function illegalBase64At(text: string): number {
  const body = text.replace(/={1,2}$/, '');
  const wrong = body.search(/[^A-Za-z0-9+/]/);
  if (wrong >= 0) return wrong;
  if (text.length % 4 === 0) return -1;
  return text.length - (text.length % 4 === 0 ? 4 : text.length % 4);
}

function mismatch(value: JsonValue, schema: Schema, place: Place, shown = describeJsonKind(value)): TypedDecodeError {
  const type = goTypeName(schema, place.type, place.field);
  return new TypedDecodeError(
    `json: cannot unmarshal ${shown} into Go struct field ${place.struct}.${place.fieldStack} of type ${type}`,
  );
}
