// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { LabelSelector, Quantity, Time } from './meta-v1.ts';

/** io.k8s.api.autoscaling.v2.ContainerResourceMetricSource */
export interface ContainerResourceMetricSource {
  container: string;
  name: string;
  target: MetricTarget;
}

/** io.k8s.api.autoscaling.v2.ContainerResourceMetricStatus */
export interface ContainerResourceMetricStatus {
  container: string;
  current: MetricValueStatus;
  name: string;
}

/** io.k8s.api.autoscaling.v2.CrossVersionObjectReference */
export interface CrossVersionObjectReference {
  apiVersion?: string;
  kind: string;
  name: string;
}

/** io.k8s.api.autoscaling.v2.ExternalMetricSource */
export interface ExternalMetricSource {
  metric: MetricIdentifier;
  target: MetricTarget;
}

/** io.k8s.api.autoscaling.v2.ExternalMetricStatus */
export interface ExternalMetricStatus {
  current: MetricValueStatus;
  metric: MetricIdentifier;
}

/** io.k8s.api.autoscaling.v2.HPAScalingPolicy */
export interface HPAScalingPolicy {
  periodSeconds: number;
  type: string;
  value: number;
}

/** io.k8s.api.autoscaling.v2.HPAScalingRules */
export interface HPAScalingRules {
  policies?: HPAScalingPolicy[];
  selectPolicy?: string;
  stabilizationWindowSeconds?: number;
  tolerance?: Quantity;
}

/** io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler */
export interface HorizontalPodAutoscaler {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: HorizontalPodAutoscalerSpec;
  status?: HorizontalPodAutoscalerStatus;
}

/** io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior */
export interface HorizontalPodAutoscalerBehavior {
  scaleDown?: HPAScalingRules;
  scaleUp?: HPAScalingRules;
}

/** io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerCondition */
export interface HorizontalPodAutoscalerCondition {
  lastTransitionTime?: Time;
  message?: string;
  reason?: string;
  status: string;
  type: string;
}

/** io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerList */
export interface HorizontalPodAutoscalerList {
  apiVersion: string;
  items: HorizontalPodAutoscaler[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec */
export interface HorizontalPodAutoscalerSpec {
  behavior?: HorizontalPodAutoscalerBehavior;
  maxReplicas: number;
  metrics?: MetricSpec[];
  minReplicas?: number;
  scaleTargetRef: CrossVersionObjectReference;
}

/** io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus */
export interface HorizontalPodAutoscalerStatus {
  conditions?: HorizontalPodAutoscalerCondition[];
  currentMetrics?: MetricStatus[] | null;
  currentReplicas?: number;
  desiredReplicas: number;
  lastScaleTime?: Time;
  observedGeneration?: number;
}

/** io.k8s.api.autoscaling.v2.MetricIdentifier */
export interface MetricIdentifier {
  name: string;
  selector?: LabelSelector;
}

/** io.k8s.api.autoscaling.v2.MetricSpec */
export interface MetricSpec {
  containerResource?: ContainerResourceMetricSource;
  external?: ExternalMetricSource;
  object?: ObjectMetricSource;
  pods?: PodsMetricSource;
  resource?: ResourceMetricSource;
  type: string;
}

/** io.k8s.api.autoscaling.v2.MetricStatus */
export interface MetricStatus {
  containerResource?: ContainerResourceMetricStatus;
  external?: ExternalMetricStatus;
  object?: ObjectMetricStatus;
  pods?: PodsMetricStatus;
  resource?: ResourceMetricStatus;
  type: string;
}

/** io.k8s.api.autoscaling.v2.MetricTarget */
export interface MetricTarget {
  averageUtilization?: number;
  averageValue?: Quantity;
  type: string;
  value?: Quantity;
}

/** io.k8s.api.autoscaling.v2.MetricValueStatus */
export interface MetricValueStatus {
  averageUtilization?: number;
  averageValue?: Quantity;
  value?: Quantity;
}

/** io.k8s.api.autoscaling.v2.ObjectMetricSource */
export interface ObjectMetricSource {
  describedObject: CrossVersionObjectReference;
  metric: MetricIdentifier;
  target: MetricTarget;
}

/** io.k8s.api.autoscaling.v2.ObjectMetricStatus */
export interface ObjectMetricStatus {
  current: MetricValueStatus;
  describedObject: CrossVersionObjectReference;
  metric: MetricIdentifier;
}

/** io.k8s.api.autoscaling.v2.PodsMetricSource */
export interface PodsMetricSource {
  metric: MetricIdentifier;
  target: MetricTarget;
}

/** io.k8s.api.autoscaling.v2.PodsMetricStatus */
export interface PodsMetricStatus {
  current: MetricValueStatus;
  metric: MetricIdentifier;
}

/** io.k8s.api.autoscaling.v2.ResourceMetricSource */
export interface ResourceMetricSource {
  name: string;
  target: MetricTarget;
}

/** io.k8s.api.autoscaling.v2.ResourceMetricStatus */
export interface ResourceMetricStatus {
  current: MetricValueStatus;
  name: string;
}
