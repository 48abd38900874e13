import { decimalSuffixes } from '../../apimachinery/quantity.ts';

/**
 * A quantity as a whole number times a power of ten, as far as the real server holds it so; undefined where it keeps a
 * big decimal, which it takes for no integer even if it is one (k8s.io/apimachinery/pkg/api/resource).
 */
export type ScaledAmount = { readonly value: bigint; readonly scale: number } | undefined;

/** Digits that surely fit into 64 bits. */
const safeDigits = 18;
const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const leastScale = -9;

/** What a valid quantity is held as. */
export function readAmount(text: string): ScaledAmount {
  const [, sign = '', whole = '', fraction = '', suffix = ''] = /^([+-]?)0*(\d*)\.?(\d*)(.*)$/.exec(text) ?? [];
  const shifted = inInt64(BigInt(`${whole}${fraction}` || '0'));
  const power = binaryExponents[suffix];
  if (power !== undefined) {
    // Only whole numbers that are surely small enough are multiplied.
    const spare = 15 - whole.length - Math.trunc((power * 3) / 10) - 1;
    if (fraction !== '' || spare < 0 || shifted === undefined) return undefined;
    return signed(sign, shifted * 2n ** BigInt(power), 0);
  }
  const exponent = decimalSuffixes[suffix] ?? Number(suffix.slice(1));
  const scale = exponent - fraction.length;
  if (safeDigits - whole.length - fraction.length < 0 || scale < leastScale) return undefined;
  return shifted === undefined ? undefined : signed(sign, shifted, scale);
}

function signed(sign: string, value: bigint, scale: number): ScaledAmount {
  return inInt64(value) === undefined ? undefined : { value: sign === '-' ? -value : value, scale };
}

/** The sum has the finer scale of the two. */
export function addAmounts(left: ScaledAmount, right: ScaledAmount): ScaledAmount {
  if (left === undefined || right === undefined) return undefined;
  if (right.value === 0n) return left;
  if (left.value === 0n) return right;
  const scale = Math.min(left.scale, right.scale);
  const [first, second] = [left, right].map((amount) => scaledUp(amount.value, amount.scale - scale));
  if (first === undefined || second === undefined) return undefined;
  const value = inInt64(first + second);
  return value === undefined ? undefined : { value, scale };
}

/** The amount as an integer of 64 bits; undefined for what the real server takes for none. */
export function integerOf(amount: ScaledAmount): bigint | undefined {
  if (amount === undefined || amount.scale < 0) return undefined;
  return scaledUp(amount.value, amount.scale);
}

/** The amount as a floating point number, made with one multiplication and so not always the nearest. */
export function floatOf(amount: ScaledAmount): number | undefined {
  return amount && Number(amount.value) * Number(`1e${amount.scale}`);
}

function scaledUp(value: bigint, scale: number): bigint | undefined {
  return scale > safeDigits ? undefined : inInt64(value * 10n ** BigInt(scale));
}

function inInt64(value: bigint): bigint | undefined {
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
