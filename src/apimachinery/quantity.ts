/** How a quantity was written, and so how it is written again. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** Text that is no quantity. */
export class QuantityError extends Error {}

const maxInt64 = 2n ** 63n - 1n;
const binarySuffixes: Readonly<Record<string, bigint>> = {
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
  Pi: 2n ** 50n,
  Ei: 2n ** 60n,
};
/** Powers of ten. */
export const decimalSuffixes: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

/**
 * An amount with exactly as many digits as Kubernetes keeps: billionths, rounded up (away from zero)
 * (k8s.io/apimachinery/pkg/api/resource.Quantity).
 */
export class Quantity {
  /** The amount in billionths. */
  readonly nano: bigint;
  readonly format: QuantityFormat;
  /** The text it was read from, where that is near enough to canonical that Kubernetes keeps it. */
  readonly #text: string | undefined;

  constructor(nano: bigint, format: QuantityFormat, text?: string) {
    this.nano = nano;
    this.format = format;
    this.#text = text;
  }

  /** In whole units, rounded up. */
  value(): bigint {
    return divideUp(this.nano, 10n ** 9n);
  }

  /** In thousandths, rounded up; the largest number of 64 bits where that is not enough, as in Go. */
  milliValue(): bigint {
    const milli = divideUp(this.nano, 10n ** 6n);
    return milli > maxInt64 ? maxInt64 : milli;
  }

  /** In units of ten to the power of `scale` (-9 for billionths, 3 for thousands), rounded up. */
  scaledValue(scale: number): bigint {
    return scale <= -9 ? this.nano * 10n ** BigInt(-9 - scale) : divideUp(this.nano, 10n ** BigInt(9 + scale));
  }

  /** The whole number it is; undefined where it has a fraction or does not fit 64 bits. */
  asInt(): bigint | undefined {
    const billion = 10n ** 9n;
    if (this.nano % billion !== 0n) return undefined;
    const value = this.nano / billion;
    return value <= maxInt64 && value >= -maxInt64 - 1n ? value : undefined;
  }

  /** As a floating point number. */
  toNumber(): number {
    return this.nano % 1_000_000_000n === 0n ? Number(this.nano / 1_000_000_000n) : Number(this.nano) / 1e9;
  }

  isZero(): boolean {
    return this.nano === 0n;
  }

  sign(): -1 | 0 | 1 {
    if (this.nano === 0n) return 0;
    return this.nano > 0n ? 1 : -1;
  }

  compare(other: Quantity): -1 | 0 | 1 {
    if (this.nano === other.nano) return 0;
    return this.nano > other.nano ? 1 : -1;
  }

  /** The format is that of the left one, unless it is zero. */
  add(other: Quantity): Quantity {
    return new Quantity(this.nano + other.nano, this.nano === 0n ? other.format : this.format);
  }

  subtract(other: Quantity): Quantity {
    return new Quantity(this.nano - other.nano, this.nano === 0n ? other.format : this.format);
  }

  negate(): Quantity {
    return new Quantity(-this.nano, this.format);
  }

