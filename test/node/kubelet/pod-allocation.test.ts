import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Container, ContainerStatus, Node, Pod } from '../../../src/api/types/core-v1.ts';
import { PodAllocation } from '../../../src/node/kubelet/pod-allocation.ts';
import { createKubeletHarness, type KubeletHarness } from '../../support/kubelet-harness.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

async function start(context: TestContext): Promise<KubeletHarness> {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  return harness;
}

const asks = (cpu: string, more: Partial<Container> = {}) => ({
  spec: { containers: [{ name: 'main', image: 'main:1', resources: { requests: { cpu } }, ...more }] },
});

async function resize(harness: KubeletHarness, name: string, cpu: string): Promise<void> {
  const patch = { spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }] } };
  const pods = harness.api.client.resource(podsResource, 'default');
  await pods.patch(name, 'application/strategic-merge-patch+json', patch, { subresource: 'resize' });
  await harness.work();
}

async function mainOf(harness: KubeletHarness, name: string): Promise<ContainerStatus> {
  const main = (await harness.pod(name)).status?.containerStatuses?.[0];
  assert.ok(main !== undefined);
  return main;
}

async function pendingOf(harness: KubeletHarness, name: string): Promise<string | undefined> {
  const { status } = await harness.pod(name);
  const found = status?.conditions?.find(({ type }) => type === 'PodResizePending');
  return found === undefined ? undefined : `${found.status} ${found.reason ?? ''} ${found.message ?? ''}`;
}

/** Events from the first of a resize on. */
async function resizeEvents(harness: KubeletHarness, name: string): Promise<string[]> {
  const events = await harness.events(name);
  return events.slice(events.findIndex((event) => event.startsWith('Resize')));
}

test('a container gets other resources while it runs', async (context) => {
  const harness = await start(context);
  await harness.create('web', asks('1'));
  await resize(harness, 'web', '2');
  const main = await mainOf(harness, 'web');
  assert.deepEqual([main.resources, main.allocatedResources], [{ requests: { cpu: '2' } }, { cpu: '2' }]);
  assert.equal(main.restartCount, 0);
  const summary = '{"containers":[{"name":"main","resources":{"requests":{"cpu":"2"}}}],"generation":2}';
  assert.deepEqual(await resizeEvents(harness, 'web'), [
    `ResizeStarted: Pod resize started: ${summary}`,
    `ResizeCompleted: Pod resize completed: ${summary}`,
  ]);
});

test('a container that wants to starts anew for it, whatever the restart policy', async (context) => {
  const harness = await start(context);
  const policy = { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] };
  await harness.create('web', asks('1', policy));
  await resize(harness, 'web', '2');
  await harness.advance(1);
  const main = await mainOf(harness, 'web');
  assert.equal(main.restartCount, 1);
  assert.ok(main.state?.running !== undefined);
  assert.ok((await harness.events('web')).includes('Killing: Container main resize requires restart'));
});

test('a resize that does not fit waits, and comes when there is room', async (context) => {
  const harness = await start(context);
  await harness.create('other', asks('3'));
  await harness.create('web', asks('1'));
  await resize(harness, 'web', '2');
  const message = "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000";
  assert.equal(await pendingOf(harness, 'web'), `True Deferred ${message}`);
  const waiting = await mainOf(harness, 'web');
  assert.deepEqual([waiting.resources, waiting.allocatedResources], [{ requests: { cpu: '1' } }, { cpu: '1' }]);
  const asked = '"containers":[{"name":"main","resources":{"requests":{"cpu":"2"}}}],"generation":2';
  assert.deepEqual(await resizeEvents(harness, 'web'), [
    `ResizeDeferred: Pod resize Deferred: {${asked},"error":"${message}"}`,
  ]);
  await harness.api.client.resource(podsResource, 'default').delete('other');
  await harness.advance(1);
  assert.equal(await pendingOf(harness, 'web'), undefined);
  assert.deepEqual((await mainOf(harness, 'web')).allocatedResources, { cpu: '2' });
});

test('a resize that waits comes when another pod asks for less', async (context) => {
  const harness = await start(context);
  await harness.create('other', asks('3'));
  await harness.create('web', asks('1'));
  await resize(harness, 'web', '2');
  await resize(harness, 'other', '1');
  await harness.advance(1);
  assert.equal(await pendingOf(harness, 'web'), undefined);
  assert.deepEqual((await mainOf(harness, 'web')).allocatedResources, { cpu: '2' });
});

test('what waits takes no room: others may have it', async (context) => {
  const harness = await start(context);
  await harness.create('other', asks('2'));
  await harness.create('web', asks('1'));
  await resize(harness, 'web', '3');
  await harness.create('third', asks('1'));
  assert.equal((await harness.pod('third')).status?.phase, 'Running');
  // And back to what it has.
  await resize(harness, 'web', '1');
  assert.equal(await pendingOf(harness, 'web'), undefined);
});

