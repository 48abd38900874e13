import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib';
import { type HttpHeaders, type HttpRequest, type HttpResponse, readBody } from '../../../src/apimachinery/http.ts';
import { forbidden } from '../../../src/apimachinery/status.ts';
import type { AdmissionAttributes } from '../../../src/control-plane/admission/admission-plugin.ts';
import { rewriteLinks } from '../../../src/control-plane/apiserver/streaming/link-rewriting.ts';
import { type ProxyLocation, splitProxyName } from '../../../src/control-plane/apiserver/streaming/proxy-location.ts';
import { proxyHandler } from '../../../src/control-plane/apiserver/streaming/resource-proxy.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';
import { createNodeCluster } from '../../support/node-cluster.ts';

void test('requests go through to pods, services and nodes', async (context) => {
  const cluster = await createNodeCluster(context);
  const ports = [{ containerPort: 8080, name: 'http' }];
  const pod = await cluster.createPod('web', { containers: [{ name: 'a', image: 'nginx', ports }] });
  await cluster.createPod('proxy-of-web', { containers: [{ name: 'a', image: 'nginx', ports }] });
  await cluster.createPod('unbound', { containers: [{ name: 'a', image: 'i' }], nodeName: undefined });
  await cluster.api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { ports: [{ port: 80, targetPort: 8080, name: 'www' }] },
  });
  await cluster.api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'empty' },
    spec: { ports: [{ port: 80 }] },
  });
  await cluster.api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'without' },
    spec: { ports: [{ port: 80 }] },
  });
  const targetRef = { kind: 'Pod', name: 'web', namespace: 'default' };
  const addresses = [{ ip: pod.status?.podIP, targetRef }];
  await cluster.api.create({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'web' },
    subsets: [{ addresses, ports: [{ name: 'www', port: 8080 }] }],
  });
  await cluster.api.create({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'empty' } });
  // None of these is an address of the pod that it names.
  const strange = [
    { ip: '192.0.2.7', targetRef },
    { ip: pod.status?.podIP },
    { ip: pod.status?.podIP, targetRef: { ...targetRef, namespace: 'kube-system' } },
  ];
  for (const address of strange) {
    const subsets = [{ addresses: [address], ports: [{ name: 'www', port: 8080 }] }];
    await cluster.api.request('DELETE', '/api/v1/namespaces/default/endpoints/strange');
    await cluster.api.create({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'strange' }, subsets });
    const { status } = await cluster.api.request('GET', '/api/v1/namespaces/default/services/strange:www/proxy/');
    assert.equal(status, 503);
  }
  const seen = (what: string, name = 'web'): string => `simulated pod default/${name}, port 8080: ${what}\n`;
  const base = '/api/v1/namespaces/default';
  const cases: readonly (readonly [method: string, path: string, status: number, text: string])[] = [
    ['GET', `${base}/pods/web/proxy/`, 200, seen('GET /')],
    ['GET', `${base}/pods/web:8080/proxy/a%20b/c?d=e&f`, 200, seen('GET /a%20b/c?d=e&f')],
    ['POST', `${base}/pods/http:web:8080/proxy/p`, 200, seen('POST /p')],
    ['OPTIONS', `${base}/pods/web/proxy/o`, 200, seen('OPTIONS /o')],
    ['DELETE', `${base}/services/web:www/proxy/x`, 200, seen('DELETE /x')],
    ['PUT', `${base}/services/web:80/proxy/x/`, 200, seen('PUT /x/')],
    ['DELETE', `${base}/pods/web/proxy?x=y`, 200, seen('DELETE /?x=y')],
    ['POST', `${base}/services/web:80/proxy`, 200, seen('POST /')],
    ['GET', `${base}/pods/proxy-of-web:8080/proxy/proxy/a`, 200, seen('GET /proxy/a', 'proxy-of-web')],
    ['GET', '/api/v1/nodes/node/proxy/healthz', 200, 'ok'],
    [
      'GET',
      `${base}/pods/web:81/proxy/`,
      503,
      `error trying to reach service: dial tcp ${pod.status?.podIP ?? ''}:81: connect: connection refused`,
    ],
    ['GET', `${base}/pods/web/proxy/a%2Fb//c/../d/./e/`, 200, seen('GET /a/b/d/e/')],
    ['GET', `${base}/pods/web/proxy/../%2e%2e/x(1)?`, 200, seen('GET /x%281%29')],
    [
      'GET',
      `${base}/pods/web:99999/proxy/`,
      503,
      'error trying to reach service: dial tcp: address 99999: invalid port',
    ],
    [
      'GET',
      `${base}/pods/web:http/proxy/`,
      503,
      'error trying to reach service: dial tcp: lookup tcp/http: unknown port',
    ],
    ['GET', `${base}/services/none/proxy/`, 404, 'services "none" not found'],
    ['GET', `${base}/services/without/proxy/`, 404, 'services "without" not found'],
    ['GET', `${base}/pods/ftp:web:81/proxy/`, 400, 'invalid pod request "ftp:web:81"'],
    ['GET', `${base}/pods/unbound/proxy/`, 400, 'address not allowed'],
    ['GET', `${base}/pods/none/proxy/`, 404, 'pods "none" not found'],
    ['GET', `${base}/services/web/proxy/`, 503, 'no endpoints available for service "web"'],
    ['GET', `${base}/services/web:99/proxy/`, 503, 'no service port 99 found for service "web"'],
    ['GET', `${base}/services/strange:www/proxy/`, 503, 'no endpoints available for service "strange:www"'],
    ['GET', `${base}/services/empty/proxy/`, 503, 'no endpoints available for service "empty"'],
  ];
  for (const [method, path, status, expected] of cases) {
    const answer = await cluster.api.request(method, path, undefined, { accept: 'text/html, */*' });
    const { message = answer.text } = answer.body as { message?: string };
    assert.deepEqual([answer.status, message], [status, expected], `${method} ${path}`);
  }
  for (const method of ['GET', 'HEAD']) {
    const bare = await cluster.api.request(method, `${base}/pods/web/proxy?x=y`);
    assert.deepEqual([bare.status, bare.headers['location']], [301, `${base}/pods/web/proxy/?x=y`]);
    assert.equal(bare.headers['cache-control'], 'no-cache, private');
  }
});

