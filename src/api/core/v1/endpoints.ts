import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setEndpointsDefaults } from './core-defaults.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { Endpoints } from '../../types/core-v1.ts';
import { endpointsStrategy } from './endpoints-validation.ts';

/** The types of Endpoints objects. */
export const endpointsTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind Endpoints
  metadata: meta.ObjectMeta=
  subsets: [EndpointSubset] atomic

type EndpointAddress atomic
  hostname: string
  ip!: string=
  nodeName: string
  targetRef: ObjectReference

type EndpointPort atomic
  appProtocol: string
  name: string
  port!: int32=
  protocol: string enum(SCTP, TCP, UDP)

type EndpointSubset
  addresses: [EndpointAddress] atomic
  notReadyAddresses: [EndpointAddress] atomic
  ports: [EndpointPort] atomic
`,
};

/** The first three of `ip:port`, or of the addresses where there are no ports. */
function endpointsCell(object: Endpoints): string {
  const subsets = object.subsets ?? [];
  if (subsets.length === 0) return '<none>';
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  );
  const shown = all.slice(0, 3).join(',');
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown;
}

const columns: readonly Column[] = [
  nameColumn,
  column('Endpoints', 'string', '@core.v1.Endpoints.subsets', endpointsCell),
  ageColumn,
];

/** The endpoints resource. */
export const endpointsResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  resource: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.core.v1.Endpoints',
  deprecationWarning: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  columns,
  setDefaults: setEndpointsDefaults,
  strategy: endpointsStrategy,
};
