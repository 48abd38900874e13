import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Lease } from '../../../src/api/types/coordination-v1.ts';
import type { Container, ContainerStatus, Node, Pod } from '../../../src/api/types/core-v1.ts';
import { internalError } from '../../../src/apimachinery/status.ts';
import type { AdmissionChain } from '../../../src/control-plane/apiserver/endpoints/admission.ts';
import { createKubeletHarness, ends, type KubeletHarness, testNode } from '../../support/kubelet-harness.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;
const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const leasesResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' } as const;

async function start(context: TestContext): Promise<KubeletHarness> {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  return harness;
}

async function statusOf(harness: KubeletHarness, pod: string, container = 'main'): Promise<ContainerStatus> {
  const { status } = await harness.pod(pod);
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const found = all.find(({ name }) => name === container);
  assert.ok(found !== undefined, `no status of ${container}`);
  return found;
}

/** What a container does: `running`, the reason it waits for, or the code it ended with. */
function stateOf({ state }: ContainerStatus): string {
  if (state?.running !== undefined) return 'running';
  return state?.waiting?.reason ?? `${state?.terminated?.exitCode ?? 'nothing'}`;
}

async function isReady(harness: KubeletHarness, pod: string): Promise<boolean> {
  const { status } = await harness.pod(pod);
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
}

async function remove(harness: KubeletHarness, name: string, gracePeriodSeconds?: number): Promise<void> {
  const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
  await harness.api.client.resource(podsResource, 'default').delete(name, options);
  await harness.work();
}

function probed(probe: Partial<Container>): { readonly containers: Container[] } {
  return { containers: [{ name: 'main', image: 'main:1', ...probe }] };
}

const httpGet = { path: '/healthz', port: 8080 };

test('a pod comes up: sandbox, image, container, status and events', async (context) => {
  const harness = await start(context);
  await harness.create('web');
  const { status } = await harness.pod('web');
  assert.equal(status?.phase, 'Running');
  assert.equal(status?.podIP, '10.244.0.2');
  assert.equal(status?.hostIP, testNode.hostIP);
  const main = await statusOf(harness, 'web');
  assert.equal(stateOf(main), 'running');
  assert.equal(main.started, true);
  assert.deepEqual(main.resources, {});
  assert.ok(await isReady(harness, 'web'));
  const events = await harness.events('web');
  assert.equal(events[0], 'Pulling: Pulling image "main:1"');
  assert.match(
    events[1] ?? '',
    /^Pulled: Successfully pulled image "main:1" in 0s \(0s including waiting\)\. Image size: \d+ bytes\.$/,
  );
  assert.deepEqual(events.slice(2), ['Created: Container created', 'Started: Container started']);
});

test('pods of other nodes are none of its business', async (context) => {
  const harness = await start(context);
  await harness.create('web', { spec: { nodeName: 'node-2' } });
  await harness.advance(30);
  assert.equal((await harness.pod('web')).status?.phase, 'Pending');
  assert.deepEqual(await harness.runtime.listPodSandbox(), []);
});

test('secrets for registries that are not there are told of', async (context) => {
  const harness = await start(context);
  await harness.api.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'known' } });
  const imagePullSecrets = [{ name: 'lost' }, { name: 'known' }, {}, { name: 'gone' }];
  const containers = [{ name: 'main', image: 'main:1' }];
  await harness.create('web', { spec: { containers, imagePullSecrets } });
  await harness.create('other', { spec: { containers, imagePullSecrets: [{ name: 'known' }] } });
  const reason = 'FailedToRetrieveImagePullSecret';
  const text = `${reason}: Unable to retrieve some image pull secrets (lost, gone); attempting to pull the image may not succeed.`;
  const told = async (pod: string): Promise<string[]> =>
    (await harness.events(pod)).filter((event) => event.startsWith(reason));
  assert.deepEqual([...new Set(await told('web'))], [text]);
  assert.deepEqual(await told('other'), []);
  assert.equal((await harness.pod('web')).status?.phase, 'Running');
});

test('what is no name of an image is not pulled', async (context) => {
  const harness = await start(context);
  await harness.create('web', { spec: { containers: [{ name: 'main', image: 'Shop/Web:1' }] } });
  const message =
    'Failed to apply default image tag "Shop/Web:1": couldn\'t parse image name "Shop/Web:1": ' +
    'invalid reference format: repository name (Web) must be lowercase';
  const { waiting } = (await statusOf(harness, 'web')).state ?? {};
  assert.deepEqual(waiting, { reason: 'InvalidImageName', message });
  const events = await harness.events('web');
  assert.ok(events.includes(`InspectFailed: ${message}`));
  assert.ok(events.includes('Failed: Error: InvalidImageName'));
});

