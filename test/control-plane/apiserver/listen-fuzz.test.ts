import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { connect as connectPlain, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { listen, type Listener } from '../../../src/control-plane/apiserver/listen.ts';
import { createCertificateAuthority, issueCertificate } from '../../../src/pki/certificates.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import { type Fuzz, fuzzFrom } from '../../support/fuzz-values.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

/** Of each kind of connection that says nothing, or not all. */
const idleOfEachKind = 80;
/**
 * As many as the issue asks for, or as there may be open files, which is what bounds them: each end of a connection is
 * one, so that clients are in a process of their own.
 */
const idleConnections = Math.min(10_000, mostOpenFiles() - 1000);
/** What the server holds for one of them, in bytes of memory, at most. */
const maxIdleBytes = 32 * 1024;
/** What all of a flood may take, in bytes; what it sends is many times that. */
const maxGrowth = 200 * 1024 * 1024;
const kept = '/api/v1/namespaces/default/configmaps/kept';

/** How many files this process may open (`ulimit -n`). */
function mostOpenFiles(): number {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } };
  };
  const limit = Number(userLimits?.open_files?.soft);
  return Number.isNaN(limit) ? Infinity : limit;
}

interface Attacked {
  readonly listener: Listener;
  readonly authority: string;
  /** Fails when another client does not get what it asks for. */
  readonly undisturbed: () => Promise<void>;
  /** A connection that speaks what is asked for, once it does. */
  readonly dial: (protocol: 'h2' | 'http/1.1') => Promise<Socket>;
}

async function attacked(context: TestContext): Promise<Attacked> {
  const now = systemClock.now();
  const authority = await createCertificateAuthority('authority', now);
  const subject = { commonName: 'server' };
  const pair = await issueCertificate(authority, { subject, usage: 'server', ipAddresses: ['127.0.0.1'], now });
  const api = await createTestApiServer();
  await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' }, data: { a: 'b' } });
  const listener = await listen({
    handle: (request) => api.server.handle(request),
    tls: { certificate: pair.certificate, key: pair.privateKey },
    clock: systemClock,
    log: silentLogger,
  });
  const ca = authority.certificate;
  const other = connect(listener.url, { ca });
  other.on('error', () => undefined);
  context.after(async () => {
    other.destroy();
    await listener.close();
    await api.close();
  });
  return {
    listener,
    authority: ca,
    async undisturbed() {
      const { status, body } = await get(other, kept);
      assert.equal(status, 200);
      assert.match(body, /"a":"b"/);
    },
    async dial(protocol) {
      const options = { host: '127.0.0.1', port: listener.port, ca, ALPNProtocols: [protocol] };
      const socket = connectTls(options);
      socket.on('error', () => undefined);
      await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')]);
      return socket;
    },
  };
}

async function get(session: ClientHttp2Session, path: string): Promise<{ status: number; body: string }> {
  const stream = session.request({ ':path': path });
  const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  return { status: headers[':status'] ?? 0, body };
}

/** Until the server has ended a connection, or has had so many turns to say something. */
async function ended(socket: Socket, turns = 20): Promise<void> {
  socket.resume();
  for (let turn = 0; turn < turns && !socket.destroyed; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** RFC 9113, 4.1. */
const frames = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  promise: 5,
  ping: 6,
  away: 7,
  window: 8,
  more: 9,
};

function frame(type: number, flags: number, stream: number, payload: Uint8Array, length = payload.length): Uint8Array {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const noPayload = new Uint8Array();
/** `:method: GET`, `:scheme: https`, `:path: /` from the static table, and an authority (RFC 7541). */
const requestFields = Buffer.from([0x82, 0x87, 0x84, 0x41, 0x01, 0x61]);

/** Frames of which some make sense: of known types, to streams that are there or not, too long and too short. */
function someFrames(fuzz: Fuzz): Uint8Array {
  const { below, pick, chance, bytes } = fuzz;
  const one = (): Uint8Array => {
    const stream = pick([0, 1, 3, 5, 2, 0x7fffffff, below(100)]);
    const kind = pick(Object.values(frames) as [number, ...number[]]);
    const payload = chance(0.3) ? requestFields : bytes(pick([0, 4, 5, 6, 8, below(60)]));
    const length = chance(0.1) ? below(70_000) : payload.length;
    return frame(
      chance(0.05) ? below(256) : kind,
      chance(0.5) ? pick([0, 1, 4, 5, 8, 0x20]) : below(256),
      stream,
      payload,
      length,
    );
  };
  return Buffer.concat([
    chance(0.95) ? preface : bytes(24),
    ...(chance(0.9) ? [frame(frames.settings, 0, 0, noPayload)] : []),
    ...Array.from({ length: below(12) }, one),
  ]);
}

test('whatever frames of HTTP/2 come, other clients are answered', async (context) => {
  const { dial, undisturbed } = await attacked(context);
  const fuzz = fuzzFrom(9113);
  for (let round = 0; round < 12; round++) {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => dial('h2')));
    for (const socket of sockets) {
      socket.write(someFrames(fuzz));
      if (fuzz.chance(0.3)) socket.end();
    }
    await Promise.all(sockets.map((socket) => ended(socket)));
    await undisturbed();
    for (const socket of sockets) socket.destroy();
  }
  await undisturbed();
});

