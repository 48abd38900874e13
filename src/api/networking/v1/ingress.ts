import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of Ingress objects. */
export const ingressTypes: TypeSource = {
  package: 'io.k8s.api.networking.v1',
  text: `
kind Ingress
  metadata: meta.ObjectMeta=
  spec: IngressSpec=
  status: IngressStatus=

type HTTPIngressPath
  backend!: IngressBackend=
  path: string
  pathType!: string enum(Exact, ImplementationSpecific, Prefix)

type HTTPIngressRuleValue
  paths!: [HTTPIngressPath] atomic

type IngressBackend
  resource: core.TypedLocalObjectReference
  service: IngressServiceBackend

type IngressLoadBalancerIngress
  hostname: string
  ip: string
  ports: [IngressPortStatus] atomic

type IngressLoadBalancerStatus
  ingress: [IngressLoadBalancerIngress] atomic

type IngressPortStatus
  error: string
  port!: int32=
  protocol!: string= enum(SCTP, TCP, UDP)

type IngressRule
  host: string
  http: HTTPIngressRuleValue

type IngressServiceBackend
  name!: string=
  port: ServiceBackendPort=

type IngressSpec
  defaultBackend: IngressBackend
  ingressClassName: string
  rules: [IngressRule] atomic
  tls: [IngressTLS] atomic

type IngressStatus
  loadBalancer: IngressLoadBalancerStatus=

type IngressTLS
  hosts: [string] atomic
  secretName: string

type ServiceBackendPort atomic
  name: string
  number: int32
`,
};

/** The ingresses resource. */
export const ingressResource: ResourceDefinition = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  resource: 'ingresses',
  singular: 'ingress',
  shortNames: ['ing'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.networking.v1.Ingress',
};
