import type { KubeObject } from '../../src/apimachinery/object-meta.ts';
import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpHandler, HttpRequest, HttpResponse } from '../../src/apimachinery/http.ts';
import { StatusError } from '../../src/apimachinery/status.ts';
import type { Client, ClientRequest } from '../../src/client/client.ts';
import { createInProcessTransport } from '../../src/client/in-process-transport.ts';
import { type ClientOptions, createClient, parseWarnings } from '../../src/client/rest-client.ts';
import { TransportError } from '../../src/client/transport-error.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';

const answer = (status: number, body: string, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(body),
});

/** A client of a handler, and the requests it has sent. */
function clientOf(
  handler: (request: HttpRequest, count: number) => HttpResponse | Promise<HttpResponse>,
  options: Partial<ClientOptions> = {},
): { client: Client; requests: HttpRequest[] } {
  const requests: HttpRequest[] = [];
  const serve: HttpHandler = async (request) => {
    requests.push(request);
    return handler(request, requests.length);
  };
  return { client: createClient({ transport: createInProcessTransport(serve), ...options }), requests };
}

const pods = { group: '', version: 'v1', resource: 'pods' };
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };

void test('each verb is one request with its path, parameters and body', async () => {
  const { client, requests } = clientOf(() => answer(200, '{"kind":"Pod","apiVersion":"v1","metadata":{}}'), {
    userAgent: 'test',
    headers: { 'impersonate-user': 'alice' },
  });
  const resource = client.resource(pods, 'a');
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } };
  await resource.get('x', { subresource: 'status' });
  await resource.list({ labelSelector: 'a in (b,c)', limit: 5, continue: '' });
  await resource.create(pod, { dryRun: 'All', fieldManager: 'me' });
  await resource.update(pod, { subresource: 'status' });
  await resource.patch('x', 'application/merge-patch+json', { a: 1n }, { force: true });
  await resource.delete('x', { gracePeriodSeconds: 0, preconditions: { uid: 'u' } });
  await resource.deleteCollection({ labelSelector: 'a=b' });
  await client.resource(deployments).list();
  assert.deepEqual(
    requests.map(({ method, path }) => `${method} ${path}`),
    [
      'GET /api/v1/namespaces/a/pods/x/status',
      'GET /api/v1/namespaces/a/pods?labelSelector=a+in+%28b%2Cc%29&limit=5',
      'POST /api/v1/namespaces/a/pods?dryRun=All&fieldManager=me',
      'PUT /api/v1/namespaces/a/pods/x/status',
      'PATCH /api/v1/namespaces/a/pods/x?force=true',
      'DELETE /api/v1/namespaces/a/pods/x',
      'DELETE /api/v1/namespaces/a/pods?labelSelector=a%3Db',
      'GET /apis/apps/v1/deployments',
    ],
  );
  assert.equal(Buffer.from(requests[4]?.body as Uint8Array).toString(), '{"a":1}');
  assert.equal(requests[4]?.headers['content-type'], 'application/merge-patch+json');
  assert.deepEqual(JSON.parse(Buffer.from(requests[5]?.body as Uint8Array).toString()), {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    gracePeriodSeconds: 0,
    preconditions: { uid: 'u' },
  });
  assert.equal(requests[0]?.headers['impersonate-user'], 'alice');
  assert.equal(requests[0]?.headers['user-agent'], 'test');
});

void test('an answer that is no Status becomes one, as client-go words it', async () => {
  type Case = [status: number, method: string, path: string, body: string, reason: string, message: string];
  const cases: Case[] = [
    [
      404,
      'GET',
      '/api/v1/foos',
      '404 page not found',
      'NotFound',
      'the server could not find the requested resource (get foos)',
    ],
    [
      404,
      'GET',
      '/apis/apps/v1/namespaces/a/deployments/x/scale',
      'x',
      'NotFound',
      'the server could not find the requested resource (get deployments.apps x)',
    ],
    [
      404,
      'PUT',
      '/api/v1/namespaces/a/finalize',
      'x',
      'NotFound',
      'the server could not find the requested resource (put namespaces a)',
    ],
    [404, 'GET', '/apis/apps/v1', 'x', 'NotFound', 'the server could not find the requested resource'],
    [403, 'GET', '/version', ' no entry\n', 'Forbidden', 'no entry'],
    [409, 'POST', '/version', '', 'AlreadyExists', 'the server reported a conflict'],
    [409, 'PUT', '/version', '', 'Conflict', 'the server reported a conflict'],
    [406, 'GET', '/version', 'only JSON', 'NotAcceptable', 'only JSON'],
    [415, 'POST', '/version', 'only JSON', 'UnsupportedMediaType', 'only JSON'],
    [
      500,
      'GET',
      '/version',
      'a "bug"',
      'InternalError',
      'an error on the server ("a \\"bug\\"") has prevented the request from succeeding',
    ],
    [503, 'GET', '/version', '', 'ServiceUnavailable', 'the server is currently unable to handle the request'],
    [
      418,
      'GET',
      '/version',
      '',
      '',
      'the server responded with the status code 418 but did not return more information',
    ],
  ];
  for (const [status, method, path, body, reason, message] of cases) {
    const { client } = clientOf(() => answer(status, body, { 'content-type': 'text/plain' }));
    await assert.rejects(client.request({ method, path }), (error) => {
      assert.ok(error instanceof StatusError);
      assert.deepEqual([error.code, error.reason, error.message], [status, reason, message]);
      return true;
    });
  }
  const { client } = clientOf(() => answer(404, '{"not":"a status"}'));
  await assert.rejects(client.request({ method: 'GET', path: '/api/v1/pods', raw: true }), (error) => {
    assert.ok(error instanceof StatusError);
    assert.equal(error.message, 'the server could not find the requested resource');
    assert.equal(error.status.details?.causes?.[0]?.message, 'unknown');
    return true;
  });
});

