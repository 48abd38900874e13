import type { MergeSchema, MergeSchemas } from './merge-schema.ts';

/** A field of a built-in type: what is in it, and by which keys it merges when it is a list that does. */
interface BuiltInField {
  readonly type?: string;
  readonly isList?: boolean;
  readonly keys?: readonly string[];
}

const object = (type: string): BuiltInField => ({ type });
const merging = (keys: readonly string[], type?: string): BuiltInField => ({
  isList: true,
  keys,
  ...(type === undefined ? {} : { type }),
});

const withTemplate = { template: object('PodTemplateSpec') };
const withConditions = { conditions: merging(['type']) };
const containerLists = {
  volumeMounts: merging(['mountPath']),
  volumeDevices: merging(['devicePath']),
  env: merging(['name']),
};

/**
 * The types with lists that merge, and those on the way to them, as kustomize 5.8 has them built in: of Kubernetes
 * 1.21, where newer kinds are unknown and merge as custom resources do. Frozen since; a server's types play no part.
 */
const types: Readonly<Record<string, Readonly<Record<string, BuiltInField>>>> = {
  ObjectMeta: { finalizers: merging([]), ownerReferences: merging(['uid']) },
  PodTemplateSpec: { metadata: object('ObjectMeta'), spec: object('PodSpec') },
  PodSpec: {
    containers: merging(['name'], 'Container'),
    initContainers: merging(['name'], 'Container'),
    ephemeralContainers: merging(['name'], 'EphemeralContainer'),
    hostAliases: merging(['ip']),
    imagePullSecrets: merging(['name']),
    topologySpreadConstraints: merging(['topologyKey', 'whenUnsatisfiable']),
    volumes: merging(['name'], 'Volume'),
  },
  PodStatus: { ...withConditions, podIPs: merging(['ip']) },
  Container: { ...containerLists, ports: merging(['containerPort', 'protocol']) },
  EphemeralContainer: containerLists,
  Volume: { ephemeral: object('EphemeralVolumeSource') },
  EphemeralVolumeSource: { volumeClaimTemplate: object('ObjectOnly') },
  ObjectOnly: { metadata: object('ObjectMeta') },
  WithTemplate: withTemplate,
  WithConditions: withConditions,
  StatefulSetSpec: { ...withTemplate, volumeClaimTemplates: { isList: true, type: 'PersistentVolumeClaim' } },
  PersistentVolumeClaim: { metadata: object('ObjectMeta'), status: object('WithConditions') },
  CronJobSpec: { jobTemplate: object('JobTemplateSpec') },
  JobTemplateSpec: { metadata: object('ObjectMeta'), spec: object('WithTemplate') },
  NodeSpec: { podCIDRs: merging([]) },
  NodeStatus: { ...withConditions, addresses: merging(['type']) },
  ServiceSpec: { ports: merging(['port', 'protocol']) },
  CSINodeSpec: { drivers: merging(['name']) },
};

const workload = { spec: object('WithTemplate'), status: object('WithConditions') };
const statusOnly = { status: object('WithConditions') };
const cronJob = { spec: object('CronJobSpec') };
const webhooks = { webhooks: merging(['name']) };
const csiNode = { spec: object('CSINodeSpec') };

/** The built-in kinds that have more than metadata to merge. */
const kinds: Readonly<Record<string, Readonly<Record<string, BuiltInField>>>> = {
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration': webhooks,
  'apiregistration.k8s.io/v1 APIService': statusOnly,
  'apiregistration.k8s.io/v1beta1 APIService': statusOnly,
  'apps/v1 DaemonSet': workload,
  'apps/v1 Deployment': workload,
  'apps/v1 ReplicaSet': workload,
  'apps/v1 StatefulSet': { spec: object('StatefulSetSpec'), status: object('WithConditions') },
  'batch/v1 CronJob': cronJob,
  'batch/v1 Job': workload,
  'batch/v1beta1 CronJob': cronJob,
  'policy/v1 PodDisruptionBudget': statusOnly,
  'policy/v1beta1 PodDisruptionBudget': statusOnly,
  'storage.k8s.io/v1 CSINode': csiNode,
  'storage.k8s.io/v1beta1 CSINode': csiNode,
  'v1 ComponentStatus': withConditions,
  'v1 Namespace': statusOnly,
  'v1 Node': { spec: object('NodeSpec'), status: object('NodeStatus') },
  'v1 PersistentVolumeClaim': statusOnly,
  'v1 Pod': { spec: object('PodSpec'), status: object('PodStatus') },
  'v1 PodTemplate': withTemplate,
  'v1 ReplicationController': workload,
  'v1 Service': { spec: object('ServiceSpec'), status: object('WithConditions') },
  'v1 ServiceAccount': { secrets: merging(['name']) },
};

