import assert from 'node:assert/strict';
import test from 'node:test';
import { inServer } from '../../support/test-api-server.ts';

// What Kubernetes' own integration tests (test/integration/apiserver of 1.36) expect of a server.
const configMaps = '/api/v1/namespaces/default/configmaps';
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };

test('every key that stands twice in YAML is a warning of its own', () =>
  inServer(async (api) => {
    const text =
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  name: b\nimmutable: true\nimmutable: false\n';
    const headers = { 'content-type': 'application/yaml' };
    const created = await api.request('POST', configMaps, text, headers);
    assert.equal(created.status, 201);
    assert.match(
      String(created.headers['warning']),
      /^299 - "line 5: key \\"name\\" already set in map",? ?299 - "line 7: key \\"immutable\\" already set in map"$/,
    );
    const refused = await api.request('POST', `${configMaps}?fieldValidation=Strict`, text, headers);
    assert.match(
      String(refused.body['message']),
      /strict decoding error: yaml: unmarshal errors:\n {2}line 5: key "name" already set in map\n {2}line 7: /,
    );
  }));

test('nothing is exported any more', () =>
  inServer(async (api) => {
    await api.request('POST', configMaps, configMap);
    const refusal = 'the export parameter, deprecated since v1.14, is no longer supported';
    for (const value of ['true', '', '1', 'x']) {
      const answer = await api.request('GET', `${configMaps}/c?export=${value}`);
      assert.deepEqual([answer.status, answer.body['message']], [400, refusal], value);
    }
    for (const value of ['false', 'FALSE', '0']) {
      assert.equal((await api.request('GET', `${configMaps}/c?export=${value}`)).status, 200, value);
    }
  }));

test('a delete that is not done is only accepted where dependents were to go in the old way', () =>
  inServer(async (api) => {
    const options = { apiVersion: 'v1', kind: 'DeleteOptions' };
    for (const [name, finalizers, more, status] of [
      ['a', [], { orphanDependents: false }, 200],
      ['b', ['example.com/f'], { orphanDependents: false }, 202],
      ['c', ['example.com/f'], { propagationPolicy: 'Background' }, 200],
      ['d', ['example.com/f'], { orphanDependents: true }, 200],
    ] as const) {
      await api.request('POST', configMaps, { ...configMap, metadata: { name, finalizers } });
      const answer = await api.request('DELETE', `${configMaps}/${name}`, { ...options, ...more });
      assert.equal(answer.status, status, name);
    }
  }));

test('a resource version that is no number does not stand in the way of a new object', () =>
  inServer(async (api) => {
    for (const [name, resourceVersion, status] of [
      ['a', '%!s(MISSING)', 201],
      ['b', '99999999999999999999', 201],
      ['c', '00', 201],
      ['d', '7', 500],
    ] as const) {
      const answer = await api.request('POST', configMaps, { ...configMap, metadata: { name, resourceVersion } });
      assert.equal(answer.status, status, name);
      if (status === 201) assert.match(answer.body.metadata?.resourceVersion ?? '', /^[1-9]\d*$/);
    }
  }));

test('system priority classes stay when one is deleted, not when all are', () =>
  inServer(async (api) => {
    const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
    const system = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', value: 2_000_000_000 };
    await api.request('POST', classes, { ...system, metadata: { name: 'system-cluster-critical' } });
    assert.equal((await api.request('DELETE', `${classes}/system-cluster-critical`)).status, 403);
    assert.equal((await api.request('DELETE', `${classes}?dryRun=All`)).status, 200);
    assert.equal((await api.request('GET', `${classes}/system-cluster-critical`)).status, 200);
    assert.equal((await api.request('DELETE', classes)).status, 200);
    assert.equal((await api.request('GET', `${classes}/system-cluster-critical`)).status, 404);
  }));
