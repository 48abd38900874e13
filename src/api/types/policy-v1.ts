// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { Condition, DeleteOptions, IntOrString, LabelSelector, Time } from './meta-v1.ts';

/** io.k8s.api.policy.v1.Eviction */
export interface Eviction {
  apiVersion: string;
  kind: string;
  deleteOptions?: DeleteOptions;
  metadata: ObjectMeta;
}

/** io.k8s.api.policy.v1.PodDisruptionBudget */
export interface PodDisruptionBudget {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: PodDisruptionBudgetSpec;
  status?: PodDisruptionBudgetStatus;
}

/** io.k8s.api.policy.v1.PodDisruptionBudgetList */
export interface PodDisruptionBudgetList {
  apiVersion: string;
  items: PodDisruptionBudget[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.policy.v1.PodDisruptionBudgetSpec */
export interface PodDisruptionBudgetSpec {
  maxUnavailable?: IntOrString;
  minAvailable?: IntOrString;
  selector?: LabelSelector;
  unhealthyPodEvictionPolicy?: string;
}

/** io.k8s.api.policy.v1.PodDisruptionBudgetStatus */
export interface PodDisruptionBudgetStatus {
  conditions?: Condition[];
  currentHealthy?: number;
  desiredHealthy?: number;
  disruptedPods?: Record<string, Time>;
  disruptionsAllowed?: number;
  expectedPods?: number;
  observedGeneration?: number;
}
