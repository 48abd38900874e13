import type { Container, Pod, ResourceRequirements } from '../../api/types/core-v1.ts';
import { parseQuantity, type Quantity } from '../../apimachinery/quantity.ts';
import { qosClassOf } from '../../api/core/v1/pod-qos.ts';
import type { LinuxResources } from '../cri/runtime.ts';
import { cpuResources } from './linux-resources.ts';
import { isSidecar } from './pod-phase.ts';

type Amounts = Map<string, Quantity>;

/** What a pod may state for itself as a whole (KEP-2837). */
const podLevel = /^(?:cpu|memory|hugepages-.*)$/;

/**
 * What a pod has as a whole, as its status tells (KEP-5419): what it states for itself, or else what its containers do
 * together. A limit counts only where nothing of the pod is without one.
 */
export function podLevelResources(pod: Pod): ResourceRequirements {
  const requests = written(totalOf(pod, 'requests'));
  const limits = written(new Map([...totalOf(pod, 'limits')].filter(([name]) => isLimited(pod, name))));
  return {
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

/** What the kernel holds a pod as a whole to. */
export function podLinuxResources(pod: Pod): Omit<LinuxResources, 'oomScoreAdjust'> {
  const { requests = {}, limits = {} } = podLevelResources(pod);
  const isBestEffort = qosClassOf(pod) === 'BestEffort';
  return {
    ...cpuResources(isBestEffort ? undefined : requests['cpu'], limits['cpu']),
    memoryLimitBytes: limits['memory'] === undefined ? 0 : Number(parseQuantity(limits['memory']).value()),
  };
}

/** Where a pod's control group is on its node. */
export function podCgroup(pod: Pod): string {
  const qosClass = qosClassOf(pod);
  const part = qosClass === 'Guaranteed' ? '' : `/${qosClass.toLowerCase()}`;
  return `/sys/fs/cgroup/kubepods${part}/pod${pod.metadata.uid ?? ''}`;
}

function isLimited({ spec }: Pod, name: string): boolean {
  if (spec?.resources?.limits?.[name] !== undefined) return true;
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return containers.every(({ resources }) => resources?.limits?.[name] !== undefined);
}

/** The sum over containers and sidecars, or what is needed while they are begun where that is more (KEP-753). */
function totalOf({ spec }: Pod, kind: 'requests' | 'limits'): Amounts {
  const own = (container: Container): Amounts => amountsOf(container.resources?.[kind]);
  const total: Amounts = new Map();
  for (const container of spec?.containers ?? []) add(total, own(container));
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of spec?.initContainers ?? []) {
    const together = new Map(sidecars);
    add(together, own(container));
    raise(peak, together);
    if (isSidecar(container)) add(sidecars, own(container));
  }
  add(total, sidecars);
  raise(total, peak);
  for (const [name, amount] of amountsOf(spec?.resources?.[kind])) if (podLevel.test(name)) total.set(name, amount);
  const overhead = [...amountsOf(spec?.overhead)].filter(([name]) => kind === 'requests' || total.has(name));
  add(total, new Map(overhead));
  return total;
}

function amountsOf(list: Readonly<Record<string, string>> | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

function add(target: Amounts, added: Amounts): void {
  for (const [name, amount] of added) {
    const before = target.get(name);
    target.set(name, before === undefined ? amount : before.add(amount));
  }
}

function raise(target: Amounts, other: Amounts): void {
  for (const [name, amount] of other) {
    const before = target.get(name);
    if (before === undefined || before.compare(amount) < 0) target.set(name, amount);
  }
}

function written(amounts: Amounts): Record<string, string> {
  return Object.fromEntries([...amounts].map(([name, amount]) => [name, amount.toString()]));
}
