import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { Lease } from '../../types/coordination-v1.ts';
import { leaseStrategy } from './lease-strategy.ts';

/** The types of Lease objects. */
export const leaseTypes: TypeSource = {
  package: 'io.k8s.api.coordination.v1',
  text: `
kind Lease
  metadata: meta.ObjectMeta=
  spec: LeaseSpec=

type LeaseSpec
  acquireTime: meta.MicroTime
  holderIdentity: string
  leaseDurationSeconds: int32
  leaseTransitions: int32
  preferredHolder: string
  renewTime: meta.MicroTime
  strategy: string
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Holder',
    'string',
    '@coordination.v1.LeaseSpec.holderIdentity',
    (object: Lease) => object.spec?.holderIdentity ?? '',
  ),
  ageColumn,
];

/** The leases resource. */
export const leaseResource: ResourceDefinition = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  resource: 'leases',
  singular: 'lease',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.coordination.v1.Lease',
  columns,
  strategy: leaseStrategy,
};
