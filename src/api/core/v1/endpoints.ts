import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
};