void test('admission is asked for each proxied connection, and may refuse it; a dry run there is none of', async () => {
  const asked: unknown[] = [];
  const admission = {
    mutate({ operation, kind, resource, subresource, name, object }: AdmissionAttributes): Promise<void> {
      asked.push([operation, kind.kind, resource.resource, subresource, name, object?.['path'] ?? null]);
      if (name === 'closed') return Promise.reject(forbidden(resource, name, 'closed'));
      return Promise.resolve();
    },
    validate: () => Promise.resolve(),
  };
  const transport = {
    send: () => Promise.resolve({ status: 200, headers: {}, body: new Uint8Array() }),
    close: () => Promise.resolve(),
  };
  const locate = (): Promise<ProxyLocation> => Promise.resolve({ scheme: 'http', host: '10.0.0.1:80', transport });
  const handler = proxyHandler(locate);
  const specialEndpoints = new Map(
    ['pods', 'services', 'nodes'].map((resource) => [`/${resource}/proxy`, { get: handler, create: handler }]),
  );
  const api = await createTestApiServer({ specialEndpoints, admission });
  const base = '/api/v1/namespaces/default';
  const cases: readonly (readonly [method: string, path: string, status: number, seen: unknown])[] = [
    ['GET', `${base}/pods/x/proxy/a/b`, 200, ['CONNECT', 'PodProxyOptions', 'pods', 'proxy', 'x', '/a/b']],
    ['POST', `${base}/services/x/proxy/a/`, 200, ['CONNECT', 'ServiceProxyOptions', 'services', 'proxy', 'x', '/a/']],
    ['GET', '/api/v1/nodes/n/proxy/%61', 200, ['CONNECT', 'NodeProxyOptions', 'nodes', 'proxy', 'n', '/a']],
    ['GET', `${base}/pods/x/proxy`, 301, ['CONNECT', 'PodProxyOptions', 'pods', 'proxy', 'x', null]],
    ['GET', `${base}/pods/closed/proxy/`, 403, ['CONNECT', 'PodProxyOptions', 'pods', 'proxy', 'closed', '/']],
    ['GET', `${base}/pods/x/proxy/?dryRun=All`, 400, undefined],
  ];
  for (const [method, path, status, seen] of cases) {
    asked.length = 0;
    assert.equal((await api.request(method, path)).status, status, path);
    assert.deepEqual(asked[0], seen, path);
  }
});

