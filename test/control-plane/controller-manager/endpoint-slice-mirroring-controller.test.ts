import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { EndpointSlice } from '../../../src/api/types/discovery-v1.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const slicesResource = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' } as const;
const endpointsResource = { group: '', version: 'v1', resource: 'endpoints' } as const;
const servicesResource = { group: '', version: 'v1', resource: 'services' } as const;

async function start(context: TestContext): Promise<ControllerHarness> {
  const harness = await createControllerHarness('endpointslice-mirroring-controller');
  context.after(() => harness.close());
  return harness;
}

async function addService(harness: ControllerHarness, spec: object = {}): Promise<void> {
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db' },
    spec: { ports: [{ port: 5432 }], ...spec },
  });
  await harness.work();
}

async function addEndpoints(harness: ControllerHarness, subsets: object[], metadata: object = {}): Promise<void> {
  await harness.api.create({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'db', ...metadata }, subsets });
  await harness.work();
}

/** Each slice as `type ports: addresses`, those that are not ready in brackets. */
async function told(harness: ControllerHarness): Promise<string[]> {
  return (await harness.list<EndpointSlice>(slicesResource))
    .map(({ addressType, ports, endpoints }) => {
      const addresses = (endpoints ?? []).map(({ addresses: [ip = ''], conditions }) =>
        conditions?.ready === true ? ip : `(${ip})`,
      );
      const numbers = (ports ?? []).map(({ port }) => port);
      return `${addressType} ${numbers.join(',')}: ${addresses.join(' ')}`;
    })
    .toSorted((left, right) => (left < right ? -1 : 1));
}

const ports = [{ port: 5432 }];

test('endpoints that are written by hand get slices, one for each kind of address', async (context) => {
  const harness = await start(context);
  await addService(harness);
  await addEndpoints(
    harness,
    [{ addresses: [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }], notReadyAddresses: [{ ip: '192.0.2.2' }], ports }],
    { labels: { team: 'a' }, annotations: { note: 'x', 'endpoints.kubernetes.io/last-change-trigger-time': 'y' } },
  );
  assert.deepEqual(await told(harness), ['IPv4 5432: 192.0.2.1 (192.0.2.2)', 'IPv6 5432: 2001:db8::1']);
  const [slice] = await harness.list<EndpointSlice>(slicesResource);
  assert.deepEqual(slice?.metadata.labels, {
    'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    'kubernetes.io/service-name': 'db',
    team: 'a',
  });
  assert.deepEqual(slice?.metadata.annotations, { note: 'x' });
  assert.equal(slice?.metadata.ownerReferences?.[0]?.kind, 'Endpoints');
  assert.match(slice?.metadata.name ?? '', /^db-/);
});

test('what changes in the endpoints changes in the slice that is there', async (context) => {
  const harness = await start(context);
  await addService(harness);
  await addEndpoints(harness, [{ addresses: [{ ip: '192.0.2.1' }], ports }]);
  const [before] = await harness.list<EndpointSlice>(slicesResource);
  await harness.patch(endpointsResource, 'db', {
    subsets: [{ addresses: [{ ip: '192.0.2.9' }], ports: [{ port: 1 }] }],
  });
  await harness.work();
  assert.deepEqual(await told(harness), ['IPv4 1: 192.0.2.9']);
  const [after] = await harness.list<EndpointSlice>(slicesResource);
  assert.equal(after?.metadata.name, before?.metadata.name);
});

const unmirrored: readonly (readonly [string, object, object])[] = [
  ['a service that selects pods', { selector: { app: 'db' } }, {}],
  ['endpoints that do not want it', {}, { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }],
  ['endpoints that elect a leader', {}, { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }],
];

for (const [name, spec, metadata] of unmirrored) {
  test(`no slices: ${name}`, async (context) => {
    const harness = await start(context);
    await addService(harness, spec);
    await addEndpoints(harness, [{ addresses: [{ ip: '192.0.2.1' }], ports }], metadata);
    assert.deepEqual(await told(harness), []);
  });
}

test('the slices go with the service, and with the endpoints', async (context) => {
  const harness = await start(context);
  await addService(harness);
  await addEndpoints(harness, [{ addresses: [{ ip: '192.0.2.1' }], ports }]);
  assert.equal((await told(harness)).length, 1);
  await harness.api.client.resource(servicesResource, 'default').delete('db');
  await harness.work();
  assert.deepEqual(await told(harness), []);
  await addService(harness);
  assert.equal((await told(harness)).length, 1);
  await harness.api.client.resource(endpointsResource, 'default').delete('db');
  await harness.work();
  assert.deepEqual(await told(harness), []);
});