void test('a Status that the server sent is thrown as it is', async () => {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'no',
    reason: 'Odd',
    code: 422,
  };
  const { client } = clientOf(() => answer(422, JSON.stringify(status)));
  await assert.rejects(client.resource(pods, 'a').get('x'), (error) => {
    assert.deepEqual((error as StatusError).status, status);
    return true;
  });
});

void test('too many requests are tried again after the time that the server names', async () => {
  const clock = new FakeClock();
  const { client, requests } = clientOf(
    (_, count) => (count < 3 ? answer(429, '', { 'retry-after': '2' }) : answer(200, '{}')),
    { clock },
  );
  const response = client.request({ method: 'POST', path: '/x', body: { a: 1 } });
  await clock.advance(3999);
  assert.equal(requests.length, 2);
  await clock.advance(1);
  assert.equal((await response).status, 200);
  assert.equal(Buffer.from(requests[2]?.body as Uint8Array).toString(), '{"a":1}');

  const patient = clientOf(() => answer(503, '', { 'retry-after': '1' }), { clock });
  const failed = assert.rejects(patient.client.request({ method: 'GET', path: '/x' }), StatusError);
  await clock.advance(60_000);
  await failed;
  assert.equal(patient.requests.length, 11);

  const plain = clientOf(() => answer(503, ''), { clock });
  await assert.rejects(plain.client.request({ method: 'GET', path: '/x' }), StatusError);
  assert.equal(plain.requests.length, 1);

  const aborting = new AbortController();
  const waiting = clientOf(() => answer(429, '', { 'retry-after': '9' }), { clock });
  const aborted = assert.rejects(
    waiting.client.request({ method: 'GET', path: '/x', signal: aborting.signal }),
    (error) => error instanceof TransportError && error.kind === 'aborted',
  );
  await clock.advance(1);
  aborting.abort();
  await aborted;
});

void test('a read whose connection ends is tried again after a second, where that is wanted', async () => {
  const clock = new FakeClock();
  const ended = (): never => {
    throw new TransportError('reset', '127.0.0.1:1', 'UND_ERR_SOCKET', 'other side closed');
  };
  const told: string[] = [];
  const options: Partial<ClientOptions> = {
    clock,
    retriesEndedReads: true,
    onRetry: ({ attempt, seconds, path }) => void told.push(`${attempt} ${seconds}s ${path}`),
  };
  const { client, requests } = clientOf((_, count) => (count < 3 ? ended() : answer(200, '{}')), options);
  const response = client.request({ method: 'GET', path: '/x', query: { a: 'b' } });
  await clock.advance(1999);
  assert.equal(requests.length, 2);
  await clock.advance(1);
  assert.equal((await response).status, 200);
  assert.deepEqual(told, ['1 1s /x?a=b', '2 1s /x?a=b']);

  const isEnded = (error: unknown): boolean => error instanceof TransportError && error.kind === 'reset';
  const patient = clientOf(ended, options);
  const failed = assert.rejects(patient.client.request({ method: 'GET', path: '/x' }), isEnded);
  await clock.advance(60_000);
  await failed;
  assert.equal(patient.requests.length, 11);

  const reset = (_: unknown, count: number): never => {
    const cause = { connection: `127.0.0.1:${count}->127.0.0.1:443` };
    throw new TransportError('reset', '127.0.0.1:443', 'ECONNRESET', 'read ECONNRESET', cause);
  };
  const broken = clientOf(reset, options);
  const told10 = 'read tcp 127.0.0.1:10->127.0.0.1:443: read: connection reset by peer';
  const told11 = 'read tcp 127.0.0.1:11->127.0.0.1:443: read: connection reset by peer';
  const refused = assert.rejects(broken.client.request({ method: 'GET', path: '/x' }), {
    name: 'RepeatedFailureError',
    message: `${told11} - error from a previous attempt: ${told10}`,
  });
  await clock.advance(60_000);
  await refused;

  const once: readonly (readonly [Partial<ClientOptions>, Partial<ClientRequest>])[] = [
    [options, { method: 'POST' }],
    [options, { once: true }],
    [{ clock }, {}],
  ];
  for (const [settings, request] of once) {
    const hasty = clientOf(ended, settings);
    await assert.rejects(hasty.client.request({ method: 'GET', path: '/x', ...request }), isEnded);
    assert.equal(hasty.requests.length, 1);
  }
});

