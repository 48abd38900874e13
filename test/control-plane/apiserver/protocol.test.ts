import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { readBody } from '../../../src/apimachinery/http.ts';
import { createOpenApiRoute } from '../../../src/control-plane/apiserver/openapi/openapi-route.ts';
import type { FakeClock } from '../../../src/system/fake-clock.ts';
import { createTestApiServer, inServer, type TestAnswer } from '../../support/test-api-server.ts';

// What a real 1.36 server answered to the same requests.
const configMaps = '/api/v1/namespaces/default/configmaps';

const documents = { version: '{"openapi":"3.0.0","info":{"title":"Kubernetes"}}' };

function hashOf(text: string): string {
  return createHash('sha512').update(text).digest('hex').toUpperCase();
}

const openApi = createOpenApiRoute({
  index: () =>
    Promise.resolve({
      version: { serverRelativeURL: `/openapi/v3/version?hash=${hashOf(documents.version)}` },
    }),
  document: (name) => Promise.resolve(name === 'version' ? Buffer.from(documents.version) : undefined),
  v2: () => Promise.resolve(Buffer.from(`{"swagger":"2.0","paths":{}${' '.repeat(200_000)}}`)),
  types: () => new Map(),
});

function configMap(name: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
}

test('Accept: weights only order, a parameter stream must be watch, the first media type decides for watches', () =>
  inServer(async (api) => {
    const get = (accept: string, path = '/api/v1/namespaces/default'): Promise<TestAnswer> =>
      api.request('GET', path, undefined, { accept });
    for (const accept of ['application/json;q=0', 'application/json;q=x', 'application/json;stream=watch']) {
      assert.equal((await get(accept)).status, 200, accept);
    }
    assert.equal((await get('application/json;stream=nope')).status, 406);
    assert.equal((await get('application/json;q=0.1,application/yaml')).headers['content-type'], 'application/yaml');
    const watch = '/api/v1/namespaces?watch=true';
    const streams = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';
    const yaml = await get('application/yaml,application/json;q=0.5', watch);
    assert.match(yaml.text, new RegExp(streams.split(', ')[0] ?? ''));
    assert.equal(yaml.status, 406);
    for (const accept of [
      'application/json;as=Table;v=v9;g=meta.k8s.io',
      'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io',
    ]) {
      const answer = await get(accept, watch);
      assert.equal(
        answer.body['message'],
        'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      );
    }
  }));

test('the old paths to watch by: one object, GET alone, nothing where there is nothing to watch', () =>
  inServer(async (api) => {
    for (const name of ['a', 'b']) await api.request('POST', configMaps, configMap(name));
    const stopped = new AbortController();
    const watch = await api.open('/api/v1/watch/namespaces/default/configmaps/b', {}, stopped.signal);
    const events = (watch.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    const { value } = await events.next();
    const first = JSON.parse(Buffer.from(value as Uint8Array).toString('utf8')) as { object: { metadata: object } };
    assert.equal((first.object.metadata as { name?: string }).name, 'b');
    stopped.abort();
    assert.equal((await api.request('GET', `${configMaps}/a?watch=true`)).body.kind, 'ConfigMap');
    for (const [method, path, status] of [
      ['POST', '/api/v1/watch/configmaps', 405],
      ['HEAD', '/api/v1/watch/configmaps', 405],
      ['HEAD', `${configMaps}?watch=1`, 405],
      ['GET', '/api/v1/watch/componentstatuses', 404],
      ['GET', '/api/v1/watch/namespaces/default/pods/x/log', 404],
      ['GET', '/api/v1/proxy/nodes/x', 404],
      ['GET', '/api/v1/watch', 500],
    ] as const) {
      assert.equal((await api.request(method, path)).status, status, `${method} ${path}`);
    }
    assert.equal(
      (await api.request('GET', '/api/v1/watch?a=<b')).text,
      'Internal Server Error: "/api/v1/watch?a=&lt;b": failed to create RequestInfo: unable to determine kind and namespace from url, /api/v1/watch?a=&lt;b\n',
    );
  }));

test('lists: what does not fit together, continuations that are none, queries that Go does not read', () =>
  inServer(async (api) => {
    for (const name of ['a', 'b', 'c']) await api.request('POST', configMaps, configMap(name));
    const token = (document: string): string => Buffer.from(document).toString('base64url');
    const invalid = 'ListOptions.meta.k8s.io "" is invalid: ';
    const badToken = 'invalid continue token: continue key is not valid: ';
    for (const [query, message] of [
      [
        'sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
        `${invalid}[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided, sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list]`,
      ],
      [
        'watch=1&continue=abc',
        `${invalid}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided`,
      ],
      ['continue=x', `${badToken}illegal base64 data at input byte 0`],
      ['continue=zzz', `${badToken}invalid character 'Ï' looking for beginning of value`],
      [
        `continue=${token('[]')}`,
        `${badToken}json: cannot unmarshal array into Go value of type storage.continueToken`,
      ],
      [`continue=${token('{"v":"zork"}')}`, `${badToken}server does not recognize this encoded version zork`],
    ]) {
      assert.equal((await api.request('GET', `${configMaps}?${query}`)).body['message'], message);
    }
    const page = await api.request('GET', `${configMaps}?limit=1`);
    const next = String((page.body.metadata as { continue?: string }).continue);
    assert.equal(JSON.parse(Buffer.from(next, 'base64url').toString('utf8')).start, '/a\0');
    const rest = await api.request('GET', `${configMaps}?continue=${next}`);
    assert.equal((rest.body['items'] as unknown[]).length, 2);
    for (const query of ['labelSelector=a;b', 'resourceVersion=x;limit=1', 'limit=%zz']) {
      assert.equal((await api.request('GET', `${configMaps}?${query}`)).status, 200, query);
    }
    const future = await api.request('GET', `${configMaps}?resourceVersion=999999&resourceVersionMatch=Exact`);
    assert.equal((future.body['details'] as { retryAfterSeconds?: number }).retryAfterSeconds, 1);
    const wrong = await api.request('GET', `${configMaps}/a?resourceVersion=x`);
    assert.equal(wrong.status, 500);
    const precondition = await api.request('DELETE', `${configMaps}/a?resourceVersion=1`);
    assert.equal(precondition.status, 409);
  }));

test('a watch without any time ends as it begins', () =>
  inServer(async (api) => {
    const watch = await api.open(`${configMaps}?watch=1&timeoutSeconds=-1&resourceVersion=0`);
    assert.equal(watch.status, 200);
    const whole = readBody(watch.body);
    await (api.clock as FakeClock).advance(0);
    assert.equal((await whole).byteLength, 0);
  }));

test('patches that are none: what they are told depends on who looked at them beforehand', () =>
  inServer(async (api) => {
    await api.request('POST', configMaps, configMap('a'));
    const patch = (type: string, body: string, fieldValidation = 'Warn'): Promise<TestAnswer> =>
      api.request('PATCH', `${configMaps}/a?dryRun=All&fieldValidation=${fieldValidation}`, body, {
        'content-type': `application/${type}+json`,
      });
    for (const [type, body, validation, message] of [
      ['merge-patch', 'null', 'Warn', 'Invalid JSON Patch'],
      ['merge-patch', 'x', 'Ignore', 'Invalid JSON Patch'],
      ['json-patch', '{}', 'Ignore', 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'],
      ['json-patch', 'x', 'Ignore', "invalid character 'x' looking for beginning of value"],
      [
        'strategic-merge-patch',
        '[]',
        'Strict',
        'json: cannot unmarshal array into Go value of type map[string]interface {}',
      ],
      ['strategic-merge-patch', '{"$retainKeys":["a"],"data":{}}', 'Warn', 'invalid patch format of retainKeys'],
    ] as const) {
      const answer = await patch(type, body, validation);
      assert.equal(answer.status, 400);
      assert.equal(answer.body['message'], message);
    }
    for (const [type, body] of [
      ['json-patch', 'null'],
      ['strategic-merge-patch', 'null'],
      ['strategic-merge-patch', '{"kind":"Pod","apiVersion":"zork/v1"}'],
    ] as const) {
      assert.equal((await patch(type, body)).body.kind, 'ConfigMap', body);
    }
    const list = await patch('merge-patch', '[]', 'Ignore');
    assert.match(
      String(list.body['message']),
      /^ "" is invalid: patch: Invalid value: "\[\]": couldn't get version\/kind/,
    );
    const extra = '[{"op":"add","path":"/data","value":{},"foo":1,"op":"add"}]';
    assert.deepEqual((await patch('json-patch', extra)).headers['warning'], [
      '299 - "json patch unknown field \\"[0].foo\\""',
      '299 - "json patch duplicate field \\"[0].op\\""',
    ]);
    assert.match(
      String((await patch('json-patch', extra, 'Strict')).body['message']),
      /strict decoding error: json patch unknown field "\[0\]\.foo", json patch duplicate field "\[0\]\.op"$/,
    );
  }));

test('OpenAPI: tags, conditions, a document by its hash, another hash leads there, parts, other media types', async () => {
  const api = await createTestApiServer({ routes: [openApi] });
  const get = (path: string, headers = {}): Promise<TestAnswer> => api.request('GET', path, undefined, headers);
  const index = (await get('/openapi/v3')).body as unknown as Record<
    string,
    Record<string, { serverRelativeURL: string }>
  >;
  const url = index['paths']?.['version']?.serverRelativeURL ?? '';
  const hash = url.split('hash=')[1] ?? '';
  const byHash = await get(url);
  assert.equal(byHash.headers['cache-control'], 'public, immutable');
  assert.equal(byHash.headers['expires'] === undefined, false);
  assert.equal(byHash.headers['etag'], `"${hash}"`);
  assert.equal(byHash.headers['vary'], 'Accept');
  const other = await get('/openapi/v3/version?hash=ABC');
  assert.deepEqual([other.status, other.headers['location']], [301, url]);
  assert.equal((await get(url, { 'if-none-match': `"x", W/"${hash}"` })).status, 304);
  const since = { 'if-modified-since': String(byHash.headers['last-modified']) };
  assert.equal((await get('/openapi/v3/version', since)).status, 304);
  const part = await get(url, { range: 'bytes=0-9' });
  assert.deepEqual(
    [part.status, part.text, part.headers['content-range']],
    [206, '{"openapi"', `bytes 0-9/${byHash.text.length}`],
  );
  const unmodified = await get(url, { 'if-none-match': `"${hash}"` });
  assert.deepEqual([unmodified.headers['etag'], unmodified.headers['last-modified']], [`"${hash}"`, undefined]);
  const document = '/openapi/v3/version';
  assert.equal((await get(document, { 'if-none-match': `"${hash}"` })).headers['cache-control'], 'no-cache, private');
  assert.equal((await get('/openapi/v3', since)).headers['last-modified'], byHash.headers['last-modified']);
  for (const [headers, status] of [
    [{ 'if-match': '"x"' }, 412],
    [{ 'if-match': `"x", "${hash}"` }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' }, 412],
    [{ range: 'bytes=99999999-' }, 416],
    [{ range: 'bytes=0-3', 'if-range': `"${hash}"` }, 206],
    [{ range: 'bytes=0-3', 'if-range': '"x"' }, 200],
  ] as const) {
    assert.equal((await get(document, headers)).status, status, JSON.stringify(headers));
  }
  const beyond = await get(document, { range: 'bytes=99999999-' });
  assert.deepEqual(
    [beyond.text, beyond.headers['content-range'], beyond.headers['etag']],
    ['invalid range: failed to overlap\n', `bytes */${byHash.text.length}`, undefined],
  );
  assert.equal((await get('/openapi/v3/version', { accept: 'text/html' })).status, 406);
  const none = await get('/openapi/v3/apis/nope/v1');
  assert.deepEqual([none.status, none.text, none.headers['content-type']], [404, '', undefined]);
  assert.equal((await get('/openapi/v3/')).status, 404);
  const v2 = await get('/openapi/v2', { 'accept-encoding': 'gzip' });
  assert.equal(v2.headers['content-encoding'], 'gzip');
  assert.deepEqual(v2.headers['vary'], ['Accept-Encoding', 'Accept']);
  assert.equal((await get('/openapi/v2', { 'if-none-match': String(v2.headers['etag']) })).status, 304);
  assert.equal((await api.request('POST', '/openapi/v3/version')).status, 200);
  await api.close();
});

test('what a node has can be allocated, events of both groups are called as those of the first', () =>
  inServer(async (api) => {
    const capacity = { cpu: '2' };
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { capacity } };
    const { body } = await api.request('POST', '/api/v1/nodes', node);
    assert.deepEqual(body['status'], { ...node.status, allocatable: capacity, ...emptyNodeStatus });
    const events = '/apis/events.k8s.io/v1/namespaces/default/events';
    await api.request('POST', events, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'a' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'x',
      reportingInstance: 'y',
      action: 'z',
      reason: 'r',
      type: 'Normal',
      regarding: { kind: 'Pod', namespace: 'default', name: 'a' },
    });
    const refused = await api.request('DELETE', `${events}/a`, { preconditions: { resourceVersion: '1' } });
    assert.equal(refused.status, 409);
    assert.match(String(refused.body['message']), /^Operation cannot be fulfilled on Event "a": the ResourceVersion/);
    assert.deepEqual(refused.body['details'], { name: 'a', kind: 'Event' });
  }));

const emptyNodeStatus = {
  daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
  nodeInfo: {
    machineID: '',
    systemUUID: '',
    bootID: '',
    kernelVersion: '',
    osImage: '',
    containerRuntimeVersion: '',
    kubeletVersion: '',
    kubeProxyVersion: '',
    operatingSystem: '',
    architecture: '',
  },
};

test('large answers are compressed for who takes gzip: a bare word for resources, weights for other handlers', async () => {
  const api = await createTestApiServer({ routes: [openApi] });
  const data = { a: 'x'.repeat(140_000) };
  await api.request('POST', configMaps, { ...configMap('large'), data });
  const coding = async (path: string, accepted: string): Promise<unknown> =>
    (await api.request('GET', path, undefined, { 'accept-encoding': accepted })).headers['content-encoding'];
  for (const [accepted, ofResource, ofDocument] of [
    ['gzip', 'gzip', 'gzip'],
    ['br, gzip', 'gzip', 'gzip'],
    ['br, gzip;q=0.5', undefined, 'gzip'],
    ['gzip;q=0', undefined, undefined],
    ['*', undefined, undefined],
  ] as const) {
    assert.equal(await coding(`${configMaps}/large`, accepted), ofResource, accepted);
    assert.equal(await coding('/openapi/v2', accepted), ofDocument, accepted);
  }
  assert.equal(await coding(`${configMaps}?limit=0&fieldSelector=metadata.name%3Dnone`, 'gzip'), undefined);
  await api.close();
});
