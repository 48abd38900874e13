import type { Pod } from '../../api/types/core-v1.ts';
import type { HttpResponse } from '../../apimachinery/http.ts';
import type { ProcessStats } from '../../system/process-stats.ts';
import type { ContainerStatus, RuntimeService } from '../cri/runtime.ts';
import { textAnswer } from './kubelet-answers.ts';
import { type ProbeKind, probeTitle } from './prober.ts';
import type { StartCounts } from './start-counts.ts';
import { cadvisorMetrics, type MachineFacts } from './usage/cadvisor-metrics.ts';
import { metricAnswer, type MetricFamily, type MetricLabels, type MetricSample } from './usage/metric-text.ts';
import type { NodeUsage } from './usage/node-usage.ts';
import { resourceMetrics } from './usage/resource-metrics.ts';
import { type SummarySources, volumeStats } from './usage/usage-summary.ts';

/** What the metrics tell of. */
export interface MetricsSource {
  readonly runtime: Pick<RuntimeService, 'listContainers' | 'listPodSandbox'>;
  readonly pods: () => readonly Pod[];
  readonly terminations: LabelCounts;
  readonly starts: Pick<StartCounts, 'families'>;
  readonly probes: LabelCounts;
  readonly usage: Pick<NodeUsage, 'measure'>;
  readonly summary: SummarySources;
  readonly machine: MachineFacts;
  /** The process that the kubelet is part of; absent when nothing is known of it. */
  readonly processStats?: () => ProcessStats;
}

/** How often something has happened, by labels that are written as JSON. */
export type LabelCounts = ReadonlyMap<string, number>;