void test('proxied servers are told how their client calls this one; their answers are not kept by anyone', async () => {
  const sent: HttpRequest[] = [];
  const transport = {
    send(request: HttpRequest) {
      sent.push(request);
      const headers = { connection: 'x-hop', 'x-hop': '1', 'x-kept': '2', 'cache-control': 'max-age=3' };
      return Promise.resolve({ status: 200, headers, body: new Uint8Array() });
    },
    close: () => Promise.resolve(),
  };
  const locate = (): Promise<ProxyLocation> => Promise.resolve({ scheme: 'http', host: '10.0.0.1:80', transport });
  const specialEndpoints = new Map([['/pods/proxy', { get: proxyHandler(locate) }]]);
  const api = await createTestApiServer({ specialEndpoints });
  const path = '/api/v1/namespaces/default/pods/x/proxy/a';
  const answer = await api.request('GET', path, undefined, { host: 'api:6443', 'x-forwarded-host': 'zork' });
  assert.deepEqual(answer.headers['cache-control'], ['no-cache, private', 'max-age=3']);
  assert.deepEqual([answer.headers['x-hop'], answer.headers['x-kept']], [undefined, '2']);
  const { host, ...headers } = sent[0]?.headers ?? {};
  assert.equal(host, 'api:6443');
  assert.deepEqual([headers['x-forwarded-host'], headers['x-forwarded-proto']], ['zork', undefined]);
  assert.equal(headers['x-forwarded-uri'], path);
  for (const [code, thrown, told] of [
    ['ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:80', 'dial tcp 10.0.0.1:80: connect: connection refused'],
    ['ECONNRESET', 'socket hang up', 'EOF'],
    [
      'EPROTO',
      'error:0A00010B:SSL routines:ssl3_get_record:wrong version number',
      'tls: first record does not look like a TLS handshake',
    ],
  ] as const) {
    transport.send = () => Promise.reject(Object.assign(new Error(thrown), { code }));
    const failed = await api.request('GET', path);
    assert.deepEqual([failed.status, failed.body['message']], [503, `error trying to reach service: ${told}`]);
  }
  await api.close();
});

