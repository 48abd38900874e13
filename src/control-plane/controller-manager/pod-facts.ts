import type { Pod } from '../../api/types/core-v1.ts';

/** Neither ended nor being deleted. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Being deleted, but not over yet. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined;
}

/** Succeeded or Failed. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** The Ready condition holds. */
export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.some((entry) => entry.type === 'Ready' && entry.status === 'True') === true;
}

/** Milliseconds since the epoch when the pod became ready; undefined when it is not. */
export function podReadySince(pod: Pod): number | undefined {
  const ready = pod.status?.conditions?.find((entry) => entry.type === 'Ready' && entry.status === 'True');
  if (ready === undefined) return undefined;
  return Date.parse(ready.lastTransitionTime ?? '') || 0;
}

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const since = podReadySince(pod);
  return since !== undefined && (minReadySeconds === 0 || since + minReadySeconds * 1000 <= now);
}

/**
 * Order in which pods are given up when there are too many: the first goes first. Unscheduled before scheduled, pending
 * before running, not ready before ready, lower deletion cost first, more crowded nodes first, later ready first, more
 * restarts first, younger first (as ReplicaSet's ActivePodsWithRanks, KEP-2255).
 */
export function comparePodsForDeletion(
  nodeRank: (pod: Pod) => number,
  costOf: (pod: Pod) => number = deletionCost,
): (left: Pod, right: Pod) => number {
  const phaseRank = (pod: Pod): number => ({ Pending: 0, Unknown: 1, Running: 2 })[pod.status?.phase ?? 'Pending'] ?? 0;
  return (left, right) => {
    const steps = [
      Number((left.spec?.nodeName ?? '') !== '') - Number((right.spec?.nodeName ?? '') !== ''),
      phaseRank(left) - phaseRank(right),
      Number(isPodReady(left)) - Number(isPodReady(right)),
      costOf(left) - costOf(right),
      nodeRank(right) - nodeRank(left),
      (podReadySince(right) ?? 0) - (podReadySince(left) ?? 0),
      maxRestarts(right) - maxRestarts(left),
      createdAt(right) - createdAt(left),
    ];
    return steps.find((step) => step !== 0) ?? ((left.metadata.uid ?? '') < (right.metadata.uid ?? '') ? -1 : 1);
  };
}

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

function deletionCost(pod: Pod): number {
  const cost = Number(pod.metadata.annotations?.[deletionCostAnnotation] ?? '0');
  return Number.isInteger(cost) ? cost : 0;
}

function maxRestarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount ?? 0));
}

function createdAt(pod: Pod): number {
  return Date.parse(pod.metadata.creationTimestamp ?? '') || 0;
}
