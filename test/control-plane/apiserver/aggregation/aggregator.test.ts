import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import test, { before, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { APIService } from '../../../../src/api/types/apiregistration-v1.ts';
import type { Service } from '../../../../src/api/types/core-v1.ts';
import type { EndpointSlice } from '../../../../src/api/types/discovery-v1.ts';
import { readBody } from '../../../../src/apimachinery/http.ts';
import type { JsonObject } from '../../../../src/apimachinery/json.ts';
import type { KubeObject, Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { createInformerFactory } from '../../../../src/client/informer-factory.ts';
import type { Informer } from '../../../../src/client/informer.ts';
import { type Aggregator, createAggregator } from '../../../../src/control-plane/apiserver/aggregation/aggregator.ts';
import {
  createOpenApiRoute,
  type PublishedOpenApi,
} from '../../../../src/control-plane/apiserver/openapi/openapi-route.ts';
import { listen as listenPlain } from '../../../../src/control-plane/apiserver/listen.ts';
import { createDiscoveryRoute } from '../../../../src/control-plane/apiserver/discovery/discovery-route.ts';
import {
  type CertificatePair,
  createCertificateAuthority,
  issueCertificate,
} from '../../../../src/pki/certificates.ts';
import { systemClock } from '../../../../src/system/clock.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import { createTestApiServer, type TestApiServer } from '../../../support/test-api-server.ts';

let authority: CertificatePair;
let serving: CertificatePair;
let identity: CertificatePair;

before(async () => {
  const now = systemClock.now();
  authority = await createCertificateAuthority('ca', now);
  const server = { subject: { commonName: 'metrics' }, usage: 'server', dnsNames: ['metrics.default.svc'] } as const;
  serving = await issueCertificate(authority, { ...server, now });
  identity = await issueCertificate(authority, { subject: { commonName: 'front-proxy' }, usage: 'client', now });
});

/** A Swagger 2.0 document of very little. */
const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const listMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';
const builtInDocuments: PublishedOpenApi = {
  index: () => Promise.resolve({ version: { serverRelativeURL: '/openapi/v3/version?hash=OURS' } }),
  document: () => Promise.resolve(undefined),
  v2: () =>
    Promise.resolve(
      Buffer.from(
        JSON.stringify({
          swagger: '2.0',
          info: { title: 'Kubernetes' },
          paths: { '/version/': { get: {} } },
          definitions: { [objectMeta]: { type: 'object', description: 'ours' }, [listMeta]: { type: 'object' } },
        }),
      ),
    ),
  types: () => new Map(),
};

interface Cluster {
  readonly api: TestApiServer;
  /** Waits until the condition of the APIService has this reason. */
  readonly becomes: (reason: string) => Promise<{ readonly status: string; readonly message?: string }>;
}

/** A server with an aggregator whose services are all found at one port of this machine. */
async function clusterWith(context: TestContext, port: number): Promise<Cluster> {
  const clock = new FakeClock();
  let aggregator: Aggregator | undefined;
  const api = await createTestApiServer({
    clock,
    aggregation: (request, server) => aggregator?.route(request, server) ?? Promise.resolve(undefined),
    remoteOpenApi: () => aggregator?.openApi() ?? [],
    routes: [
      createDiscoveryRoute({ serverAddress: () => '127.0.0.1:6443', remote: () => aggregator?.remote() ?? [] }),
      createOpenApiRoute(builtInDocuments),
    ],
  });
  const informers = createInformerFactory({ client: api.client, clock, random: seededRandom(1), log: silentLogger });
  const informer = <T extends KubeObject>(group: string, resource: string): Informer<T> =>
    informers.informer<T>({ group, version: 'v1', resource });
  const apiServices = informer<APIService>('apiregistration.k8s.io', 'apiservices');
  aggregator = createAggregator({
    client: api.client,
    apiServices,
    services: informer<Service>('', 'services'),
    slices: informer<EndpointSlice>('discovery.k8s.io', 'endpointslices'),
    resolve: () => Promise.resolve({ host: '127.0.0.1', port }),
    identity,
    clock,
    log: silentLogger,
  });
  informers.start();
  await informers.waitForSync();
  aggregator.start();
  context.after(async () => {
    await aggregator?.stop();
    await informers.stop();
    await api.close();
  });
  const conditionOf = (object: APIService | undefined): { status: string; reason?: string; message?: string } =>
    object?.status?.conditions?.[0] ?? { status: '' };
  return {
    api,
    becomes: (reason) =>
      new Promise((resolve) => {
        const look = (object: APIService): void => {
          const condition = conditionOf(object);
          if (condition.reason === reason) resolve(condition);
        };
        for (const object of apiServices.list()) look(object);
        apiServices.addHandler({ added: look, updated: look });
      }),
  };
}

async function listen(
  context: TestContext,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  upgrade?: (request: IncomingMessage, socket: Duplex) => void,
): Promise<number> {
  const tls = { cert: serving.certificate, key: serving.privateKey, ca: authority.certificate, requestCert: true };
  const server = createServer({ ...tls, rejectUnauthorized: true }, handle);
  if (upgrade !== undefined) server.on('upgrade', upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

function apiService(): Unstructured {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1beta1.metrics.example.com' },
    spec: {
      group: 'metrics.example.com',
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      caBundle: Buffer.from(authority.certificate).toString('base64'),
      service: { namespace: 'default', name: 'metrics' },
    },
  };
}

const service: Unstructured = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'metrics' },
  spec: { clusterIP: '10.0.0.9', ports: [{ name: 'https', port: 443 }] },
};

function slice(isReady: boolean): Unstructured {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'metrics-1', labels: { 'kubernetes.io/service-name': 'metrics' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: 8443 }],
    endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: isReady } }],
  };
}

