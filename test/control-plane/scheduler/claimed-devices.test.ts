import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Pod } from '../../../src/api/types/core-v1.ts';
import type { ResourceClaim } from '../../../src/api/types/resource-v1.ts';
import { type SchedulerHarness, startScheduler } from '../../support/scheduler-harness.ts';

const group = { group: 'resource.k8s.io', version: 'v1' } as const;
const claimsResource = { ...group, resource: 'resourceclaims' } as const;
const classesResource = { ...group, resource: 'deviceclasses' } as const;
const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;
const apiVersion = 'resource.k8s.io/v1';
const driver = 'gpu.example.com';
const helpless =
  'still not schedulable, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';

async function start(context: TestContext, devices: readonly string[] = ['one']): Promise<SchedulerHarness> {
  const harness = await startScheduler(context);
  await harness.node('a');
  await addSlice(harness, 'a', devices);
  await harness.api.create({ apiVersion, kind: 'DeviceClass', metadata: { name: 'gpu' }, spec: {} });
  await harness.work();
  return harness;
}

async function addSlice(harness: SchedulerHarness, node: string, devices: readonly string[]): Promise<void> {
  const pool = { name: node, generation: 1, resourceSliceCount: 1 };
  const named = devices.map((name) => ({ name }));
  const spec = { driver, pool, nodeName: node, devices: named };
  await harness.api.create({ apiVersion, kind: 'ResourceSlice', metadata: { name: node }, spec });
  await harness.work();
}

async function addClaim(harness: SchedulerHarness, name: string, exactly: object = {}): Promise<void> {
  const requests = [{ name: 'r', exactly: { deviceClassName: 'gpu', ...exactly } }];
  await harness.api.create({ apiVersion, kind: 'ResourceClaim', metadata: { name }, spec: { devices: { requests } } });
  await harness.work();
}

const using = (...names: readonly string[]) => ({
  spec: { resourceClaims: names.map((name) => ({ name, resourceClaimName: name })) },
});

const claimOf = (harness: SchedulerHarness, name: string): Promise<ResourceClaim> =>
  harness.api.client.resource<ResourceClaim>(claimsResource, 'default').get(name);

async function conditionOf(harness: SchedulerHarness, name: string): Promise<unknown> {
  const { status } = await harness.pod(name);
  const found = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return found === undefined ? undefined : [found.reason, found.message];
}

test('a claim gets its devices and its pod, and the pod the node that has them', async (context) => {
  const harness = await start(context);
  await harness.node('b');
  await addClaim(harness, 'mine');
  await harness.create('web', using('mine'));
  assert.equal(await harness.placeOf('web'), 'a');
  const { metadata, status } = await claimOf(harness, 'mine');
  assert.deepEqual(metadata.finalizers, ['resource.kubernetes.io/delete-protection']);
  assert.deepEqual(status?.allocation?.devices?.results, [{ request: 'r', driver, pool: 'a', device: 'one' }]);
  assert.ok(status?.allocation?.allocationTimestamp !== undefined);
  const { uid = '' } = (await harness.pod('web')).metadata;
  assert.deepEqual(status?.reservedFor, [{ resource: 'pods', name: 'web', uid }]);
});

test('pods share a claim; another claim waits until its devices are given back', async (context) => {
  const harness = await start(context);
  await addClaim(harness, 'first');
  await addClaim(harness, 'second');
  await harness.create('one', using('first'));
  await harness.create('two', using('first'));
  await harness.create('three', using('second'));
  assert.deepEqual([await harness.placeOf('one'), await harness.placeOf('two')], ['a', 'a']);
  const reserved = (await claimOf(harness, 'first')).status?.reservedFor ?? [];
  assert.deepEqual(reserved.map(({ name }) => name).toSorted(), ['one', 'two']);
  const text = `0/1 nodes are available: 1 cannot allocate all claims. ${helpless}`;
  assert.deepEqual(await conditionOf(harness, 'three'), ['Unschedulable', text]);
  await harness.clock.advance(5000);
  await harness.api.client
    .resource(claimsResource, 'default')
    .patch('first', 'application/merge-patch+json', { status: null }, { subresource: 'status' });
  await harness.work();
  assert.equal(await harness.placeOf('three'), 'a');
});

