import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  initializerConfigurationResource,
  schemasWithInitializers,
} from '../../../src/api/admissionregistration/v1alpha1/initializer-configuration.ts';
import { builtInResources } from '../../../src/api/registry.ts';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { admissionChain } from '../../../src/control-plane/admission/admission-chain.ts';
import { initializers } from '../../../src/control-plane/admission/initializers.ts';
import { createControllerHarness } from '../../support/controller-harness.ts';
import { clusterOf } from '../admission/admission-harness.ts';

const pods = '/api/v1/namespaces/default/pods';
const merge = { 'content-type': 'application/merge-patch+json' };

/** Controllers, and an initializer of pods that nobody runs. */
function started(controllers: string) {
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
  const configurations = [{ metadata: { name: 'c' }, initializers: [{ name: 'a.example.com', rules }] }];
  return createControllerHarness(controllers, {
    api: {
      types: schemasWithInitializers,
      resources: [...builtInResources, initializerConfigurationResource],
      hasInitializers: true,
      admission: admissionChain([initializers(clusterOf({ initializerconfigurations: configurations }))]),
    },
  });
}

test('pods that nobody initializes are not made again and again', async (context) => {
  const harness = await started('replicaset-controller');
  context.after(() => harness.close());
  const { api, clock } = harness;
  const waiting = async (): Promise<readonly Unstructured[]> =>
    (await api.request('GET', `${pods}?includeUninitialized=true`)).body['items'] as readonly Unstructured[];
  const labels = { app: 'x' };
  await api.create({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'rs' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'c' }] } },
    },
  });
  await harness.work();
  assert.equal((await waiting()).length, 1);
  for (let step = 0; step < 4; step++) {
    await clock.advance(30_000);
    await harness.work();
  }
  assert.equal((await waiting()).length, 2);
  assert.deepEqual(await harness.pods(), []);
  for (const { metadata } of await waiting()) {
    await api.request('PATCH', `${pods}/${metadata.name ?? ''}`, { metadata: { initializers: null } }, merge);
  }
  await harness.converge();
  assert.equal((await harness.pods()).length, 2);
});

test('a namespace does not go before what nobody has seen yet', async (context) => {
  const harness = await started('namespace-controller');
  context.after(() => harness.close());
  const { api } = harness;
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'c' }] },
  };
  const path = '/api/v1/namespaces/n/pods';
  assert.equal((await api.request('POST', `${path}?includeUninitialized=true`, pod)).status, 202);
  await api.request('DELETE', '/api/v1/namespaces/n');
  for (let round = 0; round < 40; round++) await harness.work();
  assert.equal((await api.request('GET', `${path}/p?includeUninitialized=true`)).status, 404);
  assert.equal((await api.request('GET', '/api/v1/namespaces/n')).status, 404);
});
