import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { before, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { type HttpRequest, readBody, type Transport } from '../../src/apimachinery/http.ts';
import { lapseText } from '../../src/client/certificate-validity.ts';
import { createHttpTransport, type HttpTransportOptions } from '../../src/client/http-transport.ts';
import { TransportError } from '../../src/client/transport-error.ts';
import { transportReason } from '../../src/client/transport-reason.ts';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { systemClock } from '../../src/system/clock.ts';
import { extensions, makeCertificate } from '../support/certificate-maker.ts';

const get = (path: string, rest: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  path,
  headers: {},
  ...rest,
});

const text = async (body: HttpRequest['body']): Promise<string> => Buffer.from(await readBody(body)).toString('utf8');

let authority: CertificatePair;
let stranger: CertificatePair;
let serving: CertificatePair;
let expired: CertificatePair;
let client: CertificatePair;

before(async () => {
  const now = systemClock.now();
  const server = { subject: { commonName: 'server' }, usage: 'server' } as const;
  authority = await createCertificateAuthority('ca', now);
  stranger = await createCertificateAuthority('stranger', now);
  serving = await issueCertificate(authority, { ...server, dnsNames: ['api.test'], ipAddresses: ['127.0.0.1'], now });
  const longAgo = now - 3 * 365 * 86_400_000;
  expired = await issueCertificate(authority, { ...server, ipAddresses: ['127.0.0.1'], now: longAgo });
  client = await issueCertificate(authority, { subject: { commonName: 'alice' }, usage: 'client', now });
});

interface Listening {
  readonly port: number;
  /** How many connections came. */
  connections(): number;
}

async function listen(t: TestContext, server: Server): Promise<Listening> {
  let connections = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

const listenPlain = (t: TestContext, handler: RequestListener): Promise<Listening> => listen(t, createServer(handler));

const listenSecure = (t: TestContext, handler: RequestListener, pair = serving): Promise<Listening> =>
  listen(
    t,
    createSecureServer(
      {
        key: pair.privateKey,
        cert: pair.certificate,
        ca: authority.certificate,
        requestCert: true,
        rejectUnauthorized: false,
      },
      handler,
    ),
  );

function open(t: TestContext, options: HttpTransportOptions): Transport {
  const transport = createHttpTransport(options);
  t.after(() => transport.close());
  return transport;
}

const failsWith =
  (kind: TransportError['kind'], code?: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof TransportError, String(error));
    assert.equal(error.kind, kind);
    if (code !== undefined) assert.equal(error.code, code);
    return true;
  };

void test('a kept connection carries one request after the other', async (t) => {
  const server = await listenPlain(t, (request, response) => response.end(`${request.method} ${request.url}`));
  const transport = open(t, { server: `http://127.0.0.1:${server.port}/base/` });
  for (const path of ['/api?limit=5', '/apis']) {
    const answer = await transport.send(get(path));
    assert.equal(answer.status, 200);
    assert.equal(await text(answer.body), `GET /base${path}`);
  }
  assert.equal(server.connections(), 1);
});

void test('the body of a DELETE costs no connection', async (t) => {
  const server = await listenPlain(t, answerWhenRead);
  const transport = open(t, { server: `http://127.0.0.1:${server.port}` });
  for (let count = 0; count < 3; count++) {
    const body = Buffer.from('{"propagationPolicy":"Background"}');
    assert.equal(await text((await transport.send({ method: 'DELETE', path: '/', headers: {}, body })).body), 'read');
  }
  assert.equal(server.connections(), 1);
});

const answerWhenRead: RequestListener = (request, response) => {
  request.resume().on('end', () => response.end('read'));
};

void test('requests run side by side, on no more connections than allowed', async (t) => {
  let running = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  const server = await listenPlain(t, (_, response) => {
    most = Math.max(most, ++running);
    waiting.push(() => {
      running--;
      response.end('done');
    });
    if (waiting.length === 3) for (const finish of waiting.splice(0)) finish();
  });
  const transport = open(t, { server: `http://127.0.0.1:${server.port}`, connections: 3 });
  const answers = Array.from({ length: 9 }, async () => text((await transport.send(get('/'))).body));
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['done']));
  assert.equal(most, 3);
  assert.equal(server.connections(), 3);
});

