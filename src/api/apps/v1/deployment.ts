import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setDeploymentDefaults } from './workload-defaults.ts';
import { deploymentStrategy } from './workload-validation.ts';
import {
  ageColumn,
  column,
  containerImages,
  containerNames,
  nameColumn,
  selectorText,
  wideColumn,
} from '../../columns.ts';
import type { Deployment } from '../../types/apps-v1.ts';

/** The types of Deployment objects. */
export const deploymentTypes: TypeSource = {
  package: 'io.k8s.api.apps.v1',
  text: `
kind Deployment
  metadata: meta.ObjectMeta=
  spec: DeploymentSpec=
  status: DeploymentStatus=

type DeploymentCondition
  lastTransitionTime: meta.Time
  lastUpdateTime: meta.Time
  message: string
  reason: string
  type!: string=
  status!: string=

type DeploymentSpec
  minReadySeconds: int32
  paused: bool
  progressDeadlineSeconds: int32
  replicas: int32
  revisionHistoryLimit: int32
  selector!: meta.LabelSelector
  strategy: DeploymentStrategy= strategy(retainKeys)
  template!: core.PodTemplateSpec=

type DeploymentStatus
  availableReplicas: int32
  collisionCount: int32
  conditions: [DeploymentCondition] map(type) merge(type)
  observedGeneration: int64
  readyReplicas: int32
  replicas: int32
  terminatingReplicas: int32
  unavailableReplicas: int32
  updatedReplicas: int32

type DeploymentStrategy
  rollingUpdate: RollingUpdateDeployment
  type: string enum(Recreate, RollingUpdate)

type RollingUpdateDeployment
  maxSurge: intstr.IntOrString
  maxUnavailable: intstr.IntOrString
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Ready',
    'string',
    'Number of the pod with ready state',
    (object: Deployment) => `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`,
  ),
  column(
    'Up-to-date',
    'string',
    '@apps.v1.DeploymentStatus.updatedReplicas',
    (object: Deployment) => object.status?.updatedReplicas ?? 0,
  ),
  column(
    'Available',
    'string',
    '@apps.v1.DeploymentStatus.availableReplicas',
    (object: Deployment) => object.status?.availableReplicas ?? 0,
  ),
  ageColumn,
  wideColumn('Containers', 'string', 'Names of each container in the template.', (object: Deployment) =>
    containerNames(object.spec?.template?.spec?.containers),
  ),
  wideColumn('Images', 'string', 'Images referenced by each container in the template.', (object: Deployment) =>
    containerImages(object.spec?.template?.spec?.containers),
  ),
  wideColumn(
    'Selector',
    'string',
    "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
    (object: Deployment) => selectorText(object.spec?.selector) ?? '<invalid>',
  ),
];

/** The deployments resource. */
export const deploymentResource: ResourceDefinition = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  resource: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [
    { name: 'scale', kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get', 'patch', 'update'] },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  type: 'io.k8s.api.apps.v1.Deployment',
  columns,
  setDefaults: setDeploymentDefaults,
  strategy: deploymentStrategy,
};
