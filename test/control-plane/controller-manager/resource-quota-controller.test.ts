import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ResourceQuota } from '../../../src/api/types/core-v1.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const quotas = { group: '', version: 'v1', resource: 'resourcequotas' } as const;
const leases = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' } as const;
const pods = { group: '', version: 'v1', resource: 'pods' } as const;

async function harnessWith(context: TestContext, spec: object): Promise<ControllerHarness> {
  const harness = await createControllerHarness('resourcequota-controller');
  context.after(() => harness.close());
  await addPod(harness, 'a');
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'quota', namespace: 'default' },
    spec,
  });
  await harness.work();
  return harness;
}

async function addPod(harness: ControllerHarness, name: string): Promise<void> {
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '250m' } } }] },
  });
}

test('a quota tells what is used of what it restricts', async (context) => {
  const hard = { pods: '5', 'requests.cpu': '2', 'requests.memory': '1Gi', services: '3' };
  const harness = await harnessWith(context, { hard });
  const { status } = await harness.get<ResourceQuota>(quotas, 'quota');
  assert.deepEqual(status, {
    hard,
    used: { pods: '1', 'requests.cpu': '250m', 'requests.memory': '0', services: '0' },
  });
});

test('what is deleted is free again, what changes in the quota counts at once', async (context) => {
  const harness = await harnessWith(context, { hard: { pods: '5' } });
  await harness.api.client.resource(pods, 'default').delete('a', { gracePeriodSeconds: 0 });
  await harness.work();
  assert.deepEqual((await harness.get<ResourceQuota>(quotas, 'quota')).status?.used, { pods: '0' });
  await harness.patch(quotas, 'quota', { spec: { hard: { pods: null, 'count/pods': '9' } } });
  await harness.work();
  assert.deepEqual((await harness.get<ResourceQuota>(quotas, 'quota')).status, {
    hard: { 'count/pods': '9' },
    used: { 'count/pods': '0' },
  });
});

test('objects of any kind are counted by their resource', async (context) => {
  const harness = await harnessWith(context, { hard: { 'count/leases.coordination.k8s.io': '4' } });
  await harness.api.create({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l', namespace: 'default' },
  });
  // What is made is charged by admission, which is not there; the next round sees it.
  await harness.clock.advance(5 * 60_000);
  await harness.work();
  const { status } = await harness.get<ResourceQuota>(quotas, 'quota');
  assert.deepEqual(status?.used, { 'count/leases.coordination.k8s.io': '1' });
  await harness.api.client.resource(leases, 'default').delete('l');
  await harness.work();
  const { status: after } = await harness.get<ResourceQuota>(quotas, 'quota');
  assert.deepEqual(after?.used, { 'count/leases.coordination.k8s.io': '0' }, 'its deletion is seen at once');
});

test('a pod that gets a deadline is counted elsewhere', async (context) => {
  const harness = await harnessWith(context, { hard: { pods: '5' }, scopes: ['NotTerminating'] });
  assert.deepEqual((await harness.get<ResourceQuota>(quotas, 'quota')).status?.used, { pods: '1' });
  await harness.patch(pods, 'a', { spec: { activeDeadlineSeconds: 3600 } });
  await harness.work();
  assert.deepEqual((await harness.get<ResourceQuota>(quotas, 'quota')).status?.used, { pods: '0' });
});
