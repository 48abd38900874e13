import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { ServiceCIDR } from '../../types/networking-v1.ts';
import { serviceCidrStrategy } from './service-cidr-validation.ts';

/** The types of ServiceCIDR objects. */
export const serviceCidrTypes: TypeSource = {
  package: 'io.k8s.api.networking.v1',
  text: `
kind ServiceCIDR
  metadata: meta.ObjectMeta=
  spec: ServiceCIDRSpec=
  status: ServiceCIDRStatus=

type ServiceCIDRSpec
  cidrs: [string] atomic

type ServiceCIDRStatus
  conditions: [meta.Condition] map(type) merge(type)
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column('CIDRs', 'string', '@networking.v1.ServiceCIDRSpec.cidrs', (object: ServiceCIDR) =>
    (object.spec?.cidrs ?? []).join(','),
  ),
  ageColumn,
];

/** The servicecidrs resource. */
export const serviceCidrResource: ResourceDefinition = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  resource: 'servicecidrs',
  singular: 'servicecidr',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.networking.v1.ServiceCIDR',
  columns,
  strategy: serviceCidrStrategy,
};
