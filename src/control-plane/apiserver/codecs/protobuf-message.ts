import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type ProtobufField, protobufFields } from '../../../apimachinery/decoding/type-fields.ts';
import { messageOf } from '../../../apimachinery/error-message.ts';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  keepText,
  keptText,
  setOwn,
} from '../../../apimachinery/json.ts';
import { parseJson, stringifyJson } from '../../../apimachinery/json-codec.ts';
import { formatTime } from '../../../apimachinery/object-meta.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../../../apimachinery/schema.ts';
import { metaPackage } from './type-index.ts';

/** Bytes that are no message of the type, or a type that has no form in protobuf. */
export class ProtobufError extends Error {}

/** How values of one field's type stand on the wire, and how they look in JSON. */
interface Form {
  readonly wireType: WireType;
  read(reader: BinaryReader): JsonValue;
  write(writer: BinaryWriter, value: JsonValue): void;
  /** What Go keeps for an absent value, and often leaves out of JSON; undefined for messages. */
  readonly zero?: JsonValue;
  /** Whether an absent value still goes as an empty message. */
  readonly isMessage?: boolean;
}

const jsonSchemaPackage = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
const jsonSchema: Schema = { ref: `${jsonSchemaPackage}.JSONSchemaProps` };

/**
 * Reads a message of a Kubernetes type (as its generated.proto numbers the fields) into the JSON that Go would write
 * for it: what is zero is left out where Go does so.
 * @throws ProtobufError
 */
export function readMessage(bytes: Uint8Array, type: string, schemas: SchemaSource): JsonObject {
  const forms = formsOf(schemas);
  return readOrRefuse(() => forms.readFields(new BinaryReader(bytes), forms.planOf(type)));
}

/** Runs what reads a message. @throws ProtobufError for bytes that end early or make no sense */
export function readOrRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    // The reader throws RangeErrors and plain Errors of its own.
    if (error instanceof ProtobufError) throw error;
    throw new ProtobufError(goWords(messageOf(error)), { cause: error });
  }
}

/** What Go's generated code says of what the reader complains of. */
function goWords(message: string): string {
  if (/premature EOF/.test(message)) return 'unexpected EOF';
  if (/invalid varint/.test(message)) return 'proto: integer overflow';
  const [, number, wireType] = /illegal tag: field no (\d+) wire type (\d+)/.exec(message) ?? [];
  return number === undefined ? message : `proto: illegal tag ${number} (wire type ${wireType})`;
}

/** Hands the fields of a message to their readers, by number; the others are skipped. */
export function readFieldsByNumber(
  reader: BinaryReader,
  readers: Readonly<Record<number, (wireType: WireType) => void>>,
): void {
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const read = readers[number];
    if (read === undefined) reader.skip(wireType, number);
    else read(wireType);
  }
}

/** Writes JSON of a Kubernetes type as Go would marshal it: fields in order, zero values of non-pointers included. */
export function writeMessage(object: JsonObject, type: string, schemas: SchemaSource): Uint8Array {
  const forms = formsOf(schemas);
  const writer = new BinaryWriter();
  forms.writeFields(writer, object, forms.planOf(type));
  return writer.finish();
}

/** What is to be known of a type to read and write messages of it. */
interface MessagePlan {
  /** In the order of their numbers. */
  readonly fields: readonly FieldPlan[];
  readonly byNumber: ReadonlyMap<number, FieldPlan>;
}

/** A struct whose fields JSON has beside the others, or a field with the form of its value, its items or its entries. */
type FieldPlan =
  | { readonly field: ProtobufField; readonly embedded: MessagePlan }
  | { readonly field: ProtobufField; readonly shape: 'list' | 'map' | 'value'; readonly form: Form };

const knownForms = new WeakMap<SchemaSource, Forms>();

/** The forms of the types of a source, which are worked out once. */
function formsOf(schemas: SchemaSource): Forms {
  const known = knownForms.get(schemas) ?? new Forms(schemas);
  knownForms.set(schemas, known);
  return known;
}

class Forms {
  readonly #schemas: SchemaSource;
  readonly #plans = new Map<string, MessagePlan>();

  constructor(schemas: SchemaSource) {
    this.#schemas = schemas;
  }

