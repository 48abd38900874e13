import { wrongBase64Byte } from '../base64.ts';
import { messageOf } from '../error-message.ts';
import { describeJsonKind, type JsonValue } from '../json.ts';
import { canonicalMicroTime, canonicalTime } from '../go-time.ts';
import { parseQuantity, Quantity } from '../quantity.ts';
import type { Schema } from '../schema.ts';
import { goTypeName } from './go-types.ts';
import { TypedDecodeError } from './typed-decode-error.ts';

/** Where the reader is: names for messages, and the path for unknown fields. */
export interface Place {
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
  /** The value comes by way of the converter, which tells floating point numbers from integers. */
  readonly isConverted?: boolean;
  /** A whole number that is a floating point number all the same. */
  readonly isFloat?: boolean;
}

/** Amounts of resources are counted in thousandths: what is smaller is rounded away from zero. */
export function wholeThousandths(value: JsonValue): JsonValue {
  if (typeof value !== 'string' || !/[un]$|\.|e-/i.test(value)) return value;
  const quantity = parseQuantity(value);
  const rest = quantity.nano % 1_000_000n;
  if (rest === 0n) return value;
  const up = quantity.nano - rest + (rest > 0n ? 1_000_000n : -1_000_000n);
  return new Quantity(up, quantity.format).toString();
}

/** Types that read themselves, whatever their schema says. */
export const specialTypes: Readonly<Record<string, (value: JsonValue, place: Place) => JsonValue>> = {
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

/** A time, in its one way of writing. @throws TypedDecodeError */
export function readTime(value: JsonValue, place: Place, canonical: (text: string) => string): JsonValue {
  if (typeof value !== 'string') throw mismatch(value, { type: 'string' }, { ...place, field: '' });
  try {
    return canonical(value);
  } catch (error) {
    throw new TypedDecodeError(messageOf(error));
  }
}

/** A number or text. @throws TypedDecodeError */
export function readIntOrString(value: JsonValue, place: Place): JsonValue {
  if (typeof value === 'string') return value;
  return readInteger(value, { type: 'integer', format: 'int32' }, place);
}

/** Text as it is. @throws TypedDecodeError */
export function readString(value: JsonValue, schema: Schema, place: Place): JsonValue {
  if (typeof value !== 'string') throw mismatch(value, schema, place);
  return value;
}

/** Text that should be base64 is not. */
export class IllegalBase64Error extends TypedDecodeError {
  constructor(position: number) {
    super(`illegal base64 data at input byte ${position}`);
    this.name = 'IllegalBase64Error';
  }
}

/** Bytes as text. @throws TypedDecodeError */
export function readBase64(value: JsonValue, schema: Schema, place: Place): JsonValue {
  if (typeof value !== 'string') throw mismatch(value, schema, place);
  const wrongAt = wrongBase64Byte(value);
  if (wrongAt !== undefined) throw new IllegalBase64Error(wrongAt);
  return value.replace(/[\r\n]/g, '');
}

/** Bytes may be a list of numbers, too. */
export function readByteList(values: readonly JsonValue[], place: Place): JsonValue {
  const bytes = values.map((value) => {
    const isByte = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
    if (isByte || value === null) return Number(value);
    const shown = typeof value === 'number' || typeof value === 'bigint' ? `number ${value}` : describeJsonKind(value);
    throw mismatch(value, { type: 'integer', format: 'byte' }, place, shown);
  });
  return Buffer.from(bytes).toString('base64');
}

/** An integer that is written as one and fits its type. @throws TypedDecodeError */
export function readInteger(value: JsonValue, schema: Schema, place: Place): JsonValue {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw mismatch(value, schema, place);
  const [min, max] = schema.format === 'int32' ? [-(2n ** 31n), 2n ** 31n - 1n] : [-(2n ** 63n), 2n ** 63n - 1n];
  const { literal = String(value) } = place;
  const isWhole = /^-?\d+$/.test(literal);
  // What is beyond 64 bits is rounded to a double before it comes here.
  const exact = isWhole ? BigInt(literal) : value;
  if (!isWhole || exact < min || exact > max) {
    throw mismatch(value, schema, place, `number ${literal}`);
  }
  return value;
}

/** An integer as Go converts one: cut to the bits of its type. */
export function convertInteger(value: JsonValue, schema: Schema, place: Place): JsonValue {
  const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
  if (!isWhole) return readInteger(value, schema, place);
  const isInRange = typeof value === 'bigint' || Math.abs(value) < 2 ** 63;
  // A float that no integer can hold becomes the least one.
  const cut = BigInt.asIntN(schema.format === 'int32' ? 32 : 64, isInRange ? BigInt(value) : -(2n ** 63n));
  return Number.isSafeInteger(Number(cut)) ? Number(cut) : cut;
}

/** A value of another type than the one that is wanted. */
export function mismatch(
  value: JsonValue,
  schema: Schema,
  place: Place,
  shown = describeJsonKind(value),
): TypedDecodeError {
  const type = goTypeName(schema, place.type, place.field);
  const isFraction = typeof value === 'number' && (place.isFloat === true || !Number.isInteger(value));
  const told = shown === 'number' && place.isConverted === true && isFraction ? 'number 1.0' : shown;
  return new TypedDecodeError(
    `json: cannot unmarshal ${told} into Go struct field ${place.struct}.${place.fieldStack} of type ${type}`,
  );
}
