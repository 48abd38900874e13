import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.ts';
import type { PodTemplateSpec } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { scaledValue } from '../../apimachinery/int-or-string.ts';

/** Label that ties replica sets and pods to one template of a deployment. */
export const templateHashLabel = 'pod-template-hash';
export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Annotations of a deployment that its replica sets do not take over. */
const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
]);

/** How many pods a deployment may have too many and too few while it rolls. */
export function fenceposts(deployment: Deployment): { readonly maxSurge: number; readonly maxUnavailable: number } {
  const replicas = replicasOf(deployment);
  if (deployment.spec?.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const rolling = deployment.spec?.strategy?.rollingUpdate ?? {};
  const maxSurge = scaledValue(rolling.maxSurge ?? '25%', replicas, true);
  let maxUnavailable = scaledValue(rolling.maxUnavailable ?? '25%', replicas, false);
  // Neither would leave no way forward.
  if (maxSurge === 0 && maxUnavailable === 0) maxUnavailable = 1;
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) };
}

/** spec.replicas, 1 when absent. */
export function replicasOf(owner: { readonly spec?: { readonly replicas?: number } }): number {
  return owner.spec?.replicas ?? 1;
}

/** Whether two templates are the same but for the hash label. */
export function sameTemplate(left: PodTemplateSpec | undefined, right: PodTemplateSpec | undefined): boolean {
  const withoutHash = (template: PodTemplateSpec | undefined): unknown => {
    const { [templateHashLabel]: _hash, ...labels } = template?.metadata?.labels ?? {};
    const { creationTimestamp: _time, ...metadata } = template?.metadata ?? {};
    return { ...template, metadata: { ...metadata, labels } };
  };
  return equalJson(withoutHash(left), withoutHash(right));
}

/** Creation time, then name: the oldest first. */
export function byCreation(left: ReplicaSet, right: ReplicaSet): number {
  const time = (set: ReplicaSet): number => Date.parse(set.metadata.creationTimestamp ?? '') || 0;
  return time(left) - time(right) || ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1);
}

/** The replica set whose template is the deployment's; the oldest when there are several. */
export function findNewReplicaSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return sets.toSorted(byCreation).find((set) => sameTemplate(set.spec?.template, deployment.spec?.template));
}

/** The revision a replica set carries, of 64 bits; 0 when it carries none. */
export function revisionOf(set: ReplicaSet): bigint {
  return parseRevision(set.metadata.annotations?.[revisionAnnotation]);
}

function parseRevision(text: string | undefined): bigint {
  return text !== undefined && /^\d{1,19}$/.test(text) ? BigInt(text) : 0n;
}

/** The revision after those of the given sets. */
export function nextRevision(sets: readonly ReplicaSet[]): bigint {
  return sets.map(revisionOf).reduce((left, right) => (left > right ? left : right), 0n) + 1n;
}

/** Sum of what the sets ask for. */
export function desiredTotal(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

/** Sum of one figure of the sets' statuses. */
export function statusTotal(
  sets: readonly ReplicaSet[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas',
): number {
  return sets.reduce((sum, set) => sum + (set.status?.[field] ?? 0), 0);
}

/** How many replicas the new set may have now. */
export function newSetReplicas(deployment: Deployment, all: readonly ReplicaSet[], newSet: ReplicaSet): number {
  const wanted = replicasOf(deployment);
  if (deployment.spec?.strategy?.type === 'Recreate') return wanted;
  const room = wanted + fenceposts(deployment).maxSurge - desiredTotal(all);
  const current = replicasOf(newSet);
  return room <= 0 ? current : Math.min(current + room, wanted);
}

/** The annotations of the new set: the deployment's, the revision, and, for a set that is made, its size marks. */
export function newSetAnnotations(
  deployment: Deployment,
  current: Readonly<Record<string, string>> | undefined,
  revision: bigint,
): Record<string, string> {
  const annotations: Record<string, string> = { ...current };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!ownAnnotations.has(key)) annotations[key] = value;
  }
  const old = parseRevision(current?.[revisionAnnotation]);
  if (old >= revision) return annotations;
  annotations[revisionAnnotation] = `${revision}`;
  if (current?.[revisionAnnotation] !== undefined) {
    const history = current[revisionHistoryAnnotation];
    annotations[revisionHistoryAnnotation] = history === undefined ? `${old}` : `${history},${old}`;
  }
  return annotations;
}

/** Marks a set with the size its deployment had when it was last scaled. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const replicas = replicasOf(deployment);
  return {
    [desiredReplicasAnnotation]: `${replicas}`,
    [maxReplicasAnnotation]: `${replicas + fenceposts(deployment).maxSurge}`,
  };
}

/**
 * New sizes of the active sets when a deployment that is rolling (or paused) is scaled: in proportion to what they
 * have, leftovers to the largest.
 */
export function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): Map<ReplicaSet, number> {
  const replicas = replicasOf(deployment);
  const allowed = replicas > 0 ? replicas + fenceposts(deployment).maxSurge : 0;
  const toAdd = allowed - desiredTotal(active);
  const direction = toAdd > 0 ? -1 : 1;
  const ordered = active.toSorted(
    (left, right) => replicasOf(right) - replicasOf(left) || direction * byCreation(left, right),
  );
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of ordered) {
    const share = toAdd === 0 ? 0 : proportion(deployment, set, toAdd, added);
    sizes.set(set, replicasOf(set) + share);
    added += share;
  }
  const largest = ordered[0];
  if (largest !== undefined && toAdd !== 0) {
    sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  }
  return sizes;
}

function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  const size = replicasOf(set);
  const allowed = toAdd - added;
  if (size === 0 || allowed === 0) return 0;
  const replicas = replicasOf(deployment);
  let fraction = -size;
  if (replicas > 0) {
    const before = Number(set.metadata.annotations?.[maxReplicasAnnotation] ?? deployment.status?.replicas ?? 0);
    const target = replicas + fenceposts(deployment).maxSurge;
    fraction = before <= 0 ? 0 : Math.round((size * target) / before) - size;
  }
  return toAdd > 0 ? Math.min(fraction, allowed) : Math.max(fraction, allowed);
}