void test('connections are made ahead of requests, beside the first, and end with the transport', async (t) => {
  const server = createServer((_, response) => response.end('done'));
  const sockets: Socket[] = [];
  let arrived: (() => void) | undefined;
  const arrivals = (count: number): Promise<void> =>
    new Promise((resolve) => {
      arrived = () => sockets.length >= count && resolve();
      arrived();
    });
  server.on('connection', (socket: Socket) => {
    sockets.push(socket);
    arrived?.();
  });
  const { port } = await listen(t, server);
  const transport = open(t, { server: `http://127.0.0.1:${port}`, connections: 4 });
  const ask = async (): Promise<string> => text((await transport.send(get('/'))).body);
  await transport.prepare?.(4);
  assert.equal(sockets.length, 0, 'where to is not known before the first request');
  await ask();
  await transport.prepare?.(9);
  await arrivals(4);
  // One of them is given up by the server before it was of use: a new one takes its place.
  const ended = new Promise((resolve) => sockets[1]?.on('close', resolve));
  sockets[1]?.destroy();
  await ended;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await Promise.all(Array.from({ length: 4 }, ask)), ['done', 'done', 'done', 'done']);
  await transport.prepare?.(4);
  const open4 = sockets.filter(({ destroyed }) => !destroyed);
  const closed = Promise.all(open4.map((socket) => new Promise((resolve) => socket.on('close', resolve))));
  await transport.close();
  await closed;
});

void test('bodies are sent whole and as they come', async (t) => {
  const server = await listenPlain(t, (request, response) => {
    response.setHeader('content-length-seen', request.headers['content-length'] ?? 'none');
    request.pipe(response);
  });
  const transport = open(t, { server: `http://127.0.0.1:${server.port}` });
  const whole = await transport.send(get('/', { method: 'POST', body: Buffer.from('whole') }));
  assert.deepEqual([whole.headers['content-length-seen'], await text(whole.body)], ['5', 'whole']);
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('in ');
    yield Buffer.from('pieces');
  };
  const streamed = await transport.send(get('/', { method: 'POST', body: pieces() }));
  assert.deepEqual([streamed.headers['content-length-seen'], await text(streamed.body)], ['none', 'in pieces']);
});

void test('gzip is asked for and undone, unless it is turned off', async (t) => {
  const server = await listenPlain(t, (request, response) => {
    const isGzip = request.headers['accept-encoding'] === 'gzip';
    if (isGzip) response.setHeader('content-encoding', 'gzip');
    response.end(isGzip ? gzipSync('small when zipped') : 'plain');
  });
  const url = `http://127.0.0.1:${server.port}`;
  const zipped = await open(t, { server: url }).send(get('/'));
  assert.equal(await text(zipped.body), 'small when zipped');
  assert.equal(zipped.headers['content-encoding'], undefined);
  const plain = await open(t, { server: url, disableCompression: true }).send(get('/'));
  assert.equal(await text(plain.body), 'plain');
});

void test('a cut gzip stream is an error, and one that is left closes its connection', async (t) => {
  const closed: Promise<void>[] = [];
  const server = await listenPlain(t, (request, response) => {
    closed.push(new Promise((resolve) => request.socket.on('close', () => resolve())));
    response.setHeader('content-encoding', 'gzip');
    const zipped = gzipSync('x'.repeat(100_000));
    if (request.url === '/cut') response.end(zipped.subarray(0, 50));
    else response.write(zipped);
  });
  const transport = open(t, { server: `http://127.0.0.1:${server.port}` });
  const cut = await transport.send(get('/cut'));
  await assert.rejects(readBody(cut.body), failsWith('other', 'Z_BUF_ERROR'));
  const idle = await transport.send(get('/idle'));
  for await (const chunk of idle.body as AsyncIterable<Uint8Array>) {
    assert.ok(chunk.length > 0);
    break;
  }
  await closed[1];
});

void test('a large answer is held back until it is read', async (t) => {
  const size = 32 << 20;
  let written = 0;
  const server = await listenPlain(t, (_, response) => {
    const chunk = Buffer.alloc(1 << 16);
    const write = (): void => {
      while (written < size) {
        written += chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', write);
          return;
        }
      }
      response.end();
    };
    write();
  });
  const transport = open(t, { server: `http://127.0.0.1:${server.port}` });
  const answer = await transport.send(get('/'));
  let read = 0;
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) read += chunk.length;
  assert.equal(read, size);
});

