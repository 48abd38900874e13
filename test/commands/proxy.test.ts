import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createHttpTransport } from '../../src/client/http-transport.ts';
import { TransportError } from '../../src/client/transport-error.ts';
import { createClient } from '../../src/client/rest-client.ts';
import { runRemoteCommand } from '../../src/client/streams/remote-command.ts';
import { accepts, parseExpressions } from '../../src/commands/proxy/request-filter.ts';
import { memoryIOStreams } from '../../src/system/memory-io-streams.ts';
import { createNodeCluster, type NodeCluster } from '../support/node-cluster.ts';

/** Runs the proxy as long as the test. @returns its address */
async function startProxy(context: TestContext, cluster: NodeCluster, ...argv: string[]): Promise<string> {
  const streams = memoryIOStreams();
  const interrupt = new AbortController();
  const running = cluster.runWith({ streams, signal: interrupt.signal }, 'proxy', '--port=0', ...argv);
  context.after(async () => {
    interrupt.abort();
    await running;
  });
  for (let round = 0; round < 10_000 && !streams.stdout.includes('\n'); round++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const address = /^Starting to serve on (\S+)\n$/.exec(streams.stdout)?.[1];
  assert.ok(address !== undefined, streams.stdout + streams.stderr);
  return `http://${address}`;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function ask(
  url: string,
  options: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { method = 'GET', body, headers = {} } = options;
  const parsed = new URL(url);
  const rest = url.slice(parsed.origin.length);
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: parsed.hostname, port: parsed.port, path: rest, method, headers, agent: false },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', text }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

void test('proxy passes requests on, writes and streams too', async (context) => {
  const cluster = await createNodeCluster(context);
  await cluster.createPod('one', { containers: [{ name: 'main', image: 'busybox' }] });
  const base = await startProxy(context, cluster);
  assert.match((await ask(`${base}/version`)).text, /"gitVersion": "v1.36/);
  const maps = `${base}/api/v1/namespaces/default/configmaps`;
  const json = { 'content-type': 'application/json' };
  const created = await ask(maps, { method: 'POST', body: '{"metadata":{"name":"x"}}', headers: json });
  assert.equal(created.status, 201);
  assert.equal((await ask(`${maps}/x`, { method: 'DELETE' })).status, 200);
  assert.equal((await ask(`${maps}/x`)).status, 404);
  assert.deepEqual(await ask(`${base}/api/v1/namespaces/default/pods/one/exec`), {
    status: 403,
    type: 'text/plain; charset=utf-8',
    text: 'Forbidden\n',
  });
  assert.equal((await ask(`${base}/version`, { headers: { host: 'evil.example' } })).status, 403);
  assert.equal((await ask(`${base}/version`, { headers: { host: 'localhost:1' } })).status, 200);

  const open = await startProxy(context, cluster, '--disable-filter');
  const client = createClient({ transport: createHttpTransport({ server: open }) });
  context.after(() => client.close());
  let out = '';
  await runRemoteCommand(
    { path: '/api/v1/namespaces/default/pods/one/exec', query: { command: ['echo', 'through'], stdout: true } },
    { stdout: (chunk) => void (out += Buffer.from(chunk).toString()), tty: false },
    { client, clock: cluster.clock, signal: new AbortController().signal },
  );
  assert.equal(out, 'through\n');
});

void test('proxy serves the API below a prefix, and files beside it', async (context) => {
  const cluster = await createNodeCluster(context);
  const www = join(cluster.home, 'www');
  mkdirSync(join(www, 'sub'), { recursive: true });
  mkdirSync(join(www, 'home'));
  writeFileSync(join(www, 'a&b.txt'), 'text');
  writeFileSync(join(www, 'home/index.html'), '<p>home');
  writeFileSync(join(cluster.home, 'secret'), 'secret');
  const base = await startProxy(context, cluster, '--api-prefix=/k8s', '--www=www', '--www-prefix=/files');
  assert.equal((await ask(`${base}/k8s/version`)).status, 200);
  assert.equal((await ask(`${base}/version`)).status, 404);
  assert.deepEqual(await ask(`${base}/files/a%26b.txt`), {
    status: 200,
    type: 'text/plain; charset=utf-8',
    text: 'text',
  });
  assert.equal((await ask(`${base}/files/home/`)).text, '<p>home');
  assert.match(
    (await ask(`${base}/files/`)).text,
    /<a href="a&b.txt">a&amp;b.txt<\/a>\n<a href="home\/">home\/<\/a>\n/,
  );
  for (const path of ['/files/%2e%2e/secret', '/files/..%2fsecret', '/files/none']) {
    assert.equal((await ask(`${base}${path}`)).status, 404, path);
  }
});

void test('proxy answers paths that are not clean with where the clean one is', async (context) => {
  const cluster = await createNodeCluster(context);
  const base = await startProxy(context, cluster, '--api-prefix=/custom', '--www=.');
  const html = 'text/html; charset=utf-8';
  const cases: readonly (readonly [method: string, asked: string, type: string, text: string])[] = [
    ['GET', '//custom/healthz', html, '<a href="/custom/healthz">Moved Permanently</a>.\n\n'],
    ['GET', '/custom', html, '<a href="/custom/">Moved Permanently</a>.\n\n'],
    ['GET', '/custom?x=1&y=2', html, '<a href="/custom/?x=1&amp;y=2">Moved Permanently</a>.\n\n'],
    ['GET', '/custom/../static', html, '<a href="/static/">Moved Permanently</a>.\n\n'],
    ['GET', '/custom/api/v1//namespaces', html, '<a href="/custom/api/v1/namespaces">Moved Permanently</a>.\n\n'],
    ['HEAD', '//custom/x', html, ''],
    ['POST', '//custom/x', '', ''],
  ];
  for (const [method, asked, type, text] of cases) {
    assert.deepEqual(await ask(`${base}${asked}`, { method }), { status: 301, type, text }, `${method} ${asked}`);
  }
});

void test('proxy refuses what it cannot do', async (context) => {
  const cluster = await createNodeCluster(context);
  assert.equal(
    (await cluster.run('proxy', '--port=1', '--unix-socket=s')).stderr,
    'error: cannot set --unix-socket and --port at the same time\n',
  );
  assert.equal(
    (await cluster.run('proxy', '--port=0', '--address=203.0.113.9')).stderr,
    'error: listen tcp 203.0.113.9:0: bind: cannot assign requested address\n',
  );
  const unread: readonly (readonly [expression: string, reason: string])[] = [
    ['(', 'missing closing ): `(`'],
    ['a[b', 'missing closing ]: `[b`'],
    ['*', 'missing argument to repetition operator: `*`'],
  ];
  for (const [expression, reason] of unread) {
    const { exitCode, stderr } = await cluster.run('proxy', `--accept-paths=${expression}`);
    assert.equal(exitCode, 255);
    assert.equal(
      stderr.replace(/^F\d{4} \S+ +\d+ /, ''),
      `proxy_server.go:83] Error compiling re: error parsing regexp: ${reason}\n`,
    );
  }
  assert.equal(
    (await cluster.run('proxy', '--unix-socket=/no-such-folder/x')).stderr,
    'error: listen unix /no-such-folder/x: bind: no such file or directory\n',
  );
});

void test('which requests may pass', () => {
  const filter = {
    acceptPaths: parseExpressions('^.*'),
    rejectPaths: parseExpressions('^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach'),
    acceptHosts: parseExpressions('^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$'),
    rejectMethods: parseExpressions('POST,PUT'),
  };
  const cases: readonly (readonly [method: string, path: string, host: string, passes: boolean])[] = [
    ['GET', '/', 'localhost', true],
    ['GET', '/', 'localhost:8001', true],
    ['GET', '/', '[::1]', true],
    ['GET', '/', '127.0.0.1:1', true],
    ['GET', '/', 'localhost.evil', false],
    ['GET', '/api/v1/namespaces/a/pods/b/exec', 'localhost', false],
    ['GET', '/api/v1/namespaces/a/pods/b/log', 'localhost', true],
    ['POST', '/', 'localhost', false],
    ['PATCH', '/', 'localhost', true],
  ];
  for (const [method, path, host, passes] of cases)
    assert.equal(accepts(filter, { method, path, host }), passes, `${method} ${path} ${host}`);
});

void test("proxy tells of a path in the server's address and of a server that is not there, as klog does", async (context) => {
  const cluster = await createNodeCluster(context);
  const streams = memoryIOStreams();
  const interrupt = new AbortController();
  const refuse = (): Promise<never> =>
    Promise.reject(new TransportError('refused', '127.0.0.1:1', 'ECONNREFUSED', 'no'));
  const transport = { send: refuse, close: () => Promise.resolve() };
  const world = { streams, signal: interrupt.signal, transport };
  const running = cluster.runWith(world, 'proxy', '--port=0', '-s', 'https://127.0.0.1:1/a/b');
  for (let round = 0; round < 10_000 && !streams.stdout.includes('\n'); round++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const url = streams.stdout.replace('Starting to serve on ', 'http://').trim();
  const { status, text } = await ask(`${url}/api`);
  interrupt.abort();
  await running;
  const reason = 'dial tcp 127.0.0.1:1: connect: connection refused';
  assert.deepEqual({ status, text }, { status: 500, text: `${reason}\n` });
  const lines = streams.stderr.replaceAll(/^([IWE])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ /gm, '$1 ').split('\n');
  assert.deepEqual(lines.slice(0, 2), [
    'W proxy.go:172] Your kube context contains a server path /a/b, use --append-server-path to automatically append the path to each request',
    `E proxy_server.go:147] Error while proxying request: ${reason}`,
  ]);
});

void test('files are served as Go serves them: types, parts, times and where folders are', async (context) => {
  const cluster = await createNodeCluster(context);
  const www = join(cluster.home, 'www');
  mkdirSync(join(www, 'sub'), { recursive: true });
  writeFileSync(join(www, 'a.txt'), 'hello\n');
  writeFileSync(join(www, 'noext'), 'plain');
  writeFileSync(join(www, 'page'), ' <!doctype html><p>x');
  writeFileSync(join(www, 'bytes'), Uint8Array.of(1, 2, 3));
  writeFileSync(join(www, 'sub/index.html'), '<p>sub');
  const base = await startProxy(context, cluster, '--www=www');
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<string> => {
    const { status, type, text } = await ask(`${base}/static/${path}`, { headers, method });
    return [status, type.split(';')[0], text.trim()].join(' ').trim();
  };
  assert.equal(await get('noext'), '200 text/plain plain');
  assert.equal(await get('page'), '200 text/html <!doctype html><p>x');
  assert.match(await get('bytes'), /^200 application\/octet-stream/);
  assert.equal(await get('a.txt', {}, 'POST'), '200 text/plain hello');
  assert.equal(await get('a.txt', { range: 'bytes=1-2' }), '206 text/plain el');
  assert.equal(await get('a.txt', { range: 'bytes=-3' }), '206 text/plain lo');
  assert.equal(await get('a.txt', { range: 'bytes=9-' }), '416 text/plain invalid range: failed to overlap');
  assert.equal(await get('a.txt', { 'if-modified-since': 'Fri, 01 Jan 2038 00:00:00 GMT' }), '304');
  assert.equal(await get('a.txt/'), '301');
  assert.equal(await get('sub'), '301');
  assert.equal(await get('sub/index.html'), '301');
  assert.equal(await get('sub/'), '200 text/html <p>sub');
});

void test('files at the root stand beside an API that is further down', async (context) => {
  const cluster = await createNodeCluster(context);
  writeFileSync(join(cluster.home, 'a.txt'), 'hello\n');
  const base = await startProxy(context, cluster, '--www=.', '--www-prefix=/', '--api-prefix=/x');
  assert.equal((await ask(`${base}/a.txt`)).text, 'hello\n');
  assert.equal((await ask(`${base}/x/version`)).status, 200);
});

void test('proxy tells that a change of protocol was not granted', async (context) => {
  const cluster = await createNodeCluster(context);
  const base = await startProxy(context, cluster);
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
  };
  const { status, text } = await ask(`${base}/version`, { headers });
  assert.deepEqual({ status, text }, { status: 500, text: 'invalid upgrade response: status code 200\n' });
});

const expressions: readonly (readonly [expression: string, problem: string | undefined])[] = [
  ['(?P<x>a)', undefined],
  ['[a*+]', undefined],
  ['a\\**', undefined],
  ['a**', 'invalid nested repetition operator: `**`'],
  ['(?=x)', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(?<!x)', 'invalid named capture: `(?<!x)`'],
];

for (const [expression, problem] of expressions) {
  void test(`the expression ${expression} is read as Go reads it`, () => {
    const read = (): unknown => parseExpressions(expression);
    if (problem === undefined) assert.doesNotThrow(read);
    else assert.throws(read, { message: `Error compiling re: error parsing regexp: ${problem}` });
  });
}

void test('a socket whose path is too long is refused', async (context) => {
  const { run } = await createNodeCluster(context);
  const path = `/tmp/${'x'.repeat(120)}`;
  assert.deepEqual(await run('proxy', '-u', path), {
    exitCode: 1,
    stdout: '',
    stderr: `error: listen unix ${path}: bind: invalid argument\n`,
  });
});
