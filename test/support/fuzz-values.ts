import assert from 'node:assert/strict';
import { seededRandom } from '../../src/system/random.ts';
import type { TestAnswer } from './test-api-server.ts';

/** Makes input of every kind, the same for the same seed. */
export interface Fuzz {
  /** A whole number from 0 on. */
  readonly below: (limit: number) => number;
  readonly pick: <T>(items: readonly [T, ...T[]]) => T;
  /** Whether something happens that happens so often. */
  readonly chance: (share: number) => boolean;
  /** A value of JSON, sometimes an object as the API knows it. */
  readonly value: (depth: number) => unknown;
  /** The same bytes whole, cut, doubled, or with some turned. */
  readonly mangled: (bytes: Uint8Array) => Uint8Array;
  readonly bytes: (length: number) => Uint8Array;
}

const scalars = [null, true, 0, -1, 1.5, 1e300, '', 'x', '\u0000', '\ud800', 'é'.repeat(40)] as const;
const keys = [
  'apiVersion',
  'kind',
  'metadata',
  'name',
  'labels',
  'data',
  'spec',
  'op',
  'path',
  '$patch',
  '__proto__',
  'containers',
  'f:metadata',
  'managedFields',
  'ports',
  '$setElementOrder/ports',
  '$retainKeys',
] as const;

/** Makes a source. */
export function fuzzFrom(seed: number): Fuzz {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const chance = (share: number): boolean => random.next() < share;
  const pick = <T>(items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0];
  const bytes = (length: number): Uint8Array => Buffer.from(Array.from({ length }, () => below(256)));
  const value = (depth: number): unknown => {
    if (depth > 4 || chance(0.4)) return pick(scalars);
    if (chance(0.3)) return Array.from({ length: below(4) }, () => value(depth + 1));
    return Object.fromEntries(Array.from({ length: below(5) }, () => [pick(keys), value(depth + 1)]));
  };
  return {
    below,
    chance,
    pick,
    bytes,
    value,
    mangled(original) {
      const turned = Buffer.from(original);
      if (turned.length > 0) for (let left = below(4) - 1; left > 0; left--) turned[below(turned.length)] = below(256);
      const shape = random.next();
      if (shape < 0.15) return turned.subarray(0, below(turned.length));
      if (shape < 0.25) return Buffer.concat([turned, turned]);
      return shape < 0.3 ? bytes(below(200)) : turned;
    },
  };
}

/** What an answer has to be, whatever was asked. */
export function checkFuzzAnswer(asked: string, { status, text, body: answer }: TestAnswer): void {
  assert.ok(status >= 200 && status < 600, asked);
  // A panic is answered with 500 and no reason; refusals of that kind have their words from Kubernetes.
  assert.doesNotMatch(text, /is not a function|of undefined|of null|Maximum call stack|is not iterable/, asked);
  if (status < 400 || answer.kind !== 'Status') return;
  assert.equal(answer['status'], 'Failure', asked);
  assert.equal(answer['code'], status, asked);
  assert.ok(typeof answer['message'] === 'string', asked);
}
