import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../src/api/types/core-v1.ts';
import { type SchedulerHarness, startScheduler } from '../../support/scheduler-harness.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;
const claimsResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;
const volumesResource = { group: '', version: 'v1', resource: 'persistentvolumes' } as const;

async function remove(harness: SchedulerHarness, name: string): Promise<void> {
  await harness.api.client.resource(podsResource, 'default').delete(name, { gracePeriodSeconds: 0 });
  await harness.work();
}

test('a pod is bound, with an event and a condition', async (context) => {
  const harness = await startScheduler(context);
  await harness.node('a');
  await harness.create('web');
  assert.equal(await harness.placeOf('web'), 'a');
  assert.deepEqual(await harness.events('web'), ['Scheduled: Successfully assigned default/web to a']);
  const { status } = await harness.pod('web');
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  assert.equal(scheduled?.status, 'True');
});

test('a pod that fits nowhere says why, and is tried again when something changes', async (context) => {
  const harness = await startScheduler(context);
  await harness.create('web', { requests: { cpu: '6' } });
  const conditionOf = async (): Promise<unknown> => {
    const { status } = await harness.pod('web');
    const found = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    return [found?.status, found?.reason, found?.message];
  };
  assert.deepEqual(await conditionOf(), ['False', 'Unschedulable', 'no nodes available to schedule pods']);
  await harness.clock.advance(1000);
  await harness.node('a');
  const message =
    '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
  assert.deepEqual(await conditionOf(), ['False', 'Unschedulable', message]);
  assert.deepEqual(await harness.events('web'), [
    'FailedScheduling: no nodes available to schedule pods',
    `FailedScheduling: ${message}`,
  ]);
  await harness.clock.advance(10_000);
  await harness.node('b', { allocatable: { cpu: '8' } });
  assert.equal(await harness.placeOf('web'), 'b');
});

test('pods of other schedulers and pods behind gates are left alone', async (context) => {
  const harness = await startScheduler(context);
  await harness.node('a');
  await harness.create('other', { spec: { schedulerName: 'mine' } });
  await harness.create('gated', { spec: { schedulingGates: [{ name: 'example.com/wait' }] } });
  assert.equal(await harness.placeOf('other'), '');
  assert.equal(await harness.placeOf('gated'), '');
  assert.deepEqual(await harness.events('gated'), []);
  await harness.api.client
    .resource(podsResource, 'default')
    .patch('gated', 'application/merge-patch+json', { spec: { schedulingGates: null } });
  await harness.work();
  assert.equal(await harness.placeOf('gated'), 'a');
});

test('pods that come together do not take the same room', async (context) => {
  const harness = await startScheduler(context);
  await harness.node('a', { allocatable: { cpu: '3' } });
  await harness.node('b', { allocatable: { cpu: '3' } });
  for (const name of ['one', 'two', 'three']) await harness.create(name, { requests: { cpu: '2' } });
  const places = await Promise.all(['one', 'two', 'three'].map((name) => harness.placeOf(name)));
  assert.deepEqual(places.toSorted(), ['', 'a', 'b']);
  const left = ['one', 'two', 'three'][places.indexOf('')] ?? '';
  await harness.clock.advance(2000);
  await remove(harness, left === 'one' ? 'two' : 'one');
  assert.notEqual(await harness.placeOf(left), '');
});

test('a pod that is over gives its room back', async (context) => {
  const harness = await startScheduler(context);
  await harness.node('a', { allocatable: { cpu: '2' } });
  await harness.create('job', { requests: { cpu: '2' } });
  await harness.create('web', { requests: { cpu: '2' } });
  assert.equal(await harness.placeOf('web'), '');
  await harness.clock.advance(2000);
  await harness.api.client
    .resource(podsResource, 'default')
    .patch('job', 'application/merge-patch+json', { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  await harness.work();
  assert.equal(await harness.placeOf('web'), 'a');
});

test('a more important pod makes room for itself', async (context) => {
  const harness = await startScheduler(context);
  for (const [name, value] of [
    ['high', 1000],
    ['low', 1],
  ] as const) {
    await harness.api.create({
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value,
    });
  }
  await harness.node('a', { allocatable: { cpu: '2' } });
  await harness.create('small', { requests: { cpu: '2' }, spec: { priority: 1, terminationGracePeriodSeconds: 30 } });
  assert.equal(await harness.placeOf('small'), 'a');
  await harness.create('large', { requests: { cpu: '2' }, spec: { priority: 1000 } });
  const victim = await harness.pod('small');
  const { uid = '' } = (await harness.pod('large')).metadata;
  assert.ok(victim.metadata.deletionTimestamp !== undefined);
  const target = victim.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  assert.deepEqual(
    [target?.status, target?.reason, target?.message],
    ['True', 'PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod'],
  );
  assert.ok((await harness.events('small')).includes(`Preempted: Preempted by pod ${uid} on node a`));
  assert.equal((await harness.pod('large')).status?.nominatedNodeName, 'a');
  assert.deepEqual(await harness.events('large'), ['FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu.']);
  // What is less important does not take the room that is promised.
  await remove(harness, 'small');
  await harness.create('later', { requests: { cpu: '2' }, spec: { priority: 1 } });
  await harness.clock.advance(2000);
  await harness.work();
  assert.equal(await harness.placeOf('large'), 'a');
  assert.equal(await harness.placeOf('later'), '');
});

test('a claim that waits for its pod gets a volume that the node reaches, and then the pod is bound', async (context) => {
  const harness = await startScheduler(context);
  const { client } = harness.api;
  await harness.api.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const hostname = { key: 'kubernetes.io/hostname', operator: 'In', values: ['b'] };
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v1' },
    spec: {
      capacity: { storage: '5Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'local',
      local: { path: '/data' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } },
    },
  });
  const merge = 'application/merge-patch+json';
  const volumes = client.resource<PersistentVolume>(volumesResource);
  await volumes.patch('v1', merge, { status: { phase: 'Available' } }, { subresource: 'status' });
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'local', resources: { requests: { storage: '1Gi' } } },
  });
  await harness.node('a');
  await harness.node('b');
  await harness.create('web', { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] } });
  const claims = client.resource<PersistentVolumeClaim>(claimsResource, 'default');
  const { metadata } = await claims.get('data');
  const volume = await volumes.get('v1');
  assert.equal(volume.spec?.claimRef?.uid, metadata.uid);
  assert.equal(volume.metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], 'yes');
  assert.equal(await harness.placeOf('web'), '');
  // As the controller of volumes does it.
  const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
  await claims.patch('data', merge, { metadata: { annotations }, spec: { volumeName: 'v1' } });
  await harness.clock.advance(1000);
  await harness.work();
  assert.equal(await harness.placeOf('web'), 'b');
});
