import { goQuote } from '../apimachinery/field-error.ts';
import { formatGoFloat } from '../apimachinery/go-float.ts';
import { formatGoSyntax, formatGoValue, goTypeName, isGoInteger } from './go-value.ts';

/** A number that stood in a template: an `int` or a `float64`, where one of an object is an `int64` or `float64`. */
export class GoLiteral {
  readonly value: number | bigint;
  readonly type: 'int' | 'float64';

  constructor(value: number | bigint, type: 'int' | 'float64') {
    this.value = value;
    this.type = type;
  }
}

/** Go's name for the type of a value. */
export function typeName(value: unknown): string {
  return value instanceof GoLiteral ? value.type : goTypeName(value);
}

/** Go's text of a value (`%v`). */
export function goText(value: unknown): string {
  if (!(value instanceof GoLiteral)) return formatGoValue(value);
  return value.type === 'int' ? `${value.value}` : formatGoFloat(Number(value.value));
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** fmt.Sprint: spaces between operands where neither is text. */
export function goSprint(values: readonly unknown[]): string {
  let text = '';
  values.forEach((value, index) => {
    const bothOther = typeof value !== 'string' && typeof values[index - 1] !== 'string';
    text += `${index > 0 && bothOther ? ' ' : ''}${goText(value)}`;
  });
  return text;
}

/** fmt.Sprintln. */
export function goSprintln(values: readonly unknown[]): string {
  return `${values.map(goText).join(' ')}\n`;
}

interface Flags {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

/** fmt.Sprintf for the values that JSON knows. */
export function goSprintf(format: string, values: readonly unknown[]): string {
  let text = '';
  let used = 0;
  let isReordered = false;
  const pattern = /%([-+# 0]*)(?:\[(\d+)\])?(\*|\d+)?(?:\.(\*|\d*))?(?:\[(\d+)\])?(.?)|[^%]+/gsu;
  for (const match of format.matchAll(pattern)) {
    if (!match[0].startsWith('%')) {
      text += match[0];
      continue;
    }
    const [, signs = '', firstIndex, widthText, precisionText, lastIndex, verb = ''] = match;
    const index = lastIndex ?? firstIndex;
    if (index !== undefined) {
      used = Number(index) - 1;
      isReordered = true;
    }
    if (verb === '') {
      text += '%!(NOVERB)';
      continue;
    }
    if (verb === '%') {
      text += '%';
      continue;
    }
    const star = (part: string | undefined): number | undefined => {
      if (part !== '*') return part === undefined ? undefined : Number(part);
      const value = values[used++];
      const number = value instanceof GoLiteral ? value.value : value;
      return isNumber(number) ? Number(number) : undefined;
    };
    const width = star(widthText);
    const precision = star(precisionText);
    if (used >= values.length || used < 0) {
      text += index === undefined ? `%!${verb}(MISSING)` : `%!${verb}(BADINDEX)`;
      continue;
    }
    const flags: Flags = {
      minus: signs.includes('-') || (width ?? 0) < 0,
      plus: signs.includes('+'),
      sharp: signs.includes('#'),
      space: signs.includes(' '),
      zero: signs.includes('0') && !signs.includes('-'),
      width: width === undefined ? undefined : Math.abs(width),
      precision,
    };
    text += formatOne(verb, flags, values[used++]);
  }
  if (!isReordered && used < values.length) {
    const extra = values.slice(used).map((value) => `${typeName(value)}=${goText(value)}`);
    text += `%!(EXTRA ${extra.join(', ')})`;
  }
  return text;
}

function formatOne(verb: string, flags: Flags, value: unknown): string {
  if (verb === 'T') return pad(typeName(value), flags);
  if (value === null || value === undefined) {
    return verb === 'v' ? pad('<nil>', flags) : `%!${verb}(<nil>)`;
  }
  if (verb === 'v') return formatDefault(flags, value);
  if (Array.isArray(value)) return `[${value.map((item) => formatOne(verb, flags, item)).join(' ')}]`;
  if (value instanceof GoLiteral) {
    if (value.type === 'float64') return formatFloat(verb, flags, Number(value.value));
    return formatInteger(verb, flags, BigInt(value.value), 'int');
  }
  if (isNumber(value)) {
    return isGoInteger(value)
      ? formatInteger(verb, flags, BigInt(value), 'int64')
      : formatFloat(verb, flags, Number(value));
  }
  if (typeof value === 'string') return formatString(verb, flags, value);
  if (typeof value === 'boolean') return verb === 't' ? pad(`${value}`, flags) : bad(verb, value);
  const members = Object.keys(value)
    .sort()
    .map((key) => {
      const item = (value as Record<string, unknown>)[key];
      return `${formatOne(verb, flags, key)}:${formatOne(verb, flags, item)}`;
    });
  return `map[${members.join(' ')}]`;
}

function formatDefault(flags: Flags, value: unknown): string {
  if (flags.sharp) return pad(formatGoSyntax(value instanceof GoLiteral ? value.value : value), flags);
  if (isNumber(value) || value instanceof GoLiteral) {
    const number = value instanceof GoLiteral ? value.value : value;
    const isInteger = value instanceof GoLiteral ? value.type === 'int' : isGoInteger(value);
    return isInteger ? formatInteger('d', flags, BigInt(number), '') : formatFloat('g', flags, Number(number));
  }
  if (typeof value === 'string') return formatString('s', flags, value);
  return pad(goText(value), { ...flags, zero: false });
}

function bad(verb: string, value: unknown): string {
  return `%!${verb}(${typeName(value)}=${goText(value)})`;
}

function pad(text: string, flags: Flags): string {
  const missing = Math.max(0, (flags.width ?? 0) - Array.from(text).length);
  if (flags.minus) return text + ' '.repeat(missing);
  return (flags.zero ? '0' : ' ').repeat(missing) + text;
}

function padNumber(sign: string, digits: string, flags: Flags): string {
  if (!flags.zero) return pad(sign + digits, flags);
  return sign + '0'.repeat(Math.max(0, (flags.width ?? 0) - sign.length - digits.length)) + digits;
}

const bases: Readonly<Record<string, number>> = { d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

function formatInteger(verb: string, flags: Flags, value: bigint, type: string): string {
  const size = value < 0n ? -value : value;
  const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  const base = bases[verb];
  if (base !== undefined) {
    let digits = size.toString(base);
    if (verb === 'X') digits = digits.toUpperCase();
    if (flags.precision !== undefined) digits = digits.padStart(flags.precision, '0');
    const prefixes: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' };
    const prefix = verb === 'O' ? '0o' : flags.sharp ? (prefixes[verb] ?? '') : '';
    return padNumber(sign + prefix, digits, flags.precision === undefined ? flags : { ...flags, zero: false });
  }
  if (verb === 'c' || verb === 'q') {
    const char = value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : '\ufffd';
    return pad(verb === 'c' ? char : quoteChar(char), flags);
  }
  if (verb === 'U') return pad(`U+${size.toString(16).toUpperCase().padStart(4, '0')}`, flags);
  return `%!${verb}(${type}=${value})`;
}

function quoteChar(char: string): string {
  if (char === "'") return String.raw`'\''`;
  if (char === '"') return `'"'`;
  return `'${goQuote(char).slice(1, -1)}'`;
}

function formatFloat(verb: string, flags: Flags, value: number): string {
  const size = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  const lower = verb.toLowerCase();
  if (!['e', 'f', 'g'].includes(lower)) return `%!${verb}(float64=${formatGoFloat(value)})`;
  let digits: string;
  if (!Number.isFinite(size)) digits = Number.isNaN(size) ? 'NaN' : 'Inf';
  else if (lower === 'f') digits = exactFixed(size, flags.precision ?? 6);
  else if (lower === 'e') digits = exponentForm(size.toExponential(flags.precision ?? 6));
  else digits = flags.precision === undefined ? formatGoFloat(size) : shortest(size, flags.precision);
  return padNumber(sign, verb === lower ? digits : digits.toUpperCase(), flags);
}

/** Rounds the exact binary value half to even, where toFixed rounds up. */
function exactFixed(size: number, precision: number): string {
  const text = size.toFixed(Math.min(100, precision));
  const scaled = size * 10 ** precision;
  const isHalf = Number.isSafeInteger(scaled * 2) && !Number.isInteger(scaled) && scaled / 10 ** precision === size;
  if (!isHalf || Math.floor(scaled) % 2 !== 0) return text;
  return (Math.floor(scaled) / 10 ** precision).toFixed(precision);
}

function exponentForm(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** %g with a precision: so many digits, zeros at the end dropped. */
function shortest(size: number, precision: number): string {
  const [mantissa = '0', exponent = '0'] = size.toExponential(Math.max(1, precision) - 1).split('e');
  const power = Number(exponent);
  if (power < -4 || power >= Math.max(1, precision)) {
    const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
    return exponentForm(`${trimmed}e${power < 0 ? '-' : '+'}${Math.abs(power)}`);
  }
  const plain = size.toFixed(Math.max(0, Math.max(1, precision) - 1 - power));
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain;
}

function formatString(verb: string, flags: Flags, value: string): string {
  const cut = flags.precision === undefined ? value : Array.from(value).slice(0, flags.precision).join('');
  if (verb === 's') return pad(cut, flags);
  if (verb === 'q') return pad(flags.sharp && !cut.includes('`') ? `\`${cut}\`` : goQuote(cut), flags);
  if (verb === 'x' || verb === 'X') {
    const hex = Buffer.from(value).toString('hex');
    return pad(verb === 'X' ? hex.toUpperCase() : hex, flags);
  }
  return bad(verb, value);
}
