import { connect as connectSecurely } from 'node:tls';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import test, { type TestContext } from 'node:test';
import type { HttpRequest, HttpResponse } from '../../../src/apimachinery/http.ts';
import { listen, type Listener, type ListenOptions } from '../../../src/control-plane/apiserver/listen.ts';
import { createCertificateAuthority, issueCertificate } from '../../../src/pki/certificates.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';

interface Served {
  readonly listener: Listener;
  readonly session: ClientHttp2Session;
}

async function serve(
  context: TestContext,
  handle: (request: HttpRequest) => Promise<HttpResponse> | HttpResponse,
  options: Partial<ListenOptions> = {},
): Promise<Served> {
  const now = systemClock.now();
  const authority = await createCertificateAuthority('authority', now);
  const subject = { commonName: 'server' };
  const pair = await issueCertificate(authority, { subject, usage: 'server', ipAddresses: ['127.0.0.1'], now });
  const listener = await listen({
    handle: async (request) => handle(request),
    tls: { certificate: pair.certificate, key: pair.privateKey },
    clock: systemClock,
    log: silentLogger,
    ...options,
  });
  const session = connect(listener.url, { ca: authority.certificate });
  session.on('error', () => undefined);
  await once(session, 'connect');
  context.after(async () => {
    session.destroy();
    await listener.close();
  });
  return { listener, session };
}

function text(value: string): HttpResponse {
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: Buffer.from(value) };
}

async function get(session: ClientHttp2Session, path: string): Promise<{ status: number; body: string }> {
  const stream = session.request({ ':path': path });
  const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  return { status: headers[':status'] ?? 0, body };
}

test('two hundred requests at a time on one connection', async (context) => {
  const { session } = await serve(context, ({ path }) => text(path));
  const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => get(session, `/${index}`)));
  assert.deepEqual(
    answers.map(({ body }) => body),
    answers.map((_, index) => `/${index}`),
  );
});

test('headers are octets: a text beyond ASCII arrives as its UTF-8', async (context) => {
  const octets = Buffer.from('299 - "é"', 'utf8').toString('latin1');
  const { session } = await serve(context, () => ({ ...text(''), headers: { warning: [octets] } }));
  const stream = session.request({ ':path': '/' });
  const [headers] = (await once(stream, 'response')) as [Record<string, string>];
  stream.close();
  assert.equal(Buffer.from(headers['warning'] ?? '', 'latin1').toString('utf8'), '299 - "é"');
});

test('a client that takes back its request is seen to have gone, and others go on', async (context) => {
  let isGone: Promise<unknown> | undefined;
  const { session } = await serve(context, (request) => {
    if (request.path !== '/watch') return text('ok');
    isGone = new Promise((resolve) => request.signal?.addEventListener('abort', resolve));
    return { status: 200, headers: {}, body: endless(request) };
  });
  const watch = session.request({ ':path': '/watch' });
  await once(watch, 'data');
  watch.close(constants.NGHTTP2_CANCEL);
  await isGone;
  assert.equal((await get(session, '/other')).body, 'ok');
});

async function* endless(request: HttpRequest): AsyncGenerator<Uint8Array> {
  yield Buffer.from('first\n');
  await new Promise((resolve) => request.signal?.addEventListener('abort', resolve));
}

test('a client that does not read holds up its own answer alone, and little of it waits in memory', async (context) => {
  let made = 0;
  async function* large(): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < 1000; index++) {
      made++;
      yield Buffer.alloc(64 * 1024);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const { session } = await serve(context, ({ path }) =>
    path === '/large' ? { status: 200, headers: {}, body: large() } : text('ok'),
  );
  const stream = session.request({ ':path': '/large' });
  await once(stream, 'response');
  stream.pause();
  for (let index = 0; index < 50; index++) assert.equal((await get(session, `/${index}`)).body, 'ok');
  assert.ok(made < 100, `${made} chunks were made`);
  stream.close(constants.NGHTTP2_CANCEL);
});

