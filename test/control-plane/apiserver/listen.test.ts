import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import test from 'node:test';
import { type HttpRequest, type HttpResponse, readBody } from '../../../src/apimachinery/http.ts';
import { listen } from '../../../src/control-plane/apiserver/listen.ts';
import { createCertificateAuthority, issueCertificate } from '../../../src/pki/certificates.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

/** Sends bytes as they are. @returns what comes until the connection ends */
function exchange(port: number, text: string, onData?: () => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
      onData?.();
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

test('a path may be as long as the command to exec that is in it', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const listener = await listen({ handle: api.server.handle, clock, log: silentLogger });
  const query = `fieldSelector=metadata.name%3D${'a'.repeat(100_000)}`;
  const request = `GET /api/v1/namespaces/default/configmaps?${query} HTTP/1.1\r\nHost: localhost\r\n`;
  const answer = await exchange(listener.port, `${request}Connection: close\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  await listener.close();
  await api.close();
});

test('methods that nobody knows are answered as any other, bytes that are no request with 400', async () => {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const listener = await listen({ handle: api.server.handle, clock, log: silentLogger });
  const head = 'HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\n\r\n';
  const refused = await exchange(listener.port, `ZORK /api/v1/namespaces/default/configmaps ${head}`);
  assert.match(refused, /^HTTP\/1\.1 405 Method Not Allowed\r\n/);
  assert.match(refused, /\r\nContent-Type: application\/json\r\n/);
  assert.deepEqual(JSON.parse(refused.split('\r\n\r\n')[1] ?? ''), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the server does not allow this method on the requested resource',
    reason: 'MethodNotAllowed',
    details: {},
    code: 405,
  });
  for (const bytes of ['\0\0\0\r\n\r\n', 'ZORK nowhere\r\n\r\n', 'GET / HTTP/1.1\r\nbad header\r\n\r\n']) {
    assert.match(await exchange(listener.port, bytes), /^HTTP\/1\.1 400 Bad Request\r\n/);
  }
  await listener.close();
  await api.close();
});

const post = 'POST /api/v1/namespaces/default/configmaps?dryRun=All HTTP/1.1\r\nHost: localhost\r\n';
const json = 'Content-Type: application/json\r\n';
const configMap = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}';
const live = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n';

async function inListener(run: (port: number, clock: FakeClock) => Promise<void>): Promise<void> {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const listener = await listen({ handle: api.server.handle, clock, log: silentLogger });
  try {
    await run(listener.port, clock);
  } finally {
    await listener.close();
    await api.close();
  }
}

/** The status lines of all answers. */
function statusLines(answers: string): string[] {
  return [...answers.matchAll(/HTTP\/1\.1 (\d.*)\r/g)].map(([, line = '']) => line);
}

test('heads that cannot be read are refused in the words of the real server', () =>
  inListener(async (port) => {
    for (const [head, line, text] of [
      ['GET /livez HTTP/1.1\r\n', '400 Bad Request: missing required Host header', undefined],
      ['GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n', '400 Bad Request', undefined],
      ['GET /livez HTTP/1.1\r\nHost: a b\r\n', '400 Bad Request: malformed Host header', undefined],
      ['GET /liv%zz HTTP/1.1\r\nHost: a\r\n', '400 Bad Request', undefined],
      ['GET /livez\r\n', '400 Bad Request', undefined],
      ['GET /livez HTTP/3\r\nHost: a\r\n', '400 Bad Request', undefined],
      ['GET /livez HTTP/1.1\r\nHost: a@b\r\n', '400 Bad Request: malformed Host header', undefined],
      [`${live}X Y: z\r\n`, '400 Bad Request: invalid header name', undefined],
      [`${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n`, '400 Bad Request', undefined],
      ['GET /livez HTTP/2.0\r\nHost: a\r\n', '505 HTTP Version Not Supported: unsupported protocol version', undefined],
      [`${post}Content-Length: abc\r\n`, '400 Bad Request', undefined],
      [`${post}Transfer-Encoding: gzip, chunked\r\n`, '501 Not Implemented', 'Unsupported transfer encoding'],
      [
        `${post}Transfer-Encoding: identity\r\nContent-Length: 3\r\n`,
        '501 Not Implemented',
        'Unsupported transfer encoding',
      ],
      [
        `${post}Content-Length: 3\r\nTransfer-Encoding: identity\r\n`,
        '501 Not Implemented',
        'Unsupported transfer encoding',
      ],
      [`${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n`, '400 Bad Request', undefined],
      [`${live}X: ${'x'.repeat(1_200_000)}\r\n`, '431 Request Header Fields Too Large', undefined],
    ] as const) {
      const answer = await exchange(port, `${head}\r\n`);
      assert.equal(
        answer,
        `HTTP/1.1 ${line}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${text ?? line}`,
      );
    }
  }));

test('what else is expected than to be asked for the body is refused, and nothing else is read', () =>
  inListener(async (port) => {
    const answer = await exchange(port, `${post}${json}Expect: zork\r\nContent-Length: 3\r\n\r\nabc${live}\r\n`);
    assert.deepEqual(statusLines(answer), ['417 Expectation Failed']);
    assert.match(answer, /\r\nConnection: close\r\n/);
  }));

test('the server named in the URL, a tunnel, the server as a whole', () =>
  inListener(async (port) => {
    for (const [request, line] of [
      ['GET http://elsewhere/livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n', '200 OK'],
      ['CONNECT /livez HTTP/1.1\r\nHost: a\r\n', '200 OK'],
      ['CONNECT elsewhere:443 HTTP/1.1\r\nHost: a\r\n', '404 Not Found'],
      ['OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer bad\r\n', '200 OK'],
    ] as const) {
      assert.deepEqual(statusLines(await exchange(port, `${request}\r\n`)), [line], request);
    }
  }));

test('requests one after the other: a small body that nobody reads does not end the connection, a large one does', () =>
  inListener(async (port) => {
    const last = `${live}Connection: close\r\n\r\n`;
    const withBody = (head: string, body: string): string => `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
    const unread = 'POST /livez HTTP/1.1\r\nHost: localhost\r\n';
    const created = ['201 Created', '200 OK'];
    assert.deepEqual(statusLines(await exchange(port, withBody(post + json, configMap) + last)), created);
    assert.deepEqual(statusLines(await exchange(port, withBody(unread, 'hello') + last)), ['200 OK', '200 OK']);
    assert.deepEqual(statusLines(await exchange(port, withBody(unread, 'x'.repeat(200_000)) + last)), [
      '200 OK',
      '200 OK',
    ]);
    assert.deepEqual(statusLines(await exchange(port, withBody(unread, 'x'.repeat(400_000)) + last)), ['200 OK']);
    const chunked = `${post}${json}Transfer-Encoding: chunked\r\n\r\n5\r\n{"api\r\n${(configMap.length - 5).toString(16)};a=b\r\n${configMap.slice(5)}\r\n0\r\n\r\n`;
    assert.deepEqual(statusLines(await exchange(port, chunked + last)), created);
    const early = `${post}${json}Content-Length: 4000000\r\n\r\n{`;
    assert.deepEqual(statusLines(await exchange(port, early)), ['413 Request Entity Too Large']);
  }));

test('who is still sending a body that nobody reads has its answer, not a reset connection', () =>
  inListener(async (port) => {
    const socket = connect(port, '127.0.0.1');
    const errors: Error[] = [];
    socket.on('error', (error) => errors.push(error));
    const length = 4_000_000;
    socket.write(`${post}${json}Content-Length: ${length}\r\n\r\n{`);
    let answer = '';
    socket.on('data', (bytes) => {
      if (answer === '') socket.write(' '.repeat(length - 1));
      answer += bytes.toString('latin1');
    });
    await once(socket, 'close');
    assert.deepEqual(statusLines(answer), ['413 Request Entity Too Large']);
    assert.deepEqual(errors, []);
  }));

test('what cannot be read is answered after what came before it, which is answered once', () =>
  inListener(async (port) => {
    for (const bad of ['BAD\r\n\r\n', 'G@T /livez HTTP/1.1\r\n\r\n', '\0\r\n', 'GET /\xff HTTP/9.9\r\n\r\n']) {
      const name = `x${Buffer.from(bad).toString('hex')}`.slice(0, 30);
      const body = configMap.replace('"x"', `"${name}"`);
      const head = `${post.replace('?dryRun=All', '')}${json}Content-Length: ${body.length}\r\n\r\n`;
      const answers = await exchange(port, head + body + bad + live);
      assert.deepEqual(statusLines(answers), ['201 Created', '400 Bad Request'], bad);
    }
    const last = `${live}Connection: close\r\n\r\n`;
    assert.deepEqual(statusLines(await exchange(port, last + last)), ['200 OK']);
    assert.deepEqual(statusLines(await exchange(port, `${last}\0\0`)), ['200 OK']);
  }));

test('requests that do not wait for answers have them one at a time, in their order, and others between them', async (context) => {
  const begun: string[] = [];
  const letGo = new Map<string, () => void>();
  const listener = await listen({
    async handle({ path }) {
      begun.push(path);
      if (path.startsWith('/slow')) await new Promise<void>((resolve) => letGo.set(path, resolve));
      return { status: 200, headers: {}, body: Buffer.from(path) };
    },
    clock: new FakeClock(),
    log: silentLogger,
  });
  context.after(() => listener.close());
  const ask = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
  const many = Array.from({ length: 3000 }, (_, index) => `/n${index}`);
  const all = ['/slow', ...many, '/last'];
  const text = `${ask('/slow')}${many.map((path) => ask(path)).join('')}${ask('/last', 'Connection: close\r\n')}`;
  const answers = exchange(listener.port, text);
  while (letGo.size === 0) await new Promise(setImmediate);
  const between = await exchange(listener.port, ask('/other', 'Connection: close\r\n'));
  assert.match(between, /\/other$/);
  assert.deepEqual(begun, ['/slow', '/other']);
  letGo.get('/slow')?.();
  const last = exchange(listener.port, ask('/late', 'Connection: close\r\n')).then(() => begun.length);
  const bodies = [...(await answers).matchAll(/\r\n\r\n(\/\w+?)(?=HTTP|$)/g)].map(([, path]) => path);
  assert.deepEqual(bodies, all);
  assert.ok((await last) < 1000, 'who asks for one thing waits for no more than a few of them');
  // What is not begun when its connection ends is not done.
  const cut = connect(listener.port, '127.0.0.1');
  cut.write(`${ask('/slow2')}${ask('/never')}`);
  while (letGo.size === 1) await new Promise(setImmediate);
  cut.destroy();
  letGo.get('/slow2')?.();
  // An upgrade waits, too.
  const upgraded = exchange(listener.port, `${ask('/slow3')}${ask('/up', 'Connection: upgrade\r\nUpgrade: x\r\n')}`);
  while (letGo.size === 2) await new Promise(setImmediate);
  assert.equal(begun.at(-1), '/slow3');
  letGo.get('/slow3')?.();
  assert.match(await upgraded, /\/slow3[\s\S]*\/up$/);
  assert.ok(!begun.includes('/never'));
});

test('a path with bytes beyond ASCII is one like any other, as curl sends it', () =>
  inListener(async (port) => {
    const asked = `GET /api/v1/namespaces/default/configmaps/\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n`;
    const answer = await exchange(port, asked);
    assert.deepEqual(statusLines(answer), ['404 Not Found']);
    assert.match(answer, /configmaps \\"\u00e9\\" not found/);
  }));

test('HTTP/1.0 is answered in its own words, and its connections stay when that is asked for', () =>
  inListener(async (port) => {
    const one = await exchange(port, 'GET /livez HTTP/1.0\r\n\r\n');
    assert.match(one, /^HTTP\/1\.0 200 OK\r\n[^]*\r\n\r\nok$/);
    assert.doesNotMatch(one, /\nConnection:/);
    const kept = 'GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
    const two = await exchange(port, `${kept}GET /livez HTTP/1.0\r\n\r\n`);
    assert.match(two, /^HTTP\/1\.0 200 OK\r\n[^]*\nConnection: keep-alive\r\n[^]*okHTTP\/1\.0 200 OK\r\n[^]*ok$/);
    // What has no length ends with its connection.
    const long = await exchange(port, 'GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    assert.match(long, /^HTTP\/1\.0 200 OK\r\n/);
    assert.doesNotMatch(long, /\n(Connection|Transfer-Encoding|Content-Length):/);
  }));

test('heads as people type them are read, where there is no doubt about them', () =>
  inListener(async (port) => {
    for (const [text, line] of [
      ['GET /livez HTTP/1.1\nHost: a\n\n', '200 OK'],
      ['GET /livez HTTP/1.0\n\n', '200 OK'],
      ['GET /livez HTTP/1.1\r\nHost: a\nB: c\r\n\r\n', '200 OK'],
      ['GET /livez HTTP/1.1\r\nHost: a\r\n\n', '200 OK'],
      ['GET /livez HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n', '200 OK'],
      ['GET /livez HTTP/1.1\r\nHost:\r\n a\r\n\r\n', '200 OK'],
      ['GET /livez HTTP/1.2\r\nHost: a\r\n\r\n', '200 OK'],
      ['GET /livez HTTP/1.1\n\n', '400 Bad Request'],
      ['GET /livez HTTP/1.1\nHost: a\nHost: b\n\n', '400 Bad Request'],
      ['GET /livez HTTP/1.1\nHost: a\nX : b\n\n', '400 Bad Request'],
      ['GET /livez HTTP/1.1\nHost: a\nContent-Length: 1\n\na', '400 Bad Request'],
      ['GET /livez HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n0\n\n', '400 Bad Request'],
      ['GET /%zz HTTP/1.1\nHost: a\n\n', '400 Bad Request'],
    ] as const) {
      assert.deepEqual(statusLines(await exchange(port, text)), [line], JSON.stringify(text));
    }
    const behind = `${live}\r\nGET /livez HTTP/1.1\nHost: a\n\n`;
    assert.deepEqual(statusLines(await exchange(port, behind)), ['200 OK', '400 Bad Request']);
  }));

test('octets of a path that are no text are told as what they are', () =>
  inListener(async (port) => {
    for (const [path, shown, name] of [
      ['%ff', '\\\\xff', '\\ufffd'],
      ['%e2%82', '\\\\xe2\\\\x82', '\\ufffd\\ufffd'],
      ['a%C3%A9%a9', 'aé\\\\xa9', 'aé\\ufffd'],
    ] as const) {
      const asked = `GET /api/v1/namespaces/default/configmaps/${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
      const answer = await exchange(port, asked);
      assert.ok(answer.includes(`configmaps \\"${shown}\\" not found`), answer);
      assert.ok(answer.includes(`"name":"${name}"`), answer);
    }
  }));

test('what is wrong with a body in chunks is told to who reads it, in the words of the real server', () =>
  inListener(async (port, clock) => {
    // The connection stays a moment, for clients that are still sending.
    const pass = (): void => void clock.advance(1000);
    const size = configMap.length.toString(16);
    for (const [body, message] of [
      [`zz\r\n${configMap}\r\n0\r\n\r\n`, 'invalid byte in chunk length'],
      [`0x${size}\r\n${configMap}\r\n0\r\n\r\n`, 'invalid byte in chunk length'],
      [`-1\r\n${configMap}\r\n0\r\n\r\n`, 'invalid byte in chunk length'],
      [`\r\n${configMap}\r\n0\r\n\r\n`, 'empty hex number for chunk length'],
      [`${'1'.repeat(17)}\r\n${configMap}\r\n0\r\n\r\n`, 'http chunk length too large'],
      [`${size}\n${configMap}\n0\n\n`, 'chunked line ends with bare LF'],
      [`${size}\r\n${configMap}X\r\n0\r\n\r\n`, 'malformed chunked encoding'],
      [`5\r\n{"api\r\nzz\r\n`, 'invalid byte in chunk length'],
    ] as const) {
      const answer = await exchange(port, `${post}${json}Transfer-Encoding: chunked\r\n\r\n${body}`, pass);
      assert.deepEqual(statusLines(answer), ['500 Internal Server Error'], body);
      const status = JSON.parse(answer.split('\r\n\r\n')[1] ?? '') as Record<string, unknown>;
      assert.deepEqual([status['message'], status['code'], status['reason']], [message, 500, undefined], body);
    }
    const whole = `${post}${json}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${size}\r\n${configMap}\r\n0\r\n`;
    for (const fields of ['X T: 1\r\n\r\n', 'X: 1\r\n\r\n', '\r\n']) {
      assert.deepEqual(statusLines(await exchange(port, whole + fields)), ['201 Created'], fields);
    }
    // In pieces, behind another request on the same connection.
    const pieces = [`${live}\r\n${post}${json}Transfer-Encoding: chunked\r\n\r\n5\r\n{"a`, 'pi\r\nzz\r\n'];
    const socket = connect(port, '127.0.0.1');
    let answers = '';
    socket.on('data', (bytes) => {
      answers += bytes.toString('latin1');
      if (answers.includes('500 Internal')) pass();
      const next = pieces.shift();
      if (next !== undefined) socket.write(next);
    });
    socket.write(pieces.shift() ?? '');
    await once(socket, 'close');
    assert.deepEqual(statusLines(answers), ['200 OK', '500 Internal Server Error']);
  }));

test('long answers come in chunks, short ones tell their length, as with Go', async () => {
  const handle = ({ path }: HttpRequest): Promise<HttpResponse> =>
    Promise.resolve({ status: 200, headers: {}, body: Buffer.alloc(Number(path.slice(1)), 'x') });
  const listener = await listen({ handle, clock: new FakeClock(), log: silentLogger });
  for (const [request, length, coding] of [
    ['GET /2048 HTTP/1.1', '2048', undefined],
    ['GET /2049 HTTP/1.1', undefined, 'chunked'],
    ['GET /2049 HTTP/1.0', undefined, undefined],
    ['HEAD /2048 HTTP/1.1', '2048', undefined],
    ['HEAD /2049 HTTP/1.1', undefined, undefined],
  ] as const) {
    const answer = await exchange(listener.port, `${request}\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const [head = ''] = answer.split('\r\n\r\n');
    assert.equal(/\r\nContent-Length: (.*)/.exec(head)?.[1], length, request);
    assert.equal(/\r\nTransfer-Encoding: (.*)/.exec(head)?.[1], coding, request);
  }
  await listener.close();
});

test('a client that waits to be asked for its body is asked when somebody reads it', () =>
  inListener(async (port) => {
    const expecting = `Expect: 100-continue\r\nConnection: close\r\nContent-Length: ${configMap.length}\r\n\r\n`;
    assert.deepEqual(statusLines(await exchange(port, post + json + expecting + configMap)), [
      '100 Continue',
      '201 Created',
    ]);
    const unasked = `POST /nothing HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`;
    assert.deepEqual(statusLines(await exchange(port, unasked)), ['404 Not Found']);
    const nothing = `${post}${json}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    assert.deepEqual(statusLines(await exchange(port, nothing)), ['400 Bad Request']);
    const empty = `${live}Expect:\r\nConnection: close\r\n\r\n`;
    assert.deepEqual(statusLines(await exchange(port, empty)), ['200 OK']);
    const noHost = `POST /livez HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`;
    assert.deepEqual(statusLines(await exchange(port, noHost)), ['400 Bad Request: missing required Host header']);
    const tooLarge = `${post}${json}Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n`;
    assert.deepEqual(statusLines(await exchange(port, tooLarge)), ['413 Request Entity Too Large']);
  }));

test('clients that say nothing, half of something, or go away do not keep others waiting', () =>
  inListener(async (port) => {
    const idle = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const beginnings = ['', 'GET /livez HTTP/1.1\r\nHost: a\r\n', `${post}${json}Content-Length: 100\r\n\r\n{"a`];
        return new Promise<ReturnType<typeof connect>>((resolve) => {
          const socket = connect(port, '127.0.0.1', () => {
            socket.write(beginnings[index % beginnings.length] ?? '');
            resolve(socket);
          });
          socket.on('error', () => undefined);
        });
      }),
    );
    const ask = `${live}Connection: close\r\n\r\n`;
    assert.deepEqual(statusLines(await exchange(port, ask)), ['200 OK']);
    for (const [index, socket] of idle.entries()) {
      if (index % 2 === 0) socket.destroy();
      else socket.end();
    }
    assert.deepEqual(statusLines(await exchange(port, ask)), ['200 OK']);
  }));

test('a request that comes in pieces while the answer before it is on its way is read', async () => {
  const now = systemClock.now();
  const authority = await createCertificateAuthority('ca', now);
  const subject = { commonName: 'server' };
  const pair = await issueCertificate(authority, { subject, usage: 'server', dnsNames: ['localhost'], now });
  const asked: string[] = [];
  const large = 32 * 1024 * 1024;
  const listener = await listen({
    async handle({ method, body }) {
      if (method === 'GET') return { status: 200, headers: {}, body: Buffer.alloc(large, 'a') };
      asked.push(Buffer.from(await readBody(body)).toString());
      return { status: 201, headers: {}, body: Buffer.from('done') };
    },
    clock: new FakeClock(),
    log: silentLogger,
    tls: { certificate: pair.certificate, key: pair.privateKey },
  });
  const received = await new Promise<number>((resolve, reject) => {
    let bytes = 0;
    let end = '';
    const socket = connectSecurely({ port: listener.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    });
    socket.once('data', (chunk: Buffer) => {
      bytes += chunk.length;
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n');
      for (const piece of ['he', 'llo ', 'you!']) socket.write(piece);
      socket.on('data', (more: Buffer) => {
        bytes += more.length;
        end = `${end}${more.toString('latin1')}`.slice(-300);
      });
      socket.on('end', () => {
        assert.match(end, /HTTP\/1\.1 201 Created\r\n[\s\S]*done/);
        resolve(bytes);
      });
    });
    socket.on('error', reject);
  });
  assert.deepEqual(asked, ['hello you!']);
  assert.ok(received > large);
  await listener.close();
});
