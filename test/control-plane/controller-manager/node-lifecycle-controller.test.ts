import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Lease } from '../../../src/api/types/coordination-v1.ts';
import type { Node, Pod, Toleration } from '../../../src/api/types/core-v1.ts';
import { formatMicroTime, formatTime } from '../../../src/apimachinery/object-meta.ts';
import { stayMillis } from '../../../src/control-plane/controller-manager/taint-eviction-controller.ts';
import { taintsOfConditions } from '../../../src/control-plane/controller-manager/node-taints.ts';
import { ZoneEvictions, zoneStateOf } from '../../../src/control-plane/controller-manager/zone-evictions.ts';
import { type ControllerHarness, createControllerHarness } from '../../support/controller-harness.ts';

const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;
const leasesResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' } as const;
const notReady = 'node.kubernetes.io/not-ready';
const unreachable = 'node.kubernetes.io/unreachable';

const conditionCases: readonly {
  readonly name: string;
  readonly conditions: readonly (readonly [type: string, status: string])[];
  readonly unschedulable?: boolean;
  readonly keys: readonly string[];
}[] = [
  { name: 'nothing told', conditions: [], keys: [] },
  {
    name: 'all is well',
    conditions: [
      ['Ready', 'True'],
      ['DiskPressure', 'False'],
    ],
    keys: [],
  },
  { name: 'not ready', conditions: [['Ready', 'False']], keys: [notReady] },
  {
    name: 'not heard of',
    conditions: [
      ['Ready', 'Unknown'],
      ['MemoryPressure', 'Unknown'],
    ],
    keys: [unreachable],
  },
  {
    name: 'pressed',
    conditions: [
      ['MemoryPressure', 'True'],
      ['DiskPressure', 'True'],
      ['PIDPressure', 'True'],
      ['NetworkUnavailable', 'True'],
    ],
    keys: ['memory-pressure', 'disk-pressure', 'pid-pressure', 'network-unavailable'].map(
      (name) => `node.kubernetes.io/${name}`,
    ),
  },
  { name: 'cordoned', conditions: [], unschedulable: true, keys: ['node.kubernetes.io/unschedulable'] },
];

for (const { name, conditions, unschedulable = false, keys } of conditionCases) {
  test(`taints by conditions: ${name}`, () => {
    const node: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'a' },
      spec: { unschedulable },
      status: { conditions: conditions.map(([type, status]) => ({ type, status })) },
    };
    assert.deepEqual(
      taintsOfConditions(node),
      keys.map((key) => ({ key, effect: 'NoSchedule' })),
    );
  });
}

const noExecute = (key: string) => ({ key, effect: 'NoExecute' });
const exists = (key: string, tolerationSeconds?: number): Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
});

const stays: readonly (readonly [name: string, keys: readonly string[], tolerations: Toleration[], seconds: number])[] =
  [
    ['what is not tolerated', ['a'], [], 0],
    ['one of two', ['a', 'b'], [exists('a')], 0],
    ['for ever', ['a'], [exists('a')], Number.POSITIVE_INFINITY],
    ['for a while', ['a'], [exists('a', 300)], 300],
    ['the shortest counts', ['a', 'b'], [exists('a', 300), exists('b', 60)], 60],
    ['for ever and for a while', ['a', 'b'], [exists('a'), exists('b', 60)], 60],
    ['no time at all', ['a'], [exists('a', -1)], 0],
    ['everything', ['a', 'b'], [{ operator: 'Exists' }], Number.POSITIVE_INFINITY],
  ];

for (const [name, keys, tolerations, seconds] of stays) {
  test(`how long a pod may stay: ${name}`, () => {
    assert.equal(stayMillis(keys.map(noExecute), tolerations), seconds * 1000);
  });
}

const zones: readonly (readonly [ready: number, lost: number, state: string])[] = [
  [3, 0, 'normal'],
  [0, 1, 'full'],
  [1, 2, 'normal'],
  [2, 3, 'partial'],
  [3, 3, 'normal'],
  [0, 5, 'full'],
];

for (const [ready, lost, state] of zones) {
  test(`a zone with ${ready} nodes that are ready and ${lost} that are not is ${state}`, () => {
    const nodes = [...Array.from({ length: ready }, () => true), ...Array.from({ length: lost }, () => false)];
    assert.equal(zoneStateOf(nodes), state);
  });
}

