import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Service } from '../../../src/api/types/core-v1.ts';
import { TriggerTimes, withTriggerTime } from '../../../src/control-plane/controller-manager/trigger-times.ts';

const [first, second, third] = ['2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z', '2026-01-01T00:00:03Z'] as const;

function service(creationTimestamp: string): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'n', creationTimestamp } };
}

function pod(name: string, lastTransitionTime: string): Pod {
  const status = { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'n' }, status };
}

test('a new service has changed when it was created, later ones when the first of their pods did', () => {
  const times = new TriggerTimes();
  assert.equal(times.changeOf(service(second), [pod('a', first)]), second);
  assert.equal(times.changeOf(service(second), [pod('a', first)]), undefined);
  assert.equal(times.changeOf(service(second), [pod('a', third), pod('b', second)]), second);
  assert.equal(times.changeOf(service(third), []), third);
  times.forget('n/s');
  assert.equal(times.changeOf(service(first), [pod('a', third)]), first);
});

test('an object says the time of its change, or nothing', () => {
  const annotation = 'endpoints.kubernetes.io/last-change-trigger-time';
  const told = withTriggerTime(service(first), second);
  assert.deepEqual(told.metadata.annotations, { [annotation]: second });
  assert.equal(withTriggerTime(told, undefined).metadata.annotations, undefined);
});
