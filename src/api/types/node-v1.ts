// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { Toleration } from './core-v1.ts';
import type { Quantity } from './meta-v1.ts';

/** io.k8s.api.node.v1.Overhead */
export interface Overhead {
  podFixed?: Record<string, Quantity>;
}

/** io.k8s.api.node.v1.RuntimeClass */
export interface RuntimeClass {
  apiVersion: string;
  kind: string;
  handler: string;
  metadata: ObjectMeta;
  overhead?: Overhead;
  scheduling?: Scheduling;
}

/** io.k8s.api.node.v1.RuntimeClassList */
export interface RuntimeClassList {
  apiVersion: string;
  items: RuntimeClass[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.node.v1.Scheduling */
export interface Scheduling {
  nodeSelector?: Record<string, string>;
  tolerations?: Toleration[];
}
