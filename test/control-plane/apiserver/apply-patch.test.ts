import assert from 'node:assert/strict';
import test from 'node:test';
import type { AdmissionAttributes } from '../../../src/control-plane/admission/admission-plugin.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
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

void test('who applies what is there already changes nothing, whatever is filled in again', async (context) => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  context.after(() => api.close());
  const template = {
    metadata: { annotations: {}, labels: { app: 'a' } },
    spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { memory: '2048Mi' } } }] },
  };
  const selector = { matchLabels: { app: 'a' } };
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const applied: [string, object][] = [
    [
      '/api/v1/namespaces/default/configmaps/a',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', creationTimestamp: null }, data: { a: 'b' } },
    ],
    [
      '/apis/apps/v1/namespaces/default/deployments/a',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { selector, template } },
    ],
    [
      '/apis/apps/v1/namespaces/default/statefulsets/a',
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'a' },
        spec: { serviceName: 'a', selector, template, volumeClaimTemplates: [claim] },
      },
    ],
  ];
  for (const [place, object] of applied) {
    const first = await api.request('PATCH', `${place}?fieldManager=m`, object, headers);
    assert.equal(first.status, 201, JSON.stringify(first.body));
    await clock.advance(5000);
    const second = await api.request('PATCH', `${place}?fieldManager=m`, object, headers);
    assert.deepEqual(second.body, first.body);
    // Another owner is a change.
    const other = await api.request('PATCH', `${place}?fieldManager=other`, object, headers);
    assert.notEqual(other.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
  }
});
