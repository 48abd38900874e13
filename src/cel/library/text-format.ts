import { goQuote } from '../../apimachinery/field-error.ts';
import { toDouble, toText } from '../conversions.ts';
import { CelUint } from '../numbers.ts';
import {
  CelDuration,
  CelEvaluationError,
  CelList,
  CelMap,
  CelTimestamp,
  CelTypeValue,
  type CelValue,
  typeOf,
} from '../values.ts';

const defaultPrecision = 6;

/** One clause of a format: `%.2f` is `f` with precision 2. */
export interface FormatClause {
  readonly letter: string;
  readonly precision: number | undefined;
}

/** A format that cannot be read. */
export class FormatSyntaxError extends Error {}

/** What each clause takes, as messages say it. */
const clauseErrors: Readonly<Record<string, string>> = {
  s: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  d: 'decimal clause can only be used on integers',
  f: 'fixed-point clause can only be used on doubles',
  e: 'scientific clause can only be used on doubles',
  b: 'only integers and bools can be formatted as binary',
  x: 'only integers, byte buffers, and strings can be formatted as hex',
  X: 'only integers, byte buffers, and strings can be formatted as hex',
  o: 'octal clause can only be used on integers',
};

/** The message for a value of a type that a clause does not take. */
export function clauseMessage(letter: string, typeName: string): string {
  return `error during formatting: ${clauseErrors[letter] ?? ''}, was given ${typeName}`;
}

/**
 * The plain parts and clauses of a format, in their order; each clause asks for an argument.
 * @param count how many arguments there are
 * @throws FormatSyntaxError
 */
export function parseFormat(format: string, count: number): (string | FormatClause)[] {
  const parts: (string | FormatClause)[] = [];
  let used = 0;
  let rest = format;
  while (rest !== '') {
    const percent = rest.indexOf('%');
    if (percent !== 0) {
      parts.push(percent < 0 ? rest : rest.slice(0, percent));
      rest = percent < 0 ? '' : rest.slice(percent);
      continue;
    }
    if (rest.startsWith('%%')) {
      parts.push('%');
      rest = rest.slice(2);
      continue;
    }
    if (rest.length < 2) throw new FormatSyntaxError('unexpected end of string');
    if (used >= count) throw new FormatSyntaxError(`index ${used} out of range`);
    const [whole = '', digits] = /^%(?:\.(\d*))?/.exec(rest) ?? [];
    const letter = Array.from(rest.slice(whole.length))[0];
    const unreadable = 'could not parse formatting clause: ';
    if (letter === undefined) {
      throw new FormatSyntaxError(
        `${unreadable}error while parsing precision: could not find end of precision specifier`,
      );
    }
    if (digits === '') {
      const message = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax';
      throw new FormatSyntaxError(`${unreadable}error while parsing precision: ${message}`);
    }
    if (!Object.hasOwn(clauseErrors, letter)) {
      throw new FormatSyntaxError(`${unreadable}unrecognized formatting clause "${letter}"`);
    }
    parts.push({ letter, precision: digits === undefined ? undefined : Number(digits) });
    rest = rest.slice(whole.length + letter.length);
    used++;
  }
  return parts;
}

/** `text.format(args)` @throws CelEvaluationError */
export function formatText(format: string, args: readonly CelValue[]): string {
  let parts;
  try {
    parts = parseFormat(format, args.length);
  } catch (error) {
    if (error instanceof FormatSyntaxError) throw new CelEvaluationError(error.message);
    throw error;
  }
  let next = 0;
  return parts.map((part) => (typeof part === 'string' ? part : formatClause(part, args[next++] ?? null))).join('');
}

