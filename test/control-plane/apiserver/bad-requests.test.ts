import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApiServer } from '../../support/test-api-server.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const json = { 'content-type': 'application/json' };

interface Case {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status: number;
  readonly message?: string;
}

/** What the real server answers. */
const cases: readonly Case[] = [
  ...['application/merge-patch+json', 'application/json-patch+json', 'application/strategic-merge-patch+json'].map(
    (type) => ({
      name: `${type} that makes no sense, for an object that is not there`,
      method: 'PATCH',
      path: `${configMaps}/none`,
      headers: { 'content-type': type },
      body: '{',
      status: 404,
      message: 'configmaps "none" not found',
    }),
  ),
  {
    name: 'strategic merge patches have no words before those of the decoder',
    method: 'PATCH',
    path: `${configMaps}/a`,
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
    body: "{'a':1}",
    status: 400,
    message: "invalid character '\\'' looking for beginning of object key string",
  },
  {
    name: 'an apply of nothing',
    method: 'PATCH',
    path: `${configMaps}/a?fieldManager=m`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: '',
    status: 400,
    message: 'invalid object type: /, Kind=',
  },
  {
    name: 'an apply of a list',
    method: 'PATCH',
    path: `${configMaps}/a?fieldManager=m`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: '[]',
    status: 400,
    message:
      'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
  },
  {
    name: 'an apply of no version',
    method: 'PATCH',
    path: `${configMaps}/a?fieldManager=m`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: '{"apiVersion":"a/b/c","kind":"ConfigMap","metadata":{"name":"a"}}',
    status: 400,
    message: 'invalid object type: /, Kind=',
  },
  {
    name: 'an apply with metadata that is a list',
    method: 'PATCH',
    path: `${configMaps}/a?fieldManager=m`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":[]}',
    status: 500,
    message: 'failed to create typed patch object (/; /v1, Kind=ConfigMap): .metadata: expected map, got &{[]}',
  },
  {
    name: 'an apply with a name that is no text',
    method: 'PATCH',
    path: `${configMaps}/a?fieldManager=m`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":[1,"x"]}}',
    status: 500,
    message:
      'failed to create typed patch object (/; /v1, Kind=ConfigMap): .metadata.name: expected string, got &value.valueUnstructured{Value:[]interface {}{1, "x"}}',
  },
  {
    name: 'an apply with a namespace that is no text',
    method: 'PATCH',
    path: `${configMaps}/a?fieldManager=m`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":-7}}',
    status: 500,
    message:
      'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .metadata.namespace: expected string, got &value.valueUnstructured{Value:-7}',
  },
  {
    name: 'a delete with options of no version',
    method: 'DELETE',
    path: `${configMaps}/a`,
    headers: json,
    body: '{"apiVersion":"a/b/c","kind":"ConfigMap"}',
    status: 400,
    message: 'unexpected GroupVersion string: a/b/c',
  },
  {
    name: 'a patch that makes an object of no version',
    method: 'PATCH',
    path: `${configMaps}/a`,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: '{"apiVersion":"a/b/c"}',
    status: 422,
  },
  {
    name: 'a patch that begins with a mark of byte order',
    method: 'PATCH',
    path: `${configMaps}/a`,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: '\ufeff{"data":{"b":"c"}}',
    status: 400,
    message: "error decoding patch: invalid character 'ï' looking for beginning of value",
  },
  {
    name: 'an update without a name',
    method: 'PUT',
    path: `${configMaps}/a`,
    headers: json,
    body: '{}',
    status: 400,
    message: 'the name of the object (a based on URL) was undeterminable: name must be provided',
  },
  {
    name: 'a delete with options of the wrong type deletes nothing',
    method: 'DELETE',
    path: `${configMaps}/a`,
    headers: json,
    body: '{"gracePeriodSeconds":"x"}',
    status: 400,
    message: 'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
  },
  {
    name: 'nor does one with a list',
    method: 'DELETE',
    path: `${configMaps}/a`,
    headers: json,
    body: '[]',
    status: 400,
    message:
      'couldn\'t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
  },
  {
    name: 'a list of the kind instead of one',
    method: 'POST',
    path: configMaps,
    headers: json,
    body: '{"apiVersion":"v1","kind":"ConfigMapList","items":[]}',
    status: 400,
    message:
      'ConfigMapList in version "v1" cannot be handled as a ConfigMap: converting (v1.ConfigMapList) to (core.ConfigMap): unknown conversion',
  },
  {
    name: 'nesting that is too deep',
    method: 'POST',
    path: configMaps,
    headers: json,
    body: `{"a":${'['.repeat(10_001)}${']'.repeat(10_001)}}`,
    status: 400,
    message:
      "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character '[' exceeded max depth ({\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[ ...)",
  },
  {
    name: 'a tab in a text',
    method: 'POST',
    path: configMaps,
    headers: json,
    body: '{"a":"\t"}',
    status: 400,
    message:
      'the object provided is unrecognized (must be of type ConfigMap): couldn\'t get version/kind; json parse error: invalid character \'\\t\' in string literal ({"a":"\t"})',
  },
  {
    name: 'a name that is a step of a path',
    method: 'GET',
    path: `${configMaps}/%2e%2e`,
    status: 400,
    message: 'Name parameter invalid: "..": may not be \'..\'',
  },
  {
    name: 'namespaces in a namespace',
    method: 'GET',
    path: '/api/v1/namespaces/default/namespaces',
    status: 404,
    message: 'the server could not find the requested resource',
  },
  {
    name: 'a namespace in a namespace',
    method: 'GET',
    path: '/api/v1/namespaces/default/namespaces/default',
    status: 404,
    message: 'the server could not find the requested resource',
  },
  {
    name: 'a version that is posted',
    method: 'POST',
    path: '/version',
    headers: json,
    body: '{}',
    status: 405,
    message: 'the server does not allow this method on the requested resource',
  },
  {
    name: 'a job by a field that jobs do not have',
    method: 'GET',
    path: '/apis/batch/v1/jobs?fieldSelector=spec.x%3D1',
    status: 400,
    message: 'field label "spec.x" not supported for Job',
  },
  {
    name: 'a cluster-wide kind with fields of its own, by a namespace',
    method: 'GET',
    path: '/api/v1/nodes?fieldSelector=metadata.namespace%3D1',
    status: 400,
    message: 'field label not supported: metadata.namespace',
  },
  {
    name: 'a watch with a match that only lists have',
    method: 'GET',
    path: `${configMaps}?watch=true&resourceVersionMatch=Exact`,
    status: 422,
    message:
      'ListOptions.meta.k8s.io "" is invalid: [resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
  },
  {
    name: 'a watch in YAML',
    method: 'GET',
    path: `${configMaps}?watch=true`,
    headers: { accept: 'application/yaml' },
    status: 406,
  },
  {
    name: 'the version in YAML',
    method: 'GET',
    path: '/version',
    headers: { accept: 'text/html' },
    status: 406,
    message: '406: Not Acceptable\n\nAvailable representations: application/json',
  },
];

