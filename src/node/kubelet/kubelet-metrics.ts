import type { Pod } from '../../api/types/core-v1.ts';
import type { HttpResponse } from '../../apimachinery/http.ts';
import type { ContainerStatus, RuntimeService } from '../cri/runtime.ts';
import { textAnswer } from './kubelet-answers.ts';

/** What the metrics tell of. */
export interface MetricsSource {
  readonly runtime: Pick<RuntimeService, 'listContainers' | 'listPodSandbox'>;
  readonly nodeName: string;
  readonly pods: () => readonly Pod[];
  readonly terminations: TerminationCounts;
}

/** How often containers have ended, by labels that are written as JSON. */
export type TerminationCounts = ReadonlyMap<string, number>;

/** Counts a container that has ended. */
export function countTermination(
  counts: Map<string, number>,
  kind: string,
  { exitCode, reason }: Pick<ContainerStatus, 'exitCode' | 'reason'>,
): void {
  const labels = JSON.stringify({ container_type: kind, exit_code: `${exitCode}`, reason });
  counts.set(labels, (counts.get(labels) ?? 0) + 1);
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type?: 'counter';
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

/**
 * `/metrics` and `/metrics/resource` of a kubelet, in Prometheus' text format: what is known of pods and containers. The
 * runtime measures no processor time and no memory, so nothing is told of these.
 * @param path with its leading slash
 */
export async function handleMetrics(path: string, source: MetricsSource): Promise<HttpResponse> {
  if (path === '/metrics') return textAnswer(200, written(await kubeletMetrics(source)));
  if (path === '/metrics/resource') return textAnswer(200, written(await resourceMetrics(source)));
  return textAnswer(404, '404 page not found\n');
}

async function kubeletMetrics({ runtime, nodeName, pods, terminations }: MetricsSource): Promise<Metric[]> {
  const sandboxes = await runtime.listPodSandbox({});
  const containers = await runtime.listContainers({});
  const byState = new Map<string, number>();
  for (const { state } of containers) {
    const name = state.replace('CONTAINER_', '').toLowerCase();
    byState.set(name, (byState.get(name) ?? 0) + 1);
  }
  const states = [...byState].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return [
    { name: 'kubelet_active_pods', help: 'Pods that the kubelet runs.', samples: [[{}, pods().length]] },
    { name: 'kubelet_node_name', help: "The node's name; the count is always 1.", samples: [[{ node: nodeName }, 1]] },
    {
      name: 'kubelet_running_containers',
      help: 'Containers by their state.',
      samples: states.map(([state, count]) => [{ container_state: state }, count]),
    },
    {
      name: 'kubelet_running_pods',
      help: 'Pods that have a running sandbox.',
      samples: [[{}, sandboxes.filter(({ state }) => state === 'SANDBOX_READY').length]],
    },
    {
      name: 'kubelet_terminated_containers_total',
      help: 'Containers that have ended.',
      type: 'counter',
      samples: [...terminations].map(([labels, count]) => [JSON.parse(labels) as Record<string, string>, count]),
    },
  ];
}

async function resourceMetrics({ runtime }: MetricsSource): Promise<Metric[]> {
  const sandboxes = new Map((await runtime.listPodSandbox({})).map(({ id, metadata }) => [id, metadata]));
  const running = (await runtime.listContainers({})).filter(({ state }) => state === 'CONTAINER_RUNNING');
  const labelsOf = ({ metadata, podSandboxId }: ContainerStatus): Record<string, string> => {
    const pod = sandboxes.get(podSandboxId);
    return { container: metadata.name, namespace: pod?.namespace ?? '', pod: pod?.name ?? '' };
  };
  return [
    {
      name: 'container_start_time_seconds',
      help: 'When a container was started, in seconds since the epoch.',
      samples: running.map((container) => [labelsOf(container), container.startedAt / 1000]),
    },
    { name: 'resource_scrape_error', help: '1 if reading the metrics failed, else 0.', samples: [[{}, 0]] },
  ];
}

function written(metrics: readonly Metric[]): string {
  const lines = metrics.flatMap(({ name, help, samples, type = 'gauge' }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => `${name}${writtenLabels(labels)} ${value}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function writtenLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
