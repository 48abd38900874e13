import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceCIDR } from '../../../src/api/types/networking-v1.ts';
import { createControllerHarness, type ControllerHarness } from '../../support/controller-harness.ts';

const path = '/apis/networking.k8s.io/v1';

const range = (name: string, cidr: string): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name },
  spec: { cidrs: [cidr] },
});

async function start(close: (done: () => Promise<void>) => void): Promise<{
  readonly harness: ControllerHarness;
  readonly send: (method: string, where: string, body?: object) => Promise<void>;
  readonly state: (name: string) => Promise<readonly (string | undefined)[] | undefined>;
}> {
  const harness = await createControllerHarness('service-cidr-controller');
  close(() => harness.close());
  return {
    harness,
    async send(method, where, body) {
      const { status, text } = await harness.api.request(method, `${path}/${where}`, body);
      assert.ok(status < 300, text);
      await harness.work();
    },
    async state(name) {
      const { status, body } = await harness.api.request('GET', `${path}/servicecidrs/${name}`);
      if (status === 404) return undefined;
      const { metadata, status: told } = body as unknown as ServiceCIDR;
      const ready = told?.conditions?.find(({ type }) => type === 'Ready');
      return [metadata.finalizers?.join(), ready?.status, ready?.message];
    },
  };
}

const finalizer = 'networking.k8s.io/service-cidr-finalizer';

test('a range of service addresses is held and ready', async (context) => {
  const { send, state } = await start((done) => context.after(done));
  await send('POST', 'servicecidrs', range('more', '10.222.0.0/24'));
  assert.deepEqual(await state('more'), [finalizer, 'True', 'Kubernetes Service CIDR is ready']);
});

test('a range that is deleted goes after a while', async (context) => {
  const { harness, send, state } = await start((done) => context.after(done));
  await send('POST', 'servicecidrs', range('more', '10.222.0.0/24'));
  await send('DELETE', 'servicecidrs/more');
  await harness.clock.advance(5000);
  await harness.work();
  assert.deepEqual((await state('more'))?.[0], finalizer);
  await harness.clock.advance(6000);
  await harness.work();
  assert.equal(await state('more'), undefined);
});

test('a range stays as long as an address of it is in use that no other range has', async (context) => {
  const { harness, send, state } = await start((done) => context.after(done));
  await send('POST', 'servicecidrs', range('more', '10.222.0.0/24'));
  await send('POST', 'ipaddresses', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name: '10.222.0.7' },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 's' } },
  });
  await send('DELETE', 'servicecidrs/more');
  await harness.clock.advance(20_000);
  await harness.work();
  assert.deepEqual(await state('more'), [
    finalizer,
    'False',
    'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
  ]);
  await send('POST', 'servicecidrs', range('wider', '10.222.0.0/16'));
  await harness.clock.advance(20_000);
  await harness.work();
  assert.equal(await state('more'), undefined);
});