  /** Canonical text: the largest suffix that leaves no fraction. */
  toString(): string {
    if (this.#text !== undefined) return this.#text;
    if (this.nano === 0n) return '0';
    const billion = 10n ** 9n;
    if (this.format === 'BinarySI' && this.nano % billion === 0n && absolute(this.nano) >= 1024n * billion) {
      return binaryText(this.nano / billion);
    }
    return decimalText(this.nano, this.format);
  }
}

/**
 * Reads `100m`, `1.5Gi`, `2e3`.
 * @throws QuantityError with the text of the real parser.
 */
export function parseQuantity(text: string): Quantity {
  const match = /^([+-]?)0*(\d*)(?:(\.)(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text);
  if (text === '' || match === null) throw new QuantityError(`quantities must match the regular expression ${pattern}`);
  const [, sign = '', whole = '', point = '', fraction = '', suffix = ''] = match;
  const shifted = `${whole === '' ? '0' : whole}${fraction}`;
  const isBinary = Object.hasOwn(binarySuffixes, suffix);
  let exponent = 0;
  let format: QuantityFormat = 'DecimalSI';
  if (isBinary) format = 'BinarySI';
  else if (Object.hasOwn(decimalSuffixes, suffix)) exponent = decimalSuffixes[suffix] ?? 0;
  else {
    if (!/^[eE][-+]?\d+$/.test(suffix)) throw new QuantityError("unable to parse quantity's suffix");
    exponent = Number(suffix.slice(1));
    format = 'DecimalExponent';
    if (Math.abs(exponent) >= 2 ** 31) throw new QuantityError("unable to parse quantity's suffix");
  }
  const isBare = !/\d/.test(text.slice(0, text.length - suffix.length));
  if (isBare && isBinary && point !== '') throw new QuantityError('unable to parse numeric part of quantity');
  // Amounts beyond any use would cost as much memory as they have digits.
  const power = Math.max(-largestExponent, Math.min(largestExponent, exponent)) - fraction.length;
  const factor = isBinary ? (binarySuffixes[suffix] ?? 1n) : 1n;
  let nano = scale(BigInt(shifted) * factor, power + 9);
  if (isBinary) {
    const limit = maxInt64 * 10n ** 9n;
    if (nano > limit) nano = limit;
    if (nano > 0n && nano < 10n ** 9n) format = 'DecimalSI';
  }
  const keepsText = isKept(shifted, fraction, format, exponent, suffix);
  return new Quantity(sign === '-' ? -nano : nano, format, keepsText ? text : undefined);
}

const largestExponent = 400;

/** Whether Kubernetes keeps the text as it stands: no suffix would be shorter, whatever zeros it has in front. */
function isKept(shifted: string, fraction: string, format: QuantityFormat, exponent: number, suffix: string): boolean {
  const value = BigInt(shifted);
  if (value > maxInt64) return false;
  if (format === 'BinarySI') {
    const power = binaryPower(suffix);
    const precision = 15 - shifted.length - Math.trunc((power * 3) / 10) - 1;
    return fraction === '' && precision >= 0 && value * 2n ** BigInt(power) <= maxInt64 && (value & 7n) !== 0n;
  }
  if (Object.hasOwn(binarySuffixes, suffix)) return false;
  const power = exponent - fraction.length;
  if (shifted.length > 18 || power < -9) return false;
  return power % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0');
}

function binaryPower(suffix: string): number {
  return (Object.keys(binarySuffixes).indexOf(suffix) + 1) * 10;
}

/** The text in its canonical form. @throws QuantityError */
export function canonicalQuantity(text: string): string {
  return parseQuantity(text).toString();
}

const pattern = "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function scale(value: bigint, exponent: number): bigint {
  if (exponent >= 0) return value * 10n ** BigInt(exponent);
  return exponent < -400 ? (value === 0n ? 0n : 1n) : divideUp(value, 10n ** BigInt(-exponent));
}

function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  if (value % by === 0n) return quotient;
  return value > 0n ? quotient + 1n : quotient - 1n;
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function binaryText(value: bigint): string {
  let amount = value;
  let power = 0;
  while (amount % 1024n === 0n && power < 6) {
    amount /= 1024n;
    power++;
  }
  return `${amount}${['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'][power] ?? ''}`;
}

function decimalText(nano: bigint, format: QuantityFormat): string {
  let amount = nano;
  let exponent = -9;
  const largest = format === 'DecimalExponent' ? Number.POSITIVE_INFINITY : 18;
  while (amount % 1000n === 0n && exponent < largest) {
    amount /= 1000n;
    exponent += 3;
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${amount}` : `${amount}e${exponent}`;
  const suffix = Object.entries(decimalSuffixes).find(([, power]) => power === exponent)?.[0] ?? '';
  return `${amount}${suffix}`;
}
