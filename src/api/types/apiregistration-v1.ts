// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { Time } from './meta-v1.ts';

/** io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService */
export interface APIService {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: APIServiceSpec;
  status?: APIServiceStatus;
}

/** io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceCondition */
export interface APIServiceCondition {
  lastTransitionTime?: Time;
  message?: string;
  reason?: string;
  status: string;
  type: string;
}

/** io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceList */
export interface APIServiceList {
  apiVersion: string;
  items: APIService[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec */
export interface APIServiceSpec {
  caBundle?: string;
  group?: string;
  groupPriorityMinimum: number;
  insecureSkipTLSVerify?: boolean;
  service?: ServiceReference;
  version?: string;
  versionPriority: number;
}

/** io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus */
export interface APIServiceStatus {
  conditions?: APIServiceCondition[];
}

/** io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference */
export interface ServiceReference {
  name?: string;
  namespace?: string;
  port?: number;
}
