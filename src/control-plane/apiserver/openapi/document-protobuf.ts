import { type BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { stringifyYaml } from '../../../apimachinery/yaml.ts';

/** Writes one value of a member, with its tag. */
export type FieldWriter = (writer: BinaryWriter, number: number, value: JsonValue) => void;
/** A message: its members by their names in JSON, with numbers on the wire. */
export type Message = Readonly<Record<string, readonly [number, FieldWriter]>>;

/** A text; an empty one is not written. */
export const text: FieldWriter = (writer, number, value) => {
  if (typeof value === 'string' && value !== '') writer.tag(number, WireType.LengthDelimited).string(value);
};
/** A list of texts. */
export const texts: FieldWriter = (writer, number, value) => {
  for (const item of itemsOf(value)) {
    if (typeof item === 'string') writer.tag(number, WireType.LengthDelimited).string(item);
  }
};
/** A boolean; false is not written. */
export const flag: FieldWriter = (writer, number, value) => {
  if (value === true) writer.tag(number, WireType.Varint).bool(true);
};
/** A whole number; zero is not written. */
export const integer: FieldWriter = (writer, number, value) => {
  if (typeof value === 'number' && value !== 0) writer.tag(number, WireType.Varint).int64(value);
};
/** A number of 64 bits; zero is not written. */
export const float: FieldWriter = (writer, number, value) => {
  if (typeof value === 'number' && value !== 0) writer.tag(number, WireType.Bit64).double(value);
};
/** Any value, as YAML. */
export const anything: FieldWriter = (writer, number, value) =>
  nested(writer, number, () => writer.tag(2, WireType.LengthDelimited).string(stringifyYaml(value)));
/** A list of any values. */
export const anythings: FieldWriter = (writer, number, value) => {
  for (const item of itemsOf(value)) anything(writer, number, item);
};

/**
 * A message by itself, made when it is first needed: messages contain each other.
 * @param extensions number of the list of `x-…` members; 0 for none
 */
export const one =
  (message: () => Message, extensions = 0): FieldWriter =>
  (writer, number, value) =>
    nested(writer, number, () => writeMembers(writer, value, message(), extensions));
/** A list of messages. */
export const many =
  (field: FieldWriter): FieldWriter =>
  (writer, number, value) => {
    for (const item of itemsOf(value)) field(writer, number, item);
  };
/** A map: a list of names with values, in a message of its own. @param list number of the list in it */
export const named =
  (field: FieldWriter, list = 1): FieldWriter =>
  (writer, number, value) =>
    nested(writer, number, () => writeNamed(writer, list, value, field));

/** Writes a list of names with values, each a message of its own. @param list number of the list */
export function writeNamed(writer: BinaryWriter, list: number, value: JsonValue, field: FieldWriter): void {
  if (!isJsonObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    nested(writer, list, () => {
      writer.tag(1, WireType.LengthDelimited).string(name);
      field(writer, 2, member);
    });
  }
}

/** Writes a message within another. */
export function nested(writer: BinaryWriter, number: number, write: () => void): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

/**
 * Writes the members of a message in the order of their numbers, as Go does; what has no number is left out.
 * @param extensions number of the list of `x-…` members; 0 for none
 */
export function writeMembers(writer: BinaryWriter, value: JsonValue, message: Message, extensions: number): void {
  if (!isJsonObject(value)) return;
  const known: (readonly [number, FieldWriter, JsonValue])[] = [];
  const extended: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const field = message[name];
    if (field !== undefined) known.push([...field, member]);
    else if (name.startsWith('x-') && extensions > 0) extended[name] = member;
  }
  if (extensions > 0) known.push([extensions, (to, number) => writeNamed(to, number, extended, anything), null]);
  known.sort(([left], [right]) => left - right);
  for (const [number, field, member] of known) field(writer, number, member);
}

/** The items of a list; none of what is no list. */
export function itemsOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** A value as the one member of a message. @param number of that member */
export const wrapped =
  (number: number, field: FieldWriter): FieldWriter =>
  (writer, outer, value) =>
    nested(writer, outer, () => field(writer, number, value));

/** Whether a value only says where the value is. */
export function isReference(value: JsonValue): boolean {
  return isJsonObject(value) && Object.hasOwn(value, '$ref');
}
