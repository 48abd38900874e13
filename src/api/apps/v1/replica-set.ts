import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of ReplicaSet objects. */
export const replicaSetTypes: TypeSource = {
  package: 'io.k8s.api.apps.v1',
  text: `
kind ReplicaSet
  metadata: meta.ObjectMeta=
  spec: ReplicaSetSpec=
  status: ReplicaSetStatus=

type ReplicaSetCondition
  lastTransitionTime: meta.Time
  message: string
  reason: string
  status!: string=
  type!: string=

type ReplicaSetSpec
  minReadySeconds: int32
  replicas: int32
  selector!: meta.LabelSelector
  template: core.PodTemplateSpec=

type ReplicaSetStatus
  availableReplicas: int32
  conditions: [ReplicaSetCondition] map(type) merge(type)
  fullyLabeledReplicas: int32
  observedGeneration: int64
  readyReplicas: int32
  replicas!: int32=
  terminatingReplicas: int32
`,
};

/** The replicasets resource. */
export const replicaSetResource: ResourceDefinition = {
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  resource: 'replicasets',
  singular: 'replicaset',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [
    { name: 'scale', kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get', 'patch', 'update'] },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  type: 'io.k8s.api.apps.v1.ReplicaSet',
};
