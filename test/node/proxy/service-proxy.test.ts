import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import type { DnsQuestion } from '../../../src/apimachinery/dns-message.ts';
import type { DnsType } from '../../../src/apimachinery/dns-record.ts';
import { createInformerFactory } from '../../../src/client/informer-factory.ts';
import { readBody } from '../../../src/apimachinery/http.ts';
import { createProxyServer } from '../../../src/node/proxy/proxy-server.ts';
import { createServiceProxy } from '../../../src/node/proxy/service-proxy.ts';
import { FakeClock, settle } from '../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../src/system/logger.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { testResolver } from '../../support/dns-client.ts';
import { createTestApiServer } from '../../support/test-api-server.ts';

function slice(service: string, endpoints: readonly object[]): { apiVersion: string; kind: string; metadata: object } {
  return Object.assign(
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: service, labels: { 'kubernetes.io/service-name': service } },
    },
    { addressType: 'IPv4', endpoints, ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] },
  );
}

const isNode = (address: string): boolean => address.startsWith('192.168.64.');
const nodeOf = (address: string): string | undefined =>
  /^(?:192\.168\.64\.2|10\.244\.0\..*)$/.test(address)
    ? 'a'
    : /^(?:192\.168|10\.244)\./.test(address)
      ? 'b'
      : undefined;

/** An API server with a proxy over what `run` finds in it, both until the test is over. */
async function proxiedCluster(context: TestContext) {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const random = seededRandom(5);
  const informers = createInformerFactory({ client: api.client, clock, random, log: silentLogger });
  const proxy = createServiceProxy({ informers, clock, random, isNode, nodeOf });
  const run = async (): Promise<void> => {
    informers.start();
    await informers.waitForSync();
    context.after(async () => {
      await informers.stop();
      await api.close();
    });
  };
  return { clock, api, proxy, run };
}

test('traffic that is to stay on a node does, or goes nowhere', async (context) => {
  const { api, proxy, run } = await proxiedCluster(context);
  const ports = [{ name: 'http', port: 80, nodePort: 30080 }];
  const metadata = { name: 'web' };
  const policies = { internalTrafficPolicy: 'Local', externalTrafficPolicy: 'Local' };
  const spec = { type: 'NodePort', clusterIP: '10.96.0.10', externalIPs: ['1.2.3.4'], ports, ...policies };
  await api.create({ apiVersion: 'v1', kind: 'Service', metadata, spec });
  await api.create(
    slice('web', [
      { addresses: ['10.244.0.2'], nodeName: 'a' },
      { addresses: ['10.244.7.2'], nodeName: 'c' },
    ]),
  );
  await run();
  const reached = (address: string, port: number, from: string): string[] => {
    const all = Array.from({ length: 20 }, () => proxy.targetOf(address, port, from)?.address ?? '');
    return [...new Set(all)].toSorted();
  };
  assert.deepEqual(reached('10.96.0.10', 80, '10.244.0.9'), ['10.244.0.2']);
  assert.deepEqual(reached('192.168.64.2', 30080, '10.244.1.9'), ['10.244.0.2']);
  // From within the node it may be any.
  assert.deepEqual(reached('192.168.64.2', 30080, '10.244.0.9'), ['10.244.0.2', '10.244.7.2']);
  assert.deepEqual(reached('192.168.64.2', 30080, '192.168.64.2'), ['10.244.0.2', '10.244.7.2']);
  assert.throws(
    () => proxy.targetOf('10.96.0.10', 80, '10.244.1.9'),
    /^Error: dial tcp 10\.96\.0\.10:80: i\/o timeout$/,
  );
  assert.throws(() => proxy.targetOf('192.168.64.3', 30080, ''), /i\/o timeout/);
  // Who is on no node, and addresses from outside, reach all.
  assert.deepEqual(reached('10.96.0.10', 80, ''), ['10.244.0.2', '10.244.7.2']);
  assert.deepEqual(reached('1.2.3.4', 80, '10.244.1.9'), ['10.244.0.2', '10.244.7.2']);
});

