import type { JsonValue } from './json.ts';

const words: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ...spellings(['y', 'yes', 'on', 'true'], true),
  ...spellings(['n', 'no', 'off', 'false'], false),
  ...spellings(['null'], null),
  ['', null],
  ['~', null],
]);
const specialFloats = new Set(
  ['.inf', '.Inf', '.INF'].flatMap((word) => [word, `+${word}`, `-${word}`]).concat('.nan', '.NaN', '.NAN'),
);
const minInt64 = -(2n ** 63n);
/** The largest signed integer of 64 bits. */
export const maxInt64 = 2n ** 63n - 1n;
const maxUint64 = 2n ** 64n - 1n;

function spellings(lower: readonly string[], value: JsonValue): [string, JsonValue][] {
  return lower.flatMap((word): [string, JsonValue][] => [
    [word, value],
    [word.toUpperCase(), value],
    [`${word.charAt(0).toUpperCase()}${word.slice(1)}`, value],
  ]);
}

/**
 * What a plain scalar of YAML 1.1 means to Kubernetes (go-yaml v2 under sigs.k8s.io/yaml, then a number as its JSON
 * decoder keeps it): integers of 64 bits, with or without a sign, exact, larger ones floating point. Times stay text.
 * `.inf` and `.nan`, which JSON has no words for, come back as such numbers: the caller refuses them.
 */
export function resolvePlainScalar(text: string): JsonValue {
  const word = words.get(text);
  if (word !== undefined) return word;
  const first = text.charAt(0);
  if (!/[-+.0-9]/.test(first)) return text;
  if (specialFloats.has(text)) return specialFloat(text);
  if (first === '.') {
    // Go reads these, with the separators that its own numbers may have.
    const isFloat = /^\.\d+(_\d+)*([eE][-+]?\d+(_\d+)*)?$/.test(text);
    return isFloat ? (finite(text.replaceAll('_', '')) ?? text) : text;
  }
  return resolveNumber(text.replaceAll('_', '')) ?? text;
}

function specialFloat(text: string): number {
  if (text.toLowerCase() === '.nan') return Number.NaN;
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function resolveNumber(text: string): number | bigint | undefined {
  const integer = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9]\d*)$/.exec(text);
  if (integer !== null) {
    const [, sign, digits = ''] = integer;
    const size = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
    const value = sign === '-' ? -size : size;
    const most = sign === '' ? maxUint64 : maxInt64;
    if (value > maxInt64 && value <= most) return value;
    if (value >= minInt64 && value <= most) return exactInteger(value);
  }
  return /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(text) ? finite(text) : undefined;
}

/** A safe number, or a bigint within 64 bits; beyond those a floating point number, as Kubernetes keeps it. */
export function exactInteger(value: bigint): number | bigint {
  const asNumber = Number(value);
  if (Number.isSafeInteger(asNumber)) return asNumber;
  return value >= minInt64 && value <= maxInt64 ? value : asNumber;
}

function finite(text: string): number | undefined {
  const value = Number(text);
  if (Object.is(value, -0)) return 0;
  return Number.isFinite(value) ? value : undefined;
}

const timeShapes: readonly RegExp[] = [
  /^(\d{4})-(\d{1,2})-(\d{1,2})$/,
  /^(\d{4})-(\d{1,2})-(\d{1,2})[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[-+]\d{2}:\d{2})$/,
  /^(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?$/,
];

/** Whether YAML 1.1 takes a plain scalar for a point in time. */
export function looksLikeTime(text: string): boolean {
  for (const shape of timeShapes) {
    const match = shape.exec(text);
    if (match === null) continue;
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
    const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
    return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth && hour < 24 && minute < 60 && second < 60;
  }
  return false;
}

/** Whether YAML 1.1 takes a plain scalar for a number to the base of 60, such as `1:30`. */
export function looksLikeBase60(text: string): boolean {
  return /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(text);
}
