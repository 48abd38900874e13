import {
  classOfClaim,
  findMatchingVolume,
  isInTopologies,
  isVolumeReachable,
} from '../../../api/core/v1/volume-matching.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../../api/types/core-v1.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import { type ClusterView, type FilterPlugin, type Rejection, unfit, type Unfit, unresolvable } from '../framework.ts';

const bindConflict = "node(s) didn't find available persistent volumes to bind";
const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';
const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed';

/** The claims of a pod: bound to volumes, or to be bound when its node is known. */
interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  readonly delayed: readonly PersistentVolumeClaim[];
}

/** What has to be done to a pod's claims before it runs on a node. */
export interface VolumePlan {
  readonly bindings: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[];
  /** Claims for which a volume has to be made near the node. */
  readonly provisions: readonly PersistentVolumeClaim[];
}

/** Bound on both sides. */
export function isBound({ metadata, spec, status }: PersistentVolumeClaim): boolean {
  const isCompleted = metadata.annotations?.[bindCompletedAnnotation] !== undefined || status?.phase === 'Bound';
  return (spec?.volumeName ?? '') !== '' && isCompleted;
}

/** Names of the claims that a pod's volumes are made of; ephemeral ones belong to the pod. */
export function claimNamesOf(pod: Pod): { readonly name: string; readonly isEphemeral: boolean }[] {
  return (pod.spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return { name: persistentVolumeClaim.claimName, isEphemeral: false };
    return ephemeral === undefined ? [] : { name: `${pod.metadata.name ?? ''}-${name}`, isEphemeral: true };
  });
}

function claimsOf(pod: Pod, cluster: ClusterView): PodClaims | Rejection {
  const bound: PersistentVolumeClaim[] = [];
  const delayed: PersistentVolumeClaim[] = [];
  let isEarly = false;
  for (const { name, isEphemeral } of claimNamesOf(pod)) {
    const claim = cluster.claim(pod.metadata.namespace ?? '', name);
    if (claim === undefined) {
      const waits = `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`;
      return { rejected: isEphemeral ? waits : `persistentvolumeclaim "${name}" not found` };
    }
    if (claim.status?.phase === 'Lost') {
      const volume = claim.spec?.volumeName ?? '';
      return { rejected: `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${volume}"` };
    }
    if (claim.metadata.deletionTimestamp !== undefined) {
      return { rejected: `persistentvolumeclaim "${name}" is being deleted` };
    }
    const isOurs = claim.metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid) === true;
    if (isEphemeral && !isOurs) {
      const whose = `PVC ${claim.metadata.namespace ?? ''}/${name} was not created for pod`;
      const text = `${whose} ${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''} (pod is not owner)`;
      return { rejected: text };
    }
    if (isBound(claim)) bound.push(claim);
    else if (isDelayed(claim, cluster) && (claim.spec?.volumeName ?? '') === '') delayed.push(claim);
    else isEarly = true;
  }
  return isEarly ? { rejected: 'pod has unbound immediate PersistentVolumeClaims' } : { bound, delayed };
}

function isDelayed(claim: PersistentVolumeClaim, cluster: ClusterView): boolean {
  return cluster.storageClass(classOfClaim(claim))?.volumeBindingMode === 'WaitForFirstConsumer';
}

/** What has to be done for the claims of a pod on a node, or why it cannot be. @param taken names of volumes in use */
export function planVolumes(
  pod: Pod,
  cluster: ClusterView,
  node: Node,
  taken: ReadonlySet<string> = new Set(),
): VolumePlan | Unfit {
  const claims = claimsOf(pod, cluster);
  return 'rejected' in claims ? unresolvable(claims.rejected) : planClaims(claims, cluster, node, taken);
}

