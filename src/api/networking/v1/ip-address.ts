import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { IPAddress } from '../../types/networking-v1.ts';
import { ipAddressStrategy } from './ip-address-validation.ts';

/** The types of IPAddress objects. */
export const ipAddressTypes: TypeSource = {
  package: 'io.k8s.api.networking.v1',
  text: `
kind IPAddress
  metadata: meta.ObjectMeta=
  spec!: IPAddressSpec=

type IPAddressSpec
  parentRef!: ParentReference

type ParentReference
  group: string
  resource!: string
  namespace: string
  name!: string
`,
};

/** `services/default/kubernetes`. */
function parentCell(address: IPAddress): string {
  const parent = address.spec?.parentRef;
  if (parent === undefined) return '<none>';
  const { group = '', resource, namespace = '', name } = parent;
  const type = (group === '' ? resource : `${resource}.${group}`).toLowerCase();
  return namespace === '' ? `${type}/${name}` : `${type}/${namespace}/${name}`;
}

const columns: readonly Column[] = [
  nameColumn,
  column(
    'ParentRef',
    'string',
    'ParentRef references the resource that an IPAddress is attached to. An IPAddress must reference a parent object.',
    parentCell,
  ),
];

/** The ipaddresses resource. */
export const ipAddressResource: ResourceDefinition = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  resource: 'ipaddresses',
  singular: 'ipaddress',
  shortNames: ['ip'],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.networking.v1.IPAddress',
  columns,
  unlistedCells: (object, now) => [ageColumn.cell(object, now)],
  strategy: ipAddressStrategy,
};