test('an image that cannot be had is tried again, less and less often', async (context) => {
  const harness = await start(context);
  await harness.create('web', { spec: { containers: [{ name: 'main', image: 'unreachable.invalid/a:1' }] } });
  const first = await statusOf(harness, 'web');
  assert.equal(stateOf(first), 'ErrImagePull');
  await harness.advance(2);
  const second = await statusOf(harness, 'web');
  assert.equal(stateOf(second), 'ImagePullBackOff');
  assert.match(
    second.state?.waiting?.message ?? '',
    /^Back-off pulling image "unreachable.invalid\/a:1": ErrImagePull: /,
  );
  await harness.advance(8);
  assert.equal(stateOf(await statusOf(harness, 'web')), 'ErrImagePull');
  assert.equal((await harness.pod('web')).status?.phase, 'Pending');
  const events = await harness.events('web');
  assert.ok(events.includes('Failed: Error: ErrImagePull'));
  assert.ok(events.includes('BackOff: Back-off pulling image "unreachable.invalid/a:1"'));
});

const notFound =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ' +
  'unable to start container process: error during container init: exec: "slep": executable file not found in $PATH: unknown';

test('a command that the image does not have is tried again, less and less often', async (context) => {
  const harness = await start(context);
  await harness.create('web', {
    spec: { containers: [{ name: 'main', image: 'busybox:1.36', command: ['slep', '9'] }] },
  });
  const seen = new Set<string>();
  for (let second = 0; second < 25; second++) {
    seen.add(stateOf(await statusOf(harness, 'web')) ?? '');
    await harness.advance(1);
  }
  assert.ok(seen.has('CrashLoopBackOff') && !seen.has('running'), [...seen].join(' '));
  const { lastState, restartCount } = await statusOf(harness, 'web');
  const { exitCode, reason, message, startedAt } = lastState?.terminated ?? {};
  assert.deepEqual([exitCode, reason, message], [128, 'StartError', notFound]);
  assert.equal(startedAt, '1970-01-01T00:00:00Z');
  assert.ok((restartCount ?? 0) > 0);
  const events = await harness.events('web');
  assert.ok(events.includes(`Failed: Error: ${notFound}`));
  assert.ok(!events.includes('Started: Container started'));
});

test('a command that the image does not have fails a pod that is not to be tried again', async (context) => {
  const harness = await start(context);
  const container = { name: 'main', image: 'alpine', command: ['slep'] };
  await harness.create('web', { spec: { restartPolicy: 'Never', containers: [container] } });
  assert.equal((await harness.pod('web')).status?.phase, 'Failed');
  const { state } = await statusOf(harness, 'web');
  assert.deepEqual([state?.terminated?.reason, state?.waiting], ['StartError', undefined]);
});

test('commands that an image may have are not looked for', async (context) => {
  const harness = await start(context);
  const containers = [
    { name: 'applet', image: 'busybox', command: ['httpd', '-f'] },
    { name: 'path', image: 'busybox', command: ['/work/server'] },
    { name: 'other', image: 'example.com/busybox', command: ['server'] },
    { name: 'places', image: 'busybox', command: ['server'], env: [{ name: 'PATH', value: '/work' }] },
  ];
  await harness.create('web', { spec: { containers } });
  assert.equal((await harness.pod('web')).status?.phase, 'Running');
});

test('an image that is not there and may not be pulled', async (context) => {
  const harness = await start(context);
  const container = { name: 'main', image: 'absent:1', imagePullPolicy: 'Never' };
  await harness.create('web', { spec: { containers: [container] } });
  const { state } = await statusOf(harness, 'web');
  assert.deepEqual(state?.waiting, {
    reason: 'ErrImageNeverPull',
    message: 'Container image "absent:1" is not present with pull policy of Never',
  });
});