void test('the time of a request may be over before it is sent again', async () => {
  const clock = new FakeClock();
  const options: Partial<ClientOptions> = { clock, retriesEndedReads: true, timeoutMillis: 2500 };
  const cut = 'client rate limiter Wait returned an error: context deadline exceeded';
  const cases: readonly (readonly [() => HttpResponse, string])[] = [
    [() => answer(503, '', { 'retry-after': '1' }), cut],
    [
      () => {
        throw new TransportError('reset', '127.0.0.1:1', 'UND_ERR_SOCKET', 'other side closed');
      },
      `${cut} - error from a previous attempt: EOF`,
    ],
  ];
  for (const [serve, message] of cases) {
    const { client, requests } = clientOf(serve, options);
    const failed = assert.rejects(client.request({ method: 'GET', path: '/x' }), { message });
    await clock.advance(2500);
    await failed;
    assert.equal(requests.length, 3);
  }
});

void test('a refused token is renewed once', async () => {
  const asked: boolean[] = [];
  const authorization = (refresh: boolean): Promise<string> => {
    asked.push(refresh);
    return Promise.resolve(refresh ? 'Bearer new' : 'Bearer old');
  };
  const { client, requests } = clientOf(
    (request) => (request.headers['authorization'] === 'Bearer new' ? answer(200, '{}') : answer(401, '')),
    { authorization },
  );
  assert.equal((await client.request({ method: 'GET', path: '/x' })).status, 200);
  assert.deepEqual(asked, [false, true]);
  const refusing = clientOf(() => answer(401, ''), { authorization });
  await assert.rejects(refusing.client.request({ method: 'GET', path: '/x' }), StatusError);
  assert.equal(requests.length + refusing.requests.length, 4);
});

void test('a path with a query of its own goes on with it', async () => {
  const { client, requests } = clientOf(() => answer(200, '{}'), { timeoutMillis: 1000, clock: new FakeClock() });
  await client.request({ method: 'GET', path: '/readyz?verbose&exclude=a&exclude=b' });
  assert.equal(requests[0]?.path, '/readyz?verbose&exclude=a&exclude=b&timeout=1s');
});

void test('a request has its time, of which the server is told', async () => {
  const clock = new FakeClock();
  const { client, requests } = clientOf(
    (request) =>
      new Promise((_, reject) => {
        request.signal?.addEventListener('abort', () => reject(request.signal?.reason as Error));
      }),
    { clock, timeoutMillis: 90_000 },
  );
  const failed = assert.rejects(
    client.request({ method: 'GET', path: '/x' }),
    (error) => error instanceof TransportError && error.kind === 'timeout',
  );
  await clock.advance(90_000);
  await failed;
  assert.equal(requests[0]?.path, '/x?timeout=1m30s');
});

void test('the time of a request holds for what streams too: a watch ends, other answers break off', async () => {
  const clock = new FakeClock();
  async function* endless(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n');
    await new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }
  const { client } = clientOf(
    (request) => Promise.resolve({ status: 200, headers: {}, body: endless(request.signal) }),
    { clock, timeoutMillis: 1000 },
  );
  const names: unknown[] = [];
  for await (const { object } of client
    .resource<KubeObject>({ group: '', version: 'v1', resource: 'pods' }, 'a')
    .watch()) {
    names.push(object.metadata.name);
    void clock.advance(1000);
  }
  assert.deepEqual(names, ['a']);
  const { body } = await client.stream({ method: 'GET', path: '/log' });
  await assert.rejects(
    async () => {
      for await (const _ of body) void clock.advance(1000);
    },
    (error) => error instanceof TransportError && error.kind === 'timeout',
  );
});