  /** How messages of a type are read and written. @throws ProtobufError for a type that has no form in protobuf */
  planOf(type: string): MessagePlan {
    const known = this.#plans.get(type);
    if (known !== undefined) return known;
    if (this.#schemas.lookup(type) === undefined) throw new ProtobufError(`${type} has no form in protobuf`);
    const plan = this.#plan(type, resolveSchema({ ref: type }, this.#schemas));
    this.#plans.set(type, plan);
    return plan;
  }

  #plan(type: string, schema: Schema): MessagePlan {
    const fields = this.#fieldsOf(type, schema).map((field): FieldPlan => {
      if (field.isEmbedded) return { field, embedded: this.#plan(field.name, schema) };
      const fieldSchema = this.#schemaOf(field, type, schema);
      const { type: jsonType, items, additionalProperties } = resolveSchema(fieldSchema, this.#schemas);
      if (jsonType === 'array' && !field.isWrapped) return { field, shape: 'list', form: this.#formOf(items ?? {}) };
      return additionalProperties === undefined
        ? { field, shape: 'value', form: this.#formOf(fieldSchema) }
        : { field, shape: 'map', form: this.#formOf(additionalProperties) };
    });
    return { fields, byNumber: new Map(fields.map((plan) => [plan.field.number, plan])) };
  }

  readFields(reader: BinaryReader, plan: MessagePlan): JsonObject {
    const object: JsonObject = {};
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      const field = plan.byNumber.get(number);
      if (field === undefined) {
        reader.skip(wireType, number);
      } else if ('embedded' in field) {
        Object.assign(object, this.readFields(new BinaryReader(reader.bytes()), field.embedded));
      } else {
        readField(reader, wireType, object, field);
      }
    }
    return object;
  }

  writeFields(writer: BinaryWriter, object: JsonObject, plan: MessagePlan): void {
    for (const planned of plan.fields) {
      const { number, name, isPointer } = planned.field;
      if ('embedded' in planned) {
        writer.tag(number, WireType.LengthDelimited).fork();
        this.writeFields(writer, object, planned.embedded);
        writer.join();
        continue;
      }
      const { shape, form } = planned;
      const value = Object.hasOwn(object, name) ? object[name] : undefined;
      if (shape === 'list') {
        for (const item of Array.isArray(value) ? value : []) form.write(writer.tag(number, form.wireType), item);
      } else if (shape === 'map') {
        if (isJsonObject(value)) writeEntries(writer, number, value, form);
      } else {
        const missing = form.isMessage === true && !isPointer ? {} : form.zero;
        const written = value ?? (isPointer ? undefined : missing);
        if (written !== undefined) form.write(writer.tag(number, form.wireType), written);
      }
    }
  }

  #fieldsOf(type: string, schema: Schema | undefined): readonly ProtobufField[] {
    const fields = protobufFields(type, this.#schemas);
    if (fields === undefined) throw new ProtobufError(`${type} has no form in protobuf`);
    if (!fields.some(({ isGated }) => isGated)) return fields;
    return fields.filter(({ isGated, name }) => !isGated || schema?.properties?.[name] !== undefined);
  }

  #schemaOf(field: ProtobufField, type: string, schema: Schema | undefined): Schema {
    const found = schema?.properties?.[field.name];
    if (found === undefined) throw new ProtobufError(`${type} has no field ${field.name}`);
    return found;
  }

  #formOf(schema: Schema): Form {
    const { ref } = schema;
    if (ref?.startsWith(`${jsonSchemaPackage}.JSONSchemaPropsOr`) === true) return this.#jsonSchemaChoice(ref);
    const resolved = resolveSchema(schema, this.#schemas);
    if (resolved.intOrString === true) return intOrString;
    if (resolved.format === 'quantity') return quantity;
    if (resolved.format === 'date-time') return ref === `${metaPackage}.MicroTime` ? microTime : time;
    if (resolved.format === 'byte') return base64;
    if (resolved.type === 'string') return text;
    if (resolved.type === 'boolean') return bool;
    if (resolved.type === 'number') return double;
    if (resolved.type === 'integer') return resolved.format === 'int32' ? shortInteger : integer;
    if (resolved.type === 'array') return this.#wrappedList(resolved.items ?? {});
    if (ref === undefined || protobufFields(ref, this.#schemas) === undefined) return rawJson;
    return {
      ...message(
        (reader) => this.readFields(reader, this.planOf(ref)),
        (writer, value) => this.writeFields(writer, isJsonObject(value) ? value : {}, this.planOf(ref)),
      ),
      isMessage: true,
    };
  }

  /** A list as a message with the list as its only field. */
  #wrappedList(items: Schema): Form {
    const form = this.#formOf(items);
    return message(
      (reader) => {
        const list: JsonValue[] = [];
        while (reader.pos < reader.len) {
          const [, wireType] = reader.tag();
          list.push(...readItems(reader, wireType, form, 'items'));
        }
        return list;
      },
      (writer, value) => {
        for (const item of Array.isArray(value) ? value : []) form.write(writer.tag(1, form.wireType), item);
      },
    );
  }

  /** JSONSchemaPropsOrArray, …OrBool and …OrStringArray: in JSON one or the other, on the wire a field for each. */
  #jsonSchemaChoice(type: string): Form {
    const schemaForm = this.#formOf(jsonSchema);
    const isBool = type.endsWith('OrBool');
    const schemaNumber = isBool ? 2 : 1;
    const itemForm = type.endsWith('OrStringArray') ? text : schemaForm;
    return message(
      (reader) => {
        let schema: JsonValue | undefined;
        let allows = false;
        const list: JsonValue[] = [];
        while (reader.pos < reader.len) {
          const [number] = reader.tag();
          if (number === schemaNumber) schema = schemaForm.read(reader);
          else if (isBool) allows = reader.bool();
          else list.push(itemForm.read(reader));
        }
        return schema ?? (isBool ? allows : list);
      },
      (writer, value) => {
        const isSchema = isJsonObject(value);
        if (isBool) writer.tag(1, WireType.Varint).bool(isSchema || value === true);
        if (isSchema) schemaForm.write(writer.tag(schemaNumber, WireType.LengthDelimited), value);
        for (const item of Array.isArray(value) ? value : []) {
          itemForm.write(writer.tag(2, WireType.LengthDelimited), item);
        }
      },
    );
  }
}

function readField(
  reader: BinaryReader,
  wireType: WireType,
  object: JsonObject,
  { field, shape, form }: Extract<FieldPlan, { shape: string }>,
): void {
  const { name } = field;
  const present = Object.hasOwn(object, name) ? object[name] : undefined;
  if (shape === 'list') {
    const list = Array.isArray(present) ? present : [];
    list.push(...readItems(reader, wireType, form, name));
    setOwn(object, name, list);
  } else if (shape === 'map') {
    const map = isJsonObject(present) ? present : {};
    const [key, value] = readEntry(reader, form);
    setOwn(map, key, value);
    setOwn(object, name, map);
  } else {
    requireWireType(form, wireType, name);
    const value = form.read(reader);
    const isLeftOut = value === null || (value === form.zero && !field.isPointer && !field.isKept);
    const isAgain = form.isMessage === true && isJsonObject(present) && isJsonObject(value);
    if (!isLeftOut) setOwn(object, name, isAgain ? mergedMessage(present, value) : value);
  }
}

/** A message that comes twice adds to what it was (protocol buffers: "Last One Wins", and messages are merged). */
function mergedMessage(before: JsonObject, after: JsonObject): JsonObject {
  const merged = { ...before };
  for (const [name, item] of Object.entries(after)) {
    const present = Object.hasOwn(before, name) ? before[name] : undefined;
    if (Array.isArray(present) && Array.isArray(item)) setOwn(merged, name, [...present, ...item]);
    else setOwn(merged, name, isJsonObject(present) && isJsonObject(item) ? mergedMessage(present, item) : item);
  }
  return merged;
}

function readEntry(reader: BinaryReader, form: Form): [string, JsonValue] {
  const entry = new BinaryReader(reader.bytes());
  let key = '';
  let value: JsonValue | undefined;
  readFieldsByNumber(entry, {
    1: () => (key = entry.string()),
    2(wireType) {
      requireWireType(form, wireType, 'value');
      value = form.read(entry);
    },
  });
  return [key, value ?? form.zero ?? {}];
}

function writeEntries(writer: BinaryWriter, number: number, map: JsonObject, form: Form): void {
  for (const key of Object.keys(map).toSorted()) {
    writer.tag(number, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(key);
    form.write(writer.tag(2, form.wireType), map[key] ?? null);
    writer.join();
  }
}

/** One item, or the many of a packed list of numbers. */
function* readItems(reader: BinaryReader, wireType: WireType, form: Form, name: string): Generator<JsonValue> {
  if (wireType === WireType.LengthDelimited && form.wireType !== WireType.LengthDelimited) {
    const packed = new BinaryReader(reader.bytes());
    while (packed.pos < packed.len) yield form.read(packed);
    return;
  }
  requireWireType(form, wireType, name);
  yield form.read(reader);
}

function requireWireType(form: Form, wireType: WireType, name: string): void {
  if (form.wireType !== wireType) {
    throw new ProtobufError(`proto: wrong wireType = ${wireType} for field ${goFieldName(name)}`);
  }
}

/** A form whose values are messages. */
function message(
  read: (reader: BinaryReader) => JsonValue,
  write: (writer: BinaryWriter, value: JsonValue) => void,
): Form {
  return {
    wireType: WireType.LengthDelimited,
    read: (reader) => read(new BinaryReader(reader.bytes())),
    write(writer, value) {
      writer.fork();
      write(writer, value);
      writer.join();
    },
  };
}

const text: Form = {
  wireType: WireType.LengthDelimited,
  zero: '',
  read: (reader) => reader.string(),
  write: (writer, value) => writer.string(typeof value === 'string' ? value : ''),
};

const bool: Form = {
  wireType: WireType.Varint,
  zero: false,
  read: (reader) => reader.bool(),
  write: (writer, value) => writer.bool(value === true),
};

const integer: Form = {
  wireType: WireType.Varint,
  zero: 0,
  read: (reader) => exact(BigInt(reader.int64())),
  write: (writer, value) => writer.int64(integerOf(value)),
};

/** What is beyond 32 bits is cut off, as Go does. */
const shortInteger: Form = {
  ...integer,
  read: (reader) => Number(BigInt.asIntN(32, BigInt(reader.int64()))),
};

const double: Form = {
  wireType: WireType.Bit64,
  zero: 0,
  read: (reader) => reader.double(),
  write: (writer, value) => writer.double(Number(value)),
};

const base64: Form = {
  wireType: WireType.LengthDelimited,
  read: (reader) => Buffer.from(reader.bytes()).toString('base64'),
  write: (writer, value) => writer.bytes(Buffer.from(typeof value === 'string' ? value : '', 'base64')),
};

/** Types that marshal themselves: their only field holds their JSON. */
const rawJson: Form = message(
  (reader) => {
    let bytes: Uint8Array = Buffer.from('null');
    readFieldsByNumber(reader, { 1: () => (bytes = reader.bytes()) });
    const value = parseJson(bytes);
    const text = Buffer.from(bytes).toString('utf8');
    if (isJsonObject(value) && text !== stringifyJson(value)) keepText(value, text);
    return value;
  },
  (writer, value) => {
    const kept = isJsonObject(value) ? keptText(value) : undefined;
    writer.tag(1, WireType.LengthDelimited).bytes(Buffer.from(kept ?? stringifyJson(value)));
  },
);

const quantity: Form = message(
  (reader) => {
    let value = '0';
    readFieldsByNumber(reader, { 1: () => (value = reader.string()) });
    return value;
  },
  (writer, value) => {
    const isNumber = typeof value === 'number' || typeof value === 'bigint';
    text.write(writer.tag(1, text.wireType), isNumber ? `${value}` : value);
  },
);

const intOrString: Form = message(
  (reader) => {
    let isText = false;
    let number = 0;
    let string = '';
    readFieldsByNumber(reader, {
      1: () => (isText = reader.int64().toString() === '1'),
      2: () => (number = reader.int32()),
      3: () => (string = reader.string()),
    });
    return isText ? string : number;
  },
  (writer, value) => {
    const isText = typeof value === 'string';
    writer.tag(1, WireType.Varint).int64(isText ? 1 : 0);
    writer.tag(2, WireType.Varint).int64(isText ? 0 : integerOf(value));
    writer.tag(3, WireType.LengthDelimited).string(isText ? value : '');
  },
);

const time = timeForm(() => '');
const microTime = timeForm((nanos) => `.${String(Math.trunc(nanos / 1000)).padStart(6, '0')}`);

/**
 * Seconds and nanoseconds since the epoch; the zero time is an empty message and null in JSON.
 * @param fraction what stands behind the seconds in JSON
 */
function timeForm(fraction: (nanos: number) => string): Form {
  return {
    ...message(
      (reader) => {
        let seconds: number | undefined;
        let nanos = 0;
        readFieldsByNumber(reader, {
          1: () => (seconds = Number(reader.int64())),
          2: () => (nanos = reader.int32()),
        });
        return seconds === undefined ? null : formatTime(seconds * 1000).replace('Z', `${fraction(nanos)}Z`);
      },
      (writer, value) => {
        const epochMillis = typeof value === 'string' ? Date.parse(value) : Number.NaN;
        if (Number.isNaN(epochMillis)) return;
        writer.tag(1, WireType.Varint).int64(Math.floor(epochMillis / 1000));
        writer.tag(2, WireType.Varint).int32(nanosOf(value));
      },
    ),
    isMessage: true,
  };
}

/** The fraction of a second in a time's text, in nanoseconds. */
function nanosOf(value: JsonValue): number {
  const fraction = typeof value === 'string' ? (/\.(\d{1,9})/.exec(value)?.[1] ?? '') : '';
  return Number(fraction.padEnd(9, '0'));
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function integerOf(value: JsonValue): bigint | number {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' ? Math.trunc(value) : 0;
}

/** Words that Go's names have in capitals. */
const initialism =
  /^(?:api|aws|ca|cel|cidr|csi|dns|fc|fs|gce|gid|gmsa|grpc|http|id|ip|iqn|iscsi|json|nfs|os|pd|pkix|qos|rbd|se|ssl|tcp|tls|ttl|tty|uid|url|wwid)(?=[A-Z]|s?$)/;

/** The name of a field in Go: metadata is a struct embedded. */
function goFieldName(name: string): string {
  if (name === 'metadata') return 'ObjectMeta';
  const [word = name.charAt(0)] = initialism.exec(name) ?? [];
  return word.toUpperCase() + name.slice(word.length);
}
