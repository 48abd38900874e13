import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Node, Pod } from '../../../src/api/types/core-v1.ts';
import { ttlStep } from '../../../src/control-plane/controller-manager/ttl-controller.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

async function start(
  context: TestContext,
  controllers: string,
  options: Parameters<typeof createControllerHarness>[1] = {},
): Promise<ControllerHarness> {
  const harness = await createControllerHarness(controllers, options);
  context.after(() => harness.close());
  return harness;
}

async function addNode(harness: ControllerHarness, name: string, spec: object = {}, ready = 'True'): Promise<void> {
  const status = { conditions: [{ type: 'Ready', status: ready }] };
  await harness.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec, status });
  await harness.work();
}

const nodeOf = (harness: ControllerHarness, name: string): Promise<Node> =>
  harness.api.client.resource<Node>(nodesResource).get(name);

const steps: readonly (readonly [current: number, nodes: number, step: number])[] = [
  [0, 100, 0],
  [0, 101, 1],
  [1, 95, 1],
  [1, 89, 0],
  [0, 3000, 4],
  [4, 1000, 3],
  [3, 0, 0],
];

for (const [current, nodes, step] of steps) {
  test(`time to live: from step ${current} with ${nodes} nodes to ${step}`, () => {
    assert.equal(ttlStep(current, nodes), step);
  });
}

test('nodes are told how long secrets may be kept', async (context) => {
  const harness = await start(context, 'ttl-controller');
  await addNode(harness, 'a');
  assert.equal((await nodeOf(harness, 'a')).metadata.annotations?.['node.alpha.kubernetes.io/ttl'], '0');
});

test('nodes without a range for pods get the lowest that is free', async (context) => {
  const harness = await start(context, 'node-ipam-controller');
  await addNode(harness, 'a', { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] });
  await addNode(harness, 'b');
  await addNode(harness, 'c');
  assert.deepEqual((await nodeOf(harness, 'b')).spec?.podCIDRs, ['10.244.0.0/24']);
  const { spec } = await nodeOf(harness, 'c');
  assert.deepEqual([spec?.podCIDR, spec?.podCIDRs], ['10.244.2.0/24', ['10.244.2.0/24']]);
  await harness.api.client.resource(nodesResource).delete('b');
  await addNode(harness, 'd');
  assert.deepEqual((await nodeOf(harness, 'd')).spec?.podCIDRs, ['10.244.0.0/24']);
});

test('nodes get no range when --allocate-node-cidrs does not ask for it', async (context) => {
  const harness = await start(context, 'node-ipam-controller', { allocateNodeCidrs: false });
  await addNode(harness, 'a');
  assert.equal((await nodeOf(harness, 'a')).spec?.podCIDR, undefined);
});

async function addPod(
  harness: ControllerHarness,
  name: string,
  nodeName: string | undefined,
  more: object = {},
): Promise<void> {
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...more },
    spec: { ...(nodeName === undefined ? {} : { nodeName }), containers: [{ name: 'main', image: 'a' }] },
  });
}

async function pass(harness: ControllerHarness, seconds: number): Promise<void> {
  await harness.clock.advance(seconds * 1000);
  await harness.work();
}

const names = async (harness: ControllerHarness): Promise<string[]> =>
  (await harness.pods()).map(({ metadata }) => metadata.name ?? '');

test('pods of a node that is gone fail, and go', async (context) => {
  const harness = await start(context, 'pod-garbage-collector-controller');
  await addNode(harness, 'a');
  await addPod(harness, 'here', 'a');
  await addPod(harness, 'lost', 'b', { finalizers: ['example.com/hold'] });
  await pass(harness, 20);
  await pass(harness, 20);
  assert.equal((await harness.get<Pod>(podsResource, 'lost')).metadata.deletionTimestamp, undefined);
  await pass(harness, 40);
  const { status, metadata } = await harness.get<Pod>(podsResource, 'lost');
  assert.ok(metadata.deletionTimestamp !== undefined);
  assert.equal(status?.phase, 'Failed');
  const target = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  assert.deepEqual(
    [target?.status, target?.reason, target?.message],
    ['True', 'DeletionByPodGC', 'PodGC: node no longer exists'],
  );
  assert.equal((await harness.get<Pod>(podsResource, 'here')).status?.phase, 'Pending');
});

test('a node that comes back in time keeps its pods', async (context) => {
  const harness = await start(context, 'pod-garbage-collector-controller');
  await addPod(harness, 'web', 'b');
  await pass(harness, 30);
  await addNode(harness, 'b');
  await pass(harness, 100);
  assert.deepEqual(await names(harness), ['web']);
});

test('pods that end on a node that is out of service go at once', async (context) => {
  const harness = await start(context, 'pod-garbage-collector-controller');
  const taints = [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }];
  await addNode(harness, 'a', { taints }, 'False');
  await addNode(harness, 'b', { taints });
  await addPod(harness, 'down', 'a');
  await addPod(harness, 'up', 'b');
  await addPod(harness, 'stays', 'a');
  for (const name of ['down', 'up']) await harness.api.client.resource(podsResource, 'default').delete(name);
  await pass(harness, 20);
  assert.deepEqual(await names(harness), ['stays', 'up']);
});

const limits: readonly (readonly [threshold: number, left: readonly string[]])[] = [
  [1, ['new']],
  [2, ['new', 'old']],
  [3, ['evicted-new', 'new', 'old']],
  [0, ['evicted-new', 'evicted-old', 'new', 'old']],
];

for (const [terminatedPodThreshold, left] of limits) {
  test(`of pods that ended ${terminatedPodThreshold} are left`, async (context) => {
    const harness = await start(context, 'pod-garbage-collector-controller', { terminatedPodThreshold });
    await addNode(harness, 'a');
    for (const name of ['evicted-old', 'old', 'new', 'evicted-new']) {
      await addPod(harness, name, 'a');
      const reason = name.startsWith('evicted') ? { reason: 'Evicted' } : {};
      const patch = { status: { phase: 'Failed', ...reason } };
      await harness.api.client
        .resource<Pod>(podsResource, 'default')
        .patch(name, 'application/merge-patch+json', patch, { subresource: 'status' });
      await harness.clock.advance(1000);
    }
    await addPod(harness, 'waits', 'a');
    await pass(harness, 20);
    assert.deepEqual(await names(harness), [...left, 'waits']);
  });
}