test('a config map that is missing holds the container up until it is there', async (context) => {
  const harness = await start(context);
  const env = [{ name: 'MODE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'mode' } } }];
  await harness.create('web', { spec: probed({ env }) });
  assert.deepEqual((await statusOf(harness, 'web')).state?.waiting, {
    reason: 'CreateContainerConfigError',
    message: 'configmap "settings" not found',
  });
  assert.ok((await harness.events('web')).includes('Failed: Error: configmap "settings" not found'));
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings' },
    data: { mode: 'x' },
  });
  await harness.advance(11);
  assert.equal(stateOf(await statusOf(harness, 'web')), 'running');
});

test('a volume that is missing holds the pod up until it is there', async (context) => {
  const harness = await start(context);
  await harness.create('web', { spec: { volumes: [{ name: 'keys', secret: { secretName: 'keys' } }] } });
  assert.equal(stateOf(await statusOf(harness, 'web')), 'ContainerCreating');
  const said = 'FailedMount: MountVolume.SetUp failed for volume "keys" : secrets "keys" not found';
  assert.ok((await harness.events('web')).includes(said));
  await harness.api.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' } });
  await harness.advance(5);
  assert.equal((await harness.pod('web')).status?.phase, 'Running');
});

test('crash loop: at once, then after 10, 20, 40 seconds', async (context) => {
  const harness = await start(context);
  await harness.create('web', { annotations: ends(1, 1) });
  const starts: number[] = [];
  let restarts = 0;
  for (let second = 1; second <= 80; second++) {
    await harness.advance(1);
    const { restartCount } = await statusOf(harness, 'web');
    if (restartCount > restarts) starts.push(second);
    restarts = restartCount;
  }
  // Each run takes a second.
  assert.deepEqual(starts, [1, 12, 33, 74]);
  const { metadata, status } = await harness.pod('web');
  assert.equal(status?.phase, 'Running');
  const { state, lastState } = await statusOf(harness, 'web');
  const podName = `web_default(${metadata.uid ?? ''})`;
  assert.deepEqual(state?.waiting, {
    reason: 'CrashLoopBackOff',
    message: `back-off 1m20s restarting failed container=main pod=${podName}`,
  });
  assert.equal(lastState?.terminated?.exitCode, 1);
  assert.equal(lastState?.terminated?.reason, 'Error');
  const said = `BackOff: Back-off restarting failed container main in pod ${podName}`;
  assert.ok((await harness.events('web')).includes(said));
});

test('a container that ran for long enough starts again at once', async (context) => {
  const harness = await start(context);
  await harness.create('web', { annotations: ends(1, 700) });
  for (const restarts of [1, 2, 3]) {
    await harness.advance(700);
    const status = await statusOf(harness, 'web');
    assert.equal(stateOf(status), 'running');
    assert.equal(status.restartCount, restarts);
  }
});

const outcomes = [
  ['Never', 0, 'Succeeded', 0],
  ['Never', 3, 'Failed', 0],
  ['OnFailure', 0, 'Succeeded', 0],
  ['OnFailure', 3, 'Running', 1],
  ['Always', 0, 'Running', 1],
] as const;

for (const [restartPolicy, code, phase, restarts] of outcomes) {
  test(`${restartPolicy}: ended with ${code}, the pod is ${phase}`, async (context) => {
    const harness = await start(context);
    await harness.create('web', { annotations: ends(code, 1), spec: { restartPolicy } });
    await harness.advance(1);
    assert.equal((await harness.pod('web')).status?.phase, phase);
    assert.equal((await statusOf(harness, 'web')).restartCount, restarts);
    if (restarts > 0) return;
    await harness.advance(600);
    assert.equal(stateOf(await statusOf(harness, 'web')), `${code}`);
    // What is over gives its address back.
    const [sandbox] = await harness.runtime.listPodSandbox();
    assert.equal(sandbox?.state, 'SANDBOX_NOTREADY');
  });
}

test('init containers run one after the other, then the others', async (context) => {
  const harness = await start(context);
  const order: string[] = [];
  const unsubscribe = harness.runtime.subscribe(({ type, containerId }) => {
    if (type === 'CONTAINER_STARTED') order.push(containerId);
  });
  context.after(unsubscribe);
  const initContainers = [
    { name: 'first', image: 'i:1' },
    { name: 'second', image: 'i:1' },
  ];
  await harness.create('web', { spec: { initContainers } });
  await harness.advance(1);
  const containers = await harness.runtime.listContainers();
  const names = order.flatMap((id) => containers.find((container) => container.id === id)?.metadata.name ?? []);
  assert.deepEqual(names, ['first', 'second', 'main']);
  const { status } = await harness.pod('web');
  assert.equal(status?.phase, 'Running');
  assert.deepEqual(
    status?.initContainerStatuses?.map(({ name, ready, started, state }) => [
      name,
      ready,
      started,
      state?.terminated?.reason,
    ]),
    [
      ['first', true, false, 'Completed'],
      ['second', true, false, 'Completed'],
    ],
  );
});

