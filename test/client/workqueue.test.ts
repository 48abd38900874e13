import assert from 'node:assert/strict';
import test from 'node:test';
import { createWorkqueue, runWorkers } from '../../src/client/workqueue.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';

void test('a key is in the queue once and worked on once at a time', async () => {
  const queue = createWorkqueue<string>({ clock: new FakeClock() });
  for (const key of ['a', 'b', 'a']) queue.add(key);
  assert.equal(queue.size, 2);
  assert.equal(await queue.get(), 'a');
  queue.add('a');
  queue.add('a');
  assert.equal(queue.size, 1, 'a waits for its work to be over');
  assert.equal(await queue.get(), 'b');
  queue.done('a');
  assert.equal(await queue.get(), 'a');
  queue.done('a');
  queue.done('b');
  assert.equal(queue.size, 0);
});

void test('delays: the earliest counts, and a failing key waits twice as long each time', async () => {
  const clock = new FakeClock(0);
  const queue = createWorkqueue<string>({ clock });
  queue.addAfter('late', 1000);
  queue.addAfter('late', 200);
  queue.addAfter('late', 500);
  queue.addAfter('now', 0);
  assert.equal(queue.size, 1);
  await clock.advance(199);
  assert.equal(queue.size, 1);
  await clock.advance(1);
  assert.deepEqual([await queue.get(), await queue.get()], ['now', 'late']);
  queue.done('now');
  queue.done('late');
  await clock.advance(1000);
  assert.equal(queue.size, 0);

  const delays: number[] = [];
  for (let attempt = 0; attempt < 20; attempt++) {
    const from = clock.now();
    queue.addRateLimited('failing');
    const got = queue.get();
    while (queue.size === 0 && clock.pendingTimers > 0) await clock.advance(5);
    assert.equal(await got, 'failing');
    queue.done('failing');
    delays.push(clock.now() - from);
    if (attempt === 11) break;
  }
  assert.deepEqual(delays, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240]);
  queue.forget('failing');
  queue.addRateLimited('failing');
  await clock.advance(5);
  assert.equal(queue.size, 1);
});

void test('the longest delay is a thousand seconds', async () => {
  const clock = new FakeClock(0);
  const queue = createWorkqueue<string>({ clock });
  for (let failure = 0; failure < 40; failure++) {
    queue.addRateLimited('a');
    await clock.advance(1_000_000);
    assert.equal(await queue.get(), 'a');
    queue.done('a');
  }
  queue.addRateLimited('a');
  await clock.advance(999_999);
  assert.equal(queue.size, 0);
});

void test('workers take keys in order, side by side, and try failures again', async () => {
  const clock = new FakeClock(0);
  const queue = createWorkqueue<string>({ clock });
  const begun: string[] = [];
  const errors: string[] = [];
  const finish = new Map<string, (failed: boolean) => void>();
  const workers = runWorkers(
    queue,
    2,
    (key) => {
      begun.push(key);
      return new Promise((resolve, reject) => {
        finish.set(key, (failed) => (failed ? reject(new Error(`${key} failed`)) : resolve()));
      });
    },
    (_, error) => errors.push((error as Error).message),
  );
  for (const key of ['a', 'b', 'c']) queue.add(key);
  await clock.advance(0);
  assert.deepEqual(begun, ['a', 'b']);
  finish.get('a')?.(true);
  await clock.advance(0);
  assert.deepEqual(begun, ['a', 'b', 'c']);
  finish.get('b')?.(false);
  await clock.advance(4);
  assert.deepEqual(begun, ['a', 'b', 'c']);
  await clock.advance(1);
  assert.deepEqual(begun, ['a', 'b', 'c', 'a']);
  assert.deepEqual(errors, ['a failed']);
  finish.get('a')?.(false);
  finish.get('c')?.(false);
  queue.add('last');
  queue.shutDown();
  queue.add('too late');
  await clock.advance(0);
  finish.get('last')?.(false);
  await workers;
  assert.deepEqual(begun, ['a', 'b', 'c', 'a', 'last']);
  assert.equal(clock.pendingTimers, 0);
});
