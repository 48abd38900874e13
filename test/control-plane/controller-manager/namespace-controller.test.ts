import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Namespace } from '../../../src/api/types/core-v1.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const path = '/api/v1/namespaces/gone';

async function harnessWithNamespace(context: TestContext, finalizers: readonly string[]): Promise<ControllerHarness> {
  const harness = await createControllerHarness('namespace-controller');
  context.after(() => harness.close());
  await harness.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } });
  for (const kind of ['ConfigMap', 'Secret']) {
    const own = kind === 'Secret' ? [...finalizers] : [];
    await harness.api.create({ apiVersion: 'v1', kind, metadata: { name: 'a', namespace: 'gone', finalizers: own } });
  }
  await harness.api.request('DELETE', path);
  await harness.work();
  return harness;
}

test('a namespace goes with all that is in it', async (context) => {
  const harness = await harnessWithNamespace(context, []);
  assert.equal((await harness.api.request('GET', path)).status, 404);
  assert.deepEqual((await harness.api.request('GET', `${path}/configmaps`)).body['items'], []);
});

test('what holds a namespace up is told, and the rest goes meanwhile', async (context) => {
  const harness = await harnessWithNamespace(context, ['example.com/hold']);
  const { status } = (await harness.api.request('GET', path)).body as unknown as Namespace;
  assert.equal(status?.phase, 'Terminating');
  const conditions = status.conditions?.map(({ type, status: holds, reason }) => `${type} ${holds} ${reason}`);
  assert.deepEqual(conditions, [
    'NamespaceDeletionDiscoveryFailure False ResourcesDiscovered',
    'NamespaceDeletionGroupVersionParsingFailure False ParsedGroupVersions',
    'NamespaceDeletionContentFailure False ContentDeleted',
    'NamespaceContentRemaining True SomeResourcesRemain',
    'NamespaceFinalizersRemaining True SomeFinalizersRemain',
  ]);
  const messages = (status.conditions ?? []).map(({ message }) => message);
  assert.ok(messages.includes('Some resources are remaining: secrets. has 1 resource instances'));
  assert.ok(
    messages.includes(
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    ),
  );
  assert.deepEqual((await harness.api.request('GET', `${path}/configmaps`)).body['items'], []);
  const patch = { metadata: { finalizers: null } };
  const headers = { 'content-type': 'application/merge-patch+json' };
  await harness.api.request('PATCH', `${path}/secrets/a`, patch, headers);
  await harness.clock.advance(1000);
  await harness.work();
  assert.equal((await harness.api.request('GET', path)).status, 404);
});

test('pods go first, everything else stays until the last one is gone', async (context) => {
  const harness = await createControllerHarness('namespace-controller');
  context.after(() => harness.close());
  await harness.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } });
  const metadata = { name: 'a', namespace: 'gone' };
  await harness.api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  const held = { ...metadata, finalizers: ['example.com/hold'] };
  await harness.api.create({ apiVersion: 'v1', kind: 'Pod', metadata: held, spec });
  await harness.api.request('DELETE', path);
  await harness.work();
  assert.equal((await harness.api.request('GET', `${path}/configmaps/a`)).status, 200);
  const pod = (await harness.api.request('GET', `${path}/pods/a`)).body;
  assert.notEqual((pod['metadata'] as { deletionTimestamp?: string }).deletionTimestamp, undefined);
  const headers = { 'content-type': 'application/merge-patch+json' };
  await harness.api.request('PATCH', `${path}/pods/a`, { metadata: { finalizers: null } }, headers);
  await harness.clock.advance(1000);
  await harness.work();
  assert.equal((await harness.api.request('GET', path)).status, 404);
});
