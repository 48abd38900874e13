import type { MetricFamily, MetricLabels, MetricSample } from './metric-text.ts';
import type { ContainerUse, NodeUse, PodUse, Use } from './node-usage.ts';

/**
 * `/metrics/resource`: what a metrics server reads. Values come with the time they are of. Nodes have no swap.
 * @param use undefined when it could not be found out
 */
export function resourceMetrics(use: NodeUse | undefined): MetricFamily[] {
  const error: MetricFamily = {
    name: 'resource_scrape_error',
    help: '1 if what containers use could not be found out, else 0.',
    type: 'gauge',
    stability: 'STABLE',
    samples: [[{}, use === undefined ? 1 : 0]],
  };
  if (use === undefined) return [error];
  const containers = use.pods.flatMap((pod) => pod.containers.map((one) => labelled(one, containerLabels(pod, one))));
  const pods = use.pods.map((pod) => labelled(pod, podLabels(pod)));
  return [
    ...usageFamilies('node', 'node', [labelled(use, {})]),
    ...usageFamilies('pod', 'pod', pods),
    ...usageFamilies('container', 'container', containers),
    {
      name: 'container_start_time_seconds',
      help: 'When the container was started, in seconds since the epoch.',
      type: 'gauge',
      stability: 'STABLE',
      samples: containers.map(({ labels, use: { since } }): MetricSample => [labels, since / 1000]),
    },
    {
      name: 'container_swap_limit_bytes',
      help: 'Swap that the container may use.',
      type: 'gauge',
      stability: 'ALPHA',
      samples: containers.map(({ labels, use: { at } }): MetricSample => [labels, 0, at]),
    },
    error,
  ];
}

interface Labelled {
  readonly use: Use;
  readonly labels: MetricLabels;
}

function labelled(use: Use, labels: MetricLabels): Labelled {
  return { use, labels };
}

function podLabels({ sandbox: { metadata } }: PodUse): MetricLabels {
  return { namespace: metadata.namespace, pod: metadata.name };
}

function containerLabels(pod: PodUse, { status }: ContainerUse): MetricLabels {
  return { container: status.metadata.name, ...podLabels(pod) };
}

function usageFamilies(prefix: string, what: string, uses: readonly Labelled[]): MetricFamily[] {
  return [
    {
      name: `${prefix}_cpu_usage_seconds_total`,
      help: `Processor time that the ${what} has used, in seconds of one processor.`,
      type: 'counter',
      stability: 'STABLE',
      samples: uses.map(({ labels, use: { cpuSeconds, at } }): MetricSample => [labels, cpuSeconds, at]),
    },
    {
      name: `${prefix}_memory_working_set_bytes`,
      help: `Memory that the ${what} uses.`,
      type: 'gauge',
      stability: 'STABLE',
      samples: uses.map(({ labels, use: { memoryBytes, at } }): MetricSample => [labels, memoryBytes, at]),
    },
    {
      name: `${prefix}_swap_usage_bytes`,
      help: `Swap that the ${what} uses.`,
      type: 'gauge',
      stability: 'ALPHA',
      samples: uses.map(({ labels, use: { at } }): MetricSample => [labels, 0, at]),
    },
  ];
}
