import { type FilterPlugin, type ScorePlugin, unfit } from '../framework.ts';
import { podRequests, scoredRequests } from '../pod-resources.ts';
import { hostPortsOf } from '../scheduler-cache.ts';

/** What the pod asks for must be free. */
export const nodeResourcesFitFilter: FilterPlugin = {
  name: 'NodeResourcesFit',
  filter(pod, info) {
    const reasons: string[] = [];
    if (info.pods.size + 1 > (info.allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
    for (const [name, amount] of podRequests(pod)) {
      if (amount === 0) continue;
      const free = (info.allocatable.get(name) ?? 0) - (info.requested.get(name) ?? 0);
      if (amount > free) reasons.push(`Insufficient ${name}`);
    }
    return reasons.length === 0 ? undefined : unfit(...reasons);
  },
};

/** LeastAllocated: the emptier the node, the better. */
export const nodeResourcesFitScore: ScorePlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  score(pod, info) {
    const asked = scoredRequests(pod);
    const free = (capacity: number, used: number): number =>
      capacity <= 0 || used > capacity ? 0 : Math.floor(((capacity - used) * 100) / capacity);
    const cpu = free(info.allocatable.get('cpu') ?? 0, info.scored.milliCpu + asked.milliCpu);
    const memory = free(info.allocatable.get('memory') ?? 0, info.scored.memoryBytes + asked.memoryBytes);
    return Math.floor((cpu + memory) / 2);
  },
};

/** Prefers nodes where processor and memory would be used in like parts. */
export const nodeResourcesBalancedScore: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  score(pod, info) {
    const requests = podRequests(pod);
    const fraction = (name: string): number => {
      const capacity = info.allocatable.get(name) ?? 0;
      const used = (info.requested.get(name) ?? 0) + (requests.get(name) ?? 0);
      return capacity <= 0 ? 1 : Math.min(1, used / capacity);
    };
    return Math.floor((1 - Math.abs(fraction('cpu') - fraction('memory')) / 2) * 100);
  },
};

/** Host ports must be free. */
export const nodePortsFilter: FilterPlugin = {
  name: 'NodePorts',
  filter(pod, info) {
    const taken = hostPortsOf(pod).some((wanted) => {
      const [protocol, address, port] = wanted.split('/');
      return [...info.hostPorts].some((used) => {
        const [usedProtocol, usedAddress, usedPort] = used.split('/');
        if (usedProtocol !== protocol || usedPort !== port) return false;
        return usedAddress === address || usedAddress === '0.0.0.0' || address === '0.0.0.0';
      });
    });
    return taken ? unfit("node(s) didn't have free ports for the requested pod ports") : undefined;
  },
};
