import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Endpoints } from '../../../src/api/types/core-v1.ts';
import type { EndpointSlice } from '../../../src/api/types/discovery-v1.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const services = { group: '', version: 'v1', resource: 'services' } as const;
const endpoints = { group: '', version: 'v1', resource: 'endpoints' } as const;
const slices = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' } as const;

async function harnessWithService(context: TestContext, spec: object = {}): Promise<ControllerHarness> {
  const harness = await createControllerHarness('endpoints-controller,endpointslice-controller');
  context.after(() => harness.close());
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default', labels: { team: 'a' } },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'web' }], ...spec },
  });
  await harness.work();
  return harness;
}

/** A pod that runs under an address. */
async function addPod(harness: ControllerHarness, name: string, podIP: string, ready = 'True'): Promise<void> {
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'web' } },
    spec: { nodeName: 'node', containers: [{ name: 'c', image: 'i', ports: [{ name: 'web', containerPort: 8080 }] }] },
  });
  await setStatus(harness, name, {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: [{ type: 'Ready', status: ready }],
  });
}

async function setStatus(harness: ControllerHarness, name: string, status: object): Promise<void> {
  const path = `/api/v1/namespaces/default/pods/${name}/status`;
  const headers = { 'content-type': 'application/merge-patch+json' };
  const answer = await harness.api.request('PATCH', path, { status }, headers);
  assert.equal(answer.status, 200, answer.text);
  await harness.work();
}

test('a service without pods has one empty slice and empty endpoints', async (context) => {
  const harness = await harnessWithService(context);
  const [slice, ...more] = await harness.list<EndpointSlice>(slices);
  assert.equal(more.length, 0);
  assert.deepEqual(slice?.endpoints ?? [], []);
  assert.deepEqual(slice?.metadata.labels, {
    team: 'a',
    'kubernetes.io/service-name': 'web',
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  });
  assert.match(slice.metadata.name ?? '', /^web-/);
  assert.equal(slice.metadata.ownerReferences?.[0]?.kind, 'Service');
  assert.deepEqual((await harness.get<Endpoints>(endpoints, 'web')).subsets ?? [], []);
});

