import { add, divide, modulo, multiply, negate, subtract } from './arithmetic.ts';
import { operators } from './ast.ts';
import { toBool, toBytes, toDouble, toDuration, toInt, toText, toTimestamp, toUint } from './conversions.ts';
import { declare, type FunctionDeclaration, member, type Overload, overload } from './declarations.ts';
import { compareValues, isEqual, isSurelyEqual } from './equality.ts';
import { compilePattern, PatternError } from './regular-expression.ts';
import { localDate } from './time.ts';
import { type CelType, listType, mapType, typeOfType, typeParam, types } from './types.ts';
import {
  CelDuration,
  CelEvaluationError,
  CelList,
  CelMap,
  CelTimestamp,
  CelTypeValue,
  type CelValue,
  noSuchOverload,
  sizeOf,
  typeOf,
} from './values.ts';

const { bool, bytes, double, duration, dyn, int, string, timestamp, uint } = types;
const a = typeParam('A');
const b = typeParam('B');
const listOfA = listType(a);
const mapOfAB = mapType(a, b);

type Call = (args: readonly CelValue[]) => CelValue;

/** A function of one value. */
function unary(call: (value: CelValue) => CelValue): Call {
  return ([value = null]) => call(value);
}

/** A function of two values. */
function binary(call: (left: CelValue, right: CelValue) => CelValue): Call {
  return ([left = null, right = null]) => call(left, right);
}

function arithmetic(
  name: string,
  word: string,
  call: (left: CelValue, right: CelValue) => CelValue,
  signatures: readonly (readonly [string, CelType, CelType, CelType])[],
): FunctionDeclaration {
  const overloads = signatures.map(([suffix, left, right, result]) =>
    overload(`${word}_${suffix}`, [left, right], result, binary(call)),
  );
  return declare(name, ...overloads);
}

const addition = arithmetic(operators.add, 'add', add, [
  ['bytes', bytes, bytes, bytes],
  ['double', double, double, double],
  ['duration_duration', duration, duration, duration],
  ['duration_timestamp', duration, timestamp, timestamp],
  ['timestamp_duration', timestamp, duration, timestamp],
  ['int64', int, int, int],
  ['list', listOfA, listOfA, listOfA],
  ['string', string, string, string],
  ['uint64', uint, uint, uint],
]);

const subtraction = arithmetic(operators.subtract, 'subtract', subtract, [
  ['double', double, double, double],
  ['duration_duration', duration, duration, duration],
  ['int64', int, int, int],
  ['timestamp_duration', timestamp, duration, timestamp],
  ['timestamp_timestamp', timestamp, timestamp, duration],
  ['uint64', uint, uint, uint],
]);

function numeric(withDouble: boolean): (readonly [string, CelType, CelType, CelType])[] {
  const whole: (readonly [string, CelType, CelType, CelType])[] = [
    ['int64', int, int, int],
    ['uint64', uint, uint, uint],
  ];
  return withDouble ? [['double', double, double, double], ...whole] : whole;
}

const numbers: readonly (readonly [string, CelType])[] = [
  ['int64', int],
  ['uint64', uint],
  ['double', double],
];

/** A comparison for everything that has an order, numbers of different types included. */
function comparison(name: string, word: string, holds: (order: -1 | 0 | 1) => boolean): FunctionDeclaration {
  const call = binary((left, right) => holds(compareValues(left, right)));
  const overloads: Overload[] = [overload(`${word}_bool`, [bool, bool], bool, call)];
  for (const [left, leftType] of numbers) {
    const others = numbers.toSorted(([right]) => (right === left ? -1 : 0));
    for (const [right, rightType] of others) {
      const id = left === right ? `${word}_${left}` : `${word}_${left}_${right}`;
      overloads.push(overload(id, [leftType, rightType], bool, call));
    }
  }
  for (const type of [string, bytes, timestamp, duration]) {
    const short = type.name.replace('google.protobuf.', '').toLowerCase();
    overloads.push(overload(`${word}_${short}`, [type, type], bool, call));
  }
  return declare(name, ...overloads);
}

/** Whether a list has an element or a map a key. */
export function contains(value: CelValue, container: CelValue): boolean {
  if (container instanceof CelMap) return container.has(value);
  if (!(container instanceof CelList)) throw noSuchOverload();
  for (const item of container) if (isSurelyEqual(value, item)) return true;
  return false;
}

/** `container[key]` @throws CelEvaluationError */
export function index(container: CelValue, key: CelValue): CelValue {
  const found = findAt(container, key);
  if (found !== undefined) return found;
  if (container instanceof CelMap) throw new CelEvaluationError(`no such key: ${showKey(key)}`);
  throw new CelEvaluationError(`index out of bounds: ${showKey(key)}`);
}

