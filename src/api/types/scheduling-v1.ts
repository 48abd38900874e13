// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';

/** io.k8s.api.scheduling.v1.PriorityClass */
export interface PriorityClass {
  apiVersion: string;
  kind: string;
  description?: string;
  globalDefault?: boolean;
  metadata: ObjectMeta;
  preemptionPolicy?: string;
  value?: number;
}

/** io.k8s.api.scheduling.v1.PriorityClassList */
export interface PriorityClassList {
  apiVersion: string;
  items: PriorityClass[];
  kind: string;
  metadata: ListMeta;
}