const root = '/apis/metrics.example.com/v1beta1';

test('a group of another server is checked, listed and passed on to', async (context) => {
  const seen: unknown[] = [];
  const port = await listen(context, (request, response) => {
    const { host, authorization, 'x-remote-user': user, 'x-remote-group': group } = request.headers;
    const by = (request.socket as TLSSocket).getPeerCertificate().subject.CN;
    response.setHeader('content-type', 'application/json');
    if (request.url === root) {
      const resources = [
        { name: 'pods', singularName: 'pod', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
        { name: 'pods/peak', singularName: '', namespaced: true, kind: 'Peak', verbs: ['get'] },
      ];
      response.end(JSON.stringify({ kind: 'APIResourceList', resources }));
      return;
    }
    if (request.url === '/apis' || request.url?.startsWith('/openapi/') === true) {
      response.statusCode = 404;
      response.end();
      return;
    }
    if (request.url?.endsWith('/gone') === true) {
      request.socket.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      seen.push([request.method, request.url, host, authorization, user, group, by, body]);
      response.statusCode = request.method === 'POST' ? 201 : 200;
      response.end('{"kind":"PodMetricsList"}');
    });
  });
  const { api, becomes } = await clusterWith(context, port);
  assert.equal((await api.request('GET', `${root}/pods`)).status, 404);
  await api.create(apiService());
  assert.deepEqual(await conditionText(becomes('ServiceNotFound')), [
    'False',
    'service/metrics in "default" is not present',
  ]);
  const answer = await api.request('GET', `${root}/pods`);
  assert.deepEqual([answer.status, answer.text], [503, 'service unavailable\n']);
  await api.create(service);
  assert.deepEqual(await conditionText(becomes('EndpointsNotFound')), [
    'False',
    'cannot find endpointslices for service/metrics in "default"',
  ]);
  await api.create(slice(false));
  assert.deepEqual(await conditionText(becomes('MissingEndpoints')), [
    'False',
    'endpointslices for service/metrics in "default" have no addresses with port name "https"',
  ]);
  const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/metrics-1';
  assert.equal((await api.request('PUT', path, slice(true))).status, 200);
  assert.deepEqual(await conditionText(becomes('Passed')), ['True', 'all checks passed']);

  const gone = await api.request('GET', `${root}/gone`);
  assert.deepEqual([gone.status, gone.text], [503, 'error trying to reach service: EOF\n']);
  const authorization = { authorization: 'Bearer secret', 'x-remote-user': 'mallory' };
  const list = await api.request('GET', `${root}/namespaces/ns/pods?limit=5`, undefined, authorization);
  assert.deepEqual([list.status, list.text], [200, '{"kind":"PodMetricsList"}']);
  assert.equal((await api.request('POST', `${root}/namespaces/ns/pods`, { a: 1 })).status, 201);
  const from = [`127.0.0.1:${port}`, undefined, 'admin', 'system:masters, system:authenticated', 'front-proxy'];
  assert.deepEqual(seen, [
    ['GET', `${root}/namespaces/ns/pods?limit=5`, ...from, ''],
    ['POST', `${root}/namespaces/ns/pods`, ...from, '{"a":1}'],
  ]);
  const groups = (await api.request('GET', '/apis')).body['groups'] as JsonObject[];
  assert.deepEqual(groups.find(({ name }) => name === 'metrics.example.com')?.['versions'], [
    { groupVersion: 'metrics.example.com/v1beta1', version: 'v1beta1' },
  ]);
  const aggregated = await api.request('GET', '/apis', undefined, {
    accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  });
  const items = aggregated.body['items'] as { metadata: { name: string }; versions: unknown }[];
  // What the list leaves empty is the list's own group and version.
  const kind = (name: string): object => ({ group: '', version: '', kind: name });
  assert.deepEqual(items.find(({ metadata }) => metadata.name === 'metrics.example.com')?.versions, [
    {
      version: 'v1beta1',
      resources: [
        {
          resource: 'pods',
          responseKind: kind('PodMetrics'),
          scope: 'Namespaced',
          singularResource: 'pod',
          verbs: ['get', 'list'],
          subresources: [{ subresource: 'peak', responseKind: kind('Peak'), verbs: ['get'] }],
        },
      ],
      freshness: 'Current',
    },
  ]);
});