test('nodes are given up one every ten seconds, and none when all are lost', () => {
  const evictions = new ZoneEvictions();
  assert.equal(evictions.observe(new Map([['z', [true, false, false]]])), undefined);
  for (const node of ['a', 'b']) evictions.add('z', node);
  assert.deepEqual(evictions.take(0), ['a']);
  assert.deepEqual(evictions.take(9999), []);
  assert.equal(evictions.nextAt(), 10_000);
  assert.equal(evictions.observe(new Map([['z', [false, false, false]]])), 'entered');
  assert.deepEqual(evictions.take(10_000), []);
  assert.equal(evictions.nextAt(), undefined);
  assert.equal(evictions.observe(new Map([['z', [true, false, false]]])), 'left');
  assert.deepEqual(evictions.take(10_000), ['b']);
});

async function start(context: TestContext): Promise<ControllerHarness> {
  const harness = await createControllerHarness('node-lifecycle-controller,taint-eviction-controller');
  context.after(() => harness.close());
  return harness;
}

async function addNode(harness: ControllerHarness, name: string, ready = 'True'): Promise<void> {
  const time = formatTime(harness.clock.now());
  const conditions = [
    { type: 'Ready', status: ready, lastHeartbeatTime: time, lastTransitionTime: time, reason: 'KubeletReady' },
  ];
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/os': 'linux' } },
    spec: { taints: [{ key: notReady, effect: 'NoSchedule' }] },
    status: { conditions },
  });
  await harness.work();
}

async function addLease(harness: ControllerHarness, name: string): Promise<void> {
  const answer = await harness.api.request('GET', '/api/v1/namespaces/kube-node-lease');
  if (answer.status === 404) {
    await harness.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-node-lease' } });
  }
  await harness.api.create({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { holderIdentity: name, renewTime: formatMicroTime(harness.clock.now()) },
  });
}

async function addPod(
  harness: ControllerHarness,
  name: string,
  node: string,
  tolerations: Toleration[] = [],
): Promise<void> {
  await harness.api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { nodeName: node, containers: [{ name: 'main', image: 'a' }], tolerations },
  });
  const conditions = [{ type: 'Ready', status: 'True' }];
  await harness.api.client
    .resource<Pod>(podsResource, 'default')
    .patch(
      name,
      'application/merge-patch+json',
      { status: { phase: 'Running', conditions } },
      { subresource: 'status' },
    );
  await harness.work();
}

async function nodeOf(harness: ControllerHarness, name: string): Promise<Node> {
  return harness.api.client.resource<Node>(nodesResource).get(name);
}

async function taintsOf(harness: ControllerHarness, name: string): Promise<string[]> {
  return ((await nodeOf(harness, name)).spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).toSorted();
}

async function pass(harness: ControllerHarness, seconds: number, renewed: readonly string[] = []): Promise<void> {
  for (let second = 0; second < seconds; second += 5) {
    await harness.clock.advance(5000);
    for (const name of renewed) {
      await harness.api.client
        .resource<Lease>(leasesResource, 'kube-node-lease')
        .patch(name, 'application/merge-patch+json', { spec: { renewTime: formatMicroTime(harness.clock.now()) } });
    }
    await harness.work();
  }
}

async function tell(harness: ControllerHarness, name: string, ready: string): Promise<void> {
  const time = formatTime(harness.clock.now());
  const conditions = [{ type: 'Ready', status: ready, lastHeartbeatTime: time, lastTransitionTime: time }];
  await harness.api.client
    .resource<Node>(nodesResource)
    .patch(name, 'application/strategic-merge-patch+json', { status: { conditions } }, { subresource: 'status' });
  await harness.work();
}

test('a new node that is ready loses its taint and gets labels of old', async (context) => {
  const harness = await start(context);
  await addNode(harness, 'a');
  await pass(harness, 5);
  assert.deepEqual(await taintsOf(harness, 'a'), []);
  const node = await nodeOf(harness, 'a');
  assert.equal(node.metadata.labels?.['beta.kubernetes.io/os'], 'linux');
  assert.ok((await harness.events()).includes('RegisteredNode: Node a event: Registered Node a in Controller'));
});