/** Counts what has happened once more. */
function countLabels(counts: Map<string, number>, labels: MetricLabels): void {
  const key = JSON.stringify(labels);
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Counts a container that has ended. */
export function countTermination(
  counts: Map<string, number>,
  kind: string,
  { exitCode, reason }: Pick<ContainerStatus, 'exitCode' | 'reason'>,
): void {
  countLabels(counts, { container_type: kind, exit_code: `${exitCode}`, reason });
}

/** A probe that was carried out. */
export interface ProbeOutcome {
  readonly pod: Pod;
  readonly container: string;
  readonly kind: ProbeKind;
  readonly ok: boolean;
}

/** Counts a probe. */
export function countProbe(counts: Map<string, number>, { pod, container, kind, ok }: ProbeOutcome): void {
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const result = ok ? 'successful' : 'failed';
  countLabels(counts, { container, namespace, pod: name, pod_uid: uid, probe_type: probeTitle(kind), result });
}

/** Forgets the probes of a pod that is gone. */
export function forgetProbes(counts: Map<string, number>, { metadata }: Pod): void {
  // In JSON no other value can look like that.
  const own = `"pod_uid":${JSON.stringify(metadata.uid)},`;
  for (const labels of counts.keys()) if (labels.includes(own)) counts.delete(labels);
}

/**
 * `/metrics` of a kubelet and those below it (`resource`, `cadvisor`, `probes`), in Prometheus' text format. What pods use
 * is what the runtime says.
 * @param path with its leading slash
 */
export async function handleMetrics(path: string, source: MetricsSource): Promise<HttpResponse> {
  const { usage, machine, probes } = source;
  switch (path) {
    case '/metrics':
      return metricAnswer([...(await kubeletMetrics(source)), ...processMetrics(source)]);
    case '/metrics/resource':
      return metricAnswer(resourceMetrics(await usage.measure().catch(() => undefined)));
    case '/metrics/cadvisor':
      return metricAnswer(cadvisorMetrics(await usage.measure(), machine));
    case '/metrics/probes':
      return metricAnswer([probeMetrics(probes), ...processMetrics(source).filter(({ name }) => name === startTime)]);
    default:
      return textAnswer(404, '404 page not found\n');
  }
}

async function kubeletMetrics({
  runtime,
  summary,
  pods,
  terminations,
  starts,
}: MetricsSource): Promise<MetricFamily[]> {
  const sandboxes = await runtime.listPodSandbox({});
  const byState = new Map<string, number>();
  for (const { state } of await runtime.listContainers({})) {
    const name = state.replace('CONTAINER_', '').toLowerCase();
    byState.set(name, (byState.get(name) ?? 0) + 1);
  }
  const gauge = (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => ({
    name,
    help,
    type: 'gauge',
    stability: 'ALPHA',
    samples,
  });
  return [
    gauge('kubelet_active_pods', 'Pods that the kubelet runs.', [[{}, pods().length]]),
    gauge('kubelet_node_name', "The node's name; the count is always 1.", [[{ node: summary.nodeName }, 1]]),
    gauge(
      'kubelet_running_containers',
      'Containers by their state.',
      [...byState].map(([state, count]): MetricSample => [{ container_state: state }, count]),
    ),
    gauge('kubelet_running_pods', 'Pods that have a running sandbox.', [
      [{}, sandboxes.filter(({ state }) => state === 'SANDBOX_READY').length],
    ]),
    {
      name: 'kubelet_terminated_containers_total',
      help: 'Containers that have ended.',
      type: 'counter',
      stability: 'ALPHA',
      samples: countSamples(terminations),
    },
    ...starts.families,
    ...volumeMetrics(pods(), summary).map(([name, help, samples]) => gauge(name, help, samples)),
  ];
}

/** What is in the volumes of claims. */
function volumeMetrics(
  pods: readonly Pod[],
  { files, podOf }: SummarySources,
): readonly (readonly [name: string, help: string, samples: readonly MetricSample[]])[] {
  const claims = new Map<string, readonly [MetricLabels, ReturnType<typeof volumeStats>[number]]>();
  for (const { metadata } of pods) {
    const known = podOf(metadata.uid ?? '');
    for (const stats of known === undefined ? [] : volumeStats(0, known, files)) {
      if (stats.pvcRef === undefined) continue;
      const { namespace, name } = stats.pvcRef;
      // Of several pods that share a claim the first tells.
      if (!claims.has(`${namespace}/${name}`)) {
        claims.set(`${namespace}/${name}`, [{ namespace, persistentvolumeclaim: name }, stats]);
      }
    }
  }
  const samples = (what: 'availableBytes' | 'capacityBytes' | 'usedBytes'): MetricSample[] =>
    [...claims.values()].flatMap(([labels, { [what]: bytes }]): MetricSample[] =>
      bytes === undefined ? [] : [[labels, bytes]],
    );
  return [
    ['kubelet_volume_stats_available_bytes', 'Bytes that are left in the volume.', samples('availableBytes')],
    ['kubelet_volume_stats_capacity_bytes', 'Bytes that the volume has room for.', samples('capacityBytes')],
    ['kubelet_volume_stats_used_bytes', 'Bytes that are used in the volume.', samples('usedBytes')],
  ];
}

function probeMetrics(probes: LabelCounts): MetricFamily {
  return {
    name: 'prober_probe_total',
    help: 'Probes of containers, by their result.',
    type: 'counter',
    stability: 'BETA',
    samples: countSamples(probes),
  };
}

function countSamples(counts: LabelCounts): MetricSample[] {
  return [...counts].map(([labels, count]) => [JSON.parse(labels) as MetricLabels, count]);
}

const startTime = 'process_start_time_seconds';

/** The process that the kubelet is part of. */
function processMetrics({ processStats }: MetricsSource): MetricFamily[] {
  const stats = processStats?.();
  const one = (name: string, help: string, value: number | undefined, type: MetricFamily['type'] = 'gauge') => ({
    name,
    help,
    type,
    samples: value === undefined ? [] : [[{}, value] as const],
  });
  return [
    one('process_cpu_seconds_total', 'Processor time of the process, in seconds.', stats?.cpuSeconds, 'counter'),
    one('process_resident_memory_bytes', 'Memory of the process, in bytes.', stats?.residentBytes),
    one(startTime, 'When the process was started, in seconds since the epoch.', stats?.startTimeSeconds),
  ];
}
