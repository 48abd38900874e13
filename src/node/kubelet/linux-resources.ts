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
  const cpuLimit = milli(limits['cpu'] ?? forPod['cpu']);
  const cpuRequest = requests['cpu'] === undefined ? milli(limits['cpu']) : milli(requests['cpu']);
  return {
    cpuShares: Math.max(leastCpuShares, Math.floor((cpuRequest * 1024) / 1000)),
    cpuQuota: cpuLimit === 0 ? -1 : Math.max(leastCpuQuota, (cpuLimit * cpuPeriod) / 1000),
    cpuPeriod,
    memoryLimitBytes: bytes(limits['memory'] ?? forPod['memory']),
    oomScoreAdjust: oomScoreAdjust(pod, bytes(requests['memory']), memory),
  };
}

function oomScoreAdjust(pod: Pod, requested: number, memory: number): number {
  if ((pod.spec?.priority ?? 0) >= systemCriticalPriority) return guaranteedScore;
  const qosClass = qosClassOf(pod);
  if (qosClass === 'Guaranteed') return guaranteedScore;
  if (qosClass === 'BestEffort' || memory === 0) return bestEffortScore;
  const score = Math.floor(bestEffortScore - (bestEffortScore * requested) / memory);
  return Math.min(bestEffortScore - 1, Math.max(bestEffortScore + guaranteedScore, score));
}

function milli(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Number(parseQuantity(quantity).milliValue());
}

function bytes(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Number(parseQuantity(quantity).value());
}
