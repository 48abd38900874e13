import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApiServer } from '../../support/test-api-server.ts';

const deployments = '/apis/apps/v1/namespaces/default/deployments';
const configMaps = '/api/v1/namespaces/default/configmaps';

/** A deployment whose environment has so many bytes. */
function deployment(bytes: number, letter = 'x'): object {
  const env = [{ name: 'E', value: letter.repeat(bytes) }];
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i', env }] } };
  return { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } };
}

test('objects that etcd would not take are refused, in its words', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const tooLarge = await api.request('POST', deployments, deployment(1_600_000));
  assert.deepEqual([tooLarge.status, tooLarge.body['message']], [500, 'etcdserver: request is too large']);
  const rehearsed = await api.request('POST', `${deployments}?dryRun=All`, deployment(1_600_000));
  assert.equal(rehearsed.status, 201, 'what is not written has no limit');
  const larger = await api.request('POST', deployments, deployment(2_200_000));
  assert.equal(larger.status, 500);
  assert.match(
    String(larger.body['message']),
    /^rpc error: code = ResourceExhausted desc = trying to send message larger/,
  );
  assert.equal((await api.request('POST', deployments, deployment(1_500_000))).status, 201);
  const patch = { metadata: { annotations: { more: 'y'.repeat(200_000) } } };
  const headers = { 'content-type': 'application/merge-patch+json' };
  const patched = await api.request('PATCH', `${deployments}/d`, patch, headers);
  assert.equal(patched.body['message'], 'etcdserver: request is too large');
});

test('what counts is the size in protobuf', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  // In JSON, a line feed takes two bytes.
  const lines = { metadata: { name: 'c' }, data: { lines: '\n'.repeat(1_000_000) } };
  assert.equal((await api.request('POST', configMaps, lines)).status, 201);
});

test('owners of fields are left out where an object is too large with them, but not of what is applied', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const data = Object.fromEntries(
    Array.from({ length: 9999 }, (_, index) => [
      `this-key-is-very-long-so-as-to-create-a-very-large-serialized-fieldset-${index}`,
      'A',
    ]),
  );
  const merge = { 'content-type': 'application/merge-patch+json' };
  const created = await api.request('POST', configMaps, { metadata: { name: 'a' }, data });
  assert.deepEqual([created.status, created.body.metadata?.['managedFields']], [201, undefined]);
  await api.request('POST', configMaps, { metadata: { name: 'b' }, data: { k: 'v' } });
  const updated = await api.request('PUT', `${configMaps}/b`, { metadata: { name: 'b' }, data });
  assert.deepEqual([updated.status, updated.body.metadata?.['managedFields']], [200, undefined]);
  await api.request('POST', configMaps, { metadata: { name: 'c' }, data: { k: 'v' } });
  const patched = await api.request('PATCH', `${configMaps}/c`, { data }, merge);
  assert.deepEqual([patched.status, patched.body.metadata?.['managedFields']], [200, undefined]);
  const applied = await api.request(
    'PATCH',
    `${configMaps}/a?fieldManager=m`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
    { 'content-type': 'application/apply-patch+yaml' },
  );
  assert.deepEqual([applied.status, applied.body['message']], [500, 'etcdserver: request is too large']);
});
