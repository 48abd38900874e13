import assert from 'node:assert/strict';
import test from 'node:test';
import { inServer } from '../../support/test-api-server.ts';

const json = 'application/json';
const refusal =
  'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf';

test('a group or a version without a form, and streams of what has none, are nothing that there is', () =>
  inServer(async (api) => {
    for (const accept of [`${json};g=meta.k8s.io;v=v1`, `${json};v=v1`, 'application/yaml;stream=watch']) {
      for (const path of ['/api/v1/namespaces/default', '/api/v1/namespaces']) {
        const answer = await api.request('GET', path, undefined, { accept });
        assert.equal(answer.status, 406, `${path} ${accept}`);
        assert.equal(answer.body['message'], refusal);
      }
    }
    const twice = { 'content-type': `${json}; charset=utf-8; charset=latin1` };
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } };
    assert.equal((await api.request('POST', '/api/v1/namespaces', namespace, twice)).status, 415);
  }));
