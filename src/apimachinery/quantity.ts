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
const decimalSuffixes: Readonly<Record<string, number>> = {
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

  constructor(nano: bigint, format: QuantityFormat) {
    this.nano = nano;
    this.format = format;
  }

  /** In whole units, rounded up. */
  value(): bigint {
    return divideUp(this.nano, 10n ** 9n);
  }

  /** In thousandths, rounded up. */
  milliValue(): bigint {
    return divideUp(this.nano, 10n ** 6n);
  }

  /** As a floating point number. */
  toNumber(): number {
    return Number(this.nano) / 1e9;
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
  if (text === '') throw new QuantityError('quantities must match the regular expression ' + pattern);
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/.exec(text);
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match ?? [];
  if (match === null || (whole === '' && fraction === '')) {
    const unknownSuffix = /^[+-]?(\d+\.?\d*|\.\d+)[A-Za-z+-]/.test(text);
    if (unknownSuffix) throw new QuantityError("unable to parse quantity's suffix");
    throw new QuantityError('quantities must match the regular expression ' + pattern);
  }
  const digits = BigInt(`${whole}${fraction}`);
  let numerator = digits;
  let exponent = -fraction.length;
  let format: QuantityFormat = 'DecimalSI';
  if (binarySuffixes[suffix] !== undefined) {
    numerator *= binarySuffixes[suffix] ?? 1n;
    format = 'BinarySI';
  } else if (decimalSuffixes[suffix] !== undefined) {
    exponent += decimalSuffixes[suffix] ?? 0;
  } else {
    exponent += Number(suffix.slice(1));
    format = 'DecimalExponent';
  }
  // Amounts beyond what is kept are cut off at the largest; tiny ones round up to a billionth.
  const nano = exponent > 60 ? maxInt64 * 10n ** 9n : scale(numerator, exponent + 9);
  const limit = maxInt64 * 10n ** 9n;
  const bounded = nano > limit ? limit : nano;
  return new Quantity(sign === '-' ? -bounded : bounded, format);
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
  while (amount % 1000n === 0n && exponent < 18) {
    amount /= 1000n;
    exponent += 3;
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${amount}` : `${amount}e${exponent}`;
  const suffix = Object.entries(decimalSuffixes).find(([, power]) => power === exponent)?.[0] ?? '';
  return `${amount}${suffix}`;
}
