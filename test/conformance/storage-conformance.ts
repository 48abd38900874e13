import { describe } from 'node:test';
import { testStorageData } from './storage-data.ts';
import type { OpenStorage } from './storage-fixture.ts';
import { testStorageWatches } from './storage-watches.ts';

/** What every implementation of Storage must do. */
export function describeStorage(name: string, open: OpenStorage): void {
  void describe(`storage: ${name}`, () => {
    testStorageData(open);
    testStorageWatches(open);
  });
}