test('a sidecar starts before the others, and ends after them', async (context) => {
  const harness = await start(context);
  const startupProbe = { httpGet, periodSeconds: 1 };
  harness.failing.add('proxy/healthz');
  const initContainers = [{ name: 'proxy', image: 'p:1', restartPolicy: 'Always', startupProbe }];
  const containers = [{ name: 'main', image: 'main:1', command: ['work'] }];
  await harness.create('web', { spec: { initContainers, containers, restartPolicy: 'Never' } });
  assert.equal(stateOf(await statusOf(harness, 'web', 'proxy')), 'running');
  assert.equal(stateOf(await statusOf(harness, 'web')), 'PodInitializing');
  assert.equal((await harness.pod('web')).status?.phase, 'Pending');
  harness.failing.clear();
  await harness.advance(1);
  assert.equal(stateOf(await statusOf(harness, 'web')), 'running');
  assert.equal((await harness.pod('web')).status?.phase, 'Running');
  const running = (await harness.runtime.listContainers()).find(({ metadata }) => metadata.name === 'main');
  await harness.runtime.stopContainer(running?.id ?? '', 0);
  await harness.work();
  assert.equal((await harness.pod('web')).status?.phase, 'Succeeded');
  assert.equal(stateOf(await statusOf(harness, 'web', 'proxy')), '0');
});

test('readiness: what its probe says, after the delay, by its thresholds', async (context) => {
  const harness = await start(context);
  const readinessProbe = {
    httpGet,
    initialDelaySeconds: 5,
    periodSeconds: 2,
    failureThreshold: 2,
    successThreshold: 2,
  };
  await harness.create('web', { spec: probed({ readinessProbe }) });
  const seen: boolean[] = [];
  for (const [seconds, fails] of [
    [4, false],
    [2, false],
    [2, false],
    [2, true],
    [2, true],
    [2, false],
    [2, false],
  ] as const) {
    if (fails) harness.failing.add('main/healthz');
    else harness.failing.clear();
    await harness.advance(seconds);
    seen.push(await isReady(harness, 'web'));
  }
  assert.deepEqual(seen, [false, false, true, true, false, false, true]);
  assert.equal((await statusOf(harness, 'web')).restartCount, 0);
  const said = 'Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500';
  assert.ok((await harness.events('web')).includes(said));
});

test('a pod that is ending is still asked whether it is ready, and no more whether it lives', async (context) => {
  const harness = await start(context);
  const readinessProbe = { httpGet, periodSeconds: 2, failureThreshold: 1 };
  const livenessProbe = { httpGet: { path: '/alive', port: 80 }, periodSeconds: 2, failureThreshold: 1 };
  const lifecycle = { preStop: { sleep: { seconds: 20 } } };
  const [main] = probed({ readinessProbe, livenessProbe, lifecycle }).containers ?? [];
  assert.ok(main !== undefined);
  await harness.create('web', { spec: { terminationGracePeriodSeconds: 30, containers: [main] } });
  await harness.advance(2);
  assert.equal(await isReady(harness, 'web'), true);
  await remove(harness, 'web');
  harness.failing.add('main/healthz');
  harness.failing.add('main/alive');
  await harness.advance(4);
  assert.equal(await isReady(harness, 'web'), false);
  harness.failing.delete('main/healthz');
  await harness.advance(4);
  assert.equal(await isReady(harness, 'web'), true);
  assert.equal((await statusOf(harness, 'web')).restartCount, 0);
  assert.ok(!(await harness.events('web')).some((event) => event.includes('failed liveness probe')));
  await harness.advance(40);
  assert.deepEqual(await harness.pods(), []);
});

