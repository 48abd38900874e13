import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HttpRequest, type HttpResponse, readBody, type Transport } from '../../src/apimachinery/http.ts';
import { logRequests, type RequestLog } from '../../src/client/request-log.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';

const answer: HttpResponse = {
  status: 200,
  headers: { 'content-type': 'application/json', 'audit-id': 'x' },
  body: Buffer.from('{"kind":"Status"}\n'),
};

/** What is told of one request, place and message in a line each. */
async function told(
  level: number,
  request: Partial<HttpRequest> = {},
  response: HttpResponse | Error = answer,
  special: Partial<RequestLog> = {},
): Promise<{ readonly lines: string[]; readonly body: string }> {
  const lines: string[] = [];
  const clock = new FakeClock();
  const transport: Transport = {
    async send() {
      await clock.advance(5);
      if (response instanceof Error) throw response;
      return response;
    },
    close: () => Promise.resolve(),
  };
  const logged = logRequests(transport, {
    server: 'https://host:6443',
    clock,
    level,
    bodyLevel: level,
    sourceOf: () => 'helper.go:105',
    write: (source, message) => lines.push(`${source} ${message}`),
    ...special,
  });
  const whole: HttpRequest = {
    method: 'GET',
    path: '/api/v1/pods?limit=500',
    headers: { 'user-agent': 'kubectl', accept: 'application/json', authorization: 'Bearer secret' },
    ...request,
  };
  const received = await logged.send(whole).catch(() => undefined);
  return { lines, body: Buffer.from(await readBody(received?.body)).toString('utf8') };
}

const requestHeaders = '<\n\tAccept: application/json\n\tAuthorization: Bearer <masked>\n\tUser-Agent: kubectl\n >';
const responseHeaders = '<\n\tAudit-Id: x\n\tContent-Type: application/json\n >';
const request7 = `round_trippers.go:527 "Request" verb="GET" url="https://host:6443/api/v1/pods?limit=500" headers=${requestHeaders}`;

void test('each level tells of requests what client-go tells at it', async () => {
  const at = async (level: number): Promise<string[]> => (await told(level)).lines;
  const shortAnswer =
    'round_trippers.go:632 "Response" verb="GET" url="https://host:6443/api/v1/pods?limit=500" status="200 OK" milliseconds=5';
  assert.deepEqual(await at(6), [shortAnswer]);
  assert.deepEqual(await at(7), [request7, 'round_trippers.go:632 "Response" status="200 OK" milliseconds=5']);
  assert.deepEqual(await at(8), [
    'helper.go:105 "Request Body" body=""',
    request7,
    `round_trippers.go:632 "Response" status="200 OK" headers=${responseHeaders} milliseconds=5`,
    'helper.go:105 "Response Body" body=<\n\t{"kind":"Status"}\n >',
  ]);
  const curl =
    'curl -v -XGET  -H "Accept: application/json" -H "Authorization: Bearer <masked>" -H "User-Agent: kubectl" \'https://host:6443/api/v1/pods?limit=500\'';
  assert.deepEqual(await at(9), [
    'helper.go:105 "Request Body" body=""',
    `round_trippers.go:527 "Request" curlCommand=<\n\t${curl}\n >`,
    shortAnswer.replace(' milliseconds=5', ` headers=${responseHeaders} milliseconds=5`),
    'helper.go:105 "Response Body" body=<\n\t{"kind":"Status"}\n >',
  ]);
});

void test('an answer that did not come is told with an empty status', async () => {
  assert.deepEqual((await told(6, {}, new Error('refused'))).lines, [
    'round_trippers.go:632 "Response" verb="GET" url="https://host:6443/api/v1/pods?limit=500" status="" milliseconds=5',
  ]);
});

void test('bodies are cut at 1 KiB, at 10 KiB, and then no more', async () => {
  const body = Buffer.from('x'.repeat(20_000));
  const shown = async (level: number): Promise<string> =>
    (await told(level, { method: 'POST', body })).lines[0]?.replaceAll(/x{2,}/g, (all) => `<${all.length}>`) ?? '';
  assert.equal(await shown(8), 'helper.go:105 "Request Body" body="<1024> [truncated 18976 chars]"');
  assert.equal(await shown(9), 'helper.go:105 "Request Body" body="<10240> [truncated 9760 chars]"');
  assert.equal(await shown(10), 'helper.go:105 "Request Body" body="<20000>"');
});

void test('bytes that are no text are told as a dump', async () => {
  const { lines } = await told(8, { method: 'POST', body: Buffer.from('k8s\0\n\x0f0123456789abcdef') });
  assert.equal(
    lines[0],
    `helper.go:105 "Request Body" body=<
\t00000000  6b 38 73 00 0a 0f 30 31  32 33 34 35 36 37 38 39  |k8s...0123456789|
\t00000010  61 62 63 64 65 66                                 |abcdef|
 >`,
  );
});

void test('what streams comes through whole; of watches the body is not told', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a');
    yield Buffer.from('b');
  }
  const list = await told(8, {}, { ...answer, body: chunks() });
  assert.equal(list.body, 'ab');
  assert.equal(list.lines.at(-1), 'helper.go:105 "Response Body" body="ab"');
  const watch = await told(8, { path: '/api/v1/pods?watch=true' }, { ...answer, body: chunks() });
  assert.equal(watch.body, 'ab');
  assert.doesNotMatch(watch.lines.join('\n'), /Response Body/);
});

