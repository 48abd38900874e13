import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setReplicaSetDefaults } from './workload-defaults.ts';
import { replicaSetStrategy } from './workload-validation.ts';
import {
  ageColumn,
  column,
  containerImages,
  containerNames,
  nameColumn,
  selectorCell,
  wideColumn,
} from '../../columns.ts';
import type { ReplicaSet } from '../../types/apps-v1.ts';

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
  type!: string=
  status!: string=

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

const columns: readonly Column[] = [
  nameColumn,
  column('Desired', 'integer', '@apps.v1.ReplicaSetSpec.replicas', (object: ReplicaSet) => object.spec?.replicas ?? 0),
  column(
    'Current',
    'integer',
    '@apps.v1.ReplicaSetStatus.replicas',
    (object: ReplicaSet) => object.status?.replicas ?? 0,
  ),
  column(
    'Ready',
    'integer',
    '@apps.v1.ReplicaSetStatus.readyReplicas',
    (object: ReplicaSet) => object.status?.readyReplicas ?? 0,
  ),
  ageColumn,
  wideColumn('Containers', 'string', 'Names of each container in the template.', (object: ReplicaSet) =>
    containerNames(object.spec?.template?.spec?.containers),
  ),
  wideColumn('Images', 'string', 'Images referenced by each container in the template.', (object: ReplicaSet) =>
    containerImages(object.spec?.template?.spec?.containers),
  ),
  wideColumn(
    'Selector',
    'string',
    "Selector is a label query over pods that should match the replica count. Label keys and values that must match in order to be controlled by this replica set. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
    (object: ReplicaSet) => selectorCell(object.spec?.selector),
  ),
];

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
  columns,
  setDefaults: setReplicaSetDefaults,
  strategy: replicaSetStrategy,
};
