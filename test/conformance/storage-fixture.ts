import assert from 'node:assert/strict';
import type { Storage } from '../../src/control-plane/storage/storage.ts';
import type { Clock } from '../../src/system/clock.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';

/** Opens an empty store; the clock is what its keys expire by. */
export type OpenStorage = (clock: Clock) => Promise<Storage>;

export const bytes = (text: string): Uint8Array => Buffer.from(text);

export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();

/** Writes, and insists that it is taken. @returns the write's revision. */
export async function put(storage: Storage, key: string, value: string, expected = 0): Promise<number> {
  const result = await storage.put(key, bytes(value), expected);
  assert.ok(result.ok, `${key} was not at revision ${expected}`);
  return result.revision;
}

/** Makes test bodies that are given a store of their own, which is closed afterwards. */
export function storageTests(open: OpenStorage) {
  return (body: (storage: Storage, clock: FakeClock) => Promise<void>) => async (): Promise<void> => {
    const clock = new FakeClock();
    const storage = await open(clock);
    try {
      await body(storage, clock);
    } finally {
      await storage.close();
    }
  };
}
