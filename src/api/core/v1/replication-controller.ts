import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of ReplicationController objects. */
export const replicationControllerTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind ReplicationController
  metadata: meta.ObjectMeta=
  spec: ReplicationControllerSpec=
  status: ReplicationControllerStatus=

type ReplicationControllerCondition
  lastTransitionTime: meta.Time
  message: string
  reason: string
  status!: string=
  type!: string=

type ReplicationControllerSpec
  minReadySeconds: int32=
  replicas: int32=1
  selector: {string} atomic-map
  template: PodTemplateSpec

type ReplicationControllerStatus
  availableReplicas: int32
  conditions: [ReplicationControllerCondition] map(type) merge(type)
  fullyLabeledReplicas: int32
  observedGeneration: int64
  readyReplicas: int32
  replicas!: int32=
`,
};

/** The replicationcontrollers resource. */
export const replicationControllerResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  singular: 'replicationcontroller',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [
    { name: 'scale', kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get', 'patch', 'update'] },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  type: 'io.k8s.api.core.v1.ReplicationController',
};