void test('an abort ends what waits, what streams and what has not begun', async (t) => {
  const closed: Promise<void>[] = [];
  const server = await listenPlain(t, (request, response) => {
    closed.push(new Promise((resolve) => request.socket.on('close', () => resolve())));
    if (request.url === '/stream') response.write('first');
  });
  const transport = open(t, { server: `http://127.0.0.1:${server.port}` });

  const streaming = new AbortController();
  const answer = await transport.send(get('/stream', { signal: streaming.signal }));
  const body = (answer.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  assert.equal(Buffer.from((await body.next()).value as Uint8Array).toString(), 'first');
  const next = body.next();
  streaming.abort();
  await assert.rejects(next, failsWith('aborted'));
  await closed[0];

  const waiting = new AbortController();
  const pending = transport.send(get('/wait', { signal: waiting.signal }));
  const failed = assert.rejects(pending, failsWith('aborted'));
  while (closed.length < 2) await new Promise((resolve) => setImmediate(resolve));
  waiting.abort();
  await failed;
  await closed[1];

  await assert.rejects(transport.send(get('/', { signal: AbortSignal.abort() })), failsWith('aborted'));
  assert.equal(closed.length, 2);
});

void test('a connection that breaks is an error with its kind', async (t) => {
  const server = await listenPlain(t, (request, response) => {
    if (request.url === '/before') request.socket.destroy();
    else if (request.url === '/reset') request.socket.resetAndDestroy();
    else response.write('half', () => request.socket.resetAndDestroy());
  });
  const transport = open(t, { server: `http://127.0.0.1:${server.port}` });
  await assert.rejects(transport.send(get('/before')), (error) => {
    failsWith('reset')(error);
    return transportReason(error as TransportError) === 'EOF';
  });
  await assert.rejects(transport.send(get('/reset')), (error) => {
    failsWith('reset', 'ECONNRESET')(error);
    const ends = new RegExp(
      `^read tcp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${server.port}: read: connection reset by peer$`,
    );
    assert.match(transportReason(error as TransportError), ends);
    return true;
  });
  const answer = await transport.send(get('/half'));
  await assert.rejects(readBody(answer.body), failsWith('reset'));

  const probe = await listenPlain(t, () => undefined);
  const unused = createServer();
  const { port } = await listen(t, unused);
  await new Promise((resolve) => unused.close(resolve));
  assert.notEqual(port, probe.port);
  await assert.rejects(open(t, { server: `http://127.0.0.1:${port}` }).send(get('/')), (error) => {
    failsWith('refused', 'ECONNREFUSED')(error);
    assert.equal((error as TransportError).address, `127.0.0.1:${port}`);
    return true;
  });
});

void test('a kept connection that the server has closed is replaced for a GET, not for a POST', async (t) => {
  let calls = 0;
  const server = await listenPlain(t, (request, response) => {
    calls++;
    if (request.url === '/closes' && calls % 2 === 0) request.socket.destroy();
    else response.end('ok');
  });
  const transport = open(t, { server: `http://127.0.0.1:${server.port}` });
  assert.equal(await text((await transport.send(get('/'))).body), 'ok');
  assert.equal(await text((await transport.send(get('/closes'))).body), 'ok');
  assert.equal(calls, 3);
  await assert.rejects(transport.send(get('/closes', { method: 'POST' })), failsWith('reset'));
  assert.equal(calls, 4);
});

void test('the server is verified against the authority, its name and the time', async (t) => {
  const good = await listenSecure(t, (_, response) => response.end('secret'));
  const url = `https://127.0.0.1:${good.port}`;
  const ca = authority.certificate;
  assert.equal(await text((await open(t, { server: url, ca }).send(get('/'))).body), 'secret');
  const named = open(t, { server: url, ca, tlsServerName: 'api.test' });
  assert.equal(await text((await named.send(get('/'))).body), 'secret');

  const wrong = open(t, { server: url, ca, tlsServerName: 'other.test' });
  await assert.rejects(wrong.send(get('/')), failsWith('tls', 'ERR_TLS_CERT_ALTNAME_INVALID'));
  const untrusted = open(t, { server: url, ca: stranger.certificate });
  await assert.rejects(untrusted.send(get('/')), failsWith('tls', 'SELF_SIGNED_CERT_IN_CHAIN'));
  await assert.rejects(open(t, { server: url }).send(get('/')), failsWith('tls', 'SELF_SIGNED_CERT_IN_CHAIN'));
  const old = await listenSecure(t, (_, response) => response.end(), expired);
  const late = open(t, { server: `https://127.0.0.1:${old.port}`, ca });
  await assert.rejects(late.send(get('/')), (error: TransportError) => {
    assert.equal(error.code, 'CERT_HAS_EXPIRED');
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`;
    const text = `certificate has expired or is not yet valid: current time ${time}(Z|[+-]\\d\\d:\\d\\d) is after ${time}Z`;
    assert.match(transportReason(error), new RegExp(`^tls: failed to verify certificate: x509: ${text}$`));
    return true;
  });
  assert.equal(lapseText({ from: 0, to: 2000, seen: 1000 }), '');
  assert.match(lapseText({ from: 2000, to: 9000, seen: 1000 }), / is before 1970-01-01T00:00:02Z$/);
  await assert.rejects(open(t, { server: url, ca: 'no certificate' }).send(get('/')), failsWith('tls'));

  const careless = open(t, { server: url, insecureSkipTlsVerify: true });
  assert.equal(await text((await careless.send(get('/'))).body), 'secret');
});

void test('a trusted certificate is enough, wherever in the chain it stands', async (t) => {
  const day = 86_400_000;
  const validity = { notBefore: systemClock.now() - day, notAfter: systemClock.now() + day };
  const authorities = [extensions.authority(), extensions.keyUsage('keyCertSign')];
  const root = await makeCertificate({ subject: 'CN=root', ...validity, extensions: authorities });
  const middle = await makeCertificate({ subject: 'CN=middle', by: root, ...validity, extensions: authorities });
  const leaf = await makeCertificate({
    subject: 'CN=server',
    by: middle,
    ...validity,
    extensions: [extensions.noAuthority(), extensions.dnsName('api.test')],
  });
  const chain = { certificate: leaf.pem + middle.pem, privateKey: leaf.privateKey };
  const server = await listenSecure(t, (_, response) => response.end(), chain);
  const trusting = (ca: string, tlsServerName = 'api.test'): Promise<unknown> =>
    open(t, { server: `https://127.0.0.1:${server.port}`, ca, tlsServerName }).send(get('/'));
  for (const { pem } of [root, middle, leaf]) await trusting(pem);
  await assert.rejects(trusting(leaf.pem, 'other.test'), failsWith('tls', 'ERR_TLS_CERT_ALTNAME_INVALID'));
  await assert.rejects(trusting(stranger.certificate), failsWith('tls'));
});

void test('without an authority, those count that the machine trusts', async (t) => {
  const server = await listenSecure(t, (_, response) => response.end());
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'ca.crt'), authority.certificate);
  const before = process.env['SSL_CERT_FILE'];
  process.env['SSL_CERT_FILE'] = join(folder, 'ca.crt');
  t.after(() => {
    if (before === undefined) delete process.env['SSL_CERT_FILE'];
    else process.env['SSL_CERT_FILE'] = before;
  });
  const trusting = open(t, { server: `https://127.0.0.1:${server.port}`, tlsServerName: 'api.test' });
  assert.equal((await trusting.send(get('/'))).status, 200);
});

void test('a client certificate tells who asks', async (t) => {
  const server = await listenSecure(t, (request, response) => {
    const socket = request.socket as TLSSocket;
    response.end(socket.authorized ? String(socket.getPeerCertificate().subject.CN) : 'nobody');
  });
  const common = { server: `https://127.0.0.1:${server.port}`, ca: authority.certificate };
  const alice = open(t, { ...common, clientCertificate: client.certificate, clientKey: client.privateKey });
  assert.equal(await text((await alice.send(get('/'))).body), 'alice');
  assert.equal(await text((await open(t, common).send(get('/'))).body), 'nobody');
  const mixed = open(t, { ...common, clientCertificate: client.certificate, clientKey: serving.privateKey });
  await assert.rejects(mixed.send(get('/')), TransportError);
});

void test('an upgrade hands over the connection, a refusal of one is an answer', async (t) => {
  const plain = createServer((_, response) => {
    response.statusCode = 403;
    response.end('no');
  });
  plain.on('upgrade', (request, socket) => {
    if (request.url !== '/exec') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      return;
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  const server = await listen(t, plain);
  const transport = open(t, { server: `http://127.0.0.1:${server.port}` });
  const headers = { connection: 'Upgrade', upgrade: 'echo' };
  const answer = await transport.send(get('/exec', { headers }));
  assert.equal(answer.status, 101);
  const { upgraded } = answer;
  assert.ok(upgraded !== undefined);
  const echoed = new Promise((resolve) => upgraded.once('data', (data: Buffer) => resolve(data.toString())));
  upgraded.write('hello');
  assert.equal(await echoed, 'hello');
  upgraded.destroy();
  const refused = await transport.send(get('/attach', { headers }));
  assert.deepEqual([refused.status, await text(refused.body)], [403, 'no']);
});

void test('a proxy makes a tunnel to an https server and forwards to an http one', async (t) => {
  const secure = await listenSecure(t, (_, response) => response.end('through the tunnel'));
  const seen: string[] = [];
  const proxyServer = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end('forwarded');
  });
  proxyServer.on('connect', (request, socket, head) => {
    seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
    if (request.headers['proxy-authorization'] === undefined) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const target = connect(secure.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
  const proxy = await listen(t, proxyServer);
  const server = `https://127.0.0.1:${secure.port}`;
  const ca = authority.certificate;
  const tunnelled = open(t, { server, ca, proxyUrl: `http://u:p@127.0.0.1:${proxy.port}` });
  assert.equal(await text((await tunnelled.send(get('/'))).body), 'through the tunnel');
  const forwarded = open(t, { server: 'http://api.test', proxyUrl: `http://127.0.0.1:${proxy.port}` });
  assert.equal(await text((await forwarded.send(get('/x'))).body), 'forwarded');
  const basic = Buffer.from('u:p').toString('base64');
  assert.deepEqual(seen, [`CONNECT 127.0.0.1:${secure.port} Basic ${basic}`, 'GET http://api.test/x']);

  const distrustful = open(t, { server, ca: stranger.certificate, proxyUrl: `http://u:p@127.0.0.1:${proxy.port}` });
  await assert.rejects(distrustful.send(get('/')), failsWith('tls'));
  const refused = open(t, { server, ca, proxyUrl: `http://127.0.0.1:${proxy.port}` });
  await assert.rejects(refused.send(get('/')), (error) => {
    failsWith('proxy')(error);
    assert.equal((error as Error).message, 'Forbidden');
    return true;
  });
  const nobody = open(t, { server, ca, proxyUrl: 'http://127.0.0.1:1' });
  await assert.rejects(nobody.send(get('/')), (error) => {
    failsWith('refused')(error);
    const reason = transportReason(error as TransportError);
    assert.equal(reason, 'proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused');
    return true;
  });
  const unknown = open(t, { server, proxyUrl: 'ftp://127.0.0.1:1' });
  await assert.rejects(unknown.send(get('/')), failsWith('proxy'));
});

/** A SOCKS5 proxy (RFC 1928, 1929) that leads to a port of this machine, whatever it is asked for. */
function socksServer(port: number, seen: string[]): Server {
  const server = createServer();
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (greeting: Buffer) => {
      const wantsUser = greeting.subarray(2).includes(2);
      socket.write(Buffer.from([5, wantsUser ? 2 : 0]));
      const request = (): void => {
        socket.once('data', (asked: Buffer) => {
          const length = asked[3] === 3 ? (asked[4] ?? 0) : 4;
          const name = asked[3] === 3 ? asked.subarray(5, 5 + length).toString() : [...asked.subarray(4, 8)].join('.');
          seen.push(`${name}:${asked.readUInt16BE(asked.length - 2)}`);
          if (name === 'forbidden.test') {
            socket.end(Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]));
            return;
          }
          const target = connect(port, '127.0.0.1', () => {
            socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]));
            target.pipe(socket).pipe(target);
          });
          target.on('error', () => socket.destroy());
        });
      };
      if (!wantsUser) request();
      else {
        socket.once('data', (login: Buffer) => {
          seen.push(login.subarray(2, 2 + (login[1] ?? 0)).toString());
          socket.write(Buffer.from([1, 0]));
          request();
        });
      }
    });
  });
  return server;
}

