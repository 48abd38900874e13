import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec } from '../../../src/api/types/core-v1.ts';
import { hasStorageLimit, storageExcess } from '../../../src/node/kubelet/local-storage-eviction.ts';
import { createNodeCluster } from '../../support/node-cluster.ts';

const limited = (name: string, limit: string) => ({
  name,
  image: 'busybox',
  resources: { limits: { 'ephemeral-storage': limit } },
});
const free = (name: string) => ({ name, image: 'busybox' });

interface Case {
  readonly of: string;
  readonly spec: PodSpec;
  readonly used: Readonly<Record<string, number>>;
  readonly said?: string;
}

const cases: readonly Case[] = [
  { of: 'a container within its limit', spec: { containers: [limited('a', '1Ki')] }, used: { a: 1024 } },
  {
    of: 'a container over its limit, which is that of the pod',
    spec: { containers: [limited('a', '1Ki')] },
    used: { a: 1025 },
    said: 'Pod ephemeral local storage usage exceeds the total limit of containers 1Ki. ',
  },
  {
    of: 'a container over its limit in a pod that is not',
    spec: { containers: [limited('a', '1Ki'), limited('b', '9Ki')] },
    used: { a: 2048 },
    said: 'Container a exceeded its local ephemeral storage limit "1Ki". ',
  },
  {
    of: 'volumes that count with the containers',
    spec: { containers: [limited('a', '1Ki')], volumes: [{ name: 'v', emptyDir: {} }] },
    used: { a: 1000, v: 100 },
    said: 'Pod ephemeral local storage usage exceeds the total limit of containers 1Ki. ',
  },
  {
    of: 'volumes in memory that do not',
    spec: { containers: [limited('a', '1Ki')], volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }] },
    used: { a: 1000, v: 100 },
  },
  {
    of: 'a volume over its limit',
    spec: { containers: [free('a')], volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Ki' } }] },
    used: { v: 1025 },
    said: 'Usage of EmptyDir volume "v" exceeds the limit "1Ki". ',
  },
  {
    of: 'an init container that may have more than the others',
    spec: { containers: [limited('a', '1Ki')], initContainers: [limited('i', '4Ki')] },
    used: { i: 3000, a: 1000 },
  },
];

for (const { of, spec, used, said } of cases) {
  test(`what a pod has on the disk: ${of}`, () => {
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec };
    const bytes = (name: string): number => used[name] ?? 0;
    assert.equal(hasStorageLimit(pod), true);
    assert.equal(storageExcess(pod, { volume: bytes, container: bytes }), said);
  });
}

test('a pod without limits is not looked at', () => {
  const spec = { containers: [free('a')], volumes: [{ name: 'v', emptyDir: {} }] };
  assert.equal(hasStorageLimit({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec }), false);
});

test('a pod that writes more than it may leaves the node', async (context) => {
  const { api, clock, createPod, work } = await createNodeCluster(context);
  const script = 'dd if=/dev/zero of=/tmp/file bs=1M count=3; sleep 1000';
  const container = { ...limited('main', '2Mi'), command: ['sh', '-c', script] };
  const get = (name: string): Promise<Pod> =>
    api.client.resource<Pod>({ group: '', version: 'v1', resource: 'pods' }, 'default').get(name);
  await createPod('greedy', { containers: [container] });
  const mounted = { ...container, volumeMounts: [{ name: 'v', mountPath: '/tmp' }] };
  // What is on a folder of the node is not the pod's.
  await createPod('modest', { containers: [mounted], volumes: [{ name: 'v', hostPath: { path: '/tmp/shared' } }] });
  assert.equal((await get('greedy')).status?.phase, 'Running');
  await clock.advance(10_000);
  await work();
  await clock.advance(1000);
  await work();
  const { status } = await get('greedy');
  assert.equal(status?.phase, 'Failed');
  assert.equal(status.reason, 'Evicted');
  assert.equal(status.message, 'Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ');
  assert.equal((await get('modest')).status?.phase, 'Running');
  const events = await api.client.resource({ group: '', version: 'v1', resource: 'events' }, 'default').list();
  const evicted = events.items.filter((event) => event['reason'] === 'Evicted');
  assert.deepEqual(
    evicted.map((event) => event['message']),
    [status.message],
  );
});
