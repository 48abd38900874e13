import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { roleStrategy } from './rbac-strategy.ts';

/** The types of ClusterRole objects. */
export const clusterRoleTypes: TypeSource = {
  package: 'io.k8s.api.rbac.v1',
  text: `
kind ClusterRole
  aggregationRule: AggregationRule
  metadata: meta.ObjectMeta=
  rules: [PolicyRule] atomic null

type AggregationRule
  clusterRoleSelectors: [meta.LabelSelector] atomic

type PolicyRule
  apiGroups: [string] atomic
  nonResourceURLs: [string] atomic
  resourceNames: [string] atomic
  resources: [string] atomic
  verbs!: [string] atomic
`,
};

/** The clusterroles resource. */
export const clusterRoleResource: ResourceDefinition = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  resource: 'clusterroles',
  singular: 'clusterrole',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.rbac.v1.ClusterRole',
  strategy: roleStrategy,
};
