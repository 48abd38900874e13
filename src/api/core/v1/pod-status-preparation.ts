import type { Pod, PodStatus } from '../../types/core-v1.ts';

/** What an update of a pod's status keeps of the old one, and what it may not bring. */
export function preparePodStatus(pod: Pod, before: Pod): void {
  const old = before.status ?? {};
  const status = (pod.status ??= {});
  // Kubelets from before the class was kept drop it.
  if ((status.qosClass ?? '') === '' && old.qosClass !== undefined) status.qosClass = old.qosClass;
  keepObservedGenerations(status, old);
  dropDisabledFields(status, old);
}

/** Who does not know of observed generations does not take them away (KEP-5067). */
function keepObservedGenerations(status: PodStatus, old: PodStatus): void {
  if ((status.observedGeneration ?? 0) === 0 && (old.observedGeneration ?? 0) !== 0) {
    status.observedGeneration = old.observedGeneration ?? 0;
  }
  const known = new Map<string, number[]>();
  for (const { type, observedGeneration = 0 } of old.conditions ?? []) {
    known.set(type, [...(known.get(type) ?? []), observedGeneration]);
  }
  for (const condition of status.conditions ?? []) {
    const generation = known.get(condition.type)?.shift() ?? 0;
    if ((condition.observedGeneration ?? 0) === 0 && generation !== 0) condition.observedGeneration = generation;
  }
}

const statusLists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

/** ImageVolumeWithDigest (KEP-5365) and DRANodeAllocatableResources (KEP-5517) are off in 1.36. */
function dropDisabledFields(status: PodStatus, old: PodStatus): void {
  if (!mountsOf(old).some(({ volumeStatus }) => volumeStatus !== undefined)) {
    for (const mount of mountsOf(status)) delete mount.volumeStatus;
  }
  if ((old.nodeAllocatableResourceClaimStatuses ?? []).length === 0) delete status.nodeAllocatableResourceClaimStatuses;
}

function mountsOf(status: PodStatus) {
  return statusLists.flatMap((list) => (status[list] ?? []).flatMap(({ volumeMounts = [] }) => volumeMounts));
}
