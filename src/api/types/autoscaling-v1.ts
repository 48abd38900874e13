// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { Time } from './meta-v1.ts';

/** io.k8s.api.autoscaling.v1.CrossVersionObjectReference */
export interface CrossVersionObjectReference {
  apiVersion?: string;
  kind: string;
  name: string;
}

/** io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler */
export interface HorizontalPodAutoscaler {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: HorizontalPodAutoscalerSpec;
  status?: HorizontalPodAutoscalerStatus;
}

/** io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerList */
export interface HorizontalPodAutoscalerList {
  apiVersion: string;
  items: HorizontalPodAutoscaler[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec */
export interface HorizontalPodAutoscalerSpec {
  maxReplicas: number;
  minReplicas?: number;
  scaleTargetRef: CrossVersionObjectReference;
  targetCPUUtilizationPercentage?: number;
}

/** io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerStatus */
export interface HorizontalPodAutoscalerStatus {
  currentCPUUtilizationPercentage?: number;
  currentReplicas: number;
  desiredReplicas: number;
  lastScaleTime?: Time;
  observedGeneration?: number;
}

/** io.k8s.api.autoscaling.v1.Scale */
export interface Scale {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: ScaleSpec;
  status?: ScaleStatus;
}

/** io.k8s.api.autoscaling.v1.ScaleSpec */
export interface ScaleSpec {
  replicas?: number;
}

/** io.k8s.api.autoscaling.v1.ScaleStatus */
export interface ScaleStatus {
  replicas: number;
  selector?: string;
}