/** What an index or key leads to; undefined when there is nothing. @throws CelEvaluationError for what has no elements. */
export function findAt(container: CelValue, key: CelValue): CelValue | undefined {
  if (container instanceof CelMap) return container.find(key);
  if (!(container instanceof CelList)) throw noSuchOverload();
  const position = typeof key === 'bigint' || typeof key === 'number' ? Number(key) : undefined;
  if (position === undefined) {
    if (typeof key === 'object' && key !== null && 'value' in key && typeof key.value === 'bigint') {
      return container.at(Number(key.value));
    }
    throw new CelEvaluationError(`unsupported index type '${typeOf(key).name}' in list`);
  }
  if (!Number.isInteger(position)) throw new CelEvaluationError(`unsupported index value ${position} in list`);
  return container.at(position);
}

/** A key as messages show it. */
export function showKey(key: CelValue): string {
  try {
    return toText(key);
  } catch {
    return typeOf(key).name;
  }
}

function matches(text: CelValue, pattern: CelValue): boolean {
  if (typeof text !== 'string' || typeof pattern !== 'string') throw noSuchOverload();
  try {
    return compilePattern(pattern).test(text);
  } catch (error) {
    if (error instanceof PatternError) throw new CelEvaluationError(error.message);
    throw error;
  }
}

function textTest(id: string, call: (text: string, part: string) => boolean): Overload {
  const test = binary((text, part) => {
    if (typeof text !== 'string' || typeof part !== 'string') throw noSuchOverload();
    return call(text, part);
  });
  return member(id, [string, string], bool, test);
}

function conversion(
  name: string,
  result: CelType,
  convert: (value: CelValue) => CelValue,
  sources: readonly (readonly [string, CelType])[],
): FunctionDeclaration {
  return declare(name, ...sources.map(([id, source]) => overload(id, [source], result, unary(convert))));
}

const conversions: readonly FunctionDeclaration[] = [
  declare(
    'type',
    overload(
      'type',
      [a],
      typeOfType(a),
      unary((value) => new CelTypeValue(typeOf(value))),
    ),
  ),
  declare(
    'dyn',
    overload(
      'to_dyn',
      [a],
      dyn,
      unary((value) => value),
    ),
  ),
  conversion('bool', bool, toBool, [
    ['bool_to_bool', bool],
    ['string_to_bool', string],
  ]),
  conversion('bytes', bytes, toBytes, [
    ['bytes_to_bytes', bytes],
    ['string_to_bytes', string],
  ]),
  conversion('double', double, toDouble, [
    ['double_to_double', double],
    ['int64_to_double', int],
    ['string_to_double', string],
    ['uint64_to_double', uint],
  ]),
  conversion('duration', duration, toDuration, [
    ['duration_to_duration', duration],
    ['int64_to_duration', int],
    ['string_to_duration', string],
  ]),
  conversion('int', int, toInt, [
    ['int64_to_int64', int],
    ['double_to_int64', double],
    ['duration_to_int64', duration],
    ['string_to_int64', string],
    ['timestamp_to_int64', timestamp],
    ['uint64_to_int64', uint],
  ]),
  conversion('string', string, toText, [
    ['string_to_string', string],
    ['bool_to_string', bool],
    ['bytes_to_string', bytes],
    ['double_to_string', double],
    ['duration_to_string', duration],
    ['int64_to_string', int],
    ['timestamp_to_string', timestamp],
    ['uint64_to_string', uint],
  ]),
  conversion('timestamp', timestamp, toTimestamp, [
    ['timestamp_to_timestamp', timestamp],
    ['int64_to_timestamp', int],
    ['string_to_timestamp', string],
  ]),
  conversion('uint', uint, toUint, [
    ['uint64_to_uint64', uint],
    ['double_to_uint64', double],
    ['int64_to_uint64', int],
    ['string_to_uint64', string],
  ]),
];

/** A part of the calendar: in UTC, or in the zone that is named. */
function calendarPart(
  name: string,
  id: string,
  part: (date: Date) => number,
  ofDuration?: readonly [id: string, nanoseconds: bigint],
): FunctionDeclaration {
  const call = binary((time, zone) => {
    if (!(time instanceof CelTimestamp)) throw noSuchOverload();
    return BigInt(part(localDate(time, typeof zone === 'string' ? zone : '')));
  });
  const overloads = [member(id, [timestamp], int, call)];
  // The real library leaves a word out of this one id.
  const zoned = id === 'timestamp_to_seconds' ? `${id}_tz` : `${id}_with_tz`;
  overloads.push(member(zoned, [timestamp, string], int, call));
  if (ofDuration !== undefined) {
    const [durationId, size] = ofDuration;
    const whole = unary((value) => {
      if (!(value instanceof CelDuration)) throw noSuchOverload();
      return value.nanoseconds / size;
    });
    overloads.push(member(durationId, [duration], int, whole));
  }
  return declare(name, ...overloads);
}

