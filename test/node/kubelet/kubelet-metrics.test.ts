import assert from 'node:assert/strict';
import test from 'node:test';
import type { ContainerStatus, PodSandbox } from '../../../src/node/cri/runtime.ts';
import {
  countProbe,
  countTermination,
  forgetProbes,
  handleMetrics,
  type MetricsSource,
} from '../../../src/node/kubelet/kubelet-metrics.ts';
import type { Pod } from '../../../src/api/types/core-v1.ts';
import { FileSpace } from '../../../src/node/cri/simulation/file-space.ts';
import { MemoryFiles } from '../../../src/node/cri/simulation/memory-files.ts';
import { StartCounts } from '../../../src/node/kubelet/start-counts.ts';
import { NodeUsage } from '../../../src/node/kubelet/usage/node-usage.ts';
import type { KnownPod } from '../../../src/node/kubelet/usage/usage-summary.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';

function sandbox(id: string, name: string, state: PodSandbox['state']): PodSandbox {
  return {
    id,
    metadata: { name, namespace: 'default', uid: id, attempt: 0 },
    state,
    createdAt: 0,
    ips: [],
    portMappings: [],
    hostNetwork: false,
    labels: {},
  };
}

function container(name: string, podSandboxId: string, state: ContainerStatus['state']): ContainerStatus {
  const times = { createdAt: 0, startedAt: 1_500, finishedAt: 0 };
  const image = { image: 'i', imageRef: '', imageId: '' };
  const metadata = { name, attempt: 0 };
  return {
    id: name,
    podSandboxId,
    metadata,
    state,
    ...times,
    exitCode: 0,
    ...image,
    reason: '',
    message: '',
    labels: {},
    user: { uid: 0, gid: 0, supplementalGroups: [0] },
  };
}

