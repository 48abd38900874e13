import assert from 'node:assert/strict';
import test from 'node:test';
import type { Pod } from '../../../src/api/types/core-v1.ts';
import { formatTime } from '../../../src/apimachinery/object-meta.ts';
import { backoffLeft, continueStreak, finishTime } from '../../../src/control-plane/controller-manager/job-backoff.ts';

function podThatEnded(second: number): Pod {
  const terminated = { exitCode: 1, finishedAt: formatTime(second * 1000) };
  const containerStatuses = [
    { name: 'a', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } },
  ];
  return { apiVersion: 'v1', kind: 'Pod', metadata: {}, status: { containerStatuses } };
}

const waits: readonly (readonly [count: number, seconds: number])[] = [
  [0, 0],
  [1, 10],
  [2, 20],
  [3, 40],
  [6, 320],
  [7, 600],
  [50, 600],
];

for (const [count, seconds] of waits) {
  test(`after ${count} failures the next pod waits ${seconds} s`, () => {
    assert.equal(backoffLeft({ count, lastAt: 5000 }, 5000), seconds * 1000);
    assert.equal(backoffLeft({ count, lastAt: 5000 }, 5000 + seconds * 1000), 0);
  });
}

const none = { count: 0, lastAt: 0 };
const streaks: readonly {
  readonly name: string;
  readonly before: { readonly count: number; readonly lastAt: number };
  readonly succeeded: readonly number[];
  readonly failed: readonly number[];
  readonly after: { readonly count: number; readonly lastAt: number };
}[] = [
  { name: 'nothing new', before: { count: 2, lastAt: 7 }, succeeded: [], failed: [], after: { count: 2, lastAt: 7 } },
  { name: 'failures', before: none, succeeded: [], failed: [3, 5], after: { count: 2, lastAt: 5000 } },
  { name: 'one more', before: { count: 2, lastAt: 7 }, succeeded: [], failed: [9], after: { count: 3, lastAt: 9000 } },
  { name: 'a success', before: { count: 2, lastAt: 7 }, succeeded: [8], failed: [], after: { count: 0, lastAt: 7 } },
  { name: 'only failures after it', before: none, succeeded: [6], failed: [5, 8], after: { count: 1, lastAt: 8000 } },
];

for (const { name, before, succeeded, failed, after } of streaks) {
  test(`failures in a row: ${name}`, () => {
    assert.deepEqual(continueStreak(before, succeeded.map(podThatEnded), failed.map(podThatEnded)), after);
  });
}

test('when a pod ended', () => {
  const at = (second: number): string => formatTime(second * 1000);
  const metadata = { creationTimestamp: at(1) };
  const base = { apiVersion: 'v1', kind: 'Pod' };
  assert.equal(finishTime({ ...base, metadata }), 1000);
  const going = { ...metadata, deletionTimestamp: at(40), deletionGracePeriodSeconds: 30 };
  assert.equal(finishTime({ ...base, metadata: going }), 10_000);
  const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: at(5) }];
  assert.equal(finishTime({ ...base, metadata: going, status: { conditions } }), 5000);
  const { status } = podThatEnded(7);
  assert.equal(finishTime({ ...base, metadata: going, status: { ...status, conditions } }), 7000);
});
