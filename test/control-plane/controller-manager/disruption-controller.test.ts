import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { PodDisruptionBudget } from '../../../src/api/types/policy-v1.ts';
import { type ControllerHarness, createControllerHarness, podTemplate } from '../../support/controller-harness.ts';

const budgets = { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' } as const;

async function harnessWith(context: TestContext, spec: object, replicas = 3): Promise<ControllerHarness> {
  const harness = await createControllerHarness('disruption-controller,deployment-controller,replicaset-controller');
  context.after(() => harness.close());
  await harness.api.create({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  });
  await harness.api.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: podTemplate('web:1') },
  });
  await harness.converge();
  return harness;
}

async function statusOf(harness: ControllerHarness): Promise<unknown[]> {
  const { status } = await harness.get<PodDisruptionBudget>(budgets, 'web');
  const condition = status?.conditions?.[0];
  return [
    status?.expectedPods,
    status?.desiredHealthy,
    status?.currentHealthy,
    status?.disruptionsAllowed,
    `${condition?.status} ${condition?.reason}`,
  ];
}

test('minAvailable leaves the rest to be disrupted', async (context) => {
  const harness = await harnessWith(context, { minAvailable: 2 });
  assert.deepEqual(await statusOf(harness), [3, 2, 3, 1, 'True SufficientPods']);
});

test('a percentage is of the size of what controls the pods, rounded up', async (context) => {
  const harness = await harnessWith(context, { minAvailable: '50%' });
  assert.deepEqual(await statusOf(harness), [3, 2, 3, 1, 'True SufficientPods']);
});

test('maxUnavailable counts from the size', async (context) => {
  const harness = await harnessWith(context, { maxUnavailable: 1 });
  assert.deepEqual(await statusOf(harness), [3, 2, 3, 1, 'True SufficientPods']);
});

test('pods that are not ready allow nothing', async (context) => {
  const harness = await createControllerHarness('disruption-controller');
  context.after(() => harness.close());
  await harness.api.create({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  });
  await harness.work();
  assert.deepEqual(await statusOf(harness), [0, 1, 0, 0, 'False InsufficientPods']);
  assert.deepEqual(await harness.events(), ['NoPods: No matching pods found']);
});

test('pods that nothing controls have no size', async (context) => {
  const harness = await createControllerHarness('disruption-controller');
  context.after(() => harness.close());
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'alone', namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  await harness.api.create({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
  });
  await harness.work();
  const { status } = await harness.get<PodDisruptionBudget>(budgets, 'web');
  assert.equal(status?.conditions?.[0]?.reason, 'SyncFailed');
  assert.equal(status.conditions[0].message, 'found no controller ref for pod "alone"');
  assert.equal(status.disruptionsAllowed, 0);
});

test('an eviction uses up what is allowed', async (context) => {
  const harness = await harnessWith(context, { minAvailable: 2 });
  harness.fate = () => 'Pending';
  const [first, second] = (await harness.pods()).map((pod) => pod.metadata.name ?? '');
  const evict = (name = ''): Promise<{ status: number }> =>
    harness.api.request('POST', `/api/v1/namespaces/default/pods/${name}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace: 'default' },
    });
  assert.equal((await evict(first)).status, 201);
  await harness.work();
  assert.equal((await evict(second)).status, 429);
});
