import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ConfigMap } from '../../../src/api/types/core-v1.ts';
import type { OwnerReference, Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const configMaps = { group: '', version: 'v1', resource: 'configmaps' } as const;
const hold = 'example.com/hold';

async function collectorHarness(context: TestContext): Promise<ControllerHarness> {
  const harness = await createControllerHarness('garbage-collector-controller');
  context.after(() => harness.close());
  await harness.work();
  return harness;
}

interface Placement {
  readonly namespace?: string;
  readonly owners?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

/** A config map, which is as good an owner as any. */
async function add(harness: ControllerHarness, name: string, placement: Placement = {}): Promise<OwnerReference> {
  const { namespace = 'default', owners = [], finalizers = [] } = placement;
  const created = await harness.api.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ownerReferences: [...owners], finalizers: [...finalizers] },
  });
  return referenceTo(created);
}

function referenceTo({ apiVersion, kind, metadata }: Unstructured, blockOwnerDeletion = true): OwnerReference {
  return { apiVersion, kind, name: metadata.name ?? '', uid: metadata.uid ?? '', blockOwnerDeletion };
}

type Policy = 'Background' | 'Foreground' | 'Orphan';

async function remove(harness: ControllerHarness, name: string, propagationPolicy: Policy): Promise<void> {
  await harness.api.client.resource(configMaps, 'default').delete(name, { propagationPolicy });
  await harness.work();
}

async function release(harness: ControllerHarness, name: string): Promise<void> {
  const { metadata } = await harness.get<ConfigMap>(configMaps, name);
  const finalizers = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== hold);
  await harness.patch(configMaps, name, { metadata: { finalizers } });
  await harness.work();
}

async function names(harness: ControllerHarness): Promise<string[]> {
  return (await harness.list<ConfigMap>(configMaps)).map(({ metadata }) => metadata.name ?? '').toSorted();
}

async function ownersOf(harness: ControllerHarness, name: string): Promise<string[]> {
  const { metadata } = await harness.get<ConfigMap>(configMaps, name);
  return (metadata.ownerReferences ?? []).map((owner) => owner.name);
}

test('what an owner leaves behind is deleted, down the chain', async (context) => {
  const harness = await collectorHarness(context);
  const top = await add(harness, 'top');
  const middle = await add(harness, 'middle', { owners: [top] });
  await add(harness, 'bottom', { owners: [middle] });
  await add(harness, 'other');
  await harness.work();
  await remove(harness, 'top', 'Background');
  assert.deepEqual(await names(harness), ['other']);
});

for (const policy of ['Background', 'Foreground'] as const) {
  test(`${policy}: what has another owner stays, without the one that went`, async (context) => {
    const harness = await collectorHarness(context);
    const first = await add(harness, 'first');
    const second = await add(harness, 'second');
    await add(harness, 'shared', { owners: [first, second] });
    await harness.work();
    await remove(harness, 'first', policy);
    assert.deepEqual(await names(harness), ['second', 'shared']);
    assert.deepEqual(await ownersOf(harness, 'shared'), ['second']);
  });
}

test('in the foreground an owner waits for what it owns', async (context) => {
  const harness = await collectorHarness(context);
  const owner = await add(harness, 'owner');
  const held = await add(harness, 'held', { owners: [owner], finalizers: [hold] });
  await add(harness, 'below', { owners: [held] });
  await harness.work();
  await remove(harness, 'owner', 'Foreground');
  assert.deepEqual(await names(harness), ['held', 'owner']);
  await release(harness, 'held');
  assert.deepEqual(await names(harness), []);
});

test('in the foreground nothing waits for what does not block', async (context) => {
  const harness = await collectorHarness(context);
  const owner = await add(harness, 'owner');
  await add(harness, 'held', { owners: [{ ...owner, blockOwnerDeletion: false }], finalizers: [hold] });
  await harness.work();
  await remove(harness, 'owner', 'Foreground');
  assert.deepEqual(await names(harness), ['held']);
  await release(harness, 'held');
  assert.deepEqual(await names(harness), []);
});

test('an owner goes on when what it waited for is taken from it', async (context) => {
  const harness = await collectorHarness(context);
  const owner = await add(harness, 'owner');
  await add(harness, 'held', { owners: [owner], finalizers: [hold] });
  await harness.work();
  await remove(harness, 'owner', 'Foreground');
  await harness.patch(configMaps, 'held', { metadata: { ownerReferences: null } });
  await harness.work();
  assert.deepEqual(await names(harness), ['held']);
});

test('owners in a circle go', async (context) => {
  const harness = await collectorHarness(context);
  const first = await add(harness, 'first');
  const second = await add(harness, 'second', { owners: [first] });
  await harness.patch(configMaps, 'first', { metadata: { ownerReferences: [second] } });
  await harness.work();
  await remove(harness, 'first', 'Foreground');
  assert.deepEqual(await names(harness), []);
});

test('orphans stay', async (context) => {
  const harness = await collectorHarness(context);
  const owner = await add(harness, 'owner');
  await add(harness, 'child', { owners: [owner] });
  await harness.work();
  await remove(harness, 'owner', 'Orphan');
  assert.deepEqual(await names(harness), ['child']);
  assert.deepEqual(await ownersOf(harness, 'child'), []);
});

test('an owner that never was takes its dependents along', async (context) => {
  const harness = await collectorHarness(context);
  await add(harness, 'child', {
    owners: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: 'no-such-uid' }],
  });
  await harness.work();
  assert.deepEqual(await names(harness), []);
});

test('an owner in another namespace is none, and an event says so', async (context) => {
  const harness = await collectorHarness(context);
  const owner = await add(harness, 'owner', { namespace: 'kube-system' });
  await harness.work();
  await add(harness, 'child', { owners: [owner] });
  await harness.work();
  assert.deepEqual(await names(harness), []);
  const [event = ''] = await harness.events();
  assert.match(event, /^OwnerRefInvalidNamespace: ownerRef \[v1\/ConfigMap, namespace: default, name: owner, uid: /);
});

test('what is in no namespace is not deleted for an owner that would be in one', async (context) => {
  const harness = await collectorHarness(context);
  const owner = await add(harness, 'owner');
  const created = await harness.api.create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'owned', ownerReferences: [{ ...owner, uid: 'no-such-uid' }] },
  });
  await harness.work();
  const answer = await harness.api.request('GET', `/api/v1/namespaces/${created.metadata.name ?? ''}`);
  assert.equal(answer.status, 200);
  assert.equal(answer.body.metadata.deletionTimestamp, undefined);
});

test('a kind that loses its preferred version is still known', async (context) => {
  const harness = await collectorHarness(context);
  harness.api.server.registry.remove('autoscaling', 'v2', 'horizontalpodautoscalers');
  // Kinds are looked at again when definitions of kinds change.
  await harness.api.create({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'things', kind: 'Thing' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  await harness.clock.advance(1000);
  await harness.work();
  const owner = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', name: 'never', uid: 'no-such-uid' };
  await add(harness, 'child', { owners: [owner] });
  await harness.work();
  assert.deepEqual(await names(harness), []);
});