test('a server that closes says so: what is under way ends well, nothing new begins', async (context) => {
  let finish: (() => void) | undefined;
  const { listener, session } = await serve(context, async ({ path }) => {
    if (path === '/slow') await new Promise<void>((resolve) => (finish = resolve));
    return text(path);
  });
  const slow = get(session, '/slow');
  await get(session, '/begun');
  const goaway = once(session, 'goaway');
  const closed = listener.close(5);
  const [code] = (await goaway) as [number];
  assert.equal(code, constants.NGHTTP2_NO_ERROR);
  finish?.();
  assert.equal((await slow).body, '/slow');
  await closed;
});

test('an idle connection of HTTP/1.1 ends with the server, one with a request after its answer', async (context) => {
  let finish: (() => void) | undefined;
  const { listener, session } = await serve(context, async ({ path }) => {
    if (path === '/slow') await new Promise<void>((resolve) => (finish = resolve));
    return text(path);
  });
  session.destroy();
  const open = async (path: string): Promise<{ text: () => string; closed: Promise<unknown> }> => {
    const socket = connectTls({ port: listener.port, host: '127.0.0.1', rejectUnauthorized: false });
    let read = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (read += chunk));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const closed = once(socket, 'close');
    if (path !== '/slow') await once(socket, 'data');
    return { text: () => read, closed };
  };
  const slow = await open('/slow');
  const idle = await open('/idle');
  const closed = listener.close(5);
  await idle.closed;
  finish?.();
  await slow.closed;
  assert.match(slow.text(), /\r\nConnection: close\r\n(.*\r\n)*\r\n\/slow$/);
  await closed;
});

test('paths whose escapes are none are refused, too', async (context) => {
  const { session } = await serve(context, () => text('ok'));
  assert.equal((await get(session, '/liv%zz')).status, 400);
});

test('clients are told the limits of the real server', async (context) => {
  const { session } = await serve(context, () => text('ok'));
  await get(session, '/');
  const { maxConcurrentStreams, initialWindowSize, maxFrameSize, maxHeaderListSize } = session.remoteSettings;
  assert.deepEqual(
    { maxConcurrentStreams, initialWindowSize, maxFrameSize, maxHeaderListSize },
    { maxConcurrentStreams: 100, initialWindowSize: 262_144, maxFrameSize: 262_144, maxHeaderListSize: 1_048_896 },
  );
  assert.equal(session.state.remoteWindowSize, 26_214_400);
  const { session: other } = await serve(context, () => text('ok'), { maxStreamsPerConnection: 7 });
  await get(other, '/');
  assert.equal(other.remoteSettings.maxConcurrentStreams, 7);
});

test('a connection that is to end does so after its answers', async (context) => {
  let finish = (): void => undefined;
  const late = new Promise<void>((resolve) => (finish = resolve));
  let asked = 0;
  const { session } = await serve(
    context,
    async ({ path }) => {
      if (path === '/late') await late;
      return text(path);
    },
    { mustReconnect: () => ++asked === 2 },
  );
  const first = get(session, '/late');
  const gone = once(session, 'goaway');
  assert.equal((await get(session, '/second')).body, '/second');
  assert.equal((await gone)[0], constants.NGHTTP2_NO_ERROR);
  finish();
  assert.equal((await first).body, '/late');
  await once(session, 'close');
});

test('nothing is done for requests that are taken back as they are sent (CVE-2023-44487)', async (context) => {
  const handled: string[] = [];
  const { listener } = await serve(context, ({ path }) => {
    handled.push(path);
    return text('');
  });
  const frame = (type: number, flags: number, stream: number, payload: readonly number[]): Buffer =>
    Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]);
  // GET, https and / stand in the static table (RFC 7541).
  const head = (stream: number): Buffer => frame(1, 5, stream, [0x82, 0x87, 0x84, 0x41, 1, 0x61]);
  const taken = Array.from({ length: 60 }, (_, index) => 1 + 2 * index).flatMap((stream) => [
    head(stream),
    frame(3, 0, stream, [0, 0, 0, 8]),
  ]);
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const socket = connectSecurely({ port: listener.port, ALPNProtocols: ['h2'], rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.write(Buffer.concat([preface, frame(4, 0, 0, []), ...taken, head(201)]));
  while (handled.length === 0) await once(socket, 'data');
  assert.deepEqual(handled, ['/']);
  socket.destroy();
});