void test('warnings are read as RFC 7234 writes them', async () => {
  const cases: [header: string, texts: string[]][] = [
    ['299 - "old"', ['old']],
    ['299 - "one", 299 host:80 "two \\"quoted\\" \\\\" "Wed, 21 Oct 2026 07:28:00 GMT"', ['one', 'two "quoted" \\']],
    ['199 - "not for the user", 299 - "a, b"', ['a, b']],
    ['299 - ""', []],
    ['nonsense', []],
  ];
  for (const [value, texts] of cases) assert.deepEqual(parseWarnings(value), texts, value);
  const heard: string[] = [];
  const { client } = clientOf(() => answer(200, '{}', { warning: ['299 - "a"', '299 - "b"'] }), {
    onWarning: (text) => heard.push(text),
  });
  await client.request({ method: 'GET', path: '/x' });
  assert.deepEqual(heard, ['a', 'b']);
});

void test('a watch yields what comes and ends at an error that the server reports', async () => {
  const lines = [
    '{"type":"ADDED","object":{"metadata":{"name":"a"}}}',
    '{"type":"ERROR","object":{"code":410}}',
    '{"type":"X"}',
  ];
  const { client, requests } = clientOf(() => answer(200, lines.join('\n')));
  const options = { resourceVersion: '5', allowWatchBookmarks: true, timeoutSeconds: 9 };
  const types: string[] = [];
  for await (const { type } of client.resource(pods, 'a').watch(options)) types.push(type);
  assert.deepEqual(types, ['ADDED', 'ERROR']);
  assert.equal(
    requests[0]?.path,
    '/api/v1/namespaces/a/pods?allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=9&watch=true',
  );
});

void test('a GET follows redirects on the same server, ten at most', async () => {
  const { client, requests } = clientOf(({ path }) => {
    if (path === '/a/proxy') return answer(301, '', { location: '/a/proxy/' });
    if (path === '/a/proxy/') return answer(302, '', { location: 'page?x=1' });
    if (path === '/loop') return answer(302, '', { location: '/loop' });
    if (path === '/away') return answer(302, 'elsewhere', { location: 'https://example.com/' });
    return answer(200, 'here');
  });
  const { body } = await client.request({ method: 'GET', path: '/a/proxy' });
  assert.equal(Buffer.from(body).toString(), 'here');
  assert.deepEqual(
    requests.map(({ path }) => path),
    ['/a/proxy', '/a/proxy/', '/a/proxy/page?x=1'],
  );
  assert.equal((await client.request({ method: 'GET', path: '/loop' })).status, 302);
  assert.equal(requests.length, 3 + 11);
  const away = await client.request({ method: 'GET', path: '/away' });
  assert.equal(Buffer.from(away.body).toString(), 'elsewhere');
  assert.equal((await client.request({ method: 'POST', path: '/a/proxy' })).status, 301);
});

void test('names that would make another path are refused before anything is sent', async () => {
  const { client, requests } = clientOf(() => answer(200, '{}'));
  const inNamespace = (namespace: string): Promise<unknown> => client.resource(pods, namespace).get('x');
  await assert.rejects(client.resource(pods, 'a').delete(''), { message: 'resource name may not be empty' });
  await assert.rejects(client.resource(pods, 'a').get('..'), {
    message: 'invalid resource name "..": [may not be \'..\']',
  });
  await assert.rejects(inNamespace('a/b%'), {
    message: "invalid namespace \"a/b%\": [may not contain '/' may not contain '%']",
  });
  assert.equal(requests.length, 0);
});

void test('what is no object of the API is refused in the words of the real decoder', async () => {
  const bodies: readonly (readonly [body: string, message: string])[] = [
    ['[1]', 'json: cannot unmarshal array into Go value of type unstructured.detector'],
    ['5', 'json: cannot unmarshal number into Go value of type unstructured.detector'],
    ['null', "Object 'Kind' is missing in 'null'"],
    ['{"metadata":{"name":"x"}}\n', `Object 'Kind' is missing in '{"metadata":{"name":"x"}}'`],
  ];
  for (const [body, message] of bodies) {
    const { client } = clientOf(() => answer(200, body));
    await assert.rejects(client.resource(pods, 'a').get('x'), { message });
  }
});

void test('an answer that breaks off is told of where somebody asks, and an error of the connection otherwise', async () => {
  async function* halfAnswer(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"kind":');
    await Promise.resolve();
    throw new TransportError('reset', '127.0.0.1:1', 'UND_ERR_SOCKET', 'other side closed');
  }
  const broken = (): HttpResponse => ({ ...answer(200, ''), body: halfAnswer() });
  await assert.rejects(clientOf(broken).client.resource(pods, 'a').get('x'), TransportError);
  const told: string[] = [];
  const { client } = clientOf(broken, { onBrokenAnswer: (reason) => void told.push(reason) });
  await assert.rejects(client.resource(pods, 'a').get('x'), {
    message: 'unexpected error when reading response body. Please retry. Original error: unexpected EOF',
  });
  assert.deepEqual(told, ['unexpected EOF']);
});
