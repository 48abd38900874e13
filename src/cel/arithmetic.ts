import { CelUint, maxInt, maxUint, minInt } from './numbers.ts';
import { CelDuration, CelEvaluationError, CelList, CelTimestamp, type CelValue, noSuchOverload } from './values.ts';

/** Years 1 to 9999, in nanoseconds since 1970. */
const minTimestamp = -62_135_596_800n * 1_000_000_000n;
const maxTimestamp = 253_402_300_799n * 1_000_000_000n + 999_999_999n;

/** An int that fits its 64 bits. @throws CelEvaluationError */
export function checkedInt(value: bigint): bigint {
  if (value < minInt || value > maxInt) throw new CelEvaluationError('integer overflow');
  return value;
}

/** An uint that fits its 64 bits. @throws CelEvaluationError */
export function checkedUint(value: bigint): CelUint {
  if (value < 0n || value > maxUint) throw new CelEvaluationError('unsigned integer overflow');
  return new CelUint(value);
}

/** A duration of at most 64 bits of nanoseconds. @throws CelEvaluationError */
export function checkedDuration(nanoseconds: bigint): CelDuration {
  if (nanoseconds < minInt || nanoseconds > maxInt) throw new CelEvaluationError('integer overflow');
  return new CelDuration(nanoseconds);
}

/** A point in the years 1 to 9999. @throws CelEvaluationError */
export function checkedTimestamp(nanoseconds: bigint, offsetMinutes = 0): CelTimestamp {
  if (nanoseconds < minTimestamp || nanoseconds > maxTimestamp) throw new CelEvaluationError('timestamp overflow');
  return new CelTimestamp(nanoseconds, offsetMinutes);
}

/** `left + right` */
export function add(left: CelValue, right: CelValue): CelValue {
  if (typeof left === 'bigint' && typeof right === 'bigint') return checkedInt(left + right);
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (left instanceof CelUint && right instanceof CelUint) return checkedUint(left.value + right.value);
  if (left instanceof CelList && right instanceof CelList) return left.concat(right);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Uint8Array.from([...left, ...right]);
  if (left instanceof CelDuration) {
    if (right instanceof CelDuration) return checkedDuration(left.nanoseconds + right.nanoseconds);
    if (right instanceof CelTimestamp)
      return checkedTimestamp(left.nanoseconds + right.nanoseconds, right.offsetMinutes);
  }
  if (left instanceof CelTimestamp && right instanceof CelDuration) {
    return checkedTimestamp(left.nanoseconds + right.nanoseconds, left.offsetMinutes);
  }
  throw noSuchOverload();
}

/** `left - right` */
export function subtract(left: CelValue, right: CelValue): CelValue {
  if (typeof left === 'bigint' && typeof right === 'bigint') return checkedInt(left - right);
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (left instanceof CelUint && right instanceof CelUint) return checkedUint(left.value - right.value);
  if (left instanceof CelDuration && right instanceof CelDuration) {
    return checkedDuration(left.nanoseconds - right.nanoseconds);
  }
  if (left instanceof CelTimestamp) {
    if (right instanceof CelTimestamp) return checkedDuration(left.nanoseconds - right.nanoseconds);
    if (right instanceof CelDuration) return checkedTimestamp(left.nanoseconds - right.nanoseconds, left.offsetMinutes);
  }
  throw noSuchOverload();
}

/** `left * right` */
export function multiply(left: CelValue, right: CelValue): CelValue {
  if (typeof left === 'bigint' && typeof right === 'bigint') return checkedInt(left * right);
  if (typeof left === 'number' && typeof right === 'number') return left * right;
  if (left instanceof CelUint && right instanceof CelUint) return checkedUint(left.value * right.value);
  throw noSuchOverload();
}

/** `left / right` */
export function divide(left: CelValue, right: CelValue): CelValue {
  if (typeof left === 'number' && typeof right === 'number') return left / right;
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    return checkedInt(left / nonZero(right, 'division by zero'));
  }
  if (left instanceof CelUint && right instanceof CelUint) {
    return checkedUint(left.value / nonZero(right.value, 'division by zero'));
  }
  throw noSuchOverload();
}

/** `left % right` */
export function modulo(left: CelValue, right: CelValue): CelValue {
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    // The smallest int divided by -1 does not fit, which is why this one is an error too.
    if (left === minInt && right === -1n) throw new CelEvaluationError('integer overflow');
    return left % nonZero(right, 'modulus by zero');
  }
  if (left instanceof CelUint && right instanceof CelUint) {
    return checkedUint(left.value % nonZero(right.value, 'modulus by zero'));
  }
  throw noSuchOverload();
}

/** `-value` */
export function negate(value: CelValue): CelValue {
  if (typeof value === 'bigint') return checkedInt(-value);
  if (typeof value === 'number') return -value;
  if (value instanceof CelDuration) return checkedDuration(-value.nanoseconds);
  throw noSuchOverload();
}

function nonZero(value: bigint, message: string): bigint {
  if (value === 0n) throw new CelEvaluationError(message);
  return value;
}
