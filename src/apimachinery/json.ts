/** A JSON value. Integers beyond 2^53 are bigint, so that nothing Kubernetes stores loses digits. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;

/** A JSON object; a key that is absent is absent, never undefined. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** Tells whether a value is a JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * How deep objects that are kept may nest. Go's decoder takes ten times that; whoever reads, compares and writes objects
 * here goes down into them on the stack, and what cannot be read any more spoils every list that it is in.
 */
export const mostNesting = 1000;

/** Whether a value nests deeper than so many levels. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const item of Object.values(value)) if (isDeeperThan(item, levels - 1)) return true;
  return false;
}

/** A deep copy; bigint is kept, and the texts of raw values. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => cloneJson(item)) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) setOwn(copy, key, cloneJson(item));
  const text = keptText(value);
  if (text !== undefined) keepText(copy, text);
  return copy as T;
}

/** Texts of raw objects that are not what writing them gives: Go keeps such objects as the bytes that came. */
const texts = new WeakMap<object, string>();
let hasTexts = false;

/** Remembers how a raw object was written, for whoever writes or compares it. */
export function keepText(value: object, text: string): void {
  hasTexts = true;
  texts.set(value, text);
}

/** A value whose raw objects are written as we write them; it itself when they are anyway. */
export function withoutTexts<T>(value: T): T {
  return hasTexts ? (copyWithoutTexts(value) as T) : value;
}

function copyWithoutTexts(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyWithoutTexts);
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) setOwn(copy, key, copyWithoutTexts(item));
  return copy;
}

/** How a raw object was written, when that is not as we would write it. */
export function keptText(value: object): string | undefined {
  return hasTexts ? texts.get(value) : undefined;
}

/** Sets an own property even when the key is `__proto__`. */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}

/** Deep equality of JSON values; the order of keys does not matter; 1 and 1n are equal. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left === 'bigint' || typeof right === 'bigint') {
    // eslint-disable-next-line eqeqeq -- loose equality compares bigint with number by value
    return isNumeric(left) && isNumeric(right) && left == right;
  }
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equalJson(item, right[index]));
  }
  const leftKeys = Object.keys(left);
  if (leftKeys.length !== Object.keys(right).length) return false;
  return leftKeys.every(
    (key) => Object.hasOwn(right, key) && equalJson((left as JsonObject)[key], (right as JsonObject)[key]),
  );
}

/** Whether the raw objects within two equal values are written alike, too, as Go compares them. */
export function equalTexts(left: unknown, right: unknown): boolean {
  if (!hasTexts || typeof left !== 'object' || typeof right !== 'object' || left === null || right === null)
    return true;
  if (keptText(left) !== keptText(right)) return false;
  return Object.entries(left).every(([key, item]) =>
    equalTexts(item, (right as Readonly<Record<string, unknown>>)[key]),
  );
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** How json's messages call a value that does not fit. */
export function describeJsonKind(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
    case 'bigint':
      return 'number';
    default:
      return 'object';
  }
}

/** What Go's decoder says of an `apiVersion` or a `kind` that is no text. */
export function notTextOfKind(field: string, value: JsonValue): string {
  return `json: cannot unmarshal ${describeJsonKind(value)} into Go struct field .${field} of type string`;
}

/** What Go's decoder says of a value that should have been an object with a kind. */
export function notAnObjectText(value: JsonValue): string {
  return (
    `json: cannot unmarshal ${describeJsonKind(value)} into Go value of type struct ` +
    '{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
  );
}
