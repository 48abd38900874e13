import assert from 'node:assert/strict';
import test from 'node:test';
import type { ContainerStatus, PodSandbox } from '../../../src/node/cri/runtime.ts';
import { countTermination, handleMetrics } from '../../../src/node/kubelet/kubelet-metrics.ts';

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

const source = {
  nodeName: 'node-1',
  pods: () => [],
  terminations,
  runtime: {
    listPodSandbox: () =>
      Promise.resolve([sandbox('s1', 'web', 'SANDBOX_READY'), sandbox('s2', 'job', 'SANDBOX_NOTREADY')]),
    listContainers: () =>
      Promise.resolve([
        container('app', 's1', 'CONTAINER_RUNNING'),
        container('helper', 's1', 'CONTAINER_RUNNING'),
        container('work', 's2', 'CONTAINER_EXITED'),
      ]),
  },
};

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
    'kubelet_active_pods 0',
    'kubelet_node_name{node="node-1"} 1',
    'kubelet_running_containers{container_state="exited"} 1',
    'kubelet_running_containers{container_state="running"} 2',
    'kubelet_running_pods 1',
    'kubelet_terminated_containers_total{container_type="container",exit_code="0",reason="Completed"} 1',
    'kubelet_terminated_containers_total{container_type="container",exit_code="139",reason="Error"} 2',
  ]);
});

void test('what runs, and since when', async () => {
  assert.deepEqual(await samples('/metrics/resource'), [
    'container_start_time_seconds{container="app",namespace="default",pod="web"} 1.5',
    'container_start_time_seconds{container="helper",namespace="default",pod="web"} 1.5',
    'resource_scrape_error 0',
  ]);
  assert.equal((await handleMetrics('/metrics/cadvisor', source)).status, 404);
});