test('pods become endpoints as they become ready, and go when they end', async (context) => {
  const harness = await harnessWithService(context);
  await addPod(harness, 'a', '10.0.0.1');
  await addPod(harness, 'b', '10.0.0.2', 'False');
  const [slice, ...more] = await harness.list<EndpointSlice>(slices);
  assert.equal(more.length, 0);
  assert.deepEqual(slice?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
  const shown = slice.endpoints?.map(({ addresses, conditions, nodeName }) => [addresses[0], conditions, nodeName]);
  assert.deepEqual(shown, [
    ['10.0.0.1', { ready: true, serving: true, terminating: false }, 'node'],
    ['10.0.0.2', { ready: false, serving: false, terminating: false }, 'node'],
  ]);
  const [subset] = (await harness.get<Endpoints>(endpoints, 'web')).subsets ?? [];
  assert.deepEqual(
    subset?.addresses?.map(({ ip }) => ip),
    ['10.0.0.1'],
  );
  assert.deepEqual(
    subset?.notReadyAddresses?.map(({ ip }) => ip),
    ['10.0.0.2'],
  );
  assert.deepEqual(subset?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);

  await setStatus(harness, 'a', { phase: 'Succeeded' });
  const [after] = await harness.list<EndpointSlice>(slices);
  assert.deepEqual(
    after?.endpoints?.map(({ addresses }) => addresses[0]),
    ['10.0.0.2'],
  );
  assert.equal(after.metadata.uid, slice.metadata.uid);
});

test('a hundred endpoints fill a slice', async (context) => {
  const harness = await harnessWithService(context);
  for (let index = 1; index <= 101; index++) await addPod(harness, `p${index}`, `10.0.1.${index}`);
  const sizes = (await harness.list<EndpointSlice>(slices)).map((slice) => slice.endpoints?.length ?? 0);
  assert.deepEqual(
    sizes.toSorted((left, right) => left - right),
    [1, 100],
  );
});

test('a headless service that publishes all shows pods that are not ready', async (context) => {
  const harness = await harnessWithService(context, { clusterIP: 'None', publishNotReadyAddresses: true, ports: [] });
  await addPod(harness, 'a', '10.0.0.1', 'False');
  const [slice] = await harness.list<EndpointSlice>(slices);
  assert.equal(slice?.metadata.labels?.['service.kubernetes.io/headless'], '');
  assert.equal(slice.endpoints?.[0]?.conditions?.ready, true);
  const [subset] = (await harness.get<Endpoints>(endpoints, 'web')).subsets ?? [];
  assert.deepEqual(
    subset?.addresses?.map(({ ip }) => ip),
    ['10.0.0.1'],
  );
});

test('a slice that somebody deletes comes back; endpoints go with their service', async (context) => {
  const harness = await harnessWithService(context);
  await addPod(harness, 'a', '10.0.0.1');
  const [slice] = await harness.list<EndpointSlice>(slices);
  await harness.api.client.resource(slices, 'default').delete(slice?.metadata.name ?? '');
  await harness.work();
  const [again] = await harness.list<EndpointSlice>(slices);
  assert.equal(again?.endpoints?.length, 1);
  await harness.api.client.resource(services, 'default').delete('web');
  await harness.work();
  assert.deepEqual(await harness.list(endpoints), []);
});

const distributions: readonly (readonly [distribution: string | undefined, hints: object | undefined])[] = [
  [undefined, undefined],
  ['PreferClose', { forZones: [{ name: 'z1' }] }],
  ['PreferSameZone', { forZones: [{ name: 'z1' }] }],
  ['PreferSameNode', { forZones: [{ name: 'z1' }], forNodes: [{ name: 'node' }] }],
];

for (const [trafficDistribution, hints] of distributions) {
  test(`hints of endpoints that are ready: ${trafficDistribution ?? 'none asked for'}`, async (context) => {
    const harness = await harnessWithService(context, { trafficDistribution });
    const labels = { 'topology.kubernetes.io/zone': 'z1' };
    await harness.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node', labels } });
    await addPod(harness, 'a', '10.0.0.1');
    await addPod(harness, 'b', '10.0.0.2', 'False');
    const [slice] = await harness.list<EndpointSlice>(slices);
    assert.deepEqual(
      slice?.endpoints?.map((endpoint) => endpoint.hints),
      [hints, undefined],
    );
    await harness.patch(services, 'web', { spec: { trafficDistribution: null } });
    await harness.work();
    const [after] = await harness.list<EndpointSlice>(slices);
    assert.deepEqual(
      after?.endpoints?.map((endpoint) => endpoint.hints),
      [undefined, undefined],
    );
  });
}

test('a slice for each family, and endpoints of the first one alone', async (context) => {
  const harness = await harnessWithService(context, {
    clusterIP: 'None',
    ipFamilyPolicy: 'RequireDualStack',
    ipFamilies: ['IPv6', 'IPv4'],
  });
  await addPod(harness, 'a', '10.0.0.1');
  await addPod(harness, 'b', '10.0.0.2');
  await setStatus(harness, 'b', { podIPs: [{ ip: '10.0.0.2' }, { ip: 'fd00::2' }] });
  const families = (await harness.list<EndpointSlice>(slices)).map(({ addressType, endpoints: shown }) => [
    addressType,
    shown?.flatMap(({ addresses }) => addresses).toSorted(),
  ]);
  assert.deepEqual(
    families.toSorted(([left], [right]) => String(left).localeCompare(String(right))),
    [
      ['IPv4', ['10.0.0.1', '10.0.0.2']],
      ['IPv6', ['fd00::2']],
    ],
  );
  const [subset] = (await harness.get<Endpoints>(endpoints, 'web')).subsets ?? [];
  assert.deepEqual(
    subset?.addresses?.map(({ ip }) => ip),
    ['fd00::2'],
  );
});

test('a slice without endpoints stays as it is when its service changes', async (context) => {
  const harness = await harnessWithService(context);
  const path = '/api/v1/namespaces/default/services/web';
  const headers = { 'content-type': 'application/merge-patch+json' };
  const versions = async (): Promise<unknown[]> =>
    (await harness.list<EndpointSlice>(slices)).map(({ metadata }) => [metadata.generation, metadata.resourceVersion]);
  const before = await versions();
  assert.deepEqual(before[0], [1, (before[0] as unknown[])[1]]);
  await harness.api.request('PATCH', path, { spec: { ports: [{ name: 'http', port: 81 }] } }, headers);
  await harness.work();
  assert.deepEqual(await versions(), before);
  const [slice] = await harness.list<EndpointSlice>(slices);
  // What is not there belongs to nobody, as when the real controller says so in protobuf.
  const owned = slice?.metadata.managedFields?.map(({ fieldsV1 }) => Object.keys(fieldsV1 ?? {}).toSorted());
  assert.deepEqual(owned, [['f:addressType', 'f:metadata']]);
  // An empty list has an owner, but is not counted as a change.
  const place = `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/${slice?.metadata.name ?? ''}`;
  const { status, body } = await harness.api.request('PUT', place, { ...slice, endpoints: [] });
  assert.deepEqual([status, body.metadata.generation], [200, 1]);
});
