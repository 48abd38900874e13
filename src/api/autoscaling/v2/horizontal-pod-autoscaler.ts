import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { autoscalerFromV2, autoscalerToV2 } from '../v1/v2-conversion.ts';
import { setHorizontalPodAutoscalerDefaults } from './horizontal-pod-autoscaler-defaults.ts';
import { metricsText } from './metrics-text.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { HorizontalPodAutoscaler } from '../../types/autoscaling-v2.ts';
import { horizontalPodAutoscalerStrategy } from './horizontal-pod-autoscaler-validation.ts';

/** The types of HorizontalPodAutoscaler objects. */
export const horizontalPodAutoscalerTypes: TypeSource = {
  package: 'io.k8s.api.autoscaling.v2',
  text: `
kind HorizontalPodAutoscaler
  metadata: meta.ObjectMeta=
  spec!: HorizontalPodAutoscalerSpec=
  status: HorizontalPodAutoscalerStatus=

type ContainerResourceMetricSource
  name!: string=
  target!: MetricTarget=
  container!: string=

type ContainerResourceMetricStatus
  name!: string=
  current!: MetricValueStatus=
  container!: string=

type CrossVersionObjectReference
  apiVersion: string
  kind!: string=
  name!: string=

type ExternalMetricSource
  metric!: MetricIdentifier=
  target!: MetricTarget=

type ExternalMetricStatus
  metric!: MetricIdentifier=
  current!: MetricValueStatus=

type HPAScalingPolicy
  type!: string=
  value!: int32=
  periodSeconds!: int32=

type HPAScalingRules
  policies: [HPAScalingPolicy] atomic
  selectPolicy: string
  stabilizationWindowSeconds: int32
  tolerance: resource.Quantity

type HorizontalPodAutoscalerBehavior
  scaleDown: HPAScalingRules
  scaleUp: HPAScalingRules

type HorizontalPodAutoscalerCondition
  lastTransitionTime: meta.Time
  message: string
  reason: string
  type!: string=
  status!: string=

type HorizontalPodAutoscalerSpec
  behavior: HorizontalPodAutoscalerBehavior
  scaleTargetRef!: CrossVersionObjectReference=
  metrics: [MetricSpec] atomic
  minReplicas: int32
  maxReplicas!: int32=

type HorizontalPodAutoscalerStatus
  conditions: [HorizontalPodAutoscalerCondition] map(type) merge(type)
  currentMetrics: [MetricStatus] atomic null
  currentReplicas: int32
  desiredReplicas!: int32=
  lastScaleTime: meta.Time
  observedGeneration: int64

type MetricIdentifier
  name!: string=
  selector: meta.LabelSelector

type MetricSpec
  containerResource: ContainerResourceMetricSource
  external: ExternalMetricSource
  object: ObjectMetricSource
  pods: PodsMetricSource
  resource: ResourceMetricSource
  type!: string=

type MetricStatus
  containerResource: ContainerResourceMetricStatus
  external: ExternalMetricStatus
  object: ObjectMetricStatus
  pods: PodsMetricStatus
  resource: ResourceMetricStatus
  type!: string=

type MetricTarget
  averageUtilization: int32
  averageValue: resource.Quantity
  type!: string=
  value: resource.Quantity

type MetricValueStatus
  averageUtilization: int32
  averageValue: resource.Quantity
  value: resource.Quantity

type ObjectMetricSource
  describedObject!: CrossVersionObjectReference=
  target!: MetricTarget=
  metric!: MetricIdentifier=

type ObjectMetricStatus
  metric!: MetricIdentifier=
  current!: MetricValueStatus=
  describedObject!: CrossVersionObjectReference=

type PodsMetricSource
  metric!: MetricIdentifier=
  target!: MetricTarget=

type PodsMetricStatus
  metric!: MetricIdentifier=
  current!: MetricValueStatus=

type ResourceMetricSource
  name!: string=
  target!: MetricTarget=

type ResourceMetricStatus
  name!: string=
  current!: MetricValueStatus=
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Reference',
    'string',
    'scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics should be collected, as well as to actually change the replica count.',
    (object: HorizontalPodAutoscaler) =>
      `${object.spec?.scaleTargetRef.kind ?? ''}/${object.spec?.scaleTargetRef.name ?? ''}`,
  ),
  column(
    'Targets',
    'string',
    '@autoscaling.v2.HorizontalPodAutoscalerSpec.metrics',
    (object: HorizontalPodAutoscaler) => metricsText(object.spec?.metrics, object.status?.currentMetrics ?? []),
  ),
  column(
    'MinPods',
    'string',
    '@autoscaling.v1.HorizontalPodAutoscalerSpec.minReplicas',
    (object: HorizontalPodAutoscaler) =>
      object.spec?.minReplicas === undefined ? '<unset>' : String(object.spec.minReplicas),
  ),
  column(
    'MaxPods',
    'string',
    '@autoscaling.v2.HorizontalPodAutoscalerSpec.maxReplicas',
    (object: HorizontalPodAutoscaler) => object.spec?.maxReplicas ?? 0,
  ),
  column(
    'Replicas',
    'string',
    '@autoscaling.v2.HorizontalPodAutoscalerStatus.currentReplicas',
    (object: HorizontalPodAutoscaler) => object.status?.currentReplicas ?? 0,
  ),
  ageColumn,
];

/** The horizontalpodautoscalers resource. */
export const horizontalPodAutoscalerResource: ResourceDefinition = {
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  columns,
  otherForms: [
    {
      apiVersion: 'autoscaling/v1',
      type: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
      convert: autoscalerFromV2,
      convertBack: autoscalerToV2,
    },
  ],
  setDefaults: setHorizontalPodAutoscalerDefaults,
  strategy: horizontalPodAutoscalerStrategy,
};