for (const [restartPolicy, state] of [
  ['Always', 'running'],
  ['OnFailure', 'running'],
  ['Never', '0'],
] as const) {
  test(`liveness: a container that fails it is ended; ${restartPolicy}`, async (context) => {
    const harness = await start(context);
    const livenessProbe = { httpGet, periodSeconds: 2, failureThreshold: 2 };
    await harness.create('web', { spec: { ...probed({ livenessProbe }), restartPolicy } });
    harness.failing.add('main/healthz');
    await harness.advance(2);
    harness.failing.clear();
    assert.equal(stateOf(await statusOf(harness, 'web')), state);
    assert.equal((await statusOf(harness, 'web')).restartCount, Number(restartPolicy !== 'Never'));
    const events = await harness.events('web');
    const next = restartPolicy === 'Never' ? '' : ', will be restarted';
    assert.ok(events.includes(`Killing: Container main failed liveness probe${next}`));
  });
}

test('startup: the other probes wait for it, and it ends what does not start', async (context) => {
  const harness = await start(context);
  const startupProbe = { httpGet, periodSeconds: 5, failureThreshold: 2 };
  await harness.create('web', { spec: probed({ startupProbe }) });
  assert.equal((await statusOf(harness, 'web')).started, false);
  await harness.advance(0);
  assert.equal((await statusOf(harness, 'web')).started, true);
  harness.failing.add('main/healthz');
  await harness.create('slow', { spec: probed({ startupProbe }) });
  assert.equal((await statusOf(harness, 'slow')).started, false);
  assert.equal(await isReady(harness, 'slow'), false);
  await harness.advance(6);
  assert.equal((await statusOf(harness, 'slow')).restartCount, 1);
  const said = 'Killing: Container main failed startup probe, will be restarted';
  assert.ok((await harness.events('slow')).includes(said));
});

test('a pod that is deleted ends, tells how, and is gone', async (context) => {
  const harness = await start(context);
  await harness.create('web', { finalizers: ['example.com/hold'] });
  await remove(harness, 'web');
  const held = await harness.pod('web');
  assert.equal(held.status?.phase, 'Succeeded');
  assert.equal(stateOf(await statusOf(harness, 'web')), '0');
  const ready = held.status?.conditions?.find(({ type }) => type === 'Ready');
  assert.deepEqual([ready?.status, ready?.reason], ['False', 'PodCompleted']);
  assert.ok((await harness.events('web')).includes('Killing: Stopping container main'));
  await harness.api.client
    .resource(podsResource, 'default')
    .patch('web', 'application/merge-patch+json', { metadata: { finalizers: null } });
  await harness.work();
  assert.deepEqual(await harness.pods(), []);
  assert.deepEqual(await harness.runtime.listPodSandbox(), []);
});

test('a pod that is deleted before it ran has failed', async (context) => {
  const harness = await start(context);
  const containers = [{ name: 'main', image: 'unreachable.invalid/a:1' }];
  await harness.create('web', { spec: { containers }, finalizers: ['example.com/hold'] });
  await remove(harness, 'web');
  assert.equal((await harness.pod('web')).status?.phase, 'Failed');
  const { state } = await statusOf(harness, 'web');
  assert.equal(state?.terminated?.reason, 'ContainerStatusUnknown');
  assert.equal(state?.terminated?.exitCode, 137);
});

test('a pod that is deleted without grace leaves nothing behind', async (context) => {
  const harness = await start(context);
  await harness.create('web');
  await remove(harness, 'web', 0);
  assert.deepEqual(await harness.pods(), []);
  assert.deepEqual(await harness.runtime.listPodSandbox(), []);
});

test('a pod that may be active for so long only', async (context) => {
  const harness = await start(context);
  await harness.create('web', { spec: { activeDeadlineSeconds: 30 } });
  await harness.advance(29);
  assert.equal((await harness.pod('web')).status?.phase, 'Running');
  await harness.advance(2);
  const { status } = await harness.pod('web');
  assert.deepEqual(
    [status?.phase, status?.reason, status?.message],
    ['Failed', 'DeadlineExceeded', 'Pod was active on the node longer than the specified deadline'],
  );
  assert.equal(stateOf(await statusOf(harness, 'web')), '0');
});

test('a status that somebody else wrote is put right', async (context) => {
  const harness = await start(context);
  await harness.create('web');
  await harness.api.client
    .resource<Pod>(podsResource, 'default')
    .patch(
      'web',
      'application/merge-patch+json',
      { status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }], phase: 'Pending' } },
      { subresource: 'status' },
    );
  await harness.work();
  const { status } = await harness.pod('web');
  assert.deepEqual([status?.phase, status?.podIP], ['Running', '10.244.0.2']);
});

