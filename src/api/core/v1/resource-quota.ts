import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of ResourceQuota objects. */
export const resourceQuotaTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind ResourceQuota
  metadata: meta.ObjectMeta=
  spec: ResourceQuotaSpec=
  status: ResourceQuotaStatus=

type ResourceQuotaSpec
  hard: {resource.Quantity}
  scopeSelector: ScopeSelector
  scopes: [string] atomic

type ResourceQuotaStatus
  hard: {resource.Quantity}
  used: {resource.Quantity}

type ScopeSelector atomic
  matchExpressions: [ScopedResourceSelectorRequirement] atomic

type ScopedResourceSelectorRequirement
  operator!: string= enum(DoesNotExist, Exists, In, NotIn)
  scopeName!: string= enum(BestEffort, CrossNamespacePodAffinity, NotBestEffort, NotTerminating, PriorityClass, Terminating, VolumeAttributesClass)
  values: [string] atomic
`,
};

/** The resourcequotas resource. */
export const resourceQuotaResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  singular: 'resourcequota',
  shortNames: ['quota'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.core.v1.ResourceQuota',
};
