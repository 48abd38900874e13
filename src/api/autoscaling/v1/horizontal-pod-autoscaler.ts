import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of HorizontalPodAutoscaler objects. */
export const horizontalPodAutoscalerTypes: TypeSource = {
  package: 'io.k8s.api.autoscaling.v1',
  text: `
kind HorizontalPodAutoscaler
  metadata: meta.ObjectMeta=
  spec!: HorizontalPodAutoscalerSpec=
  status: HorizontalPodAutoscalerStatus=

type CrossVersionObjectReference atomic
  apiVersion: string
  kind!: string=
  name!: string=

type HorizontalPodAutoscalerSpec
  maxReplicas!: int32=
  minReplicas: int32
  scaleTargetRef!: CrossVersionObjectReference=
  targetCPUUtilizationPercentage: int32

type HorizontalPodAutoscalerStatus
  currentCPUUtilizationPercentage: int32
  currentReplicas!: int32=
  desiredReplicas!: int32=
  lastScaleTime: meta.Time
  observedGeneration: int64
`,
};

/** The horizontalpodautoscalers resource. */
export const horizontalPodAutoscalerResource: ResourceDefinition = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
};
