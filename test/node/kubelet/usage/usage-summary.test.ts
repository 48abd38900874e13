import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../../src/api/types/core-v1.ts';
import { cpuUsageAnnotation, memoryUsageAnnotation } from '../../../../src/node/cri/simulated-runtime.ts';
import { createNodeCluster, type NodeCluster, testNode } from '../../../support/node-cluster.ts';

interface Amounts {
  readonly usageNanoCores?: number;
  readonly usageCoreNanoSeconds?: number;
  readonly workingSetBytes?: number;
  readonly availableBytes?: number;
}

interface Summary {
  readonly node: {
    readonly nodeName: string;
    readonly cpu: Amounts;
    readonly memory: Amounts;
    readonly fs?: object;
    readonly systemContainers: readonly { readonly name: string; readonly cpu: Amounts }[];
  };
  readonly pods: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string };
    readonly cpu: Amounts;
    readonly containers: readonly {
      readonly name: string;
      readonly cpu: Amounts;
      readonly memory: Amounts;
      readonly logs?: { readonly usedBytes: number };
      readonly rootfs?: { readonly usedBytes: number };
    }[];
    readonly volume?: readonly { readonly name: string; readonly usedBytes: number; readonly capacityBytes?: number }[];
    readonly 'ephemeral-storage'?: { readonly usedBytes: number };
  }[];
}

/** What the node says through the API server's proxy. */
async function summaryOf({ api }: NodeCluster, query = ''): Promise<Summary> {
  const path = `/api/v1/nodes/${testNode}/proxy/stats/summary${query}`;
  const { body } = await api.client.request({ method: 'GET', path });
  return JSON.parse(Buffer.from(body).toString('utf8')) as Summary;
}

async function metricsOf({ api }: NodeCluster): Promise<string> {
  const path = `/api/v1/nodes/${testNode}/proxy/metrics/resource`;
  const { body } = await api.client.request({ method: 'GET', path });
  return Buffer.from(body).toString('utf8');
}

const busy = {
  annotations: { [cpuUsageAnnotation]: '250m', [memoryUsageAnnotation]: '64Mi' },
  labels: { app: 'busy' },
};

void test('a node tells what its pods use', async (context) => {
  const cluster = await createNodeCluster(context);
  const resources = { limits: { memory: '128Mi' } };
  const volumes = [{ name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '10Mi' } }];
  const volumeMounts = [{ name: 'scratch', mountPath: '/scratch' }];
  const script = 'echo 12345; echo 123 > /scratch/a; echo 1234567 > /a; sleep 1000';
  const command = ['sh', '-c', script];
  const containers = [{ name: 'main', image: 'busybox', command, resources, volumeMounts }];
  await cluster.createPod('web', { containers, volumes }, busy);
  const before = await summaryOf(cluster);
  await cluster.clock.advance(40_000);
  const { node, pods } = await summaryOf(cluster);
  const [web] = pods;
  const [main] = web?.containers ?? [];
  assert.equal(node.nodeName, testNode);
  assert.deepEqual(web?.podRef.name, 'web');
  const tenSeconds = ({ cpu }: { readonly cpu: Amounts }): number => cpu.usageCoreNanoSeconds ?? 0;
  const [was] = before.pods[0]?.containers ?? [];
  assert.ok(main !== undefined && was !== undefined);
  assert.equal(tenSeconds(main) - tenSeconds(was), 10e9);
  assert.equal(main.cpu.usageNanoCores, 250e6);
  // A small process, what the annotation says, and the file in memory.
  assert.equal(main.memory.workingSetBytes, (1 << 20) + (64 << 20) + 4);
  assert.equal(main.memory.availableBytes, (128 << 20) - (main.memory.workingSetBytes ?? 0));
  assert.equal(main.logs?.usedBytes, 6);
  const scratch = web?.volume?.find(({ name }) => name === 'scratch');
  assert.deepEqual([scratch?.usedBytes, scratch?.capacityBytes], [4, 10 << 20]);
  const storage = web?.['ephemeral-storage']?.usedBytes ?? 0;
  assert.equal(storage, 6 + (main.rootfs?.usedBytes ?? 0));
  assert.equal(node.cpu.usageNanoCores, 250e6);
  assert.deepEqual(
    node.systemContainers.map(({ name, cpu }) => [name, cpu.usageNanoCores]),
    [['pods', 250e6]],
  );
  assert.equal(node.memory.availableBytes, 8 * 2 ** 30 - (main.memory.workingSetBytes ?? 0));
});