test('a pod whose claim is not there is not looked at until it is', async (context) => {
  const harness = await start(context);
  await harness.create('web', using('mine'));
  assert.equal(await conditionOf(harness, 'web'), undefined);
  assert.deepEqual(await harness.events('web'), []);
  await addClaim(harness, 'mine');
  assert.equal(await harness.placeOf('web'), 'a');
});

test('a pod whose claim was not made for it is left alone, one that needs none is not', async (context) => {
  const harness = await start(context);
  await addClaim(harness, 'foreign');
  const spec = { resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'template' }] };
  await harness.create('web', { spec });
  const tell = async (status: object): Promise<void> => {
    await harness.api.client
      .resource<Pod>(podsResource, 'default')
      .patch('web', 'application/merge-patch+json', { status }, { subresource: 'status' });
    await harness.work();
  };
  await tell({ resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'foreign' }] });
  assert.equal(await harness.placeOf('web'), '');
  await tell({ resourceClaimStatuses: [{ name: 'gpu' }] });
  assert.equal(await harness.placeOf('web'), 'a');
});

test('a class that is not there is waited for', async (context) => {
  const harness = await start(context);
  await harness.api.client.resource(classesResource).delete('gpu');
  await harness.work();
  await addClaim(harness, 'mine');
  await harness.create('web', using('mine'));
  const text = `0/1 nodes are available: request r: device class gpu does not exist. ${helpless}`;
  assert.deepEqual(await conditionOf(harness, 'web'), ['Unschedulable', text]);
  await harness.clock.advance(5000);
  await harness.api.create({ apiVersion, kind: 'DeviceClass', metadata: { name: 'gpu' }, spec: {} });
  await harness.work();
  assert.equal(await harness.placeOf('web'), 'a');
});

test('an expression that has no answer is an error, not a node that does not fit', async (context) => {
  const harness = await start(context);
  await addClaim(harness, 'mine', { selectors: [{ cel: { expression: `device.attributes["${driver}"].fast` } }] });
  await harness.create('web', using('mine'));
  const why = 'claim default/mine: selector #0: CEL runtime error: no such key: fast';
  const text = `running "DynamicResources" filter plugin: ${why}`;
  assert.deepEqual(await conditionOf(harness, 'web'), ['SchedulerError', text]);
});

test('a claim that nobody uses gives up devices that its pod cannot reach', async (context) => {
  const harness = await start(context);
  await harness.node('b');
  await addSlice(harness, 'b', ['other']);
  await addClaim(harness, 'mine');
  const field = { key: 'metadata.name', operator: 'In', values: ['b'] };
  const allocation = {
    devices: { results: [{ request: 'r', driver, pool: 'b', device: 'other' }] },
    nodeSelector: { nodeSelectorTerms: [{ matchFields: [field] }] },
  };
  const claims = harness.api.client.resource<ResourceClaim>(claimsResource, 'default');
  const finalizers = ['resource.kubernetes.io/delete-protection'];
  await claims.patch('mine', 'application/merge-patch+json', { metadata: { finalizers } });
  await claims.patch('mine', 'application/merge-patch+json', { status: { allocation } }, { subresource: 'status' });
  await harness.work();
  const nodeSelector = { 'kubernetes.io/hostname': 'a' };
  const { spec } = using('mine');
  await harness.create('web', { spec: { ...spec, nodeSelector } });
  await harness.clock.advance(5000);
  await harness.work();
  assert.equal(await harness.placeOf('web'), 'a');
  assert.equal((await claimOf(harness, 'mine')).status?.allocation?.devices?.results?.[0]?.pool, 'a');
});