test('discovery and types are those that the server itself publishes', async (context) => {
  const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const flunders = {
    resource: 'flunders',
    responseKind: { group: 'metrics.example.com', version: 'v1beta1', kind: 'Flunder' },
    scope: 'Namespaced',
    singularResource: 'flunder',
    verbs: ['get', 'agg'],
  };
  const flunder = 'com.example.Flunder';
  const answers: Record<string, unknown> = {
    [root]: { kind: 'APIResourceList', resources: [] },
    '/apis': {
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      items: [{ metadata: { name: 'metrics.example.com' }, versions: [{ version: 'v1beta1', resources: [flunders] }] }],
    },
    '/openapi/v3': {
      paths: {
        'apis/metrics.example.com/v1beta1': { serverRelativeURL: `/openapi/v3${root}?hash=ABC` },
        version: { serverRelativeURL: '/openapi/v3/version?hash=THEIRS' },
      },
    },
    [`/openapi/v3${root}?hash=ABC`]: { openapi: '3.0.0', paths: {} },
    '/openapi/v2': {
      swagger: '2.0',
      info: { title: 'another' },
      paths: {
        [`${root}/flunders`]: { get: { schema: { $ref: `#/definitions/${flunder}` } } },
        '/version/': { get: { operationId: 'theirs' } },
        '/apis/other.example.com/v1/x': { get: {} },
      },
      definitions: {
        [flunder]: { type: 'object', properties: { metadata: { $ref: `#/definitions/${objectMeta}` } } },
        [objectMeta]: { type: 'object', description: 'theirs', required: ['name'] },
        [listMeta]: { type: 'object', description: 'theirs' },
      },
    },
  };
  const askers = new Map<string, unknown>();
  const port = await listen(context, (request, response) => {
    const { url = '', headers } = request;
    askers.set(url, headers['x-remote-user']);
    const type = url === '/apis' && headers.accept?.startsWith(aggregatedType) === true ? aggregatedType : '';
    response.setHeader('content-type', type === '' ? 'application/json' : type);
    response.statusCode = answers[url] === undefined ? 404 : 200;
    response.end(JSON.stringify(answers[url] ?? {}));
  });
  const { api, becomes } = await clusterWith(context, port);
  await api.create(service);
  await api.create(slice(true));
  await api.create(apiService());
  await becomes('Passed');
  const aggregated = await api.request('GET', '/apis', undefined, { accept: aggregatedType });
  const items = aggregated.body['items'] as { metadata: { name: string }; versions: unknown }[];
  assert.deepEqual(items.find(({ metadata }) => metadata.name === 'metrics.example.com')?.versions, [
    { version: 'v1beta1', resources: [flunders], freshness: 'Current' },
  ]);
  const index = await api.request('GET', '/openapi/v3');
  assert.deepEqual(JSON.parse(index.text), {
    paths: {
      version: { serverRelativeURL: '/openapi/v3/version?hash=OURS' },
      'apis/metrics.example.com/v1beta1': { serverRelativeURL: `/openapi/v3${root}?hash=ABC` },
    },
  });
  const document = await api.request('GET', `/openapi/v3${root}?hash=ABC`);
  assert.deepEqual(JSON.parse(document.text), { openapi: '3.0.0', paths: {} });
  const swagger = await api.request('GET', '/openapi/v2', undefined, { accept: 'application/json' });
  assert.deepEqual(JSON.parse(swagger.text), {
    swagger: '2.0',
    info: { title: 'Kubernetes' },
    paths: {
      '/version/': { get: {} },
      [`${root}/flunders`]: { get: { schema: { $ref: `#/definitions/${flunder}` } } },
    },
    definitions: {
      [objectMeta]: { type: 'object', description: 'ours' },
      [flunder]: { type: 'object', properties: { metadata: { $ref: `#/definitions/${objectMeta}_v2` } } },
      [`${objectMeta}_v2`]: { type: 'object', description: 'theirs', required: ['name'] },
      [listMeta]: { type: 'object' },
    },
    parameters: {},
  });
  assert.deepEqual(
    ['/apis', '/openapi/v2', '/openapi/v3', `/openapi/v3${root}?hash=ABC`].map((url) => askers.get(url)),
    ['system:kube-aggregator', 'system:aggregator', 'system:aggregator', 'admin'],
  );
});

