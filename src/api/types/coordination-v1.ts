// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { MicroTime } from './meta-v1.ts';

/** io.k8s.api.coordination.v1.Lease */
export interface Lease {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: LeaseSpec;
}

/** io.k8s.api.coordination.v1.LeaseList */
export interface LeaseList {
  apiVersion: string;
  items: Lease[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.coordination.v1.LeaseSpec */
export interface LeaseSpec {
  acquireTime?: MicroTime;
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  leaseTransitions?: number;
  preferredHolder?: string;
  renewTime?: MicroTime;
  strategy?: string;
}
