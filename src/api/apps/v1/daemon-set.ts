import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of DaemonSet objects. */
export const daemonSetTypes: TypeSource = {
  package: 'io.k8s.api.apps.v1',
  text: `
kind DaemonSet
  metadata: meta.ObjectMeta=
  spec: DaemonSetSpec=
  status: DaemonSetStatus=

type DaemonSetCondition
  lastTransitionTime: meta.Time
  message: string
  reason: string
  status!: string=
  type!: string=

type DaemonSetSpec
  minReadySeconds: int32
  revisionHistoryLimit: int32
  selector!: meta.LabelSelector
  template!: core.PodTemplateSpec=
  updateStrategy: DaemonSetUpdateStrategy=

type DaemonSetStatus
  collisionCount: int32
  conditions: [DaemonSetCondition] map(type) merge(type)
  currentNumberScheduled!: int32=
  desiredNumberScheduled!: int32=
  numberAvailable: int32
  numberMisscheduled!: int32=
  numberReady!: int32=
  numberUnavailable: int32
  observedGeneration: int64
  updatedNumberScheduled: int32

type DaemonSetUpdateStrategy
  rollingUpdate: RollingUpdateDaemonSet
  type: string enum(OnDelete, RollingUpdate)

type RollingUpdateDaemonSet
  maxSurge: intstr.IntOrString
  maxUnavailable: intstr.IntOrString
`,
};

/** The daemonsets resource. */
export const daemonSetResource: ResourceDefinition = {
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  resource: 'daemonsets',
  singular: 'daemonset',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.apps.v1.DaemonSet',
};