test('endpoints that end serve while there are no others', async (context) => {
  const { api, proxy, run } = await proxiedCluster(context);
  const ending = { ready: false, serving: true, terminating: true };
  const groups: Readonly<Record<string, readonly object[]>> = {
    'all-end': [{ addresses: ['10.244.0.2'], conditions: ending }],
    'one-ends': [{ addresses: ['10.244.0.3'], conditions: ending }, { addresses: ['10.244.0.4'] }],
    'all-ended': [{ addresses: ['10.244.0.5'], conditions: { ...ending, serving: false } }],
  };
  for (const [index, [name, endpoints]] of Object.entries(groups).entries()) {
    const spec = { clusterIP: `10.96.0.${10 + index}`, ports: [{ name: 'http', port: 80 }] };
    await api.create({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
    await api.create(slice(name, endpoints));
  }
  await run();
  assert.equal(proxy.targetOf('10.96.0.10', 80, '')?.address, '10.244.0.2');
  for (let again = 0; again < 9; again++) assert.equal(proxy.targetOf('10.96.0.11', 80, '')?.address, '10.244.0.4');
  assert.throws(() => proxy.targetOf('10.96.0.12', 80, ''), /connection refused/);
});

test('each family of addresses leads to its own, and what is marked as headless to nothing', async (context) => {
  const { api, proxy, run } = await proxiedCluster(context);
  const spec = {
    clusterIP: 'None',
    ipFamilies: ['IPv4', 'IPv6'],
    externalIPs: ['1.2.3.4', '2001:db8::1'],
    ports: [{ name: 'http', port: 80 }],
  };
  await api.create({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec });
  await api.create(slice('web', [{ addresses: ['10.244.0.2'] }]));
  const later = slice('web', [{ addresses: ['fd00:244::2'] }]);
  const metadata = { name: 'web-6', labels: { 'kubernetes.io/service-name': 'web' } };
  await api.create(Object.assign(later, { addressType: 'IPv6', metadata }));
  const hidden = slice('hidden', [{ addresses: ['10.244.0.3'] }]);
  const labels = { 'kubernetes.io/service-name': 'hidden', 'service.kubernetes.io/headless': '' };
  await api.create({ ...hidden, metadata: { name: 'hidden', labels } });
  const ports = [{ name: 'http', port: 80 }];
  await api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'hidden' },
    spec: { clusterIP: '10.96.0.11', ports },
  });
  await run();
  for (let again = 0; again < 9; again++) {
    assert.equal(proxy.targetOf('1.2.3.4', 80, '')?.address, '10.244.0.2');
    assert.equal(proxy.targetOf('2001:db8::1', 80, '')?.address, 'fd00:244::2');
  }
  assert.throws(() => proxy.targetOf('10.96.0.11', 80, ''), /connection refused/);
});

