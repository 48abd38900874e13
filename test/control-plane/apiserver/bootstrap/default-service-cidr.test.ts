import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ServiceCIDR } from '../../../../src/api/types/networking-v1.ts';
import { StatusError } from '../../../../src/apimachinery/status.ts';
import { DefaultServiceCidr } from '../../../../src/control-plane/apiserver/bootstrap/default-service-cidr.ts';
import { FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { createTestApiServer, type TestApiServer } from '../../../support/test-api-server.ts';

const path = '/apis/networking.k8s.io/v1/servicecidrs';

interface Kept {
  readonly server: TestApiServer;
  readonly clock: FakeClock;
  /** Begins to keep ranges; ends with the test. @returns how often it was ready */
  readonly start: (...cidrs: string[]) => Promise<{ count: number }>;
  readonly read: () => Promise<ServiceCIDR>;
  /** Reasons and messages of events, as they came. */
  readonly events: () => Promise<readonly string[]>;
}

async function kept(context: TestContext): Promise<Kept> {
  const clock = new FakeClock();
  const server = await createTestApiServer({ clock });
  context.after(() => server.close());
  return {
    server,
    clock,
    async start(...cidrs) {
      const keeper = new DefaultServiceCidr({ client: server.client, cidrs, clock, log: silentLogger });
      const ready = { count: 0 };
      context.after(() => keeper.stop());
      await keeper.start(() => ready.count++);
      await settle(30);
      return ready;
    },
    async read() {
      return (await server.request('GET', `${path}/kubernetes`)).body;
    },
    async events() {
      const { body } = await server.request('GET', '/api/v1/events');
      const items = body['items'] as { reason: string; message: string }[];
      return items.map(({ reason, message }) => `${reason}: ${message}`);
    },
  };
}

/** What a real 1.36.2 has after its start, without a controller manager. */
test('the range of the flag is there and ready', async (context) => {
  const { start, read } = await kept(context);
  assert.deepEqual(await start('10.0.0.0/24'), { count: 1 });
  const { metadata, spec, status } = await read();
  assert.deepEqual(spec, { cidrs: ['10.0.0.0/24'] });
  assert.equal(metadata.finalizers, undefined);
  const owners = metadata.managedFields?.map(({ manager, operation, subresource = '' }) => [
    manager,
    operation,
    subresource,
  ]);
  assert.deepEqual(owners, [
    ['kubernetes-service-cidr-controller', 'Apply', 'status'],
    ['test', 'Update', ''],
  ]);
  const [ready] = status?.conditions ?? [];
  const message = 'Kubernetes default Service CIDR is ready';
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  assert.deepEqual(ready, { type: 'Ready', status: 'True', reason: '', message, lastTransitionTime });
});

test('a range that is deleted comes back within ten seconds', async (context) => {
  const { server, clock, start, read } = await kept(context);
  await start('10.0.0.0/24');
  await server.request('DELETE', `${path}/kubernetes`);
  await clock.advance(9_000);
  await settle(30);
  assert.equal((await read()).kind, 'Status');
  await clock.advance(1_000);
  await settle(30);
  assert.deepEqual((await read()).spec, { cidrs: ['10.0.0.0/24'] });
});

test('the range of a second family joins that of the first', async (context) => {
  const { clock, start, read, events } = await kept(context);
  await start('10.0.0.0/24');
  await start('10.0.0.0/24', 'fd00::/112');
  assert.deepEqual((await read()).spec, { cidrs: ['10.0.0.0/24', 'fd00::/112'] });
  assert.deepEqual(await events(), []);
  await clock.advance(10_000);
  await settle(30);
  // The first one keeps to what it was told.
  const text = 'The default ServiceCIDR [10.0.0.0/24 fd00::/112] does not match the controller flag configurations';
  assert.deepEqual(await events(), [`KubernetesDefaultServiceCIDRInconsistent: ${text} [10.0.0.0/24]`]);
});

test('a range that differs from the flag is left as it is, and told of once', async (context) => {
  const { clock, start, read, events } = await kept(context);
  await start('10.0.0.0/24');
  await start('10.1.0.0/24', 'fd00::/112');
  for (let round = 0; round < 3; round++) await clock.advance(10_000);
  await settle(30);
  assert.deepEqual((await read()).spec, { cidrs: ['10.0.0.0/24'] });
  const text = 'The default ServiceCIDR [10.0.0.0/24] does not match the controller flag configurations';
  assert.deepEqual(await events(), [`KubernetesDefaultServiceCIDRInconsistent: ${text} [10.1.0.0/24 fd00::/112]`]);
});

test('who says that a range is not ready is right, and is quoted', async (context) => {
  const { server, start, read, events } = await kept(context);
  await server.create({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: ['10.0.0.0/24'] },
  });
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const condition = { type: 'Ready', status: 'False', reason: 'Broken', message: 'no way there', lastTransitionTime };
  const headers = { 'content-type': 'application/merge-patch+json' };
  await server.request('PATCH', `${path}/kubernetes/status`, { status: { conditions: [condition] } }, headers);
  await start('10.0.0.0/24');
  assert.equal((await read()).status?.conditions?.[0]?.status, 'False');
  assert.deepEqual(await events(), ['Broken: Configuration matches, but no way there']);
});

test('it is tried again soon while the range cannot be made', async (context) => {
  const clock = new FakeClock();
  let isOpen = false;
  const server = await createTestApiServer({
    clock,
    admission: {
      mutate: () => Promise.resolve(),
      validate: ({ resource }) =>
        isOpen || resource.resource !== 'servicecidrs'
          ? Promise.resolve()
          : Promise.reject(new StatusError({ message: 'not now', code: 403, reason: 'Forbidden' })),
    },
  });
  context.after(() => server.close());
  const keeper = new DefaultServiceCidr({ client: server.client, cidrs: ['10.0.0.0/24'], clock, log: silentLogger });
  context.after(() => keeper.stop());
  let count = 0;
  await keeper.start(() => count++);
  assert.equal(count, 0);
  isOpen = true;
  await clock.advance(100);
  await settle(30);
  assert.equal(count, 1);
});
