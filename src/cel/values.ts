import { CelUint } from './numbers.ts';
import { type CelType, listType, mapType, optionalType, types } from './types.ts';

/** A value of the expression language: int is bigint, double is number. */
export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | CelUint
  | Uint8Array
  | CelDuration
  | CelTimestamp
  | CelList
  | CelMap
  | CelOptional
  | CelTypeValue
  | CelOpaque;

/** What went wrong while an expression was evaluated; the message is what users see. */
export class CelEvaluationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CelEvaluationError';
  }
}

/** The error for values that an operation is not there for. */
export function noSuchOverload(): CelEvaluationError {
  return new CelEvaluationError('no such overload');
}

/** A span of time. */
export class CelDuration {
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

/** A point in time. */
export class CelTimestamp {
  /** Since 1970 in UTC. */
  readonly nanoseconds: bigint;
  /** What the zone that it is written in is ahead of UTC. */
  readonly offsetMinutes: number;

  constructor(nanoseconds: bigint, offsetMinutes = 0) {
    this.nanoseconds = nanoseconds;
    this.offsetMinutes = offsetMinutes;
  }
}

/** A type, as a value. */
export class CelTypeValue {
  readonly type: CelType;

  constructor(type: CelType) {
    this.type = type;
  }
}

/** A value that may be missing. */
export class CelOptional {
  readonly value: CelValue | undefined;

  constructor(value: CelValue | undefined) {
    this.value = value;
  }

  /** @throws CelEvaluationError when there is none. */
  get(): CelValue {
    if (this.value === undefined) throw new CelEvaluationError('optional.none() dereference');
    return this.value;
  }
}

/** No value. */
export const noValue = new CelOptional(undefined);

/** A list; subclasses make their elements when asked, or compare in another way. */
export class CelList {
  readonly #items: readonly CelValue[];

  constructor(items: readonly CelValue[] = []) {
    this.#items = items;
  }

  get size(): number {
    return this.#items.length;
  }

  at(index: number): CelValue | undefined {
    return this.#items[index];
  }

  *[Symbol.iterator](): Generator<CelValue> {
    for (let index = 0; index < this.size; index++) {
      const item = this.at(index);
      if (item !== undefined) yield item;
    }
  }

  /** This list and another's elements behind it; where one of them has none, the other as it is. */
  concat(other: CelList): CelList {
    if (this.size === 0) return other;
    if (other.size === 0) return this;
    return new CelList([...this, ...other]);
  }

  /** Another way to compare, where the list has one. */
  equalTo?(other: CelList): boolean;

  /** Whether it is merely unequal to what is no list, instead of not comparable with it. */
  get comparesAnything(): boolean {
    return true;
  }
}

/** A list that a fold appends to; it is closed when the fold is done. */
export class GrowingList extends CelList {
  readonly #grown: CelValue[] = [];
  #isOpen = true;

  override get size(): number {
    return this.#grown.length;
  }

  override at(index: number): CelValue | undefined {
    return this.#grown[index];
  }

  override concat(other: CelList): CelList {
    if (!this.#isOpen) return super.concat(other);
    this.#grown.push(...other);
    return this;
  }

  close(): void {
    this.#isOpen = false;
  }
}

/** The key of a map. */
export type CelKey = string | boolean | bigint | CelUint;

/** A map, or an object seen as one. Numbers that are equal are one key. */
export class CelMap {
  readonly #entries = new Map<string, readonly [CelKey, CelValue]>();

  constructor(entries: Iterable<readonly [CelKey, CelValue]> = []) {
    for (const [key, value] of entries) this.#entries.set(keyText(key) ?? '', [key, value]);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value under a key; undefined for none, and for values that are no keys. */
  find(key: CelValue): CelValue | undefined {
    const text = keyText(key);
    return text === undefined ? undefined : this.#entries.get(text)?.[1];
  }

  has(key: CelValue): boolean {
    return this.find(key) !== undefined;
  }

  *keys(): Generator<CelKey> {
    for (const [key] of this.#entries.values()) yield key;
  }

  /** Another way to compare, where the map has one. */
  equalTo?(other: CelMap): boolean;

  /** Whether it is merely unequal to what is no map, instead of not comparable with it. */
  get comparesAnything(): boolean {
    return true;
  }

  *entries(): Generator<readonly [CelKey, CelValue]> {
    for (const key of this.keys()) {
      const value = this.find(key);
      if (value !== undefined) yield [key, value];
    }
  }
}

/** One text for all numbers that are the same, so that 1, 1u and 1.0 find each other. */
function keyText(key: CelValue): string | undefined {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (key instanceof CelUint) return `n${key.value}`;
  if (typeof key === 'number') return Number.isInteger(key) ? `n${BigInt(key)}` : undefined;
  return typeof key === 'boolean' ? `b${key}` : undefined;
}

/** Whether a value may be the key of a map. */
export function isKey(value: CelValue): value is CelKey {
  return (
    typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean' || value instanceof CelUint
  );
}

/** A value of a type that a library brings. */
export abstract class CelOpaque {
  abstract readonly type: CelType;

  /** Whether a value of the same type is the same. */
  abstract equalTo(other: CelOpaque): boolean;

  /** A field, where the type has some. */
  field(_name: string): CelValue | undefined {
    return undefined;
  }

  /** What size() costs assume; 1 for most. */
  get traversalSize(): number {
    return 1;
  }
}

/** The type of a value; what containers hold is not looked at. */
export function typeOf(value: CelValue): CelType {
  if (value === null) return types.null;
  switch (typeof value) {
    case 'boolean':
      return types.bool;
    case 'bigint':
      return types.int;
    case 'number':
      return types.double;
    case 'string':
      return types.string;
    default:
      return typeOfObject(value);
  }
}

function typeOfObject(value: Exclude<CelValue, null | boolean | bigint | number | string>): CelType {
  if (value instanceof CelUint) return types.uint;
  if (value instanceof Uint8Array) return types.bytes;
  if (value instanceof CelDuration) return types.duration;
  if (value instanceof CelTimestamp) return types.timestamp;
  if (value instanceof CelList) return listType(types.dyn);
  if (value instanceof CelMap) return mapType(types.dyn, types.dyn);
  if (value instanceof CelOptional) return optionalType(types.dyn);
  if (value instanceof CelTypeValue) return types.type;
  return value.type;
}

/** Whether a value can be used where a declaration wants a type; parameters and dyn take anything. */
export function isOfType(value: CelValue, wanted: CelType): boolean {
  if (wanted.kind === 'dyn' || wanted.kind === 'any' || wanted.kind === 'typeParam') return true;
  const actual = typeOf(value);
  if (wanted.kind === 'struct' && value instanceof CelMap) return true;
  return actual.kind === wanted.kind && (actual.name === wanted.name || wanted.kind === 'type');
}

/** How many units of work a value is for the costs: characters, bytes, elements, entries. */
export function sizeOf(value: CelValue | undefined): number {
  if (typeof value === 'string') return characterCount(value);
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelList || value instanceof CelMap) return value.size;
  if (value instanceof CelOptional && value.value !== undefined) return sizeOf(value.value);
  return value instanceof CelOpaque ? value.traversalSize : 1;
}

/** Code points in a text. */
export function characterCount(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length; index++) {
    // The second half of a pair is no character of its own.
    const code = text.charCodeAt(index);
    if (code >= 0xdc_00 && code <= 0xdf_ff && index > 0) count--;
  }
  return count;
}
