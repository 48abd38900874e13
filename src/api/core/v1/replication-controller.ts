import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { setReplicationControllerDefaults } from './core-defaults.ts';
import {
  ageColumn,
  column,
  containerImages,
  containerNames,
  labelsText,
  nameColumn,
  wideColumn,
} from '../../columns.ts';
import type { ReplicationController } from '../../types/core-v1.ts';
import { replicationControllerStrategy } from './replication-controller-strategy.ts';

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
  type!: string=
  status!: string=

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

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Desired',
    'integer',
    '@core.v1.ReplicationControllerSpec.replicas',
    (object: ReplicationController) => object.spec?.replicas ?? 0,
  ),
  column(
    'Current',
    'integer',
    '@core.v1.ReplicationControllerStatus.replicas',
    (object: ReplicationController) => object.status?.replicas ?? 0,
  ),
  column(
    'Ready',
    'integer',
    '@core.v1.ReplicationControllerStatus.readyReplicas',
    (object: ReplicationController) => object.status?.readyReplicas ?? 0,
  ),
  ageColumn,
  wideColumn('Containers', 'string', 'Names of each container in the template.', (object: ReplicationController) =>
    containerNames(object.spec?.template?.spec?.containers),
  ),
  wideColumn(
    'Images',
    'string',
    'Images referenced by each container in the template.',
    (object: ReplicationController) => containerImages(object.spec?.template?.spec?.containers),
  ),
  wideColumn('Selector', 'string', '@core.v1.ReplicationControllerSpec.selector', (object: ReplicationController) =>
    labelsText(object.spec?.selector),
  ),
];

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
  columns,
  setDefaults: setReplicationControllerDefaults,
  strategy: replicationControllerStrategy,
  selectableFields: fieldReaders(['status.replicas']),
};
