import { type FieldError, type FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import { formatGoFloat } from '../../../apimachinery/go-float.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import { textOf } from './schema-keywords.ts';

/** Where a number stands, and how errors are told that the validator knows no field for. */
export interface NumberPlace {
  /** The path within the object, as messages name it. */
  readonly path: string;
  readonly at: FieldPath;
  readonly general: (message: string) => FieldError;
}

type Numeric = number | bigint;

const largestFloat = 3.402_823_466_385_288_6e38;

/** Least and most of the formats of whole numbers; any other is one of 64 bits. */
const wholeRanges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** What is wrong with a number by its type, format and bounds, in the order and the words of kube-openapi's validator. */
export function numberProblems(value: Numeric, schema: JsonObject, place: NumberPlace): FieldError[] {
  return [
    ...rangeProblems(value, schema, 'Checked', place),
    ...multipleProblems(value, schema, place),
    ...boundProblems(value, schema, 'minimum', place),
    ...boundProblems(value, schema, 'maximum', place),
  ];
}

/** Whether a number is one of the type and format at all; bounds have to be, too. */
function rangeProblems(value: Numeric, schema: JsonObject, what: string, { path, general }: NumberPlace): FieldError[] {
  const type = textOf(schema, 'type');
  const format = textOf(schema, 'format');
  const told = format === '' ? '(default format)' : `with format ${format}`;
  if (type === 'integer') {
    const [least, most] = wholeRanges[format] ?? [-(2n ** 63n), 2n ** 63n - 1n];
    const whole = typeof value === 'bigint' ? value : Number.isInteger(value) ? BigInt(value) : undefined;
    const isIn = whole !== undefined && whole >= least && whole <= most;
    return isIn ? [] : [general(`${what} value must be of type integer ${told} in ${path}`)];
  }
  const isFloat = format === 'float' || format === 'float32';
  if (!isFloat || Math.abs(Number(value)) <= largestFloat) return [];
  return [general(`${what} value must be of type ${type} ${told} in ${path}`)];
}

function isWholeNumber(value: Numeric): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

function multipleProblems(value: Numeric, schema: JsonObject, place: NumberPlace): FieldError[] {
  const { multipleOf } = schema;
  if (typeof multipleOf !== 'number') return [];
  const misfit = rangeProblems(multipleOf, schema, 'MultipleOf', place);
  // For whole numbers the real validator cuts a factor to a whole one.
  const isWhole = isWholeNumber(value) && misfit.length === 0;
  const factor = isWhole ? Math.trunc(multipleOf) : multipleOf;
  const { path, at } = place;
  if (factor <= 0) {
    const message = `factor MultipleOf declared for ${path} must be positive: ${formatGoFloat(factor)}`;
    return [...misfit, invalid(at, factor, message)];
  }
  const quotient = factor < 1 ? (1 / factor) * Number(value) : Number(value) / factor;
  // Of floating point numbers only those count that hold every digit.
  const isExact = isWhole || Math.abs(quotient) <= Number.MAX_SAFE_INTEGER;
  if (isExact && (Number.isInteger(quotient) || Math.abs(quotient - Math.round(quotient)) < 1e-9)) return misfit;
  return [...misfit, invalid(at, value, `${path} in body should be a multiple of ${formatGoFloat(factor)}`)];
}

function boundProblems(
  value: Numeric,
  schema: JsonObject,
  which: 'minimum' | 'maximum',
  place: NumberPlace,
): FieldError[] {
  const bound = schema[which];
  if (typeof bound !== 'number' && typeof bound !== 'bigint') return [];
  const isMaximum = which === 'maximum';
  const misfit = rangeProblems(bound, schema, isMaximum ? 'Maximum boundary' : 'Minimum boundary', place);
  // Whole numbers are compared with a whole one where the bound can be one of their type.
  const isWhole = isWholeNumber(value) && misfit.length === 0;
  const limit = isWhole && typeof bound === 'number' ? Math.trunc(bound) : bound;
  const isExclusive = schema[isMaximum ? 'exclusiveMaximum' : 'exclusiveMinimum'] === true;
  const isBeyond = isMaximum ? value > limit : value < limit;
  // eslint-disable-next-line eqeqeq -- loose equality compares bigint with number by value
  if (!isBeyond && !(isExclusive && value == limit)) return misfit;
  const word = isMaximum ? 'less than' : 'greater than';
  const shown = isWhole ? `${limit}` : formatGoFloat(Number(bound));
  const message = `${place.path} in body should be ${word}${isExclusive ? '' : ' or equal to'} ${shown}`;
  return [...misfit, invalid(place.at, value, message)];
}
