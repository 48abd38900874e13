import { CelUint } from './numbers.ts';
import {
  CelDuration,
  CelEvaluationError,
  CelList,
  CelMap,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  type CelValue,
  noSuchOverload,
} from './values.ts';

/** Equality across types: numbers by their value, all else only within a type. */
export function isEqual(left: CelValue, right: CelValue): boolean {
  const number = comparableNumber(left);
  if (number !== undefined) {
    const other = comparableNumber(right);
    // eslint-disable-next-line eqeqeq -- loose equality compares bigint with number by value
    return other !== undefined && number == other;
  }
  if (typeof left !== 'object' || left === null) return left === right;
  if (left instanceof Uint8Array) {
    return right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  }
  if (left instanceof CelDuration) return right instanceof CelDuration && left.nanoseconds === right.nanoseconds;
  if (left instanceof CelTimestamp) return right instanceof CelTimestamp && left.nanoseconds === right.nanoseconds;
  if (left instanceof CelList) {
    if (right instanceof CelList) return equalLists(left, right);
    return incomparable(left);
  }
  if (left instanceof CelMap) {
    if (right instanceof CelMap) return left.equalTo?.(right) ?? equalMaps(left, right);
    return incomparable(left);
  }
  if (left instanceof CelOptional) return right instanceof CelOptional && equalOptionals(left, right);
  if (left instanceof CelTypeValue) return right instanceof CelTypeValue && left.type.name === right.type.name;
  if (!(left instanceof CelOpaque)) return false;
  // Kubernetes' own types equal nothing of another type, not even to say no.
  if (!(right instanceof CelOpaque) || left.type.name !== right.type.name) throw noSuchOverload();
  return left.equalTo(right);
}

/** Values with a schema compare with their like alone. @throws CelEvaluationError */
function incomparable(left: CelList | CelMap): false {
  if (left.comparesAnything) return false;
  throw noSuchOverload();
}

/** Whether values are equal; those that cannot be compared are not. */
export function isSurelyEqual(left: CelValue, right: CelValue): boolean {
  try {
    return isEqual(left, right);
  } catch (error) {
    if (error instanceof CelEvaluationError) return false;
    throw error;
  }
}

function comparableNumber(value: CelValue): number | bigint | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof CelUint ? value.value : undefined;
}

function equalLists(left: CelList, right: CelList): boolean {
  if (left.equalTo !== undefined) return left.equalTo(right);
  if (right.equalTo !== undefined) return right.equalTo(left);
  if (left.size !== right.size) return false;
  for (let index = 0; index < left.size; index++) {
    const [own, other] = [left.at(index), right.at(index)];
    if (own === undefined || other === undefined || !equalInside(left, own, other)) return false;
  }
  return true;
}

function equalMaps(left: CelMap, right: CelMap): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left.entries()) {
    const other = right.find(key);
    if (other === undefined || !equalInside(left, value, other)) return false;
  }
  return true;
}

/** Elements of plain lists and maps differ only when that is certain, which what cannot be compared does not show. */
function equalInside(container: CelList | CelMap, left: CelValue, right: CelValue): boolean {
  if (!container.comparesAnything) return isEqual(left, right);
  try {
    return isEqual(left, right);
  } catch (error) {
    if (error instanceof CelEvaluationError) return true;
    throw error;
  }
}

function equalOptionals(left: CelOptional, right: CelOptional): boolean {
  if (left.value === undefined || right.value === undefined) return left.value === right.value;
  return isEqual(left.value, right.value);
}

/** The order of two values of a type that has one, numbers across their types. @throws CelEvaluationError */
export function compareValues(left: CelValue, right: CelValue): -1 | 0 | 1 {
  const [leftNumber, rightNumber] = [comparableNumber(left), comparableNumber(right)];
  if (leftNumber !== undefined && rightNumber !== undefined) {
    if (Number.isNaN(leftNumber) || Number.isNaN(rightNumber)) {
      throw new CelEvaluationError('NaN values cannot be ordered');
    }
    return order(leftNumber, rightNumber);
  }
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  if (typeof left === 'boolean' && typeof right === 'boolean') return order(Number(left), Number(right));
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  if (left instanceof CelDuration && right instanceof CelDuration) return order(left.nanoseconds, right.nanoseconds);
  if (left instanceof CelTimestamp && right instanceof CelTimestamp) {
    return order(left.nanoseconds, right.nanoseconds);
  }
  throw noSuchOverload();
}

function order(left: number | bigint, right: number | bigint): -1 | 0 | 1 {
  // eslint-disable-next-line eqeqeq -- loose equality compares bigint with number by value
  if (left == right) return 0;
  return left < right ? -1 : 1;
}

/** Texts in the order of their code points, which UTF-16 does not keep. */
function compareText(left: string, right: string): -1 | 0 | 1 {
  if (left === right) return 0;
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