function formatClause({ letter, precision = defaultPrecision }: FormatClause, value: CelValue): string {
  switch (letter) {
    case 's':
      return showValue(value);
    case 'f':
    case 'e':
      return formatDouble(letter, precision, value);
    case 'd':
    case 'o':
      if (typeof value === 'bigint') return value.toString(letter === 'd' ? 10 : 8);
      if (value instanceof CelUint) return value.value.toString(letter === 'd' ? 10 : 8);
      break;
    case 'b':
      if (typeof value === 'bigint') return value.toString(2);
      if (value instanceof CelUint) return value.value.toString(2);
      if (typeof value === 'boolean') return value ? '1' : '0';
      break;
    default: {
      const hex = hexText(value);
      if (hex !== undefined) return letter === 'X' ? hex.toUpperCase() : hex;
    }
  }
  throw new CelEvaluationError(clauseMessage(letter, typeOf(value).name));
}

function hexText(value: CelValue): string | undefined {
  if (typeof value === 'bigint') return value.toString(16);
  if (value instanceof CelUint) return value.value.toString(16);
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : undefined;
}

function formatDouble(letter: 'f' | 'e', precision: number, value: CelValue): string {
  const isNamed = value === 'NaN' || value === 'Infinity' || value === '-Infinity';
  if (typeof value !== 'number' && !isNamed) throw new CelEvaluationError(clauseMessage(letter, typeOf(value).name));
  const number = isNamed ? toDouble(value) : value;
  if (typeof number !== 'number') return '';
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number < 0 ? '-∞' : '∞';
  if (letter === 'f') {
    const [whole = '', fraction] = roundedText(number, Math.min(precision, 100)).split('.');
    const grouped = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
    return fraction === undefined ? grouped : `${grouped}.${fraction}`;
  }
  // Whatever precision is asked for, the real formatter keeps to its own here.
  const [mantissa = '', power = ''] = number.toExponential(defaultPrecision).split('e');
  const superscript = Array.from(
    String(Math.abs(Number(power))).padStart(2, '0'),
    (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)],
  );
  return `${mantissa}×10${power.startsWith('-') ? '⁻' : ''}${superscript.join('')}`;
}

/** A number with so many digits after the point; what lies exactly in the middle goes to the even digit. */
function roundedText(number: number, precision: number): string {
  const text = number.toFixed(precision);
  const rest = number.toFixed(100).split('.')[1]?.slice(precision) ?? '';
  if (!/^50*$/.test(rest) || Number(/\d$/.exec(text)?.[0] ?? 0) % 2 === 0) return text;
  // The middle was rounded away from zero.
  const digits = BigInt(text.replace(/[-.]/g, '')) - 1n;
  const even = digits.toString().padStart(precision + 1, '0');
  const point = even.length - precision;
  return `${number < 0 ? '-' : ''}${even.slice(0, point)}${precision === 0 ? '' : `.${even.slice(point)}`}`;
}

/** A value as `%s` shows it. */
function showValue(value: CelValue): string {
  if (value instanceof CelList) return `[${Array.from(value, showInside).join(', ')}]`;
  if (value instanceof CelMap) {
    const entries = Array.from(value.entries(), ([key, item]) => `${showInside(key)}:${showInside(item)}`);
    return `{${entries.toSorted().join(', ')}}`;
  }
  if (value === null) return 'null';
  try {
    return toText(value);
  } catch (error) {
    if (error instanceof CelEvaluationError) throw new CelEvaluationError(clauseMessage('s', typeOf(value).name));
    throw error;
  }
}

/** A value inside a list or map, as an expression would write it. */
function showInside(value: CelValue): string {
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'number')
    return Number.isFinite(value) ? value.toFixed(defaultPrecision) : goQuote(toText(value));
  if (value instanceof Uint8Array) return `b${goQuote(toText(value))}`;
  if (value instanceof CelTimestamp) return `timestamp(${goQuote(toText(value))})`;
  if (value instanceof CelDuration) return `duration(${goQuote(toText(value))})`;
  if (value === null || typeof value !== 'object' || value instanceof CelUint || value instanceof CelTypeValue) {
    return showValue(value);
  }
  if (value instanceof CelList || value instanceof CelMap) return showValue(value);
  throw new CelEvaluationError(`error during formatting: no formatting function for ${typeOf(value).name}`);
}
