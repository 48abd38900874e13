// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { LabelSelector } from './meta-v1.ts';

/** io.k8s.api.rbac.v1.AggregationRule */
export interface AggregationRule {
  clusterRoleSelectors?: LabelSelector[];
}

/** io.k8s.api.rbac.v1.ClusterRole */
export interface ClusterRole {
  apiVersion: string;
  kind: string;
  aggregationRule?: AggregationRule;
  metadata: ObjectMeta;
  rules?: PolicyRule[] | null;
}

/** io.k8s.api.rbac.v1.ClusterRoleBinding */
export interface ClusterRoleBinding {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  roleRef: RoleRef;
  subjects?: Subject[];
}

/** io.k8s.api.rbac.v1.ClusterRoleBindingList */
export interface ClusterRoleBindingList {
  apiVersion: string;
  items: ClusterRoleBinding[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.rbac.v1.ClusterRoleList */
export interface ClusterRoleList {
  apiVersion: string;
  items: ClusterRole[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.rbac.v1.PolicyRule */
export interface PolicyRule {
  apiGroups?: string[];
  nonResourceURLs?: string[];
  resourceNames?: string[];
  resources?: string[];
  verbs: string[];
}

/** io.k8s.api.rbac.v1.Role */
export interface Role {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  rules?: PolicyRule[] | null;
}

/** io.k8s.api.rbac.v1.RoleBinding */
export interface RoleBinding {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  roleRef: RoleRef;
  subjects?: Subject[];
}

/** io.k8s.api.rbac.v1.RoleBindingList */
export interface RoleBindingList {
  apiVersion: string;
  items: RoleBinding[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.rbac.v1.RoleList */
export interface RoleList {
  apiVersion: string;
  items: Role[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.rbac.v1.RoleRef */
export interface RoleRef {
  apiGroup?: string;
  kind: string;
  name: string;
}

/** io.k8s.api.rbac.v1.Subject */
export interface Subject {
  apiGroup?: string;
  kind: string;
  name: string;
  namespace?: string;
}