const terminations = new Map<string, number>();
for (const exitCode of [0, 139, 139]) {
  countTermination(terminations, 'container', { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' });
}

const probes = new Map<string, number>();
const starts = new StartCounts();
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 's1' },
  spec: {
    containers: [{ name: 'app', image: 'i', resources: { limits: { cpu: '500m', memory: '64Mi' } } }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-0' } }],
  },
};
const namespaced: Pod = { ...pod, metadata: { name: 'own', uid: 's9' }, spec: { containers: [], hostUsers: false } };
for (const one of [pod, namespaced]) starts.pod(one);
for (const kind of ['container', 'container', 'init_container']) starts.container(kind);
// Of a pod with users of its own one error is counted for each time that it is started.
for (const code of ['ErrImagePull', 'RunContainerError']) starts.containerFailed(namespaced, 'container', code);
starts.podFailed(pod);
countProbe(probes, { pod, container: 'app', kind: 'readiness', ok: false });
for (const ok of [true, true]) countProbe(probes, { pod, container: 'app', kind: 'readiness', ok });

const files = new MemoryFiles(() => 0, new FileSpace(1000));
files.makeFolder('/data');
files.writeFile('/data/file', new Uint8Array(100));
const clock = new FakeClock(60_000);
const podOf = (uid: string): KnownPod | undefined => (uid === 's1' ? { pod, volumePath: () => '/data' } : undefined);

const runtime = {
  listPodSandbox: () =>
    Promise.resolve([sandbox('s1', 'web', 'SANDBOX_READY'), sandbox('s2', 'job', 'SANDBOX_NOTREADY')]),
  listContainers: () =>
    Promise.resolve([
      container('app', 's1', 'CONTAINER_RUNNING'),
      container('helper', 's1', 'CONTAINER_RUNNING'),
      container('work', 's2', 'CONTAINER_EXITED'),
    ]),
  containerStats: (id: string) =>
    Promise.resolve({
      timestamp: clock.now(),
      cpuSeconds: id === 'work' ? 10 : 0.25,
      memoryBytes: 1_048_576,
      writableLayerBytes: 5,
      logBytes: 7,
    }),
};

let processSeconds = 3;
const source: MetricsSource = {
  pods: () => [pod],
  terminations,
  starts,
  probes,
  runtime,
  usage: new NodeUsage({
    runtime,
    clock,
    systemUse: () => ({ cpuSeconds: processSeconds, memoryBytes: 1_000_000 }),
  }),
  summary: { nodeName: 'node-1', memoryBytes: 1 << 30, files, podOf, images: () => Promise.resolve([]) },
  machine: { processors: 4, memoryBytes: 1 << 30, labels: { machine_id: 'm' }, podOf },
  processStats: () => ({ startTimeSeconds: 1.5, cpuSeconds: 3, residentBytes: 1_000_000 }),
};
processSeconds = 5;

/** The samples at a path, without their descriptions. */
async function samples(path: string): Promise<string[]> {
  const { status, body } = await handleMetrics(path, source);
  assert.equal(status, 200);
  const lines = Buffer.from(body as Uint8Array)
    .toString('utf8')
    .split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

void test('a kubelet counts pods and containers', async () => {
  assert.deepEqual(await samples('/metrics'), [
    'kubelet_active_pods 1',
    'kubelet_node_name{node="node-1"} 1',
    'kubelet_running_containers{container_state="exited"} 1',
    'kubelet_running_containers{container_state="running"} 2',
    'kubelet_running_pods 1',
    'kubelet_started_containers_errors_total{code="ErrImagePull",container_type="container"} 1',
    'kubelet_started_containers_errors_total{code="RunContainerError",container_type="container"} 1',
    'kubelet_started_containers_total{container_type="container"} 2',
    'kubelet_started_containers_total{container_type="init_container"} 1',
    'kubelet_started_pods_errors_total 1',
    'kubelet_started_pods_total 2',
    'kubelet_started_user_namespaced_pods_errors_total 1',
    'kubelet_started_user_namespaced_pods_total 1',
    'kubelet_terminated_containers_total{container_type="container",exit_code="0",reason="Completed"} 1',
    'kubelet_terminated_containers_total{container_type="container",exit_code="139",reason="Error"} 2',
    'kubelet_volume_stats_available_bytes{namespace="default",persistentvolumeclaim="data-0"} 900',
    'kubelet_volume_stats_capacity_bytes{namespace="default",persistentvolumeclaim="data-0"} 1000',
    'kubelet_volume_stats_used_bytes{namespace="default",persistentvolumeclaim="data-0"} 100',
    'process_cpu_seconds_total 3',
    'process_resident_memory_bytes 1e+06',
    'process_start_time_seconds 1.5',
  ]);
});

void test('what a metrics server reads: values with their time, as of a real kubelet', async () => {
  const { headers, body } = await handleMetrics('/metrics/resource', source);
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
  const lines = Buffer.from(body as Uint8Array).toString('utf8');
  assert.match(
    lines,
    /^# HELP node_cpu_usage_seconds_total \[STABLE\] .*\n# TYPE node_cpu_usage_seconds_total counter$/m,
  );
  const app = '{container="app",namespace="default",pod="web"}';
  const helper = '{container="helper",namespace="default",pod="web"}';
  assert.deepEqual(await samples('/metrics/resource'), [
    `container_cpu_usage_seconds_total${app} 0.25 60000`,
    `container_cpu_usage_seconds_total${helper} 0.25 60000`,
    `container_memory_working_set_bytes${app} 1.048576e+06 60000`,
    `container_memory_working_set_bytes${helper} 1.048576e+06 60000`,
    `container_start_time_seconds${app} 1.5`,
    `container_start_time_seconds${helper} 1.5`,
    `container_swap_limit_bytes${app} 0 60000`,
    `container_swap_limit_bytes${helper} 0 60000`,
    `container_swap_usage_bytes${app} 0 60000`,
    `container_swap_usage_bytes${helper} 0 60000`,
    // The kubelet since it counts, and all pods that there were.
    'node_cpu_usage_seconds_total 12.5 60000',
    'node_memory_working_set_bytes 3.097152e+06 60000',
    'node_swap_usage_bytes 0 60000',
    'pod_cpu_usage_seconds_total{namespace="default",pod="web"} 0.5 60000',
    'pod_memory_working_set_bytes{namespace="default",pod="web"} 2.097152e+06 60000',
    'pod_swap_usage_bytes{namespace="default",pod="web"} 0 60000',
    'resource_scrape_error 0',
  ]);
});

void test('what cannot be found out is told as an error of the scrape', async () => {
  const usage = { measure: () => Promise.reject(new Error('no runtime')) };
  const { status, body } = await handleMetrics('/metrics/resource', { ...source, usage });
  const text = Buffer.from(body as Uint8Array).toString('utf8');
  assert.deepEqual([status, text.split('\n')[2]], [200, 'resource_scrape_error 1']);
});

void test('control groups, with what they are held to', async () => {
  const lines = await samples('/metrics/cadvisor');
  const common = 'image="i",name="app",namespace="default",pod="web"';
  for (const line of [
    `container_cpu_usage_seconds_total{container="app",cpu="total",id="/kubepods/pods1/app",${common}} 0.25 60000`,
    `container_spec_cpu_quota{container="app",id="/kubepods/pods1/app",${common}} 50000 60000`,
    `container_spec_memory_limit_bytes{container="app",id="/kubepods/pods1/app",${common}} 6.7108864e+07 60000`,
    'container_memory_working_set_bytes{container="",id="/",image="",name="",namespace="",pod=""} 3.097152e+06 60000',
    'machine_cpu_cores{machine_id="m"} 4',
  ]) {
    assert.ok(lines.includes(line), `${line} is not in\n${lines.join('\n')}`);
  }
});

void test('probes by their result, until their pod is gone', async () => {
  const labels = 'container="app",namespace="default",pod="web",pod_uid="s1",probe_type="Readiness"';
  assert.deepEqual(await samples('/metrics/probes'), [
    `prober_probe_total{${labels},result="failed"} 1`,
    `prober_probe_total{${labels},result="successful"} 2`,
    'process_start_time_seconds 1.5',
  ]);
  forgetProbes(probes, pod);
  assert.deepEqual(await samples('/metrics/probes'), ['process_start_time_seconds 1.5']);
});

void test('there are no other metrics', async () => {
  assert.equal((await handleMetrics('/metrics/other', source)).status, 404);
});
