import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
  status!: string=
  type!: string=

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
};