void test('a SOCKS5 proxy makes a tunnel to any server and looks up its name', async (t) => {
  const secure = await listenSecure(t, (_, response) => response.end('through socks'));
  const plain = await listenPlain(t, (_, response) => response.end('plain through socks'));
  const seen: string[] = [];
  const toSecure = await listen(t, socksServer(secure.port, seen));
  const toPlain = await listen(t, socksServer(plain.port, seen));
  const ca = authority.certificate;
  const tunnelled = open(t, {
    server: 'https://api.test:6443',
    ca,
    proxyUrl: `socks5://u:p@127.0.0.1:${toSecure.port}`,
  });
  assert.equal(await text((await tunnelled.send(get('/'))).body), 'through socks');
  const unsafe = open(t, { server: 'http://api.test', proxyUrl: `socks5://127.0.0.1:${toPlain.port}` });
  assert.equal(await text((await unsafe.send(get('/'))).body), 'plain through socks');
  assert.deepEqual(seen, ['u', 'api.test:6443', 'api.test:80']);
  const refused = open(t, { server: 'http://forbidden.test', proxyUrl: `socks5://127.0.0.1:${toPlain.port}` });
  await assert.rejects(refused.send(get('/')), failsWith('proxy'));
  const nobody = open(t, { server: 'http://api.test', proxyUrl: 'socks5://127.0.0.1:1' });
  await assert.rejects(nobody.send(get('/')), failsWith('proxy'));
});
