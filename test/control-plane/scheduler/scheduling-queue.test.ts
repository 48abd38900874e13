import assert from 'node:assert/strict';
import test from 'node:test';
import { SchedulingQueue } from '../../../src/control-plane/scheduler/scheduling-queue.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { testPod } from '../../support/scheduling-cluster.ts';

function queueAt(clock: FakeClock): { readonly queue: SchedulingQueue; readonly woken: () => number } {
  let woken = 0;
  const queue = new SchedulingQueue(clock, () => woken++);
  return { queue, woken: () => woken };
}

function names(queue: SchedulingQueue): string[] {
  const all: string[] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) all.push(next.pod.metadata.name ?? '');
  return all;
}

test('the more important first, then the one that waits longer', async () => {
  const clock = new FakeClock();
  const { queue, woken } = queueAt(clock);
  queue.add(testPod('first'));
  await clock.advance(10);
  queue.add(testPod('second'));
  queue.add(testPod('urgent', { spec: { priority: 100 } }));
  assert.equal(woken(), 3);
  assert.deepEqual(names(queue), ['urgent', 'first', 'second']);
});

test('what fits nowhere waits for a change, and then for its back-off', async () => {
  const clock = new FakeClock();
  const { queue } = queueAt(clock);
  const pod = testPod('large');
  queue.parkUnschedulable(pod, 1);
  assert.deepEqual(names(queue), []);
  queue.clusterChanged();
  assert.deepEqual(names(queue), []);
  await clock.advance(1000);
  assert.deepEqual(names(queue), ['large']);
  queue.parkUnschedulable(pod, 2);
  await clock.advance(5000);
  queue.clusterChanged();
  assert.deepEqual(names(queue), ['large']);
});

const backoffs = [
  [1, 1],
  [2, 2],
  [3, 4],
  [4, 8],
  [5, 10],
  [20, 10],
] as const;

for (const [attempts, seconds] of backoffs) {
  test(`after ${attempts} tries it waits ${seconds} s`, async () => {
    const clock = new FakeClock();
    const { queue } = queueAt(clock);
    queue.retryLater(testPod('pod'), attempts);
    await clock.advance(seconds * 1000 - 1);
    assert.deepEqual(names(queue), []);
    await clock.advance(1);
    assert.deepEqual(names(queue), ['pod']);
  });
}

test('without a change it is tried again after five minutes', async () => {
  const clock = new FakeClock();
  const { queue } = queueAt(clock);
  queue.parkUnschedulable(testPod('large'), 3);
  await clock.advance(299_000);
  assert.deepEqual(names(queue), []);
  await clock.advance(1000);
  assert.deepEqual(names(queue), ['large']);
});

test('a status that changed is no reason to try again, labels are', () => {
  const { queue } = queueAt(new FakeClock());
  const pod = testPod('large');
  queue.parkUnschedulable(pod, 1);
  queue.update({ ...pod, status: { phase: 'Pending' } }, pod);
  assert.deepEqual(names(queue), []);
  queue.update(testPod('large', { labels: { app: 'web' } }), pod);
  assert.deepEqual(names(queue), ['large']);
});

test('what is gone is not tried again', async () => {
  const clock = new FakeClock();
  const { queue } = queueAt(clock);
  queue.add(testPod('one'));
  queue.retryLater(testPod('two'), 1);
  queue.parkUnschedulable(testPod('three'), 1);
  for (const name of ['one', 'two', 'three']) queue.remove(`uid-${name}`);
  queue.clusterChanged();
  await clock.advance(600_000);
  assert.deepEqual(names(queue), []);
  assert.equal(queue.size, 0);
});