void test('upgrades go through with the path alone, and fail in words of their own', async () => {
  const sent: HttpRequest[] = [];
  let answer: () => Promise<HttpResponse> = () => Promise.reject(new Error('none'));
  const transport = {
    send(request: HttpRequest) {
      sent.push(request);
      return answer();
    },
    close: () => Promise.resolve(),
  };
  const locate = (): Promise<ProxyLocation> => Promise.resolve({ scheme: 'http', host: '10.0.0.1:80', transport });
  const specialEndpoints = new Map([['/pods/proxy', { get: proxyHandler(locate) }]]);
  const api = await createTestApiServer({ specialEndpoints });
  const path = '/api/v1/namespaces/default/pods/x/proxy/a?b=c';
  const headers = { connection: 'Upgrade', upgrade: 'websocket', host: 'api', 'user-agent': 'me' };
  const failure =
    (code: string): (() => Promise<HttpResponse>) =>
    () =>
      Promise.reject(Object.assign(new Error('socket hang up'), { code }));
  const body = new Uint8Array();
  const cases: readonly (readonly [typeof answer, number, string])[] = [
    [failure('ECONNRESET'), 500, 'unexpected EOF'],
    [failure('ECONNREFUSED'), 500, 'error dialing backend: dial tcp 10.0.0.1:80: connect: connection refused'],
    [
      () => Promise.resolve({ status: 302, headers: { location: '/b' }, body }),
      500,
      'invalid upgrade response: status code 302',
    ],
    [() => Promise.resolve({ status: 403, headers: { 'x-b': '1' }, body: Buffer.from('no') }), 403, 'no'],
  ];
  for (const [next, status, text] of cases) {
    answer = next;
    const got = await api.request('GET', path, undefined, headers);
    const { message = got.text } = got.body as { message?: string };
    assert.deepEqual([got.status, message], [status, text]);
    assert.equal(got.headers['location'], undefined);
  }
  assert.equal(sent[0]?.path, '/a');
  assert.deepEqual([sent[0]?.headers['upgrade'], sent[0]?.headers['x-forwarded-uri']], ['websocket', undefined]);
  await api.close();
});

void test('pages are asked for in packed form, and turned whether or not the client can unpack them', async () => {
  const page = '<a href="/x">x</a>';
  const pages: Record<string, Uint8Array> = {
    gzip: gzipSync(page),
    deflate: deflateRawSync(page),
    br: Buffer.from('?'),
  };
  let packing = 'gzip';
  const asked: unknown[] = [];
  const transport = {
    send({ headers }: HttpRequest) {
      asked.push(headers['accept-encoding']);
      const type = { 'content-type': 'text/html', 'access-control-allow-origin': '*' };
      return Promise.resolve({
        status: 200,
        headers: { ...type, 'content-encoding': packing },
        body: pages[packing] ?? new Uint8Array(),
      });
    },
    close: () => Promise.resolve(),
  };
  const locate = (): Promise<ProxyLocation> => Promise.resolve({ scheme: 'http', host: '10.0.0.1:80', transport });
  const specialEndpoints = new Map([['/pods/proxy', { get: proxyHandler(locate) }]]);
  const api = await createTestApiServer({ specialEndpoints });
  const path = '/api/v1/namespaces/default/pods/x/proxy/';
  const turned = `<a href="${path}x">x</a>`;
  const get = async (headers: HttpHeaders) => {
    const { status, headers: told, body } = await api.server.handle({ method: 'GET', path, headers });
    return { status, told, body: Buffer.from(await readBody(body)) };
  };
  const unpacked = await get({});
  assert.equal(unpacked.body.toString(), turned);
  assert.deepEqual(
    [unpacked.told['content-encoding'], unpacked.told['access-control-allow-origin']],
    [undefined, undefined],
  );
  assert.equal(gunzipSync((await get({ 'accept-encoding': 'gzip' })).body).toString(), turned);
  packing = 'deflate';
  assert.equal(inflateRawSync((await get({ 'accept-encoding': 'deflate' })).body).toString(), turned);
  packing = 'br';
  assert.equal((await get({ 'accept-encoding': 'br' })).body.toString(), '?');
  assert.deepEqual(asked, ['gzip', 'gzip', 'deflate', 'br']);
  packing = 'gzip';
  pages['gzip'] = Buffer.from('no gzip at all');
  for (const [headers, message] of [
    [{}, 'gzip: invalid header'],
    [{ 'accept-encoding': 'gzip' }, 'errorf making gzip reader: gzip: invalid header'],
  ] as const) {
    const broken = await get(headers);
    assert.deepEqual([broken.status, JSON.parse(broken.body.toString()).message], [500, message]);
  }
  await api.close();
});

