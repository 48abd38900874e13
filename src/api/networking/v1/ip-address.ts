import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
  name!: string
  namespace: string
  resource!: string
`,
};

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
};