test('services lead to the pods behind them, by address, node port and name', async (context) => {
  const { api, proxy, run } = await proxiedCluster(context);
  const ports = [{ name: 'http', port: 80, nodePort: 30080 }];
  const service = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
  await api.create(service('web', { type: 'NodePort', clusterIP: '10.96.0.10', sessionAffinity: 'ClientIP', ports }));
  await api.create(service('all', { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] }));
  await api.create(service('none', { clusterIP: '10.96.0.11', ports: [{ name: 'http', port: 80 }] }));
  await api.create(service('alias', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' }));
  const ready = [{ addresses: ['10.244.0.2'], hostname: 'one' }, { addresses: ['10.244.0.3'] }];
  const unready = { addresses: ['10.244.0.4'], conditions: { ready: false } };
  await api.create(slice('web', [...ready, unready]));
  await api.create(slice('all', [...ready, unready]));
  await run();
  const first = proxy.targetOf('10.96.0.10', 80, '10.244.0.9');
  assert.ok(first !== undefined && ['10.244.0.2', '10.244.0.3'].includes(first.address));
  assert.equal(first.port, 8080);
  for (let again = 0; again < 9; again++) assert.deepEqual(proxy.targetOf('10.96.0.10', 80, '10.244.0.9'), first);
  const others = Array.from({ length: 20 }, (_none, index) => proxy.targetOf('10.96.0.10', 80, `10.244.1.${index}`));
  assert.equal(new Set(others.map((target) => target?.address)).size, 2);
  const outside = proxy.targetOf('192.168.64.2', 30080, 'x');
  assert.equal(outside?.port, 8080);
  assert.equal(outside.masquerade, '192.168.64.2');
  assert.equal(first.masquerade, undefined);
  assert.equal(proxy.targetOf('10.244.0.2', 8080, ''), undefined);
  assert.throws(() => proxy.targetOf('10.96.0.11', 80, ''), /dial tcp 10\.96\.0\.11:80: connect: connection refused/);
  assert.throws(() => proxy.targetOf('10.96.0.10', 81, ''), /connection refused/);
  const names: readonly (readonly [name: string, namespace: string, addresses: readonly string[]])[] = [
    ['web', 'default', ['10.96.0.10']],
    ['web', 'other', []],
    ['web.default', 'other', ['10.96.0.10']],
    ['web.default.svc.cluster.local.', 'other', ['10.96.0.10']],
    ['all', 'default', ['10.244.0.2', '10.244.0.3']],
    ['one.all', 'default', ['10.244.0.2']],
    ['alias', 'default', ['10.96.0.10']],
    ['example.org', 'default', []],
  ];
  const dns = { '10.96.0.2': (question: DnsQuestion) => proxy.answerDns(question) };
  for (const [name, namespace, addresses] of names) {
    const found = await testResolver(settingsOf(namespace), dns)(name, 'A');
    const records = found.filter(({ type }) => type === 'A');
    assert.deepEqual(
      records.map(({ data }) => data),
      addresses,
      name,
    );
  }
  const records: readonly (readonly [name: string, type: DnsType, data: readonly string[]])[] = [
    ['_http._tcp.web', 'SRV', ['0 100 80 web.default.svc.cluster.local.']],
    ['_http._udp.web', 'SRV', []],
    ['_ftp._tcp.web', 'SRV', []],
    [
      '_http._tcp.all',
      'SRV',
      ['0 100 8080 one.all.default.svc.cluster.local.', '0 100 8080 10-244-0-3.all.default.svc.cluster.local.'],
    ],
    ['10.0.96.10.in-addr.arpa.', 'PTR', ['web.default.svc.cluster.local.']],
    ['99.0.96.10.in-addr.arpa.', 'PTR', []],
    ['10.0.96.10.in-addr.arpa.', 'A', []],
    ['11.0.96.10.in-addr.arpa.', 'PTR', ['none.default.svc.cluster.local.']],
    ['3.0.244.10.in-addr.arpa.', 'PTR', ['10-244-0-3.all.default.svc.cluster.local.']],
    ['alias', 'CNAME', ['web.default.svc.cluster.local.']],
    ['web', 'CNAME', []],
    ['web', 'AAAA', []],
    ['10-244-0-3.all', 'A', ['10.244.0.3']],
  ];
  for (const [name, type, data] of records) {
    assert.deepEqual(
      (await testResolver(settingsOf('default'), dns)(name, type)).map((record) => record.data),
      data,
      `${name} ${type}`,
    );
  }
  const codeOf = (name: string): string => proxy.answerDns({ name, type: 'A' }).code;
  assert.deepEqual(
    ['web.default.svc.cluster.local.', '_http._tcp.web.default.svc.cluster.local.', 'none.x.'].map(codeOf),
    ['NOERROR', 'NOERROR', 'NXDOMAIN'],
  );
  const udp = [{ name: 'dns', port: 80, protocol: 'UDP' }];
  await api.create(service('both', { clusterIP: '10.96.0.12', ports: [...udp, { name: 'http', port: 80 }] }));
  await api.create(slice('both', ready));
  await settle();
  assert.equal(proxy.targetOf('10.96.0.12', 80, '')?.port, 8080);
  assert.throws(() => proxy.targetOf('10.96.0.12', 80, '', 'UDP'), /dial udp 10\.96\.0\.12:80/);
});

test('health checks count what is ready on the node; what is another proxy’s is none of ours', async (context) => {
  const { clock, api, proxy: services, run } = await proxiedCluster(context);
  const ports = [{ name: 'http', port: 80, nodePort: 30080 }];
  const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31000, ports };
  const service = (metadata: object, special: object) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ...spec, ...special },
  });
  const labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
  await api.create(service({ name: 'web' }, { clusterIP: '10.96.0.10' }));
  await api.create(
    service(
      { name: 'foreign', labels },
      { clusterIP: '10.96.0.11', healthCheckNodePort: 31001, ports: [{ port: 80, nodePort: 30081 }] },
    ),
  );
  const ending = { conditions: { ready: false, serving: true, terminating: true } };
  const endpoints = [
    { addresses: ['10.244.0.2'], nodeName: 'a' },
    { addresses: ['10.244.0.3'], nodeName: 'a' },
    { addresses: ['10.244.1.2'], nodeName: 'b', ...ending },
  ];
  await api.create(slice('web', endpoints));
  await api.create(slice('foreign', endpoints));
  await run();
  const ask = async (nodeName: string, port: number, path: string, isLoopback = false): Promise<unknown> => {
    const handler = createProxyServer({ services, nodeName, clock }).handlerOf(port, isLoopback);
    const answer = await handler?.({ method: 'GET', path, headers: {} });
    const text = answer && Buffer.from(await readBody(answer.body)).toString();
    return answer && [answer.status, text?.startsWith('{') === true ? JSON.parse(text) : text];
  };
  const told = (localEndpoints: number): object => ({
    service: { namespace: 'default', name: 'web' },
    localEndpoints,
    serviceProxyHealthy: true,
  });
  assert.deepEqual(await ask('a', 31000, '/'), [200, told(2)]);
  assert.deepEqual(await ask('b', 31000, '/healthz'), [503, told(0)]);
  assert.equal(await ask('a', 31001, '/'), undefined);
  assert.equal(services.targetOf('10.96.0.11', 80, ''), undefined);
  assert.equal(services.targetOf('192.168.64.2', 30081, ''), undefined);
  assert.notEqual(services.targetOf('192.168.64.2', 30080, '')?.masquerade, '192.168.64.2');

  const time = new Date(clock.now()).toISOString();
  const well = { lastUpdated: time, currentTime: time, healthy: true };
  assert.deepEqual(await ask('a', 10256, '/healthz'), [200, { ...well, nodeEligible: true }]);
  assert.deepEqual(await ask('a', 10256, '/livez'), [200, well]);
  assert.equal(await ask('a', 10249, '/proxyMode'), undefined);
  assert.deepEqual(await ask('a', 10249, '/proxyMode', true), [200, 'userspace']);
});

