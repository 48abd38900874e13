import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAddon, addonNames } from '../../../src/cluster/addons/addons.ts';
import { corednsAddon } from '../../../src/cluster/addons/coredns-addon.ts';
import { parseCorefile } from '../../../src/cluster/coredns/corefile.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

void test('an addon is added once, and what was changed of it stays so', async (context) => {
  assert.deepEqual(addonNames, ['coredns', 'metrics-server']);
  const api = await createTestApiServer();
  context.after(() => api.close());
  assert.equal(await addAddon(api.client, 'metrics-server'), true);
  const deployments = api.client.resource({ group: 'apps', version: 'v1', resource: 'deployments' }, 'kube-system');
  await deployments.patch('metrics-server', 'application/merge-patch+json', { spec: { replicas: 2 } });
  assert.equal(await addAddon(api.client, 'metrics-server'), false);
  assert.equal(((await deployments.get('metrics-server'))['spec'] as { replicas: number }).replicas, 2);
  const services = api.client.resource({ group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices' });
  const { spec } = (await services.get('v1beta1.metrics.k8s.io')) as unknown as { spec: { service: object } };
  assert.deepEqual(spec.service, { name: 'metrics-server', namespace: 'kube-system', port: 443 });
  // What is missing of it comes back.
  await services.delete('v1beta1.metrics.k8s.io');
  assert.equal(await addAddon(api.client, 'metrics-server'), true);
});

void test('the DNS in pods has the tenth address of the range of services', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  await assert.rejects(() => addAddon(api.client, 'coredns'), /services "kubernetes" not found/);
  const spec = { clusterIP: '10.0.0.1', ports: [{ port: 443 }] };
  await api.create({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'kubernetes', namespace: 'default' }, spec });
  assert.equal(await addAddon(api.client, 'coredns'), true);
  assert.equal(await addAddon(api.client, 'coredns'), false);
  const services = api.client.resource({ group: '', version: 'v1', resource: 'services' }, 'kube-system');
  const { spec: found } = (await services.get('kube-dns')) as unknown as { spec: { clusterIP: string } };
  assert.equal(found.clusterIP, '10.0.0.10');
});

void test('the Corefile of the DNS in pods can be read', () => {
  const [data] = corednsAddon('10.96.0.10').flatMap(({ object }) =>
    object.kind === 'ConfigMap' ? [object['data']] : [],
  );
  const { Corefile: text } = data as { Corefile: string };
  const blocks = parseCorefile(text, { file: 'Corefile', env: new Map(), port: 53 });
  assert.deepEqual(
    blocks.flatMap(({ directives }) => directives.map(({ name }) => name)),
    'errors health ready kubernetes prometheus forward cache loop reload loadbalance'.split(' '),
  );
});

void test('what cannot be added is told', async (context) => {
  const api = await createTestApiServer({
    authorizer: {
      authorize: (attributes) => Promise.resolve({ allowed: attributes.resource !== 'serviceaccounts', reason: '' }),
    },
  });
  context.after(() => api.close());
  await assert.rejects(() => addAddon(api.client, 'toString'), /^Error: there is no addon toString, only coredns, /);
  await assert.rejects(() => addAddon(api.client, 'metrics-server'), /^StatusError: serviceaccounts is forbidden/);
});
