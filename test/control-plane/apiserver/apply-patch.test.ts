import assert from 'node:assert/strict';
import test from 'node:test';
import type { AdmissionAttributes } from '../../../src/control-plane/admission/admission-plugin.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

const path = '/api/v1/namespaces/default/configmaps/c?fieldManager=m';
const twice = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  yaml: "1"\n  yaml: "2"\n';
const headers = { 'content-type': 'application/apply-patch+yaml' };

void test('a key that stands twice in an applied document is a warning, an error or nothing', async (context) => {
  const api = await createTestApiServer();
  context.after(() => api.close());
  const warned = await api.request('PATCH', path, Buffer.from(twice), headers);
  assert.equal(warned.status, 201);
  assert.deepEqual(warned.body['data'], { yaml: '2' });
  assert.deepEqual([warned.headers['warning']].flat(), ['299 - "line 6: key \\"yaml\\" already set in map"']);
  const ignored = await api.request('PATCH', `${path}&fieldValidation=Ignore`, Buffer.from(twice), headers);
  assert.deepEqual([ignored.status, ignored.headers['warning']], [200, undefined]);
  const strict = await api.request('PATCH', `${path}&fieldValidation=Strict`, Buffer.from(twice), headers);
  assert.equal(strict.status, 400);
  assert.equal(
    strict.body['message'],
    'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "yaml" already set in map',
  );
});

void test('admission sees the namespace of what is applied for the first time without one', async () => {
  const seen: (string | undefined)[] = [];
  const admission = {
    mutate({ kind, object }: AdmissionAttributes): Promise<void> {
      if (kind.kind === 'ConfigMap') seen.push(object?.metadata.namespace);
      return Promise.resolve();
    },
    validate: () => Promise.resolve(),
  };
  const api = await createTestApiServer({ admission });
  const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  const place = '/api/v1/namespaces/default/configmaps/a?fieldManager=m';
  const answer = await api.request('PATCH', place, applied, headers);
  assert.deepEqual([answer.status, seen], [201, ['default']]);
});