test('the node registers, and tells that it lives', async (context) => {
  const harness = await start(context);
  const nodes = harness.api.client.resource<Node>(nodesResource);
  const node = await nodes.get('node-1');
  assert.equal(node.metadata.labels?.['kubernetes.io/hostname'], 'node-1');
  assert.equal(node.metadata.labels?.['disk'], 'ssd');
  assert.deepEqual(
    node.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [
      ['MemoryPressure', 'False', 'KubeletHasSufficientMemory'],
      ['DiskPressure', 'False', 'KubeletHasNoDiskPressure'],
      ['PIDPressure', 'False', 'KubeletHasSufficientPID'],
      ['Ready', 'True', 'KubeletReady'],
    ],
  );
  await harness.work();
  assert.deepEqual(await harness.events('node-1'), [
    'Starting: Starting kubelet.',
    'NodeHasSufficientMemory: Node node-1 status is now: NodeHasSufficientMemory',
    'NodeHasNoDiskPressure: Node node-1 status is now: NodeHasNoDiskPressure',
    'NodeHasSufficientPID: Node node-1 status is now: NodeHasSufficientPID',
    'NodeReady: Node node-1 status is now: NodeReady',
  ]);
  const leases = harness.api.client.resource<Lease>(leasesResource, 'kube-node-lease');
  const before = await leases.get('node-1');
  assert.equal(before.spec?.leaseDurationSeconds, 40);
  assert.equal(before.metadata.ownerReferences?.[0]?.uid, node.metadata.uid);
  await harness.advance(10);
  assert.equal((await leases.get('node-1')).spec?.renewTime, '2026-01-01T00:00:10.000000Z');
  await harness.advance(300);
  const { status } = await nodes.get('node-1');
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  assert.equal(ready?.lastHeartbeatTime, '2026-01-01T00:05:00Z');
  assert.equal(ready?.lastTransitionTime, '2026-01-01T00:00:00Z');
});

test('a node that was given up as silent says within ten seconds that it is ready', async (context) => {
  const harness = await start(context);
  const nodes = harness.api.client.resource<Node>(nodesResource);
  const unknown = { status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] } };
  await nodes.patch('node-1', 'application/strategic-merge-patch+json', unknown, { subresource: 'status' });
  await harness.advance(10);
  const ready = (await nodes.get('node-1')).status?.conditions?.find(({ type }) => type === 'Ready');
  assert.equal(ready?.status, 'True');
  assert.equal(ready?.reason, 'KubeletReady');
});

test('what others say that a node has, pods may be given within ten seconds, and no longer than that', async (context) => {
  const harness = await start(context);
  const nodes = harness.api.client.resource<Node>(nodesResource);
  const say = async (amount: string | null): Promise<(string | undefined)[]> => {
    const capacity = { 'example.com/beardsecond': amount };
    const type = 'application/strategic-merge-patch+json';
    await nodes.patch('node-1', type, { status: { capacity } }, { subresource: 'status' });
    await harness.advance(10);
    const { status } = await nodes.get('node-1');
    assert.equal(status?.allocatable?.['cpu'], status?.capacity?.['cpu']);
    return [status?.capacity, status?.allocatable].map((resources) => resources?.['example.com/beardsecond']);
  };
  assert.deepEqual(await say('1000'), ['1k', '1k']);
  assert.deepEqual(await say(null), [undefined, undefined]);
});

test('a node that admission does not let in asks again, and then runs its pods', async (context) => {
  let isBroken = false;
  const refuse = (): Promise<void> =>
    isBroken ? Promise.reject(internalError('failed calling webhook')) : Promise.resolve();
  const admission: AdmissionChain = {
    mutate: ({ resource }) => {
      if (resource.resource === 'namespaces') return Promise.resolve();
      return refuse();
    },
    validate: () => Promise.resolve(),
  };
  isBroken = true;
  const harness = await createKubeletHarness(testNode, { admission });
  context.after(() => harness.close());
  const nodes = harness.api.client.resource<Node>(nodesResource);
  assert.deepEqual((await nodes.list()).items, []);
  isBroken = false;
  await harness.create('web');
  assert.equal((await harness.pod('web')).status?.phase, 'Pending');
  await harness.advance(7);
  assert.equal((await nodes.get(testNode.name)).metadata.name, testNode.name);
  assert.equal((await harness.pod('web')).status?.phase, 'Running');
});
