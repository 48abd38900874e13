import assert from 'node:assert/strict';
import test from 'node:test';
import type { RequestAuthorizer } from '../../../src/control-plane/apiserver/filters/authorization.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const configMaps = '/api/v1/namespaces/default/configmaps';
const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: {} };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1' } };
const apply = { 'content-type': 'application/apply-patch+yaml' };

void test('who updates or applies what is not there must be allowed to create it', async (context) => {
  let mayCreate = true;
  const asked: string[] = [];
  const authorizer: RequestAuthorizer = {
    authorize({ verb, resource, name }) {
      asked.push(`${verb} ${resource} ${name}`);
      return Promise.resolve({ allowed: mayCreate || verb !== 'create', reason: '' });
    },
  };
  const api = await createTestApiServer({ authorizer });
  context.after(() => api.close());
  mayCreate = false;
  const applied = await api.request('PATCH', `${configMaps}/c?fieldManager=m`, configMap, apply);
  assert.equal(applied.status, 403);
  assert.equal(
    applied.body['message'],
    'configmaps "c" is forbidden: User "admin" cannot create resource "configmaps" in API group "" in the namespace "default"',
  );
  assert.deepEqual(asked.slice(-2), ['patch configmaps c', 'create configmaps c']);
  const put = await api.request('PUT', `${leases}/l`, lease);
  assert.equal(put.status, 403);
  assert.match(
    String(put.body['message']),
    /^leases\.coordination\.k8s\.io "l" is forbidden: User "admin" cannot create/,
  );
  // What is wrong with the object comes first.
  const wrong = await api.request('PUT', `${leases}/l`, { ...lease, spec: { leaseDurationSeconds: -1 } });
  assert.equal(wrong.status, 422);
  assert.equal((await api.request('GET', `${leases}/l`)).status, 404);
  mayCreate = true;
  assert.equal((await api.request('PUT', `${leases}/l`, lease)).status, 201);
  mayCreate = false;
  const patch = { 'content-type': 'application/merge-patch+json' };
  assert.equal((await api.request('PATCH', `${leases}/l`, { spec: { holderIdentity: 'x' } }, patch)).status, 200);
});
