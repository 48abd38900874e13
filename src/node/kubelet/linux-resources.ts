import { podRequests } from '../../api/core/v1/pod-resources.ts';
import { qosClassOf } from '../../api/core/v1/pod-qos.ts';
import type { Container, Pod } from '../../api/types/core-v1.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import type { LinuxResources } from '../cri/runtime.ts';

/** Microseconds in which a container may use its quota of the processors. */
const cpuPeriod = 100_000;
const leastCpuQuota = 1000;
const leastCpuShares = 2;
/** How ready the kernel is to end a process when memory runs out; the node's own are at -999. */
const guaranteedScore = -997;
const bestEffortScore = 1000;
const systemCriticalPriority = 2_000_000_000;

/** What the kernel holds a container to, made from its requests and limits. @param memory the node's, in bytes */
export function linuxResources(pod: Pod, container: Container, memory: number): LinuxResources {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const forPod = pod.spec?.resources?.limits ?? {};
  return {
    ...cpuResources(requests['cpu'] ?? limits['cpu'], limits['cpu'] ?? forPod['cpu']),
    memoryLimitBytes: bytes(limits['memory'] ?? forPod['memory']),
    oomScoreAdjust: oomScoreAdjust(pod, bytes(requests['memory']) + unspokenMemory(pod), memory),
  };
}

/** What the kernel makes of a request and a limit of the processors. */
export function cpuResources(
  request: string | undefined,
  limit: string | undefined,
): Pick<LinuxResources, 'cpuShares' | 'cpuQuota' | 'cpuPeriod'> {
  const most = milli(limit);
  return {
    cpuShares: Math.max(leastCpuShares, Math.floor((milli(request) * 1024) / 1000)),
    cpuQuota: most === 0 ? -1 : Math.max(leastCpuQuota, (most * cpuPeriod) / 1000),
    cpuPeriod,
  };
}

/** Each container's share of the memory that the pod asks for beyond its containers (KEP-2837). */
function unspokenMemory(pod: Pod): number {
  const { resources, containers = [], initContainers = [] } = pod.spec ?? {};
  const asked = bytes(resources?.requests?.['memory']);
  if (asked === 0) return 0;
  const { resources: _forPod, ...own } = pod.spec ?? { containers };
  const spoken = podRequests({ ...pod, spec: own }).get('memory') ?? 0;
  return Math.trunc((asked - spoken) / (containers.length + initContainers.length));
}

function oomScoreAdjust(pod: Pod, requested: number, memory: number): number {
  if ((pod.spec?.priority ?? 0) >= systemCriticalPriority) return guaranteedScore;
  const qosClass = qosClassOf(pod);
  if (qosClass === 'Guaranteed') return guaranteedScore;
  if (qosClass === 'BestEffort' || memory === 0) return bestEffortScore;
  const score = bestEffortScore - Math.floor((bestEffortScore * requested) / memory);
  return Math.min(bestEffortScore - 1, Math.max(bestEffortScore + guaranteedScore, score));
}

function milli(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Number(parseQuantity(quantity).milliValue());
}

function bytes(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Number(parseQuantity(quantity).value());
}