test('whatever bytes come in place of HTTP/1, other clients are answered', async (context) => {
  const { dial, undisturbed } = await attacked(context);
  const fuzz = fuzzFrom(9112);
  const { pick, chance, below } = fuzz;
  const head = (): string =>
    [
      `${pick(['GET', 'POST', 'get', 'G\0T', 'PRI'])} ${pick([kept, '*', '/%', '//', '/a b', 'http://x/'])} HTTP/${pick(['1.1', '1.0', '2.0', '9.9', 'x'])}`,
      pick(['Host: a', 'Host:', 'Host: a\r\nHost: b', 'Hos']),
      pick(['Content-Length: 5', 'Content-Length: 5, 6', 'Content-Length: -1', 'Transfer-Encoding: chunked', 'X: y']),
      pick([
        '',
        'Transfer-Encoding: chunked',
        'Expect: 100-continue',
        ' folded',
        'Connection: Upgrade\r\nUpgrade: h2c',
        `A: ${'b'.repeat(below(9000))}`,
      ]),
      '',
      pick(['', 'hello', '5\r\nhello\r\n0\r\n\r\n', 'zz\r\n', 'ffffffffffffffff\r\n']),
    ].join(pick(['\r\n', '\r\n', '\r\n', '\n', '\r']));
  for (let round = 0; round < 12; round++) {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => dial('http/1.1')));
    for (const socket of sockets) {
      socket.write(chance(0.3) ? fuzz.mangled(Buffer.from(head())) : head());
      if (chance(0.4)) socket.end();
    }
    await Promise.all(sockets.map((socket) => ended(socket)));
    await undisturbed();
    for (const socket of sockets) socket.destroy();
  }
  await undisturbed();
});

test('a client that takes back all its requests at once holds up nobody, and nothing stays of it', async (context) => {
  const { listener, authority, undisturbed } = await attacked(context);
  const session = connect(listener.url, { ca: authority });
  session.on('error', () => undefined);
  await once(session, 'connect');
  const before = process.memoryUsage().rss;
  for (let round = 0; round < 20 && !session.destroyed; round++) {
    for (let index = 0; index < 100 && !session.closed; index++) {
      const stream = session.request({ ':path': '/api/v1/configmaps' });
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    }
    await undisturbed();
  }
  assert.ok(process.memoryUsage().rss - before < maxGrowth);
  session.destroy();
});

