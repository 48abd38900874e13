import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Container, ContainerStatus, Pod } from '../../../src/api/types/core-v1.ts';
import { killingMessage, probeGraceSeconds } from '../../../src/node/kubelet/container-endings.ts';
import { createKubeletHarness, ends, type KubeletHarness } from '../../support/kubelet-harness.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

async function start(context: TestContext): Promise<KubeletHarness> {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  return harness;
}

async function mainOf(harness: KubeletHarness): Promise<ContainerStatus> {
  const { status } = await harness.pod('web');
  const [main] = status?.containerStatuses ?? [];
  assert.ok(main !== undefined);
  return main;
}

async function setImage(harness: KubeletHarness, image: string, list = 'containers'): Promise<void> {
  const patch = { spec: { [list]: [{ name: list === 'containers' ? 'main' : 'side', image }] } };
  const pods = harness.api.client.resource<Pod>(podsResource, 'default');
  await pods.patch('web', 'application/strategic-merge-patch+json', patch);
  await harness.advance(1);
}

for (const restartPolicy of ['Always', 'Never'] as const) {
  test(`a container that gets another image starts anew; ${restartPolicy}`, async (context) => {
    const harness = await start(context);
    await harness.create('web', { spec: { restartPolicy, containers: [{ name: 'main', image: 'main:1' }] } });
    await setImage(harness, 'main:2');
    const { image, restartCount, state } = await mainOf(harness);
    assert.deepEqual([image, restartCount], ['main:2', 1]);
    assert.ok(state?.running !== undefined);
    assert.equal((await harness.pod('web')).status?.phase, 'Running');
    const events = await harness.events('web');
    assert.ok(events.includes('Killing: Container main definition changed, will be restarted'));
  });
}

test('a container that comes before the others starts anew, too, when it goes on beside them', async (context) => {
  const harness = await start(context);
  const side = { name: 'side', image: 'side:1', restartPolicy: 'Always' } as const;
  await harness.create('web', { spec: { initContainers: [side], containers: [{ name: 'main', image: 'main:1' }] } });
  await setImage(harness, 'side:2', 'initContainers');
  const { status } = await harness.pod('web');
  const [told] = status?.initContainerStatuses ?? [];
  assert.deepEqual([told?.image, told?.restartCount], ['side:2', 1]);
  assert.ok((await harness.events('web')).includes('Killing: Init container side definition changed'));
});

test('with another image a container waits no longer than one that is new', async (context) => {
  const harness = await start(context);
  await harness.create('web', { annotations: ends(1, 1) });
  for (let second = 0; second < 40; second++) await harness.advance(1);
  assert.equal((await mainOf(harness)).state?.waiting?.reason, 'CrashLoopBackOff');
  const { restartCount } = await mainOf(harness);
  await setImage(harness, 'main:2');
  assert.equal((await mainOf(harness)).restartCount, restartCount + 1);
  for (let second = 0; second < 3; second++) await harness.advance(1);
  assert.match((await mainOf(harness)).state?.waiting?.message ?? '', /^back-off 10s restarting/);
});

test('a container that fails its liveness probe has time for its preStop hook', async (context) => {
  const harness = await start(context);
  const livenessProbe = { httpGet: { path: '/alive', port: 80 }, periodSeconds: 2, failureThreshold: 1 };
  const lifecycle = { preStop: { sleep: { seconds: 10 } } };
  await harness.create('web', { spec: { containers: [{ name: 'main', image: 'main:1', livenessProbe, lifecycle }] } });
  harness.failing.add('main/alive');
  await harness.advance(4);
  assert.equal((await mainOf(harness)).restartCount, 0);
  harness.failing.clear();
  await harness.advance(10);
  assert.equal((await mainOf(harness)).restartCount, 1);
});

const side: Container = { name: 'side', restartPolicy: 'Always' };
const messages: readonly (readonly [policy: string, container: Container, why: string, message: string])[] = [
  ['Always', { name: 'a' }, 'failed liveness probe', 'Container a failed liveness probe, will be restarted'],
  ['Never', { name: 'a' }, 'failed liveness probe', 'Container a failed liveness probe'],
  ['Never', { name: 'a' }, 'definition changed', 'Container a definition changed, will be restarted'],
  ['Always', { name: 'a', restartPolicy: 'Never' }, 'failed startup probe', 'Container a failed startup probe'],
  ['Always', side, 'failed startup probe', 'Init container side failed startup probe'],
];

for (const [restartPolicy, container, why, message] of messages) {
  test(`what is told of a container that is ended: ${message}; ${restartPolicy}`, () => {
    const isSide = container === side;
    const spec = { restartPolicy, containers: isSide ? [] : [container], initContainers: isSide ? [side] : [] };
    assert.equal(killingMessage({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec }, container, why), message);
  });
}

const graces: readonly (readonly [pod: number | undefined, probe: number | undefined, seconds: number])[] = [
  [undefined, undefined, 30],
  [7, undefined, 7],
  [7, 9, 9],
];

for (const [ofPod, ofProbe, seconds] of graces) {
  test(`a container whose probe failed gets ${seconds} seconds`, () => {
    const probe = ofProbe === undefined ? {} : { terminationGracePeriodSeconds: ofProbe };
    const container: Container = { name: 'a', livenessProbe: probe };
    const spec = { containers: [container], ...(ofPod === undefined ? {} : { terminationGracePeriodSeconds: ofPod }) };
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec };
    assert.equal(probeGraceSeconds(pod, container, 'liveness'), seconds);
  });
}