for (const { name, method, path, headers = {}, body, status, message } of cases) {
  void test(name, async () => {
    const api = await createTestApiServer();
    const created = await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
    const answer = await api.request(method, path, body, headers);
    assert.equal(answer.status, status);
    if (message !== undefined) assert.equal(answer.body['message'], message);
    assert.deepEqual((await api.request('GET', `${configMaps}/a`)).body, created);
    await api.close();
  });
}

void test('errors are no tables: they come as indented JSON to those who accept nothing else', async () => {
  const api = await createTestApiServer();
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const alone = await api.request('GET', `${configMaps}/none`, undefined, { accept: table });
  assert.match(alone.text, /^\{\n {2}"kind": "Status",\n/);
  const both = await api.request('GET', `${configMaps}/none`, undefined, { accept: `${table},application/json` });
  assert.match(both.text, /^\{"kind":"Status",/);
  await api.close();
});

void test('an answer is indented for the values that Go reads as true', async () => {
  const api = await createTestApiServer();
  for (const [value, isIndented] of [
    ['true', true],
    ['T', true],
    ['1', true],
    ['', false],
    ['yes', false],
    ['0', false],
  ] as const) {
    const answer = await api.request('GET', `${configMaps}?pretty=${value}`);
    assert.equal(answer.text.startsWith('{\n'), isIndented, value);
  }
  await api.close();
});

void test('an apply that creates does not look at the resourceVersion', async () => {
  const api = await createTestApiServer();
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', resourceVersion: '1' } };
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  const answer = await api.request('PATCH', `${configMaps}/b?fieldManager=m`, object, headers);
  assert.equal(answer.status, 201);
  await api.close();
});
