import { booleanOf } from '../apimachinery/boolean.ts';
import { formatGoFloat } from '../apimachinery/go-float.ts';
import { checkedInt, checkedTimestamp, checkedUint } from './arithmetic.ts';
import { CelUint, maxInt, maxUint, minInt } from './numbers.ts';
import { floorDivide, readDuration, readTimestamp, writeDuration, writeTimestamp } from './time.ts';
import { CelDuration, CelEvaluationError, CelTimestamp, CelTypeValue, type CelValue, typeOf } from './values.ts';

const second = 1_000_000_000n;

function cannotConvert(value: CelValue, to: string): CelEvaluationError {
  return new CelEvaluationError(`type conversion error from '${typeOf(value).name}' to '${to}'`);
}

/** `int(value)` @throws CelEvaluationError */
export function toInt(value: CelValue): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof CelUint) return checkedInt(value.value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || value <= -(2 ** 63) || value >= 2 ** 63) {
      throw new CelEvaluationError('integer overflow');
    }
    return BigInt(Math.trunc(value));
  }
  if (typeof value === 'string' && /^[+-]?\d+$/.test(value)) {
    const read = BigInt(value.replace(/^\+/, ''));
    if (read >= minInt && read <= maxInt) return read;
  }
  if (value instanceof CelTimestamp) return floorDivide(value.nanoseconds, second);
  if (value instanceof CelDuration) return value.nanoseconds;
  throw cannotConvert(value, 'int');
}

/** `uint(value)` @throws CelEvaluationError */
export function toUint(value: CelValue): CelUint {
  if (value instanceof CelUint) return value;
  if (typeof value === 'bigint') return checkedUint(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || value < 0 || value >= 2 ** 64) {
      throw new CelEvaluationError('unsigned integer overflow');
    }
    return new CelUint(BigInt(Math.trunc(value)));
  }
  if (typeof value === 'string' && /^\d+$/.test(value) && BigInt(value) <= maxUint) return new CelUint(BigInt(value));
  throw cannotConvert(value, 'uint');
}

/** `double(value)` @throws CelEvaluationError */
export function toDouble(value: CelValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof CelUint) return Number(value.value);
  if (typeof value === 'string') {
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) {
      const read = Number(value);
      if (Number.isFinite(read)) return read;
    }
    const [, sign = '', word] = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i.exec(value) ?? [];
    if (word !== undefined) return sign === '-' ? -Infinity : Infinity;
    if (/^nan$/i.test(value)) return Number.NaN;
  }
  throw cannotConvert(value, 'double');
}

/** `bool(value)` @throws CelEvaluationError */
export function toBool(value: CelValue): boolean {
  if (typeof value === 'boolean') return value;
  const read = typeof value === 'string' ? booleanOf(value) : undefined;
  if (read === undefined) throw cannotConvert(value, 'bool');
  return read;
}

/** `bytes(value)` @throws CelEvaluationError */
export function toBytes(value: CelValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return new TextEncoder().encode(value);
  throw cannotConvert(value, 'bytes');
}

/** `string(value)` @throws CelEvaluationError */
export function toText(value: CelValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return `${value}`;
  if (typeof value === 'number') return formatGoFloat(value);
  if (value instanceof CelUint) return `${value.value}`;
  if (value instanceof Uint8Array) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
    } catch {
      throw new CelEvaluationError('invalid UTF-8 in bytes, cannot convert to string');
    }
  }
  if (value instanceof CelTimestamp) return writeTimestamp(value);
  if (value instanceof CelDuration) return writeDuration(value);
  if (value instanceof CelTypeValue) return value.type.name;
  throw cannotConvert(value, 'string');
}

/** `timestamp(value)` @throws CelEvaluationError */
export function toTimestamp(value: CelValue): CelTimestamp {
  if (value instanceof CelTimestamp) return value;
  if (typeof value === 'bigint') return checkedTimestamp(value * second);
  const read = typeof value === 'string' ? readTimestamp(value) : undefined;
  if (read === undefined) throw cannotConvert(value, 'google.protobuf.Timestamp');
  return read;
}

/** `duration(value)` @throws CelEvaluationError */
export function toDuration(value: CelValue): CelDuration {
  if (value instanceof CelDuration) return value;
  if (typeof value === 'bigint') return new CelDuration(value);
  const read = typeof value === 'string' ? readDuration(value) : undefined;
  if (read === undefined) throw cannotConvert(value, 'google.protobuf.Duration');
  return read;
}
