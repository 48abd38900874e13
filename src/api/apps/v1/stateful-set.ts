import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setStatefulSetDefaults } from './workload-defaults.ts';
import { statefulSetStrategy } from './stateful-set-strategy.ts';
import { ageColumn, column, containerImages, containerNames, nameColumn, wideColumn } from '../../columns.ts';
import type { StatefulSet } from '../../types/apps-v1.ts';

/** The types of StatefulSet objects. */
export const statefulSetTypes: TypeSource = {
  package: 'io.k8s.api.apps.v1',
  text: `
kind StatefulSet
  metadata: meta.ObjectMeta=
  spec: StatefulSetSpec=
  status: StatefulSetStatus=

type RollingUpdateStatefulSetStrategy
  maxUnavailable: intstr.IntOrString
  partition: int32

type StatefulSetCondition
  lastTransitionTime: meta.Time
  message: string
  reason: string
  type!: string=
  status!: string=

type StatefulSetOrdinals
  start: int32=

type StatefulSetPersistentVolumeClaimRetentionPolicy
  whenDeleted: string
  whenScaled: string

type StatefulSetSpec
  minReadySeconds: int32
  ordinals: StatefulSetOrdinals
  persistentVolumeClaimRetentionPolicy: StatefulSetPersistentVolumeClaimRetentionPolicy
  podManagementPolicy: string enum(OrderedReady, Parallel)
  replicas: int32
  revisionHistoryLimit: int32
  selector!: meta.LabelSelector
  serviceName: string=
  template!: core.PodTemplateSpec=
  updateStrategy: StatefulSetUpdateStrategy=
  volumeClaimTemplates: [core.PersistentVolumeClaim] atomic

type StatefulSetStatus
  availableReplicas: int32=
  collisionCount: int32
  conditions: [StatefulSetCondition] map(type) merge(type)
  currentReplicas: int32
  currentRevision: string
  observedGeneration: int64
  readyReplicas: int32
  replicas!: int32=
  updateRevision: string
  updatedReplicas: int32

type StatefulSetUpdateStrategy
  rollingUpdate: RollingUpdateStatefulSetStrategy
  type: string enum(OnDelete, RollingUpdate)
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Ready',
    'string',
    'Number of the pod with ready state',
    (object: StatefulSet) => `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`,
  ),
  ageColumn,
  wideColumn('Containers', 'string', 'Names of each container in the template.', (object: StatefulSet) =>
    containerNames(object.spec?.template?.spec?.containers),
  ),
  wideColumn('Images', 'string', 'Images referenced by each container in the template.', (object: StatefulSet) =>
    containerImages(object.spec?.template?.spec?.containers),
  ),
];

/** The statefulsets resource. */
export const statefulSetResource: ResourceDefinition = {
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  resource: 'statefulsets',
  singular: 'statefulset',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [
    { name: 'scale', kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get', 'patch', 'update'] },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  type: 'io.k8s.api.apps.v1.StatefulSet',
  columns,
  setDefaults: setStatefulSetDefaults,
  strategy: statefulSetStrategy,
};
