import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of Service objects. */
export const serviceTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind Service
  metadata: meta.ObjectMeta=
  spec: ServiceSpec=
  status: ServiceStatus=

type ClientIPConfig
  timeoutSeconds: int32

type LoadBalancerIngress
  hostname: string
  ip: string
  ipMode: string
  ports: [PortStatus] atomic

type LoadBalancerStatus
  ingress: [LoadBalancerIngress] atomic

type PortStatus
  error: string
  port!: int32=
  protocol!: string= enum(SCTP, TCP, UDP)

type ServicePort
  appProtocol: string
  name: string
  nodePort: int32
  port!: int32=
  protocol: string="TCP" enum(SCTP, TCP, UDP)
  targetPort: intstr.IntOrString

type ServiceSpec
  allocateLoadBalancerNodePorts: bool
  clusterIP: string
  clusterIPs: [string] atomic
  externalIPs: [string] atomic
  externalName: string
  externalTrafficPolicy: string enum(Cluster, Local)
  healthCheckNodePort: int32
  internalTrafficPolicy: string enum(Cluster, Local)
  ipFamilies: [string] atomic
  ipFamilyPolicy: string enum(PreferDualStack, RequireDualStack, SingleStack)
  loadBalancerClass: string
  loadBalancerIP: string
  loadBalancerSourceRanges: [string] atomic
  ports: [ServicePort] map(port, protocol) merge(port)
  publishNotReadyAddresses: bool
  selector: {string} atomic-map
  sessionAffinity: string enum(ClientIP, None)
  sessionAffinityConfig: SessionAffinityConfig
  trafficDistribution: string
  type: string enum(ClusterIP, ExternalName, LoadBalancer, NodePort)

type ServiceStatus
  conditions: [meta.Condition] map(type) merge(type)
  loadBalancer: LoadBalancerStatus=

type SessionAffinityConfig
  clientIP: ClientIPConfig
`,
};

/** The services resource. */
export const serviceResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'Service',
  resource: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  verbs: allVerbs,
  subresources: [
    {
      name: 'proxy',
      kind: { group: '', version: '', kind: 'ServiceProxyOptions' },
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
    },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  type: 'io.k8s.api.core.v1.Service',
};
