import type { ReplicaSet, StatefulSet } from '../../api/types/apps-v1.ts';
import type {
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  Service,
} from '../../api/types/core-v1.ts';
import type { DeviceClass, ResourceClaim, ResourceSlice } from '../../api/types/resource-v1.ts';
import type { StorageClass } from '../../api/types/storage-v1.ts';
import { type LabelSelector, matchesLabels, selectorFromObject } from '../../apimachinery/labels.ts';
import { controllerOf } from '../../client/controller-references.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import type { ClaimLedger } from './claim-ledger.ts';
import type { ClusterView } from './framework.ts';
import type { NodeInfo } from './scheduler-cache.ts';

/** The local copies that the scheduler looks things up in, besides pods and nodes. */
export interface SchedulerInformers {
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly classes: Informer<StorageClass>;
  readonly resourceClaims: Informer<ResourceClaim>;
  readonly deviceClasses: Informer<DeviceClass>;
  readonly slices: Informer<ResourceSlice>;
  readonly namespaces: Informer<Namespace>;
  readonly services: Informer<Service>;
  readonly replicationControllers: Informer<ReplicationController>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly statefulSets: Informer<StatefulSet>;
}

/** Asks for the local copies. */
export function schedulerInformers(informers: InformerFactory): SchedulerInformers {
  const of = <T extends KubeObject>(group: string, resource: string): Informer<T> =>
    informers.informer<T>({ group, version: 'v1', resource });
  return {
    claims: of('', 'persistentvolumeclaims'),
    volumes: of('', 'persistentvolumes'),
    classes: of('storage.k8s.io', 'storageclasses'),
    resourceClaims: of('resource.k8s.io', 'resourceclaims'),
    deviceClasses: of('resource.k8s.io', 'deviceclasses'),
    slices: of('resource.k8s.io', 'resourceslices'),
    namespaces: of('', 'namespaces'),
    services: of('', 'services'),
    replicationControllers: of('', 'replicationcontrollers'),
    replicaSets: of('apps', 'replicasets'),
    statefulSets: of('apps', 'statefulsets'),
  };
}

/** The cluster as it is now. */
export function clusterView(nodes: readonly NodeInfo[], known: SchedulerInformers, ledger: ClaimLedger): ClusterView {
  return {
    nodes,
    namespace: (name) => known.namespaces.get('', name),
    claim: (namespace, name) => known.claims.get(namespace, name),
    volume: (name) => known.volumes.get('', name),
    volumes: () => known.volumes.list(),
    storageClass: (name) => known.classes.get('', name),
    devices: {
      claim: (namespace, name) => ledger.get(namespace, name),
      isPending: (claim) => ledger.isPending(claim),
      deviceClass: (name) => known.deviceClasses.get('', name),
      slices: () => known.slices.list(),
      taken: () => ledger.taken(),
    },
    selectorOfLike: (pod) => selectorOfLike(pod, known),
  };
}

function selectorOfLike(pod: Pod, known: SchedulerInformers): LabelSelector | undefined {
  const { namespace = '', labels = {} } = pod.metadata;
  const matchLabels: Record<string, string> = {};
  for (const { spec } of known.services.list(namespace)) {
    const selector = Object.entries(spec?.selector ?? {});
    if (selector.length > 0 && selector.every(([key, value]) => labels[key] === value)) {
      Object.assign(matchLabels, spec?.selector);
    }
  }
  const owner = controllerOf(pod);
  const name = owner?.name ?? '';
  let more: LabelSelector = [];
  if (owner?.kind === 'ReplicationController') {
    Object.assign(matchLabels, known.replicationControllers.get(namespace, name)?.spec?.selector);
  } else if (owner?.kind === 'ReplicaSet') {
    more = selectorFromObject(known.replicaSets.get(namespace, name)?.spec?.selector) ?? [];
  } else if (owner?.kind === 'StatefulSet') {
    more = selectorFromObject(known.statefulSets.get(namespace, name)?.spec?.selector) ?? [];
  }
  const selector = [...(selectorFromObject({ matchLabels }) ?? []), ...more];
  // What does not select the pod itself says nothing about its like.
  return selector.length === 0 || !matchesLabels(selector, labels) ? undefined : selector;
}