function dayOfYear(date: Date): number {
  return (
    Math.round((Date.UTC(2000, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(2000, 0, 1)) / 86_400_000) -
    (isLeapYear(date.getUTCFullYear()) || date.getUTCMonth() < 2 ? 0 : 1)
  );
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

const calendar: readonly FunctionDeclaration[] = [
  calendarPart('getFullYear', 'timestamp_to_year', (date) => date.getUTCFullYear()),
  calendarPart('getMonth', 'timestamp_to_month', (date) => date.getUTCMonth()),
  calendarPart('getDayOfYear', 'timestamp_to_day_of_year', dayOfYear),
  calendarPart('getDayOfMonth', 'timestamp_to_day_of_month', (date) => date.getUTCDate() - 1),
  calendarPart('getDate', 'timestamp_to_day_of_month_1_based', (date) => date.getUTCDate()),
  calendarPart('getDayOfWeek', 'timestamp_to_day_of_week', (date) => date.getUTCDay()),
  calendarPart('getHours', 'timestamp_to_hours', (date) => date.getUTCHours(), [
    'duration_to_hours',
    3_600_000_000_000n,
  ]),
  calendarPart('getMinutes', 'timestamp_to_minutes', (date) => date.getUTCMinutes(), [
    'duration_to_minutes',
    60_000_000_000n,
  ]),
  calendarPart('getSeconds', 'timestamp_to_seconds', (date) => date.getUTCSeconds(), [
    'duration_to_seconds',
    1_000_000_000n,
  ]),
  calendarPart('getMilliseconds', 'timestamp_to_milliseconds', (date) => date.getUTCMilliseconds(), [
    'duration_to_milliseconds',
    1_000_000n,
  ]),
];

const size = unary((value) => BigInt(sizeOf(value)));

/** The functions and operators of the language itself (cel-spec, "Standard Definitions"). */
export const standardLibrary: readonly FunctionDeclaration[] = [
  declare(operators.conditional, overload('conditional', [bool, a, a], a)),
  declare(operators.and, overload('logical_and', [bool, bool], bool)),
  declare(operators.or, overload('logical_or', [bool, bool], bool)),
  declare(
    operators.not,
    overload(
      'logical_not',
      [bool],
      bool,
      unary((value) => {
        if (typeof value !== 'boolean') throw noSuchOverload();
        return !value;
      }),
    ),
  ),
  declare(operators.notStrictlyFalse, overload('not_strictly_false', [bool], bool)),
  declare(operators.equals, overload('equals', [a, a], bool, binary(isEqual))),
  declare(
    operators.notEquals,
    overload(
      'not_equals',
      [a, a],
      bool,
      binary((left, right) => !isSurelyEqual(left, right)),
    ),
  ),
  addition,
  arithmetic(operators.divide, 'divide', divide, numeric(true)),
  arithmetic(operators.modulo, 'modulo', modulo, numeric(false)),
  arithmetic(operators.multiply, 'multiply', multiply, numeric(true)),
  declare(
    operators.negate,
    overload('negate_double', [double], double, unary(negate)),
    overload('negate_int64', [int], int, unary(negate)),
  ),
  subtraction,
  comparison(operators.less, 'less', (order) => order < 0),
  comparison(operators.lessEquals, 'less_equals', (order) => order <= 0),
  comparison(operators.greater, 'greater', (order) => order > 0),
  comparison(operators.greaterEquals, 'greater_equals', (order) => order >= 0),
  declare(
    operators.index,
    overload('index_list', [listOfA, int], a, binary(index)),
    overload('index_map', [mapOfAB, a], b, binary(index)),
  ),
  declare(
    operators.in,
    overload('in_list', [a, listOfA], bool, binary(contains)),
    overload('in_map', [a, mapOfAB], bool, binary(contains)),
  ),
  declare(
    'size',
    overload('size_bytes', [bytes], int, size),
    member('bytes_size', [bytes], int, size),
    overload('size_list', [listOfA], int, size),
    member('list_size', [listOfA], int, size),
    overload('size_map', [mapOfAB], int, size),
    member('map_size', [mapOfAB], int, size),
    overload('size_string', [string], int, size),
    member('string_size', [string], int, size),
  ),
  declare(
    'contains',
    textTest('contains_string', (text, part) => text.includes(part)),
  ),
  declare(
    'endsWith',
    textTest('ends_with_string', (text, part) => text.endsWith(part)),
  ),
  declare(
    'startsWith',
    textTest('starts_with_string', (text, part) => text.startsWith(part)),
  ),
  declare(
    'matches',
    overload('matches', [string, string], bool, binary(matches)),
    member('matches_string', [string, string], bool, binary(matches)),
  ),
  ...conversions,
  ...calendar,
];
