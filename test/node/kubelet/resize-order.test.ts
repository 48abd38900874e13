import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byResizeOrder, type PendingResize } from '../../../src/node/kubelet/resize-order.ts';

const guaranteed = { limits: { cpu: '1', memory: '1' }, requests: { cpu: '1', memory: '1' } };
const burstable = { requests: { cpu: '1' } };

function waiting(name: string, priority: number, resources: object, since?: string): PendingResize {
  const spec = { priority, containers: [{ name: 'main', resources }] };
  return { pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }, resizePendingSince: since };
}

test('who gets room first', () => {
  const all = [
    waiting('not waiting', 0, burstable),
    waiting('later', 0, burstable, '2026-01-01T00:00:02Z'),
    waiting('earlier', 0, burstable, '2026-01-01T00:00:01Z'),
    waiting('guaranteed', 0, guaranteed, '2026-01-01T00:00:03Z'),
    waiting('important', 10, burstable, '2026-01-01T00:00:04Z'),
    waiting('not waiting either', 0, burstable),
  ];
  const names = all.toSorted(byResizeOrder).map(({ pod }) => pod.metadata.name);
  assert.deepEqual(names, ['important', 'guaranteed', 'earlier', 'later', 'not waiting', 'not waiting either']);
});