test('after a start of the node a resize that waited still waits', () => {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', generation: 2 },
    spec: { containers: [{ name: 'main', resources: { requests: { cpu: '2' } } }] },
    status: {
      conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Deferred', observedGeneration: 2 }],
      containerStatuses: [
        {
          name: 'main',
          image: 'i',
          imageID: '',
          ready: true,
          restartCount: 0,
          resources: { requests: { cpu: '1' } },
        },
      ],
    },
  };
  const allocation = new PodAllocation(pod);
  assert.deepEqual(allocation.allocated(pod).spec?.containers[0]?.resources, { requests: { cpu: '1' } });
  const rejection = { reason: 'OutOfcpu', message: 'no room' };
  assert.deepEqual(allocation.resize(pod, () => rejection, 0).events, []);
  assert.equal(allocation.resize(pod, () => undefined, 0).events.length, 2);
  assert.equal(allocation.pending, undefined);
});

const limitsOfPod: readonly (readonly [own: object, policy: string, restarts: number])[] = [
  [{}, 'RestartContainer', 1],
  [{}, 'NotRequired', 0],
  // Its own limit is what holds it.
  [{ limits: { memory: '1Mi' } }, 'RestartContainer', 0],
];

for (const [resources, restartPolicy, restarts] of limitsOfPod) {
  test(`a limit of the pod changes for a container of ${JSON.stringify([resources, restartPolicy])}`, () => {
    const resizePolicy = [{ resourceName: 'memory', restartPolicy }];
    const podWith = (memory: string): Pod => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {},
      spec: { containers: [{ name: 'main', image: 'i', resources, resizePolicy }], resources: { limits: { memory } } },
    });
    const allocation = new PodAllocation(podWith('2Mi'));
    const outcome = allocation.resize(podWith('3Mi'), () => undefined, 0);
    assert.equal(outcome.restarts.length, restarts);
    assert.equal(allocation.allocated(podWith('4Mi')).spec?.resources?.limits?.['memory'], '3Mi');
  });
}

test('a limit of memory below what is used stays what it was, and says so, until it is asked for otherwise', async (context) => {
  const harness = await start(context);
  const limited = (memory: string) => ({ requests: { memory }, limits: { memory } });
  const main = { name: 'main', image: 'busybox', command: ['sh', '-c', 'sleep 10000'] };
  await harness.create('web', { spec: { containers: [{ ...main, resources: limited('64Mi') }] } });
  const ask = async (memory: string): Promise<void> => {
    const patch = { spec: { containers: [{ name: 'main', resources: limited(memory) }] } };
    const pods = harness.api.client.resource(podsResource, 'default');
    await pods.patch('web', 'application/strategic-merge-patch+json', patch, { subresource: 'resize' });
    await harness.work();
  };
  const told = async () => {
    const { resources, allocatedResources } = await mainOf(harness, 'web');
    const { status } = await harness.pod('web');
    const found = status?.conditions?.find(({ type }) => type === 'PodResizeInProgress');
    const conditions = found === undefined ? '' : `${found.reason}: ${found.message}`;
    return [resources?.limits?.['memory'], allocatedResources?.['memory'], conditions];
  };
  await ask('32Mi');
  assert.deepEqual(await told(), ['32Mi', '32Mi', '']);
  await ask('10Ki');
  const why =
    'cannot decrease memory limits: [attempting to set pod memory limit (10240) below current usage (1048576), ' +
    'attempting to set container "main" memory limit (10240) below current usage (1048576)]';
  assert.deepEqual(await told(), ['32Mi', '10Ki', `Error: ${why}`]);
  await harness.advance(130);
  const events = (await harness.events('web')).filter((event) => event.startsWith('Resize'));
  assert.deepEqual(
    events.map((event) => event.split(':')[0]),
    ['ResizeStarted', 'ResizeCompleted', 'ResizeStarted', 'ResizeError'],
  );
  assert.ok(events.at(-1)?.endsWith(`"generation":3,"error":${JSON.stringify(why)}}`));
  await ask('64Mi');
  assert.deepEqual(await told(), ['64Mi', '64Mi', '']);
});

test('a container that comes before the others gets other resources while it runs', async (context) => {
  const harness = await start(context);
  const first = (cpu: string): Container => ({ name: 'first', image: 'busybox', resources: { requests: { cpu } } });
  const { spec } = asks('1');
  await harness.create('web', {
    spec: { ...spec, initContainers: [{ ...first('1'), command: ['sleep', '1000'] }] },
  });
  await harness.api.client
    .resource(podsResource, 'default')
    .patch(
      'web',
      'application/strategic-merge-patch+json',
      { spec: { initContainers: [first('2')] } },
      { subresource: 'resize' },
    );
  await harness.work();
  const [told] = (await harness.pod('web')).status?.initContainerStatuses ?? [];
  assert.ok(told?.state?.running !== undefined);
  assert.deepEqual([told.resources, told.restartCount], [{ requests: { cpu: '2' } }, 0]);
  const node = await harness.api.client.resource<Node>({ group: '', version: 'v1', resource: 'nodes' }).get('node-1');
  assert.deepEqual(node.status?.declaredFeatures, [
    'InPlacePodLevelResourcesVerticalScaling',
    'InPlacePodVerticalScalingInitContainers',
    'RestartAllContainersOnContainerExits',
  ]);
});