/** The kinds that are known at all, by group version. */
const knownKinds: Readonly<Record<string, string>> = {
  'admissionregistration.k8s.io/v1': 'MutatingWebhookConfiguration ValidatingWebhookConfiguration',
  'admissionregistration.k8s.io/v1beta1': 'MutatingWebhookConfiguration ValidatingWebhookConfiguration',
  'apiextensions.k8s.io/v1': 'CustomResourceDefinition',
  'apiextensions.k8s.io/v1beta1': 'CustomResourceDefinition',
  'apiregistration.k8s.io/v1': 'APIService',
  'apiregistration.k8s.io/v1beta1': 'APIService',
  'apps/v1': 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet',
  'authentication.k8s.io/v1': 'TokenRequest TokenReview',
  'authentication.k8s.io/v1beta1': 'TokenReview',
  'authorization.k8s.io/v1':
    'LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview',
  'authorization.k8s.io/v1beta1':
    'LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview',
  'autoscaling/v1': 'HorizontalPodAutoscaler Scale',
  'autoscaling/v2beta1': 'HorizontalPodAutoscaler',
  'autoscaling/v2beta2': 'HorizontalPodAutoscaler',
  'batch/v1': 'CronJob Job',
  'batch/v1beta1': 'CronJob',
  'certificates.k8s.io/v1': 'CertificateSigningRequest',
  'certificates.k8s.io/v1beta1': 'CertificateSigningRequest',
  'coordination.k8s.io/v1': 'Lease',
  'coordination.k8s.io/v1beta1': 'Lease',
  'discovery.k8s.io/v1': 'EndpointSlice',
  'discovery.k8s.io/v1beta1': 'EndpointSlice',
  'events.k8s.io/v1': 'Event',
  'events.k8s.io/v1beta1': 'Event',
  'extensions/v1beta1': 'Ingress',
  'flowcontrol.apiserver.k8s.io/v1beta1': 'FlowSchema PriorityLevelConfiguration',
  'networking.k8s.io/v1': 'Ingress IngressClass NetworkPolicy',
  'networking.k8s.io/v1beta1': 'Ingress IngressClass',
  'node.k8s.io/v1': 'RuntimeClass',
  'node.k8s.io/v1beta1': 'RuntimeClass',
  'policy/v1': 'PodDisruptionBudget',
  'policy/v1beta1': 'Eviction PodDisruptionBudget PodSecurityPolicy',
  'rbac.authorization.k8s.io/v1': 'ClusterRole ClusterRoleBinding Role RoleBinding',
  'rbac.authorization.k8s.io/v1beta1': 'ClusterRole ClusterRoleBinding Role RoleBinding',
  'scheduling.k8s.io/v1': 'PriorityClass',
  'scheduling.k8s.io/v1beta1': 'PriorityClass',
  'storage.k8s.io/v1': 'CSIDriver CSINode StorageClass VolumeAttachment',
  'storage.k8s.io/v1beta1': 'CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment',
  v1: 'Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount',
};

class BuiltInSchema implements MergeSchema {
  readonly #fields: Readonly<Record<string, BuiltInField>>;
  readonly #item: string | undefined;
  readonly mergeKeys: readonly string[] | undefined;

  constructor(fields: Readonly<Record<string, BuiltInField>>, list?: BuiltInField) {
    this.#fields = fields;
    this.#item = list?.type;
    this.mergeKeys = list?.keys;
  }

  field(name: string): MergeSchema | undefined {
    const field = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
    if (field === undefined) return undefined;
    return field.isList === true ? new BuiltInSchema({}, field) : new BuiltInSchema(types[field.type ?? ''] ?? {});
  }

  items(): MergeSchema | undefined {
    return this.#item === undefined ? undefined : new BuiltInSchema(types[this.#item] ?? {});
  }
}

/** The types that are built in. */
export const builtInMergeSchemas: MergeSchemas = (apiVersion, kind) => {
  if (!(knownKinds[apiVersion] ?? '').split(' ').includes(kind)) return undefined;
  return new BuiltInSchema({ metadata: { type: 'ObjectMeta' }, ...kinds[`${apiVersion} ${kind}`] });
};
