import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Node, Pod, PodSpec, Taint } from '../../../src/api/types/core-v1.ts';
import { rejectionOf } from '../../../src/node/kubelet/pod-admission.ts';
import { createKubeletHarness, type KubeletHarness } from '../../support/kubelet-harness.ts';

const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;

function podOf(spec: Partial<PodSpec>, labels: Record<string, string> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', labels },
    spec: { containers: [{ name: 'main' }], ...spec },
  };
}

const asking = (requests: Record<string, string>): Pod =>
  podOf({ containers: [{ name: 'main', resources: { requests } }] });
const listening = (hostPort: number): Pod =>
  podOf({ containers: [{ name: 'main', ports: [{ containerPort: 80, hostPort }] }] });
const tolerant: Partial<PodSpec> = { tolerations: [{ operator: 'Exists' }] };
const gpu: Record<string, string> = { 'example.com/gpu': '2' };

interface Case {
  readonly title: string;
  readonly pod: Pod;
  readonly others?: readonly Pod[];
  readonly taints?: readonly Taint[];
  readonly extra?: Record<string, string>;
  /** `reason: message`; taken when absent. */
  readonly expected?: string;
}

const setting = (name: string, special: Partial<PodSpec> = {}): Pod =>
  podOf({ securityContext: { sysctls: [{ name, value: '1' }] }, ...special });

const cases: readonly Case[] = [
  { title: 'that sets what is its own', pod: setting('kernel.shm_rmid_forced') },
  { title: 'that sets it with slashes', pod: setting('net/ipv4/tcp_syncookies') },
  {
    title: 'that sets what could harm others',
    pod: setting('kernel.msgmax'),
    expected: 'SysctlForbidden: forbidden sysctl: "kernel.msgmax" not allowlisted',
  },
  {
    title: "that sets what would be the host's",
    pod: setting('net.ipv4.tcp_syncookies', { hostNetwork: true }),
    expected: 'SysctlForbidden: forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host Net enabled',
  },
  {
    title: "that sets what would be the host's processes'",
    pod: setting('kernel/shm_rmid_forced', { hostIPC: true }),
    expected: 'SysctlForbidden: forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host IPC enabled',
  },
  { title: 'that asks for nothing', pod: podOf({}) },
  { title: 'that just fits', pod: asking({ cpu: '3' }), others: [asking({ cpu: '1' })] },
  {
    title: 'that asks for too much processor',
    pod: asking({ cpu: '3500m', memory: '99Gi' }),
    others: [asking({ cpu: '1' })],
    expected: "OutOfcpu: Node didn't have enough resource: cpu, requested: 3500, used: 1000, capacity: 4000",
  },
  {
    title: 'that asks for too much memory',
    pod: asking({ memory: '9Gi' }),
    expected:
      "OutOfmemory: Node didn't have enough resource: memory, requested: 9663676416, used: 0, capacity: 8589934592",
  },
  {
    title: 'that is one too many',
    pod: podOf({}),
    others: [podOf({}), podOf({}), podOf({})],
    expected: "OutOfpods: Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
  },
  { title: 'that asks for what no node has', pod: asking(gpu) },
  {
    title: 'that asks for more than the node has',
    pod: asking(gpu),
    extra: { 'example.com/gpu': '1' },
    expected:
      "OutOfexample.com/gpu: Node didn't have enough resource: example.com/gpu, requested: 2, used: 0, capacity: 1",
  },
  {
    title: 'that is critical and asks for too much',
    pod: { ...asking({ cpu: '5' }), spec: { ...asking({ cpu: '5' }).spec, priority: 2_000_000_000 } as PodSpec },
  },
  {
    title: 'for other nodes',
    pod: podOf({ nodeSelector: { disk: 'tape' } }),
    expected: "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  },
  {
    title: 'with a port that is taken',
    pod: listening(8080),
    others: [listening(8080)],
    expected: "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  },
  { title: 'with another port', pod: listening(8081), others: [listening(8080)] },
  {
    title: 'that does not stand the taint',
    pod: podOf({}),
    taints: [{ key: 'k', effect: 'NoExecute' }],
    expected: "TaintToleration: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
  },
  { title: 'that stands the taint', pod: podOf(tolerant), taints: [{ key: 'k', effect: 'NoExecute' }] },
  { title: 'where a taint only keeps from scheduling', pod: podOf({}), taints: [{ key: 'k', effect: 'NoSchedule' }] },
  {
    title: 'of another operating system',
    pod: podOf({ os: { name: 'windows' } }),
    expected: "PodOSNotSupported: Failed to admit pod as the OS field doesn't match node OS",
  },
  {
    title: 'with the label of another operating system',
    pod: podOf({}, { 'kubernetes.io/os': 'windows' }),
    expected:
      "PodOSSelectorNodeLabelDoesNotMatch: Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
  },
];

for (const { title, pod, others = [], taints = [], extra = {}, expected } of cases) {
  test(`a pod ${title} is ${expected === undefined ? 'taken' : 'rejected'}`, () => {
    const node: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n', labels: { disk: 'ssd' } },
      spec: { taints: [...taints] },
      status: { allocatable: { cpu: '4', memory: '8Gi', pods: '3', ...extra } },
    };
    const rejection = rejectionOf(pod, node, others);
    assert.equal(rejection === undefined ? undefined : `${rejection.reason}: ${rejection.message}`, expected);
  });
}

async function start(context: TestContext): Promise<KubeletHarness> {
  const harness = await createKubeletHarness();
  context.after(() => harness.close());
  return harness;
}

test('a pod that the node does not take has failed, and nothing of it runs', async (context) => {
  const harness = await start(context);
  await harness.create('big', {
    spec: { containers: [{ name: 'main', image: 'main:1', resources: { requests: { cpu: '5' } } }] },
  });
  const message = "Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000";
  const { startTime, ...status } = (await harness.pod('big')).status ?? {};
  assert.ok(startTime !== undefined);
  assert.deepEqual(status, {
    phase: 'Failed',
    reason: 'OutOfcpu',
    message: `Pod was rejected: ${message}`,
    observedGeneration: 1,
    qosClass: 'Burstable',
  });
  assert.deepEqual(await harness.events('big'), [`OutOfcpu: ${message}`]);
  assert.deepEqual(await harness.runtime.listPodSandbox(), []);
});

test('pods that were rejected or are over take nothing from others', async (context) => {
  const harness = await start(context);
  const asks = (cpu: string) => ({
    spec: { containers: [{ name: 'main', image: 'main:1', resources: { requests: { cpu } } }] },
  });
  for (const [name, cpu] of [
    ['first', '3'],
    ['second', '2'],
    ['third', '1'],
  ] as const) {
    await harness.create(name, asks(cpu));
  }
  const phases = async (names: readonly string[]): Promise<(string | undefined)[]> =>
    Promise.all(names.map(async (name) => (await harness.pod(name)).status?.phase));
  assert.deepEqual(await phases(['first', 'second', 'third']), ['Running', 'Failed', 'Running']);
});

test('labels that the node just got count', async (context) => {
  const harness = await start(context);
  await harness.api.client
    .resource(nodesResource)
    .patch('node-1', 'application/merge-patch+json', { metadata: { labels: { tier: 'front' } } });
  await harness.create('front', { spec: { nodeSelector: { tier: 'front' } } });
  await harness.create('back', { spec: { nodeSelector: { tier: 'back' } } });
  assert.equal((await harness.pod('front')).status?.phase, 'Running');
  assert.equal((await harness.pod('back')).status?.reason, 'NodeAffinity');
});
