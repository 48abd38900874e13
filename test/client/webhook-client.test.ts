import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import test, { before, type TestContext } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { StatusError } from '../../src/apimachinery/status.ts';
import {
  createWebhookClient,
  type ResolveService,
  type WebhookClient,
  WebhookConfigurationError,
  WebhookError,
  type WebhookTarget,
} from '../../src/client/webhook-client.ts';
import { readWebhookAnswer } from '../../src/client/webhook-answer.ts';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';

let authority: CertificatePair;
let serving: CertificatePair;

before(async () => {
  const now = systemClock.now();
  authority = await createCertificateAuthority('ca', now);
  serving = await issueCertificate(authority, {
    subject: { commonName: 'hook' },
    usage: 'server',
    dnsNames: ['hook.ns.svc'],
    ipAddresses: ['127.0.0.1'],
    now,
  });
});

async function listen(context: TestContext, handle: RequestListener, pair = serving): Promise<number> {
  const server = createServer({ cert: pair.certificate, key: pair.privateKey }, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const nowhere: ResolveService = (_namespace, name) =>
  Promise.reject(
    new StatusError({ message: `services "${name}" not found`, reason: 'NotFound', code: 404, details: { name } }),
  );

function clientFor(context: TestContext, resolve: ResolveService = nowhere, clock = new FakeClock()): WebhookClient {
  const client = createWebhookClient({ resolve, clock, userAgent: 'test' });
  context.after(() => client.close());
  return client;
}

function caBundle(): string {
  return Buffer.from(authority.certificate).toString('base64');
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function problem(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof WebhookError, String(error));
    return error.message;
  }
  throw new Error('the call did not fail');
}

test('a webhook gets the body and the time it has, at its URL or as a service by its name', async (t) => {
  const seen: unknown[] = [];
  const port = await listen(t, (request, response) => {
    void (async () => {
      const { host, 'content-type': type } = request.headers;
      seen.push([request.method, request.url, host, type, JSON.parse(await textOf(request))]);
      response.end(JSON.stringify({ kind: 'AdmissionReview', n: 12 }));
    })();
  });
  const { call } = clientFor(t, (namespace, name, asked) => {
    seen.push([namespace, name, asked]);
    return Promise.resolve({ host: '127.0.0.1', port });
  });
  const url = `https://127.0.0.1:${port}/check/`;
  assert.deepEqual(await call({ url, caBundle: caBundle() }, { a: 1 }, 10), { kind: 'AdmissionReview', n: 12 });
  const service = { namespace: 'ns', name: 'hook', path: '/mutate' };
  assert.deepEqual(await call({ service, caBundle: caBundle() }, { a: 2 }, 3), { kind: 'AdmissionReview', n: 12 });
  assert.deepEqual(seen, [
    ['POST', '/check?timeout=10s', `127.0.0.1:${port}`, 'application/json', { a: 1 }],
    ['ns', 'hook', 443],
    ['POST', '/mutate?timeout=3s', 'hook.ns.svc:443', 'application/json', { a: 2 }],
  ]);
});

test('what goes wrong is told as client-go does', async (t) => {
  const port = await listen(t, (request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    if (path === '/404') response.statusCode = 404;
    if (path === '/500') response.statusCode = 500;
    response.setHeader('content-type', path === '/500' ? 'text/plain' : 'application/json');
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'too busy', code: 503 };
    if (path === '/status') response.statusCode = 503;
    const bodies: Record<string, string> = {
      '/500': 'boom',
      '/status': JSON.stringify(status),
      '/list': '[]',
      '/text': 'hello',
      '/marked': '\ufeff{"a":1}',
      '/deep': `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    };
    response.end(bodies[path] ?? '');
  });
  const { call } = clientFor(t);
  const ask = (target: WebhookTarget): Promise<string> => problem(call(target, {}, 10));
  const at = (path: string): Promise<string> => ask({ url: `https://127.0.0.1:${port}${path}`, caBundle: caBundle() });
  assert.equal(await at('/404'), 'the server could not find the requested resource');
  assert.equal(await at('/500'), 'an error on the server ("boom") has prevented the request from succeeding');
  assert.equal(await at('/status'), 'too busy');
  assert.equal(await at('/'), '0-length response with status code: 200 and content type: application/json');
  const json = "couldn't get version/kind; json parse error: ";
  assert.ok((await at('/list')).startsWith(`${json}json: cannot unmarshal array into Go value of type struct {`));
  assert.deepEqual(await call({ url: `https://127.0.0.1:${port}/marked`, caBundle: caBundle() }, {}, 10), { a: 1 });
  assert.equal(await at('/deep'), `${json}invalid character '[' exceeded max depth`);
  // Read as YAML, as the real server does, it is a text.
  assert.ok((await at('/text')).startsWith(`${json}json: cannot unmarshal string into Go value of type struct {`));
  assert.equal(
    await ask({ url: `https://127.0.0.1:${port}/x` }),
    `Post "https://127.0.0.1:${port}/x?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
  );
  assert.equal(
    await ask({ service: { namespace: 'ns', name: 'gone' } }),
    'Post "https://gone.ns.svc:443/?timeout=10s": services "gone" not found',
  );
  assert.equal(await ask({}), 'webhook configuration must have either service or URL');
  assert.equal(
    await ask({ url: 'https://127.0.0.1:99999/x' }),
    'Post "https://127.0.0.1:99999/x?timeout=10s": dial tcp: address 99999: invalid port',
  );
});

test('nobody there, another name in the certificate, and no answer in time', async (t) => {
  const closed = await listen(t, () => undefined);
  const clock = new FakeClock();
  let isAsked = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve;
  });
  const hanging = await listen(t, () => isAsked());
  const { call } = clientFor(t, () => Promise.resolve({ host: '127.0.0.1', port: closed }), clock);
  const ca = caBundle();
  assert.equal(
    await problem(call({ url: 'https://127.0.0.1:1/x', caBundle: ca }, {}, 1)),
    'Post "https://127.0.0.1:1/x?timeout=1s": dial tcp 127.0.0.1:1: connect: connection refused',
  );
  assert.equal(
    await problem(call({ service: { namespace: 'ns', name: 'other', port: 8443 }, caBundle: ca }, {}, 1)),
    'Post "https://other.ns.svc:8443/?timeout=1s": tls: failed to verify certificate: x509: certificate is valid for hook.ns.svc, not other.ns.svc',
  );
  const late = problem(call({ url: `https://127.0.0.1:${hanging}/x`, caBundle: ca }, {}, 2));
  await asked;
  await clock.advance(1999);
  await settle();
  await clock.advance(1);
  assert.equal(await late, `Post "https://127.0.0.1:${hanging}/x?timeout=2s": context deadline exceeded`);
});

test('answers that are no HTTP, or break off, are told as Go tells them', async (t) => {
  const raw: Readonly<Record<string, string>> = {
    '/garbage': '\u0000garbage\r\n\r\n',
    '/status': 'HTTP/1.1 abc OK\r\n\r\n',
    '/short': 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a":',
    '/chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{"a":\r\n',
    '/gzip': 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 11\r\n\r\nnotgzip-atall',
    '/bad': 'HTTP/1.1 307 X\r\nLocation: ::::\r\nContent-Length: 0\r\n\r\n',
    '/gopher': 'HTTP/1.1 307 X\r\nLocation: gopher://x/y\r\nContent-Length: 0\r\n\r\n',
    '/dead': 'HTTP/1.1 307 X\r\nLocation: https://127.0.0.1:1/y\r\nContent-Length: 0\r\n\r\n',
  };
  const port = await listen(t, (request) => {
    request.socket.end(Buffer.from(raw[(request.url ?? '').replace(/\?.*/, '')] ?? '', 'latin1'));
  });
  const { call } = clientFor(t);
  const at = (path: string): Promise<string> =>
    problem(call({ url: `https://127.0.0.1:${port}${path}`, caBundle: caBundle() }, {}, 10));
  const post = (path: string): string => `Post "https://127.0.0.1:${port}${path}?timeout=10s": `;
  const broken = 'net/http: HTTP/1.x transport connection broken: ';
  const reading = 'unexpected error when reading response body. Please retry. Original error: ';
  assert.equal(await at('/garbage'), `${post('/garbage')}${broken}malformed HTTP response "\\x00garbage"`);
  assert.equal(await at('/status'), `${post('/status')}${broken}malformed HTTP status code "abc"`);
  assert.equal(await at('/short'), `${reading}unexpected EOF`);
  assert.equal(await at('/chunk'), `${reading}invalid byte in chunk length`);
  assert.equal(await at('/gzip'), `${reading}gzip: invalid header`);
  assert.equal(
    await at('/bad'),
    `${post('/bad')}failed to parse Location header "::::": parse "::::": missing protocol scheme`,
  );
  assert.equal(await at('/gopher'), 'Post "gopher://x/y": unsupported protocol scheme "gopher"');
  assert.equal(await at('/dead'), 'Post "https://127.0.0.1:1/y": dial tcp 127.0.0.1:1: connect: connection refused');
});

test('answers may have headers up to 10 MiB', async (t) => {
  const port = await listen(t, (request) => {
    const { socket, url = '' } = request;
    const size = url.startsWith('/big') ? 200_000 : 11 * 1024 * 1024;
    socket.end(`HTTP/1.1 200 OK\r\nX-Long: ${'a'.repeat(size)}\r\nContent-Length: 2\r\n\r\n{}`);
  });
  const { call } = clientFor(t);
  const at = (path: string): Promise<JsonObject> =>
    call({ url: `https://127.0.0.1:${port}${path}`, caBundle: caBundle() }, {}, 10);
  assert.deepEqual(await at('/big'), {});
  assert.match(await problem(at('/huge')), /server response headers exceeded 10485760 bytes; aborted$/);
});

test('a webhook that asks for it is asked again later, as long as there is time', async (t) => {
  let asked = 0;
  const port = await listen(t, (request, response) => {
    asked++;
    const isOver = request.url?.startsWith('/soon') === true && asked > 2;
    response.writeHead(isOver ? 200 : 503, { 'retry-after': '1' }).end(isOver ? '{"a":1}' : 'busy');
  });
  const clock = new FakeClock();
  const { call } = clientFor(t, nowhere, clock);
  const at = (path: string): Promise<JsonObject> =>
    call({ url: `https://127.0.0.1:${port}${path}`, caBundle: caBundle() }, {}, 3);
  const whenAsked = async (times: number): Promise<void> => {
    // The answer is read and the wait begins.
    const isWaiting = (): boolean => asked === times && clock.pendingTimers === 2;
    while (!isWaiting()) await new Promise((resolve) => setImmediate(resolve));
  };
  const soon = at('/soon');
  await whenAsked(1);
  await clock.advance(1000);
  await whenAsked(2);
  await clock.advance(1000);
  assert.deepEqual(await soon, { a: 1 });
  assert.equal(asked, 3);
  asked = 0;
  const never = problem(at('/never'));
  for (let second = 1; second <= 3; second++) {
    await whenAsked(second);
    await clock.advance(1000);
  }
  assert.equal(await never, `Post "https://127.0.0.1:${port}/never?timeout=3s": context deadline exceeded`);
});

test('authorities that are none are refused before anybody is asked', async () => {
  const { call } = createWebhookClient({ resolve: nowhere, clock: new FakeClock(), userAgent: 'test' });
  const caBundle = Buffer.from('junk').toString('base64');
  await assert.rejects(
    call({ url: 'https://hook.example.com/', caBundle }, {}, 1),
    new WebhookConfigurationError('unable to load root certificates: unable to parse bytes as PEM block'),
  );
});

test('an answer without end is not taken in', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield await Promise.resolve(new Uint8Array(1024 * 1024).fill(32));
  }
  await assert.rejects(readWebhookAnswer(endless()), /^Error: the answer has more than 10485760 bytes$/);
  const { call } = createWebhookClient({
    resolve: () => Promise.reject(new Error('not a service')),
    clock: new FakeClock(),
    userAgent: 'test/1.0',
    connect: () => ({
      send: () => Promise.resolve({ status: 200, headers: {}, body: endless() }),
      close: () => Promise.resolve(),
    }),
  });
  const target = { url: 'https://hook.example.com/x' };
  assert.match(await problem(call(target, {}, 10)), /the answer has more than 104857600 bytes$/);
});

test('a webhook may send on to another place, but not for ever', async (context) => {
  const asked: string[] = [];
  const elsewhere = await listen(context, (request, response) => {
    const answer = async (): Promise<void> => {
      asked.push(`${request.method} ${request.url} ${await textOf(request)}`);
      response.end('{"answered":true}');
    };
    void answer();
  });
  const port = await listen(context, (request, response) => {
    const answer = async (): Promise<void> => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      asked.push(`${request.method} ${path} ${await textOf(request)}`);
      const status = Number(/\d+/.exec(path)?.[0] ?? 307);
      if (path === '/done') response.end('{"answered":true}');
      else if (path === '/nowhere') response.writeHead(307).end();
      else if (path === '/loop') response.writeHead(307, { location: '/loop' }).end();
      else if (path === '/away') response.writeHead(307, { location: `https://127.0.0.1:${elsewhere}/there` }).end();
      else response.writeHead(status, { location: '/done' }).end();
    };
    void answer();
  });
  const client = clientFor(context);
  const call = (path: string): Promise<unknown> => {
    asked.length = 0;
    return client.call({ url: `https://127.0.0.1:${port}${path}`, caBundle: caBundle() }, { question: 1 }, 5);
  };
  const question = '{"question":1}';
  for (const status of [307, 308]) {
    assert.deepEqual(await call(`/${status}`), { answered: true });
    assert.deepEqual(asked, [`POST /${status} ${question}`, `POST /done ${question}`]);
  }
  // These change the question: what comes back is the answer to none.
  for (const status of [301, 302, 303]) {
    assert.deepEqual(await call(`/${status}`), { answered: true });
    assert.deepEqual(asked, [`POST /${status} ${question}`, 'GET /done ']);
  }
  assert.deepEqual(await call('/away'), { answered: true });
  assert.deepEqual(asked, [`POST /away ${question}`, `POST /there ${question}`]);
  await assert.rejects(call('/loop'), { message: 'Post "/loop": stopped after 10 redirects' });
  assert.equal(asked.length, 10);
  await assert.rejects(call('/nowhere'), {
    message: 'the server responded with the status code 307 but did not return more information',
  });
  assert.equal(asked.length, 1);
});

test('the name of a webhook must be in its certificate’s extension, and the certificate for servers', async (context) => {
  const now = systemClock.now();
  const subject = { commonName: 'localhost' };
  const nameless = await issueCertificate(authority, { subject, usage: 'server', now });
  const forClients = await issueCertificate(authority, { subject, usage: 'client', dnsNames: ['localhost'], now });
  const cases: readonly [CertificatePair, string, string, number][] = [
    [nameless, 'localhost', 'certificate relies on legacy Common Name field, use SANs instead', 1],
    [nameless, '127.0.0.1', "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs", 0],
    [forClients, 'localhost', 'certificate specifies an incompatible key usage', 0],
  ];
  for (const [pair, host, reason, legacyNames] of cases) {
    const port = await listen(context, (_, response) => response.end('{}'), pair);
    let told = 0;
    const onLegacyName = (): void => void told++;
    const client = createWebhookClient({ resolve: nowhere, clock: new FakeClock(), userAgent: 'test', onLegacyName });
    context.after(() => client.close());
    const url = `https://${host}:${port}/x`;
    await assert.rejects(client.call({ url, caBundle: caBundle() }, {}, 10), {
      message: `Post "${url}?timeout=10s": tls: failed to verify certificate: x509: ${reason}`,
    });
    assert.equal(told, legacyNames);
  }
});