function planClaims(
  { bound, delayed }: PodClaims,
  cluster: ClusterView,
  node: Node,
  taken: ReadonlySet<string>,
): VolumePlan | Unfit {
  for (const { spec } of bound) {
    const volume = cluster.volume(spec?.volumeName ?? '');
    if (volume === undefined) {
      return unresolvable('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)');
    }
    if (!isVolumeReachable(volume, node)) {
      return unresolvable("node(s) didn't match PersistentVolume's node affinity");
    }
  }
  const used = new Set(taken);
  const bindings: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = [];
  const provisions: PersistentVolumeClaim[] = [];
  for (const claim of delayed.toSorted(bySize)) {
    const selected = claim.metadata.annotations?.[selectedNodeAnnotation];
    if (selected !== undefined && selected !== node.metadata.name) return unresolvable(bindConflict);
    const volume =
      selected === undefined ? findMatchingVolume(claim, cluster.volumes(), { node, taken: used }) : undefined;
    if (volume !== undefined) {
      used.add(volume.metadata.name ?? '');
      bindings.push({ claim, volume });
    } else if (mayProvision(claim, cluster, node)) {
      provisions.push(claim);
    } else {
      return unresolvable(bindConflict);
    }
  }
  return { bindings, provisions };
}

function bySize(left: PersistentVolumeClaim, right: PersistentVolumeClaim): number {
  const size = ({ spec }: PersistentVolumeClaim) => parseQuantity(spec?.resources?.requests?.['storage'] ?? '0');
  return size(left).compare(size(right));
}

function mayProvision(claim: PersistentVolumeClaim, cluster: ClusterView, node: Node): boolean {
  const { provisioner = '', allowedTopologies } = cluster.storageClass(classOfClaim(claim)) ?? {};
  if (provisioner === '' || provisioner === 'kubernetes.io/no-provisioner') return false;
  return isInTopologies(node, allowedTopologies);
}

/** Claims must be there, and their volumes, or volumes that they can be bound to, in reach of the node. */
export const volumeBindingFilter: FilterPlugin = {
  name: 'VolumeBinding',
  prepare(pod, cluster) {
    if (claimNamesOf(pod).length === 0) return undefined;
    const claims = claimsOf(pod, cluster);
    if ('rejected' in claims) return claims;
    return ({ node }) => {
      const plan = planClaims(claims, cluster, node, new Set());
      return 'reasons' in plan ? plan : undefined;
    };
  },
};

/** A claim for one pod alone (ReadWriteOncePod, KEP-2485) is not in use. */
export const volumeRestrictionsFilter: FilterPlugin = {
  name: 'VolumeRestrictions',
  prepare(pod, cluster) {
    const namespace = pod.metadata.namespace ?? '';
    const exclusive = new Set(
      claimNamesOf(pod)
        .map(({ name }) => name)
        .filter((name) => cluster.claim(namespace, name)?.spec?.accessModes?.includes('ReadWriteOncePod') === true),
    );
    if (exclusive.size === 0) return undefined;
    const isInUse = cluster.nodes.some(({ pods }) =>
      [...pods.values()].some(
        (other) =>
          other.metadata.namespace === namespace && claimNamesOf(other).some(({ name }) => exclusive.has(name)),
      ),
    );
    if (!isInUse) return undefined;
    const reason =
      'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
    return () => unfit(reason);
  },
};

/** Labels of volumes and nodes that say where they are, with their names of old. */
const topologyLabels: readonly (readonly [label: string, current: string])[] = [
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['topology.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['topology.kubernetes.io/region', 'topology.kubernetes.io/region'],
];

/** The zones of bound volumes are those of the node; a node that is in none may have any. */
export const volumeZoneFilter: FilterPlugin = {
  name: 'VolumeZone',
  prepare(pod, cluster) {
    const wanted = claimNamesOf(pod).flatMap(({ name }) => {
      const claim = cluster.claim(pod.metadata.namespace ?? '', name);
      const labels = cluster.volume(claim?.spec?.volumeName ?? '')?.metadata.labels ?? {};
      return topologyLabels.flatMap(([label, current]) => {
        const zones = labels[label];
        return zones === undefined ? [] : { label, current, zones: zones.split('__') };
      });
    });
    if (wanted.length === 0) return undefined;
    return ({ node }) => {
      const labels = node.metadata.labels ?? {};
      if (!topologyLabels.some(([label]) => labels[label] !== undefined)) return undefined;
      const fits = wanted.every(({ label, current, zones }) => zones.includes(labels[label] ?? labels[current] ?? ''));
      return fits ? undefined : unresolvable('node(s) had no available volume zone');
    };
  },
};