test('heads without end, and floods of pings and settings, end their own connection at most', async (context) => {
  const { dial, undisturbed } = await attacked(context);
  const field = Buffer.concat([Buffer.from([0x00, 0x7f, 0x81, 0x01]), Buffer.alloc(256, 'a'), Buffer.from([0x00])]);
  const floods: Readonly<Record<string, (turn: number) => Uint8Array>> = {
    continuation: (turn) =>
      frame(turn === 0 ? frames.headers : frames.more, 0, 1, Buffer.concat(Array.from({ length: 40 }, () => field))),
    ping: () => frame(frames.ping, 0, 0, Buffer.alloc(8)),
    settings: () => frame(frames.settings, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0])),
    'empty data': (turn) =>
      turn === 0 ? frame(frames.headers, 4, 1, requestFields) : frame(frames.data, 0, 1, noPayload),
    'windows of nothing': () => frame(frames.window, 0, 0, Buffer.alloc(4)),
  };
  const before = process.memoryUsage().rss;
  for (const [name, flood] of Object.entries(floods)) {
    const socket = await dial('h2');
    socket.write(Buffer.concat([preface, frame(frames.settings, 0, 0, noPayload)]));
    // Whoever floods does not read what comes back.
    socket.pause();
    for (let turn = 0; turn < 60 && !socket.destroyed; turn++) {
      const together = name === 'continuation' ? 1 : 100;
      socket.write(Buffer.concat(Array.from({ length: together }, (_, index) => flood(turn * together + index))));
      if (turn % 20 === 0) await undisturbed();
    }
    await undisturbed();
    socket.destroy();
  }
  assert.ok(process.memoryUsage().rss - before < maxGrowth);
});

test('connections that say nothing, or not all, cost little and hold up nobody', async (context) => {
  const { listener, dial, undisturbed } = await attacked(context);
  const before = process.memoryUsage().rss;
  const sockets: Socket[] = [];
  const plain = (): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connectPlain(listener.port, '127.0.0.1', () => resolve(socket));
      socket.on('error', () => resolve(socket));
    });
  const openings: readonly (() => Promise<Socket>)[] = [
    plain,
    plain,
    () => dial('http/1.1'),
    async () => {
      const socket = await dial('h2');
      socket.write(Buffer.concat([preface, frame(frames.settings, 0, 0, noPayload)]));
      return socket;
    },
    async () => {
      const socket = await dial('http/1.1');
      socket.write(`POST ${kept} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"a`);
      return socket;
    },
  ];
  for (let round = 0; round < idleOfEachKind / 10; round++) {
    const opened = Array.from({ length: 10 }, () => openings.map((open) => open())).flat();
    sockets.push(...(await Promise.all(opened)));
    await undisturbed();
  }
  assert.ok(process.memoryUsage().rss - before < maxGrowth);
  for (const [index, socket] of sockets.entries()) {
    if (index % 2 === 0) socket.destroy();
    else socket.end();
  }
  await undisturbed();
  for (const socket of sockets) socket.destroy();
});

/**
 * A program that makes connections, some hundred at a time, and says how many it has; it keeps them until its input
 * ends. One in twenty has agreed on TLS, one in ten has said half of something.
 */
const idleClients = `
const net = require('node:net'), tls = require('node:tls');
const [port, wanted] = process.argv.slice(1).map(Number);
let made = 0, ended = 0;
const open = (index) => new Promise((resolve) => {
  const options = { host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: [index % 40 === 0 ? 'h2' : 'http/1.1'] };
  const done = () => { made++; resolve(); };
  const socket = index % 20 === 0 ? tls.connect(options, done) : net.connect(options, done);
  if (index % 10 === 1) socket.write(Buffer.from([22, 3, 1, 2]));
  socket.on('error', () => resolve());
  socket.on('close', () => { ended++; resolve(); });
});
(async () => {
  for (let index = 0; index < wanted; index += 250) {
    const length = Math.min(250, wanted - index);
    await Promise.all(Array.from({ length }, (_, next) => open(index + next)));
    console.log(made - ended);
  }
  process.stdin.resume().on('end', () => process.exit());
})();
`;

test('ten thousand connections that say nothing cost little and hold up nobody', async (context) => {
  const { listener, undisturbed } = await attacked(context);
  const before = process.memoryUsage().rss;
  const clients = spawn(process.execPath, ['-e', idleClients, String(listener.port), String(idleConnections)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(() => clients.kill());
  let made = 0;
  for await (const line of createInterface(clients.stdout)) {
    made = Number(line);
    await undisturbed();
    if (made >= idleConnections) break;
  }
  assert.equal(made, idleConnections);
  const each = (process.memoryUsage().rss - before) / idleConnections;
  context.diagnostic(`${Math.round(each / 1024)} KiB for each of ${idleConnections} idle connections`);
  assert.ok(each < maxIdleBytes, `${each} bytes`);
  clients.stdin.end();
  await once(clients, 'exit');
  await undisturbed();
});
