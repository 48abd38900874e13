import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { ResourceQuota } from '../../types/core-v1.ts';
import { resourceQuotaStrategy } from './resource-quota-validation.ts';

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
  scopes: [string enum(BestEffort, CrossNamespacePodAffinity, NotBestEffort, NotTerminating, PriorityClass, Terminating, VolumeAttributesClass)] atomic

type ResourceQuotaStatus
  hard: {resource.Quantity}
  used: {resource.Quantity}

type ScopeSelector atomic
  matchExpressions: [ScopedResourceSelectorRequirement] atomic

type ScopedResourceSelectorRequirement
  scopeName!: string= enum(BestEffort, CrossNamespacePodAffinity, NotBestEffort, NotTerminating, PriorityClass, Terminating, VolumeAttributesClass)
  operator!: string= enum(DoesNotExist, Exists, In, NotIn)
  values: [string] atomic
`,
};

/** `cpu: 1/20, pods: 3/10` of the limits or of everything else. */
function usageCell(quota: ResourceQuota, limits: boolean): string {
  return Object.entries(quota.status?.hard ?? {})
    .filter(([name]) => name.startsWith('limits.') === limits)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, hard]) => `${name}: ${quota.status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');
}

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Request',
    'string',
    'Request represents a minimum amount of cpu/memory that a container may consume.',
    (object: ResourceQuota) => usageCell(object, false),
  ),
  column(
    'Limit',
    'string',
    'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
    (object: ResourceQuota) => usageCell(object, true),
  ),
  ageColumn,
];

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
  columns,
  strategy: resourceQuotaStrategy,
};