test('a server that knows Swagger 2.0 alone has its documents of OpenAPI 3.0 made, and goes through upgrades', async (context) => {
  const swagger = {
    swagger: '2.0',
    info: { title: 'another' },
    paths: {
      [`${root}/flunders`]: { get: { produces: ['application/json'], responses: { '200': { description: 'OK' } } } },
    },
    definitions: { Flunder: { type: 'object' } },
  };
  const port = await listen(
    context,
    (request, response) => {
      const answers: Record<string, unknown> = {
        [root]: { kind: 'APIResourceList', resources: [] },
        '/openapi/v2': swagger,
      };
      const answer = answers[request.url ?? ''];
      response.statusCode = answer === undefined ? 404 : 200;
      response.end(JSON.stringify(answer ?? {}));
    },
    (request, socket) => {
      const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
      socket.write(`${head}${String(request.headers['x-remote-user'])}:`);
      socket.pipe(socket);
    },
  );
  const { api, becomes } = await clusterWith(context, port);
  await api.create(service);
  await api.create(slice(true));
  await api.create(apiService());
  await becomes('Passed');
  const { paths } = JSON.parse((await api.request('GET', '/openapi/v3')).text) as {
    paths: Record<string, { serverRelativeURL: string }>;
  };
  const url = paths['apis/metrics.example.com/v1beta1']?.serverRelativeURL ?? '';
  const document = await api.request('GET', url);
  assert.equal(document.headers['cache-control'], 'public, immutable');
  assert.deepEqual(JSON.parse(document.text), {
    openapi: '3.0.0',
    info: { title: 'another' },
    paths: { [`${root}/flunders`]: { get: { responses: { '200': { description: 'OK' } } } } },
    components: { schemas: { Flunder: { type: 'object' } } },
  });
  const front = await listenPlain({ handle: api.server.handle, clock: api.clock, log: silentLogger });
  context.after(() => front.close());
  const socket = connect(front.port, '127.0.0.1');
  context.after(() => socket.destroy());
  const text = await new Promise<string>((resolve) => {
    let read = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      read += chunk;
      if (read.endsWith('admin:')) socket.write('hello');
      if (read.endsWith('hello')) resolve(read);
    });
    socket.write(`GET ${root}/flunders/a/echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
  });
  assert.match(text, /^HTTP\/1\.1 101 /);
});

test('a server that does not answer as it should is not available', async (context) => {
  const port = await listen(context, (_request, response) => {
    response.statusCode = 403;
    response.end();
  });
  const { api, becomes } = await clusterWith(context, port);
  await api.create(service);
  await api.create(slice(true));
  await api.create(apiService());
  const url = `https://127.0.0.1:${port}${root}`;
  assert.deepEqual(await conditionText(becomes('FailedDiscoveryCheck')), [
    'False',
    `failing or missing response from ${url}: bad status from ${url}: 403`,
  ]);
  assert.equal((await api.request('GET', root)).text, 'service unavailable\n');
});

async function conditionText(
  condition: Promise<{ readonly status: string; readonly message?: string }>,
): Promise<readonly (string | undefined)[]> {
  const { status, message } = await condition;
  return [status, message];
}

test('what is passed on and back is written as the real server writes it', async (context) => {
  const packed = gzipSync('hello');
  const seen: unknown[] = [];
  const port = await listen(context, (request, response) => {
    const { url = '', headers } = request;
    if (url === root) {
      response.end(JSON.stringify({ kind: 'APIResourceList', resources: [] }));
      return;
    }
    if (url === `${root}/moved`) {
      response.writeHead(302, { location: '/elsewhere' });
      response.end('moved');
      return;
    }
    if (url === `${root}/packed`) {
      response.setHeader('content-encoding', 'gzip');
      response.setHeader('cache-control', 'max-age=3');
      response.end(packed);
      return;
    }
    if (url === '/apis' || url.startsWith('/openapi/')) {
      response.statusCode = 404;
      response.end();
      return;
    }
    seen.push([url, headers['x-forwarded-uri'], headers['x-forwarded-host'] === headers.host, headers['x-hop']]);
    response.end('plain');
  });
  const { api, becomes } = await clusterWith(context, port);
  await api.create(service);
  await api.create(slice(true));
  await api.create(apiService());
  await becomes('Passed');
  for (const path of ['/a%2fb%20c?c=%20d&b&a=*~', '/%ff', '//x/', '/a%0ab?z=%zz', '/%c3%a9']) {
    const answer = await api.request('GET', `${root}${path}`, undefined, {
      connection: 'X-Hop',
      'x-hop': '1',
      expect: '100-continue',
    });
    assert.deepEqual([answer.status, answer.text], [200, 'plain'], path);
    assert.deepEqual(answer.headers['cache-control'], ['no-cache, private']);
  }
  assert.deepEqual(seen, [
    [`${root}/a/b%20c?a=%2A~&b=&c=+d`, `${root}/a/b%20c`, true, undefined],
    [`${root}/%FF`, `${root}/%FF`, true, undefined],
    [`${root}//x/`, `${root}/x/`, true, undefined],
    [`${root}/a%0Ab`, `${root}/a%0Ab`, true, undefined],
    [`${root}/%C3%A9`, `${root}/%C3%A9`, true, undefined],
  ]);
  const moved = await api.request('GET', `${root}/moved`);
  assert.deepEqual(
    [moved.status, moved.text, moved.headers['location']],
    [502, 'the backend attempted to redirect this request, which is not permitted', undefined],
  );
  const upgrade = await api.request('GET', `${root}/other`, undefined, { connection: 'Upgrade', upgrade: 'echo' });
  assert.deepEqual([upgrade.status, upgrade.text], [503, 'invalid upgrade response: status code 200\n']);
  const whole = await api.open(`${root}/packed`, { 'accept-encoding': 'gzip' });
  assert.deepEqual(whole.headers['cache-control'], ['no-cache, private', 'max-age=3']);
  assert.equal(whole.headers['content-encoding'], 'gzip');
  assert.deepEqual(Buffer.from(await readBody(whole.body)), packed);
});

test('discovery does not hang on the check of a version, and is stale where the server cannot tell', async (context) => {
  const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const flunders = { resource: 'flunders', responseKind: { group: '', version: '', kind: 'F' }, verbs: ['get'] };
  const items = [
    { metadata: { name: 'metrics.example.com' }, versions: [{ version: 'v1beta1', resources: [flunders] }] },
  ];
  for (const [checkStatus, discoveryStatus, reason, expected] of [
    [500, 200, 'FailedDiscoveryCheck', { version: 'v1beta1', resources: [flunders], freshness: 'Current' }],
    [200, 503, 'Passed', { version: 'v1beta1', freshness: 'Stale' }],
  ] as const) {
    const port = await listen(context, ({ url }, response) => {
      response.statusCode = url === '/apis' ? discoveryStatus : url === root ? checkStatus : 404;
      response.setHeader('content-type', url === '/apis' ? aggregatedType : 'application/json');
      response.end(JSON.stringify({ items }));
    });
    const { api, becomes } = await clusterWith(context, port);
    await api.create(service);
    await api.create(slice(true));
    await api.create(apiService());
    await becomes(reason);
    const aggregated = await api.request('GET', '/apis', undefined, { accept: aggregatedType });
    const groups = aggregated.body['items'] as { metadata: { name: string }; versions: unknown }[];
    assert.deepEqual(groups.find(({ metadata }) => metadata.name === 'metrics.example.com')?.versions, [expected]);
  }
});
