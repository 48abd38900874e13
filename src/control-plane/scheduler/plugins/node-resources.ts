import { hostPortsOf, isPortTaken } from '../../../api/core/v1/host-ports.ts';
import { podRequests, scoredRequests } from '../../../api/core/v1/pod-resources.ts';
import { type FilterPlugin, type ScorePlugin, unfit, unresolvable } from '../framework.ts';
import type { NodeInfo } from '../scheduler-cache.ts';

/** What the pod asks for must be free. */
export const nodeResourcesFitFilter: FilterPlugin = {
  name: 'NodeResourcesFit',
  prepare(pod) {
    const requests = [...podRequests(pod)].filter(([, amount]) => amount > 0);
    return (info) => {
      const reasons: string[] = [];
      let isTooSmall = false;
      if (info.pods.size + 1 > (info.allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
      for (const [name, amount] of requests) {
        const allocatable = info.allocatable.get(name) ?? 0;
        if (amount <= allocatable - (info.requested.get(name) ?? 0)) continue;
        reasons.push(`Insufficient ${name}`);
        isTooSmall ||= amount > allocatable;
      }
      if (reasons.length === 0) return undefined;
      return isTooSmall ? unresolvable(...reasons) : unfit(...reasons);
    };
  },
};

/** LeastAllocated: the emptier the node, the better. */
export const nodeResourcesFitScore: ScorePlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  prepare(pod) {
    const asked = scoredRequests(pod);
    return {
      score(info) {
        const parts = [
          [info.allocatable.get('cpu') ?? 0, info.scored.milliCpu + asked.milliCpu] as const,
          [info.allocatable.get('memory') ?? 0, info.scored.memoryBytes + asked.memoryBytes] as const,
        ].filter(([capacity]) => capacity > 0);
        if (parts.length === 0) return 0;
        const free = parts.map(([capacity, used]) =>
          used > capacity ? 0 : Math.floor(((capacity - used) * 100) / capacity),
        );
        return Math.floor(free.reduce((sum, part) => sum + part, 0) / parts.length);
      },
    };
  },
};

/** How evenly processor and memory are used: 100 when in like parts. */
function balance(info: NodeInfo, added: ReadonlyMap<string, number>): number {
  const fractions = ['cpu', 'memory'].flatMap((name) => {
    const capacity = info.allocatable.get(name) ?? 0;
    const used = (info.requested.get(name) ?? 0) + (added.get(name) ?? 0);
    return capacity === 0 ? [] : Math.min(1, used / capacity);
  });
  const [first = 0, second = first] = fractions;
  return Math.floor((1 - Math.abs(first - second) / 2) * 100);
}

/** Prefers nodes that the pod brings nearer to an even use of processor and memory; pods that ask for none are alike. */
export const nodeResourcesBalancedScore: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  prepare(pod) {
    const requests = podRequests(pod);
    if ((requests.get('cpu') ?? 0) === 0 && (requests.get('memory') ?? 0) === 0) return undefined;
    const nothing = new Map<string, number>();
    return { score: (info) => 50 + Math.trunc((50 + balance(info, requests) - balance(info, nothing)) / 2) };
  },
};

/** Host ports must be free. */
export const nodePortsFilter: FilterPlugin = {
  name: 'NodePorts',
  prepare(pod) {
    const wanted = hostPortsOf(pod);
    if (wanted.length === 0) return undefined;
    return (info) =>
      isPortTaken(wanted, info.hostPorts.keys())
        ? unfit("node(s) didn't have free ports for the requested pod ports")
        : undefined;
  },
};
