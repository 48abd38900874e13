import { linuxResources } from '../linux-resources.ts';
import { podCgroup, podLinuxResources } from '../pod-level-resources.ts';
import type { MetricFamily, MetricLabels, MetricSample } from './metric-text.ts';
import type { ContainerUse, NodeUse, PodUse, Use } from './node-usage.ts';
import type { KnownPod } from './usage-summary.ts';

/** What the metrics tell of the machine, and of what pods ask for. */
export interface MachineFacts {
  readonly processors: number;
  readonly memoryBytes: number;
  /** Its numbers: `machine_id`, `system_uuid`, `boot_id`. */
  readonly labels: MetricLabels;
  readonly podOf: (uid: string) => KnownPod | undefined;
}

/** Something with a control group, by the labels that all families have. */
interface Group {
  readonly labels: MetricLabels;
  readonly use: Use;
  readonly limits?: Limits;
  readonly container?: ContainerUse;
}

interface Limits {
  readonly cpuShares: number;
  readonly cpuQuota: number;
  readonly cpuPeriod: number;
  readonly memoryLimitBytes: number;
}

type Told = readonly [name: string, type: MetricFamily['type'], help: string, value: (group: Group) => Value];
/** Undefined where there is nothing to tell; with further labels where there are some. */
type Value = number | readonly [more: MetricLabels, value: number] | undefined;

/** The families of control groups that are known here. */
const groupFamilies: readonly Told[] = [
  [
    'container_cpu_usage_seconds_total',
    'counter',
    'Processor time used, in seconds.',
    ({ use }) => [{ cpu: 'total' }, use.cpuSeconds],
  ],
  ['container_memory_usage_bytes', 'gauge', 'Memory used, in bytes.', ({ use }) => use.memoryBytes],
  ['container_memory_working_set_bytes', 'gauge', 'The working set, in bytes.', ({ use }) => use.memoryBytes],
  ['container_memory_swap', 'gauge', 'Swap used, in bytes.', () => 0],
  [
    'container_start_time_seconds',
    'gauge',
    'When it was started, in seconds since the epoch.',
    ({ use }) => use.since / 1000,
  ],
  [
    'container_last_seen',
    'gauge',
    'When it was seen last, in seconds since the epoch.',
    ({ use }) => Math.floor(use.at / 1000),
  ],
  [
    'container_fs_usage_bytes',
    'gauge',
    'Bytes on the disk, outside of volumes.',
    ({ container }) =>
      container === undefined ? undefined : [{ device: '/dev/sda1' }, container.stats.writableLayerBytes],
  ],
  ['container_spec_cpu_period', 'gauge', 'Microseconds for which the quota is.', ({ limits }) => limits?.cpuPeriod],
  [
    'container_spec_cpu_quota',
    'gauge',
    'Microseconds of processors in each period.',
    ({ limits }) => (limits === undefined || limits.cpuQuota < 0 ? undefined : limits.cpuQuota),
  ],
  ['container_spec_cpu_shares', 'gauge', 'Weight against others.', ({ limits }) => limits?.cpuShares],
  [
    'container_spec_memory_limit_bytes',
    'gauge',
    'Memory that it may use at most, in bytes; 0 for no end.',
    ({ limits }) => limits?.memoryLimitBytes,
  ],
  ['container_spec_memory_swap_limit_bytes', 'gauge', 'Swap that it may use, in bytes.', ({ limits }) => limits && 0],
];

/** `/metrics/cadvisor`: what cAdvisor tells of control groups and of the machine, as far as it is known. */
export function cadvisorMetrics(use: NodeUse, facts: MachineFacts): MetricFamily[] {
  const none = { container: '', id: '/', image: '', name: '', namespace: '', pod: '' };
  const groups: Group[] = [
    { labels: none, use },
    { labels: { ...none, id: '/kubepods' }, use: use.allPods },
    ...use.pods.flatMap((pod) => groupsOf(pod, facts)),
  ];
  const samplesOf = (value: Told[3]): MetricSample[] =>
    groups.flatMap((group): MetricSample[] => {
      const told = value(group);
      if (told === undefined) return [];
      const [more, amount] = typeof told === 'number' ? [{}, told] : told;
      return [[{ ...group.labels, ...more }, amount, group.use.at]];
    });
  const machine = (name: string, help: string, value: number): MetricFamily => ({
    name,
    help,
    type: 'gauge',
    samples: [[facts.labels, value]],
  });
  return [
    ...groupFamilies.map(([name, type, help, value]): MetricFamily => ({
      name,
      type,
      help,
      samples: samplesOf(value),
    })),
    { name: 'container_scrape_error', help: '1 if reading failed, else 0.', type: 'gauge', samples: [[{}, 0]] },
    machine('machine_cpu_cores', 'Processors of the machine.', facts.processors),
    machine('machine_memory_bytes', 'Memory of the machine, in bytes.', facts.memoryBytes),
    machine('machine_swap_bytes', 'Swap of the machine, in bytes.', 0),
    { name: 'machine_scrape_error', help: '1 if reading failed, else 0.', type: 'gauge', samples: [[{}, 0]] },
  ];
}

function groupsOf(use: PodUse, { podOf, memoryBytes }: MachineFacts): Group[] {
  const { name: pod, namespace, uid } = use.sandbox.metadata;
  const known = podOf(uid)?.pod;
  if (known === undefined) return [];
  const folder = podCgroup(known).replace(/^\/sys\/fs\/cgroup/, '');
  const labels = { container: '', id: folder, image: '', name: '', namespace, pod };
  const { containers = [], initContainers = [] } = known.spec ?? {};
  const own = use.containers.map((container): Group => {
    const { id, metadata, image } = container.status;
    const spec = [...containers, ...initContainers].find(({ name }) => name === metadata.name);
    return {
      labels: { ...labels, container: metadata.name, id: `${folder}/${id}`, image, name: id },
      use: container,
      container,
      ...(spec === undefined ? {} : { limits: linuxResources(known, spec, memoryBytes) }),
    };
  });
  return [{ labels, use, limits: podLinuxResources(known) }, ...own];
}