test('hints lead to the node that asks, then to its zone, then anywhere', async (context) => {
  const { api, proxy, run } = await proxiedCluster(context);
  for (const [name, zone] of [
    ['a', 'z1'],
    ['b', 'z2'],
  ]) {
    const labels = { 'topology.kubernetes.io/zone': zone };
    await api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } } as Unstructured);
  }
  const ports = [{ name: 'http', port: 80, nodePort: 30080 }];
  const spec = { type: 'NodePort', clusterIP: '10.96.0.10', ports };
  await api.create({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec });
  const all = ['1.1.1.1', '1.1.1.2', '1.1.1.3'];
  const endpoints = (hints: readonly object[]): object[] =>
    all.map((one, at) => ({ addresses: [one], hints: hints[at] }));
  const made = await api.create(slice('web', endpoints([])));
  await run();
  const zone = (name: string, node?: string): object => ({
    forZones: [{ name }],
    ...(node && { forNodes: [{ name: node }] }),
  });
  const cases: readonly (readonly [hints: readonly object[], from: string, reached: readonly string[]])[] = [
    [[zone('z1'), zone('z2'), zone('z2')], '10.244.0.9', ['1.1.1.1']],
    [[zone('z1'), zone('z2'), zone('z2')], '10.244.1.9', ['1.1.1.2', '1.1.1.3']],
    [[zone('z1'), zone('z2'), zone('z2')], '', all],
    [[zone('z1'), zone('z2')], '10.244.0.9', all],
    [[zone('z2'), zone('z2'), zone('z2')], '10.244.0.9', all],
    [[zone('z1', 'a'), zone('z1', 'c'), zone('z2', 'b')], '10.244.0.9', ['1.1.1.1']],
    [[zone('z1', 'c'), zone('z1', 'c'), zone('z2', 'b')], '10.244.0.9', ['1.1.1.1', '1.1.1.2']],
  ];
  for (const [hints, from, reached] of cases) {
    const patch = { endpoints: endpoints(hints) };
    await api.client
      .resource({ group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' }, 'default')
      .patch(made.metadata.name ?? '', 'application/merge-patch+json', patch);
    await settle(30);
    const targets = Array.from({ length: 40 }, () => proxy.targetOf('10.96.0.10', 80, from)?.address ?? '');
    assert.deepEqual(new Set(targets), new Set(reached), JSON.stringify([hints, from]));
  }
});

/** What the resolver of a pod has by the cluster's settings. */
function settingsOf(namespace: string): string[] {
  return [
    `search ${namespace}.svc.cluster.local svc.cluster.local cluster.local`,
    'nameserver 10.96.0.2',
    'options ndots:5',
  ];
}
