import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCompactor } from '../../../src/control-plane/storage/compactor.ts';
import { createMemoryStorage } from '../../../src/control-plane/storage/memory-storage.ts';
import { CompactedError } from '../../../src/control-plane/storage/storage.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';

void test('the compactor forgets what is older than one interval', async () => {
  const clock = new FakeClock();
  const storage = createMemoryStorage({ clock });
  const handlers = { onEvents() {}, onEnd() {} };
  const stop = startCompactor(storage, clock, 1000);
  await storage.put('/a', Buffer.from('a'), 0);
  const afterFirst = storage.currentRevision();
  await clock.advance(1000);
  (await storage.watch('/', afterFirst - 1, handlers)).close();
  await storage.put('/b', Buffer.from('b'), 0);
  await clock.advance(1000);
  await assert.rejects(storage.watch('/', afterFirst - 1, handlers), CompactedError);
  (await storage.watch('/', afterFirst, handlers)).close();
  stop();
  await clock.advance(5000);
  (await storage.watch('/', afterFirst, handlers)).close();
  assert.equal(clock.pendingTimers, 0);
  await storage.close();
});