const masked: readonly (readonly [string, string])[] = [
  ['Bearer abc', 'Bearer <masked>'],
  ['Basic abc', 'Basic <masked>'],
  ['bearer', 'bearer'],
  ['Other abc', '<masked>'],
  ['abc', '<masked>'],
];

for (const [value, shown] of masked) {
  void test(`of the credential ${value} no more than ${shown} is told`, async () => {
    const { lines } = await told(7, { headers: { authorization: value } });
    assert.match(lines[0] ?? '', new RegExp(`\\n\\tAuthorization: ${shown}\\n >$`));
  });
}

void test('of what is passed on as it comes, and of connections, no bodies are told', async () => {
  const places = async (
    request: Partial<HttpRequest>,
    response = answer,
    special: Partial<RequestLog> = {},
  ): Promise<string[]> =>
    (await told(8, request, response, special)).lines.map((line) => line.split(' status=')[0] ?? '');
  const shortened = async (
    path: string,
    special: Partial<RequestLog>,
    response: HttpResponse = answer,
  ): Promise<string[]> =>
    (await places({ path }, response, special)).map((line) =>
      line.includes('"Request" ') ? 'round_trippers.go:527' : line,
    );
  const ask = ['round_trippers.go:527', 'round_trippers.go:632 "Response"'];
  const logs = { sourceOf: () => 'logs.go:497' };
  const raw = { sourceOf: () => 'raw.go:84', isStreamed: true };
  assert.deepEqual(await shortened('/api/v1/namespaces/n/pods/p/log?container=a', logs), [
    'logs.go:497 "Request Body" body=""',
    ...ask,
  ]);
  assert.deepEqual(await shortened('/healthz', raw), ['raw.go:84 "Request Body" body=""', ...ask]);
  assert.deepEqual(await shortened('/x', { isPassedOn: true }), ask);
  const refused = { status: 404, headers: {}, body: Buffer.from('no') };
  assert.deepEqual((await shortened('/nonesuch', raw, refused)).slice(-1), ['raw.go:84 "Response Body" body="no"']);
  const upgrade = {
    accept: 'application/json',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'k',
    'sec-websocket-protocol': 'v5.channel.k8s.io',
    'sec-websocket-version': '13',
  };
  const switched = { status: 101, headers: {}, body: new Uint8Array() };
  assert.deepEqual(await places({ path: '/x', headers: upgrade }, switched), [
    'round_trippers.go:527 "Request" verb="GET" url="https://host:6443/x" headers=<\n\tSec-Websocket-Protocol: v5.channel.k8s.io\n >',
    'round_trippers.go:632 "Response"',
  ]);
});

void test('requests go one after the other, what streams apart; after the end nothing is sent', async () => {
  const sent: string[] = [];
  const ends = new Map<string, () => void>();
  const transport: Transport = {
    send({ path }) {
      sent.push(path);
      return new Promise((resolve) => ends.set(path, () => resolve(answer)));
    },
    close: () => Promise.resolve(),
  };
  const logged = logRequests(transport, {
    server: '',
    clock: new FakeClock(),
    level: 6,
    bodyLevel: 6,
    sourceOf: () => 'helper.go:105',
    write: () => undefined,
  });
  const send = (path: string): Promise<HttpResponse> => logged.send({ method: 'GET', path, headers: {} });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const first = send('/a');
  const second = send('/b');
  void send('/c?watch=true');
  const last = send('/d');
  await turn();
  assert.deepEqual(sent, ['/c?watch=true', '/a']);
  ends.get('/a')?.();
  await first;
  await turn();
  assert.deepEqual(sent.slice(2), ['/b']);
  await logged.close();
  ends.get('/b')?.();
  await second;
  await assert.rejects(last, /the command ended before the request was sent/);
  assert.deepEqual(sent.slice(3), []);
});

void test('a body that breaks off breaks off for who reads it', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a');
    throw new Error('gone');
  }
  const lines: string[] = [];
  const logged = logRequests(
    {
      send: () => Promise.resolve({ ...answer, body: broken() }),
      close: () => Promise.resolve(),
    },
    {
      server: '',
      clock: new FakeClock(),
      level: 8,
      bodyLevel: 8,
      sourceOf: () => 'helper.go:105',
      write: (_source, message) => lines.push(message),
    },
  );
  const { body } = await logged.send({ method: 'GET', path: '/a', headers: {} });
  await assert.rejects(readBody(body), /gone/);
  assert.doesNotMatch(lines.join('\n'), /Response Body/);
});

void test('a WebSocket that does not come about is told as no answer, and without what the server says', async () => {
  const refused = { status: 400, headers: { 'content-type': 'text/plain' }, body: Buffer.from('no') };
  const { lines, body } = await told(8, { headers: { upgrade: 'websocket' } }, refused);
  assert.equal(lines.at(-1), 'round_trippers.go:632 "Response" status="" headers="" milliseconds=5');
  assert.equal(body, 'no');
});
