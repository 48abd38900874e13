import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type {
  Endpoints,
  LimitRange,
  PersistentVolume,
  PersistentVolumeClaim,
  PodTemplate,
  ReplicationController,
  Service,
} from '../../types/core-v1.ts';
import { setPodTemplateDefaults } from './pod-spec-defaults.ts';

/** ClusterIP, no affinity, TCP, target port as port. */
export function setServiceDefaults(object: Unstructured): void {
  const { spec, status } = object as unknown as Service;
  if (spec === undefined) return;
  for (const ingress of status?.loadBalancer?.ingress ?? []) {
    if (spec.type === 'LoadBalancer' && (ingress.ip ?? '') !== '') ingress.ipMode ??= 'VIP';
  }
  if ((spec.sessionAffinity ?? '') === '') spec.sessionAffinity = 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800;
  }
  if ((spec.type ?? '') === '') spec.type = 'ClusterIP';
  for (const port of spec.ports ?? []) {
    if ((port.protocol ?? '') === '') port.protocol = 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  const isReached = spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0;
  const isExternal = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || isReached;
  if (isExternal && (spec.externalTrafficPolicy ?? '') === '') spec.externalTrafficPolicy = 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
}

/** The label that selectors find a namespace by. */
export function setNamespaceDefaults(object: Unstructured): void {
  const { name } = object.metadata;
  if (name === undefined || name === '') return;
  object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': name };
}

/** TCP. */
export function setEndpointsDefaults(object: Unstructured): void {
  for (const subset of (object as unknown as Endpoints).subsets ?? []) {
    for (const port of subset.ports ?? []) if ((port.protocol ?? '') === '') port.protocol = 'TCP';
  }
}

/** Pending, a file system. */
export function setPersistentVolumeClaimDefaults(object: Unstructured): void {
  const claim = object as unknown as PersistentVolumeClaim;
  claim.status ??= {};
  if ((claim.status.phase ?? '') === '') claim.status.phase = 'Pending';
  if (claim.spec !== undefined) claim.spec.volumeMode ??= 'Filesystem';
}

/** Pending, retained, a file system. */
export function setPersistentVolumeDefaults(object: Unstructured): void {
  const volume = object as unknown as PersistentVolume;
  volume.status ??= {};
  if ((volume.status.phase ?? '') === '') volume.status.phase = 'Pending';
  if (volume.spec === undefined) return;
  if ((volume.spec.persistentVolumeReclaimPolicy ?? '') === '') volume.spec.persistentVolumeReclaimPolicy = 'Retain';
  volume.spec.volumeMode ??= 'Filesystem';
  if (volume.spec.hostPath !== undefined) volume.spec.hostPath.type ??= '';
}

/** Defaults of the template. */
export function setPodTemplateObjectDefaults(object: Unstructured): void {
  setPodTemplateDefaults((object as unknown as PodTemplate).template);
}

/** One replica; selector and labels are those of the template where none are given. */
export function setReplicationControllerDefaults(object: Unstructured): void {
  const controller = object as unknown as ReplicationController;
  const { spec } = controller;
  if (spec === undefined) return;
  setPodTemplateDefaults(spec.template);
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined) {
    if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
    if (Object.keys(controller.metadata.labels ?? {}).length === 0) controller.metadata.labels = { ...labels };
  }
  spec.replicas ??= 1;
  // The default that is published for it is not written.
  if (spec.minReadySeconds === 0) delete spec.minReadySeconds;
}

/** Limits of containers: what is not said follows from what is. */
export function setLimitRangeDefaults(object: Unstructured): void {
  for (const item of (object as unknown as LimitRange).spec?.limits ?? []) {
    if (item.type !== 'Container') continue;
    const defaults = { ...item.max, ...item.default };
    if (Object.keys(defaults).length > 0) item.default = defaults;
    const requests = { ...item.min, ...item.default, ...item.defaultRequest };
    if (Object.keys(requests).length > 0) item.defaultRequest = requests;
  }
}
