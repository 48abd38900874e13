import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
};