void test('processors and memory alone', async (context) => {
  const cluster = await createNodeCluster(context);
  await cluster.createPod('web', { containers: [{ name: 'main', image: 'nginx' }] });
  const { node, pods } = await summaryOf(cluster, '?only_cpu_and_memory=true');
  assert.deepEqual(
    [node.fs, pods[0]?.['ephemeral-storage'], pods[0]?.containers[0]?.logs],
    [undefined, undefined, undefined],
  );
  assert.ok(pods[0]?.containers[0]?.cpu.usageCoreNanoSeconds);
});

void test('processor time of containers that have ended stays with their pod, that of pods with the node', async (context) => {
  const cluster = await createNodeCluster(context);
  const command = ['sh', '-c', 'sleep 20'];
  const containers = [{ name: 'main', image: 'busybox', command }];
  await cluster.createPod('web', { containers }, busy);
  const secondsOf = async (sample: string): Promise<number | undefined> => {
    const line = (await metricsOf(cluster)).split('\n').find((one) => one.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.split(' ')[1]);
  };
  const pod = 'pod_cpu_usage_seconds_total{namespace="default",pod="web"}';
  const container = 'container_cpu_usage_seconds_total{container="main",namespace="default",pod="web"}';
  await cluster.clock.advance(20_000);
  await cluster.work();
  const ended = await secondsOf(pod);
  assert.ok(ended !== undefined && ended >= 5 && ended < 5.5, `${ended}`);
  await cluster.clock.advance(20_000);
  await cluster.work();
  // It was started anew, and what runs now counts from 0.
  const own = (await secondsOf(container)) ?? 0;
  const all = (await secondsOf(pod)) ?? 0;
  assert.ok(own < 5.1 && all > own + 4.9, `${own} ${all}`);
  await cluster.api.client.resource({ group: '', version: 'v1', resource: 'pods' }, 'default').delete('web');
  await cluster.clock.advance(60_000);
  await cluster.work();
  assert.equal(await secondsOf(pod), undefined);
  assert.ok(((await secondsOf('node_cpu_usage_seconds_total')) ?? 0) >= all);
});

void test('busy loops keep a processor busy, as far as they may', async (context) => {
  const cluster = await createNodeCluster(context);
  const command = ['sh', '-c', 'while true; do :; done'];
  const containers = [
    { name: 'free', image: 'busybox', command },
    { name: 'held', image: 'busybox', command, resources: { limits: { cpu: '100m' } } },
    { name: 'idle', image: 'nginx' },
  ];
  await cluster.createPod('web', { containers });
  await cluster.clock.advance(100);
  const { pods } = await summaryOf(cluster);
  // Beside what it took to start them.
  const used = pods[0]?.containers.map(({ name, cpu }) => [
    name,
    ((cpu.usageCoreNanoSeconds ?? 0) / 1e9 - 0.02).toFixed(2),
  ]);
  assert.deepEqual(used, [
    ['free', '0.10'],
    ['held', '0.01'],
    ['idle', '0.00'],
  ]);
});

void test('a container that takes more memory than it may is ended for it', async (context) => {
  const cluster = await createNodeCluster(context);
  const resources = { limits: { memory: '32Mi' } };
  const containers = ['nginx', 'busybox'].map((image) => ({
    name: image,
    image,
    resources,
    command: ['sleep', '1000'],
  }));
  await cluster.createPod('web', { containers, restartPolicy: 'Never' }, busy);
  const pod = await cluster.api.client
    .resource<Pod>({ group: '', version: 'v1', resource: 'pods' }, 'default')
    .get('web');
  assert.equal(pod.status?.phase, 'Failed');
  assert.deepEqual(
    pod.status?.containerStatuses?.map(({ state }) => [state?.terminated?.reason, state?.terminated?.exitCode]),
    [
      ['OOMKilled', 137],
      ['OOMKilled', 137],
    ],
  );
});