test('a node that renews its lease is well, one that is not heard of is told to be unknown', async (context) => {
  const harness = await start(context);
  for (const name of ['a', 'b']) {
    await addNode(harness, name);
    await addLease(harness, name);
  }
  await addPod(harness, 'web', 'b', [exists(unreachable, 300)]);
  await pass(harness, 50, ['a']);
  assert.deepEqual(await taintsOf(harness, 'b'), []);
  await pass(harness, 10, ['a']);
  assert.deepEqual(await taintsOf(harness, 'a'), []);
  const { status } = await nodeOf(harness, 'b');
  assert.deepEqual(
    status?.conditions?.map(({ type, status: value, reason, message }) => [type, value, reason, message]),
    [
      ['Ready', 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
      ...['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => [
        type,
        'Unknown',
        'NodeStatusNeverUpdated',
        'Kubelet never posted node status.',
      ]),
    ],
  );
  assert.deepEqual(await taintsOf(harness, 'b'), [`${unreachable}:NoExecute`, `${unreachable}:NoSchedule`]);
  const pod = await harness.get<Pod>(podsResource, 'web');
  assert.equal(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'False');
  const events = await harness.events();
  assert.ok(events.includes('NodeNotReady: Node b status is now: NodeNotReady'));
  assert.ok(events.includes('NodeNotReady: Node is not ready'));
  // Back again, the pod may stay.
  await tell(harness, 'b', 'True');
  await pass(harness, 10, ['a', 'b']);
  assert.deepEqual(await taintsOf(harness, 'b'), []);
  assert.ok((await harness.events()).includes('TaintManagerEviction: Cancelling deletion of Pod default/web'));
  await pass(harness, 400, ['a', 'b']);
  assert.equal((await harness.get<Pod>(podsResource, 'web')).metadata.deletionTimestamp, undefined);
});

test('pods leave a node that is not ready when their time there is over', async (context) => {
  const harness = await start(context);
  for (const name of ['a', 'b']) {
    await addNode(harness, name);
    await addLease(harness, name);
  }
  await addPod(harness, 'short', 'b', [exists(notReady, 30)]);
  await addPod(harness, 'none', 'b');
  await addPod(harness, 'ever', 'b', [exists(notReady)]);
  await addPod(harness, 'other', 'a');
  await tell(harness, 'b', 'False');
  await pass(harness, 10, ['a', 'b']);
  assert.deepEqual(await taintsOf(harness, 'b'), [`${notReady}:NoExecute`, `${notReady}:NoSchedule`]);
  const going = async (): Promise<string[]> =>
    (await harness.pods())
      .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      .map(({ metadata }) => metadata.name ?? '');
  assert.deepEqual(await going(), ['none']);
  const gone = await harness.get<Pod>(podsResource, 'none');
  const target = gone.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  assert.deepEqual(
    [target?.status, target?.reason, target?.message],
    ['True', 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint'],
  );
  assert.ok((await harness.events()).includes('TaintManagerEviction: Marking for deletion Pod default/none'));
  await pass(harness, 30, ['a', 'b']);
  assert.deepEqual((await going()).toSorted(), ['none', 'short']);
});

test('not ready becomes unreachable, and back, in one step', async (context) => {
  const harness = await start(context);
  for (const name of ['a', 'b']) {
    await addNode(harness, name);
    await addLease(harness, name);
  }
  await tell(harness, 'b', 'False');
  await pass(harness, 10, ['a', 'b']);
  assert.deepEqual(await taintsOf(harness, 'b'), [`${notReady}:NoExecute`, `${notReady}:NoSchedule`]);
  await pass(harness, 60, ['a']);
  assert.deepEqual(await taintsOf(harness, 'b'), [`${unreachable}:NoExecute`, `${unreachable}:NoSchedule`]);
  await tell(harness, 'b', 'False');
  await pass(harness, 10, ['a', 'b']);
  assert.deepEqual(await taintsOf(harness, 'b'), [`${notReady}:NoExecute`, `${notReady}:NoSchedule`]);
});

test('when no node is heard of, nobody has to leave', async (context) => {
  const harness = await start(context);
  await addNode(harness, 'a');
  await addLease(harness, 'a');
  await addPod(harness, 'web', 'a');
  await pass(harness, 5, ['a']);
  await pass(harness, 200);
  assert.deepEqual(await taintsOf(harness, 'a'), [`${unreachable}:NoSchedule`]);
  assert.equal((await harness.get<Pod>(podsResource, 'web')).metadata.deletionTimestamp, undefined);
});

test('a node that goes is told', async (context) => {
  const harness = await start(context);
  await addNode(harness, 'a');
  await pass(harness, 5);
  await harness.api.client.resource(nodesResource).delete('a');
  await pass(harness, 5);
  assert.ok((await harness.events()).includes('RemovingNode: Node a event: Removing Node a from Controller'));
});
