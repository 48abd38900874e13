import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn, shortList } from '../../columns.ts';
import type { EndpointSlice } from '../../types/discovery-v1.ts';
import { endpointSliceStrategy, setEndpointSliceDefaults } from './endpoint-slice-strategy.ts';

/** The types of EndpointSlice objects. */
export const endpointSliceTypes: TypeSource = {
  package: 'io.k8s.api.discovery.v1',
  text: `
kind EndpointSlice
  addressType!: string= enum(FQDN, IPv4, IPv6)
  endpoints: [Endpoint] atomic null
  metadata: meta.ObjectMeta=
  ports: [EndpointPort] atomic null

type Endpoint
  addresses!: [string] set
  conditions: EndpointConditions=
  deprecatedTopology: {string}
  hints: EndpointHints
  hostname: string
  nodeName: string
  targetRef: core.ObjectReference
  zone: string

type EndpointConditions
  ready: bool
  serving: bool
  terminating: bool

type EndpointHints
  forNodes: [ForNode] atomic
  forZones: [ForZone] atomic

type EndpointPort atomic
  appProtocol: string
  name: string
  port: int32
  protocol: string enum(SCTP, TCP, UDP)

type ForNode
  name!: string=

type ForZone
  name!: string=
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'AddressType',
    'string',
    '@discovery.v1.EndpointSlice.addressType',
    (object: EndpointSlice) => object.addressType,
  ),
  column('Ports', 'string', '@discovery.v1.EndpointSlice.ports', (object: EndpointSlice) =>
    shortList((object.ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? '*') : String(port)))),
  ),
  column('Endpoints', 'string', '@discovery.v1.EndpointSlice.endpoints', (object: EndpointSlice) =>
    shortList((object.endpoints ?? []).flatMap(({ addresses }) => addresses)),
  ),
  ageColumn,
];

/** The endpointslices resource. */
export const endpointSliceResource: ResourceDefinition = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  resource: 'endpointslices',
  singular: 'endpointslice',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.discovery.v1.EndpointSlice',
  columns,
  setDefaults: setEndpointSliceDefaults,
  strategy: endpointSliceStrategy,
};