void test("links of a pod's page lead through the proxy", async (context) => {
  const cluster = await createNodeCluster(context);
  const env = [{ name: 'SERVE_PORT_80', value: '<a href="/x">there</a>' }];
  const image = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0';
  await cluster.createPod('page', { containers: [{ name: 'a', image, args: ['porter'], env }] });
  const path = '/api/v1/namespaces/default/pods/page:80/proxy/';
  const answer = await cluster.api.request('GET', path, undefined, { accept: 'text/html, */*' });
  assert.equal(answer.text, `<a href="${path}x">there</a>`);
});

void test('names of proxied things', () => {
  assert.deepEqual(splitProxyName('a'), { scheme: 'http', name: 'a', port: '' });
  assert.deepEqual(splitProxyName('a:1'), { scheme: 'http', name: 'a', port: '1' });
  assert.deepEqual(splitProxyName('https:a:p'), { scheme: 'https', name: 'a', port: 'p' });
  assert.deepEqual(splitProxyName('https:a:'), { scheme: 'https', name: 'a', port: '' });
  for (const wrong of ['', ':1', 'x:a:1', 'a:b:c:d', 'http::1']) assert.equal(splitProxyName(wrong), undefined, wrong);
});

void test('links of a page and redirections lead through the proxy', async () => {
  const server = { prefix: '/proxy', host: '10.0.0.1:80', clientHost: 'api:6443' };
  const turn = async (page: string): Promise<string> => {
    const answer = { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(page) };
    return Buffer.from((await rewriteLinks(answer, server)).body as Uint8Array).toString();
  };
  const cases: readonly (readonly [page: string, turned: string])[] = [
    ['<a href="/x">', '<a href="/proxy/x">'],
    ["<IMG alt='/no' SRC='/y.png'>", '<img alt="/no" src="/proxy/y.png">'],
    ['<a href="http://10.0.0.1:80/z">', '<a href="/proxy/z">'],
    [
      '<a href="//other/z"><a href="x/y"><a href="https://e.org/">',
      '<a href="//other/z"><a href="x/y"><a href="https://e.org/">',
    ],
    ['<form action="/f" data="/d">', '<form action="/proxy/f" data="/d">'],
    ['<a href="https://10.0.0.1:80/z?a=1&amp;b#f">', '<a href="/proxy/z?a=1&amp;b#f">'],
    ['<a href="mailto:a@b"><a href="?q"><a href="">', '<a href="mailto:a@b"><a href="?q"><a href="">'],
    ['<a  href = /a/../b//c/ x>&copy;<br/>', '<a href="/proxy/b/c/" x="">&copy;<br/>'],
    ['<a href="/&#x41;&eacute;&lt;">', '<a href="/proxy/A&eacute;%3C">'],
    ['<!DOCTYPE html><!-- <a href="/c"> -->', '<!DOCTYPE html><!-- <a href="/c"> -->'],
    [`<script>'<a href="/s">'</script><a href=/t>`, `<script>'<a href="/s">'</script><a href="/proxy/t">`],
    ['<textarea><a href="/in"></textarea>', '<textarea><a href="/in"></textarea>'],
    ['1 < 2 <a href="/open', '1 < 2 <a href="/open'],
    ['<p title="/x">/y</p>', '<p title="/x">/y</p>'],
    ['<script src=/s.js></script>', '<script src="/proxy/s.js"></script>'],
    ['<a href="https://api:6443/z">', '<a href="https://api:6443/proxy/z">'],
    ['<a href="https://api:6443/proxy/z">', '<a href="https://api:6443/proxy/z">'],
  ];
  for (const [page, turned] of cases) assert.equal(await turn(page), turned);
  const moved = { status: 302, headers: { location: '/login' }, body: new Uint8Array() };
  assert.equal((await rewriteLinks(moved, server)).headers['location'], '/proxy/login');
});
