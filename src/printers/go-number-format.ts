import { formatGoFloat } from '../apimachinery/go-float.ts';
import { quoteGoText } from '../apimachinery/go-quote.ts';

/** What stands between `%` and the verb. */
export interface FormatFlags {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  /** `%#v`. */
  readonly syntax: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

/** A text filled up to the width. */
export function padText(text: string, flags: FormatFlags): string {
  const missing = Math.max(0, (flags.width ?? 0) - Array.from(text).length);
  if (flags.minus) return text + ' '.repeat(missing);
  return (flags.zero ? '0' : ' ').repeat(missing) + text;
}

/** A number as fmt formats it; undefined for a verb that numbers do not have. */
export function formatGoNumber(
  verb: string,
  flags: FormatFlags,
  value: number | bigint,
  isInteger: boolean,
): string | undefined {
  return isInteger ? formatInteger(verb, flags, BigInt(value)) : formatFloat(verb, flags, Number(value));
}

const bases: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };
const largestRune = 0x10ffffn;

function formatInteger(verb: string, flags: FormatFlags, value: bigint): string | undefined {
  const base = bases[verb];
  if (base !== undefined) return inBase(verb, base, flags, value);
  const isRune = value >= 0n && value <= largestRune;
  const char = isRune ? String.fromCodePoint(Number(value)) : '\ufffd';
  if (verb === 'c') return padText(char, flags);
  if (verb === 'q') return padText(quoteGoText(char, "'", flags.plus), flags);
  if (verb !== 'U') return undefined;
  const digits = BigInt.asUintN(64, value).toString(16).toUpperCase();
  const code = `U+${digits.padStart(Math.max(4, flags.precision ?? 0), '0')}`;
  const shown = flags.sharp && isRune ? `${code} '${char}'` : code;
  return padText(shown, { ...flags, zero: false });
}

function inBase(verb: string, base: number, flags: FormatFlags, value: bigint): string {
  const unpadded = { ...flags, zero: false };
  if (flags.precision === 0 && value === 0n) return padText('', unpadded);
  const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  const least = flags.precision ?? (flags.zero ? (flags.width ?? 0) - sign.length : 0);
  let digits = (value < 0n ? -value : value).toString(base).padStart(least, '0');
  if (verb === 'X') digits = digits.toUpperCase();
  let prefix = verb === 'O' ? '0o' : '';
  if (flags.sharp && base === 2) prefix = '0b';
  if (flags.sharp && base === 8 && !digits.startsWith('0')) prefix += '0';
  if (flags.sharp && base === 16) prefix = `0${verb}`;
  return padText(sign + prefix + digits, unpadded);
}

function formatFloat(verb: string, flags: FormatFlags, value: number): string | undefined {
  const size = Math.abs(value);
  const form = verb === 'v' ? 'g' : verb;
  let digits = floatDigits(form, size, flags.precision);
  if (digits === undefined) return undefined;
  const isFinite = Number.isFinite(size);
  if (isFinite && flags.sharp && form !== 'b') digits = withPoint(form, digits, flags.precision);
  const isNegative = value < 0 || Object.is(value, -0);
  // Infinity keeps its sign.
  const isSigned = isNegative || flags.plus || (size === Number.POSITIVE_INFINITY && !flags.space);
  const sign = isSigned ? (isNegative ? '-' : '+') : flags.space ? ' ' : '';
  if (!isFinite) return padText(sign + digits, { ...flags, zero: false });
  if (!flags.zero) return padText(sign + digits, flags);
  return sign + digits.padStart((flags.width ?? 0) - sign.length, '0');
}

/** The digits of a float without its sign; undefined for a verb that floats do not have. */
function floatDigits(verb: string, size: number, precision: number | undefined): string | undefined {
  if (!'befgxEFGX'.includes(verb)) return undefined;
  if (!Number.isFinite(size)) return Number.isNaN(size) ? 'NaN' : 'Inf';
  switch (verb) {
    case 'f':
    case 'F':
      return exactFixed(size, precision ?? 6);
    case 'e':
      return exponentForm(size.toExponential(Math.min(100, precision ?? 6)));
    case 'E':
      return exponentForm(size.toExponential(Math.min(100, precision ?? 6))).toUpperCase();
    case 'b': {
      const { mantissa, exponent } = parts(size);
      return `${mantissa}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
    }
    case 'x':
      return hexFloat(size, precision);
    case 'X':
      return hexFloat(size, precision).toUpperCase();
    default: {
      const shown = precision === undefined ? formatGoFloat(size) : shortest(size, precision);
      return verb === 'G' ? shown.toUpperCase() : shown;
    }
  }
}

/** `#`: a decimal point always, and for %g the zeros behind it. */
function withPoint(verb: string, digits: string, precision: number | undefined): string {
  const [, body = '', tail = ''] = (/[xX]/.test(verb) ? /^([^pP]*)(.*)$/ : /^([^eE]*)(.*)$/).exec(digits) ?? [];
  let missing = 'gGx'.includes(verb) ? (precision ?? 6) : 0;
  missing -= body.replace('.', '').replace(/^0+/, '').length;
  const hasPoint = body.includes('.');
  if (!hasPoint && body === '0') missing--;
  return `${body}${hasPoint ? '' : '.'}${'0'.repeat(Math.max(0, missing))}${tail}`;
}

/** Rounds the exact binary value half to even, where toFixed rounds up. */
function exactFixed(size: number, precision: number): string {
  if (size >= 1e21) return `${BigInt(size)}${precision === 0 ? '' : `.${'0'.repeat(precision)}`}`;
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

const mantissaBits = 52n;

/** The whole mantissa, and the power of two that it is multiplied with. */
function parts(size: number): { readonly mantissa: bigint; readonly exponent: number } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, size);
  const raw = bits.getBigUint64(0);
  const power = Number(raw >> mantissaBits);
  const fraction = raw & ((1n << mantissaBits) - 1n);
  if (power === 0) return { mantissa: fraction, exponent: -1074 };
  return { mantissa: fraction | (1n << mantissaBits), exponent: power - 1075 };
}

/** `0x1.8p+00`. */
function hexFloat(size: number, precision: number | undefined): string {
  let { mantissa, exponent } = parts(size);
  if (mantissa === 0n) return `0x0${precision === undefined || precision === 0 ? '' : `.${'0'.repeat(precision)}`}p+00`;
  // The first digit is 1.
  while (mantissa < 1n << mantissaBits) {
    mantissa <<= 1n;
    exponent--;
  }
  exponent += Number(mantissaBits);
  if (precision !== undefined && precision < 13) {
    const dropped = BigInt(4 * (13 - precision));
    const rest = mantissa & ((1n << dropped) - 1n);
    const half = 1n << (dropped - 1n);
    mantissa >>= dropped;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++;
    mantissa <<= dropped;
    if (mantissa >> (mantissaBits + 1n) > 0n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const fraction = (mantissa & ((1n << mantissaBits) - 1n)).toString(16).padStart(13, '0');
  const digits =
    precision === undefined ? fraction.replace(/0+$/, '') : fraction.padEnd(precision, '0').slice(0, precision);
  const sign = exponent < 0 ? '-' : '+';
  return `0x1${digits === '' ? '' : `.${digits}`}p${sign}${`${Math.abs(exponent)}`.padStart(2, '0')}`;
}
