import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { setServiceDefaults } from './core-defaults.ts';
import { serviceStrategy, settleService } from './service-strategy.ts';
import { ingressAddresses } from './load-balancer-addresses.ts';
import { ageColumn, column, labelsText, nameColumn, wideColumn } from '../../columns.ts';
import type { Service } from '../../types/core-v1.ts';

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
  ipFamilies: [string enum(, IPv4, IPv6)] atomic
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

function externalIpCell(service: Service): string {
  const externalIps = service.spec?.externalIPs ?? [];
  switch (service.spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return externalIps.length === 0 ? '<none>' : externalIps.join(',');
    case 'LoadBalancer': {
      const ips = [...ingressAddresses(service.status?.loadBalancer?.ingress), ...externalIps];
      return ips.length === 0 ? '<pending>' : ips.join(',');
    }
    case 'ExternalName':
      return service.spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}

function portsCell(service: Service): string {
  const ports = (service.spec?.ports ?? []).map(({ port, nodePort, protocol = '' }) =>
    nodePort !== undefined && nodePort > 0 ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return ports.length === 0 ? '<none>' : ports.join(',');
}

const columns: readonly Column[] = [
  nameColumn,
  column('Type', 'string', '@core.v1.ServiceSpec.type', (object: Service) => object.spec?.type ?? ''),
  column(
    'Cluster-IP',
    'string',
    '@core.v1.ServiceSpec.clusterIP',
    (object: Service) => object.spec?.clusterIPs?.[0] ?? '<none>',
  ),
  column('External-IP', 'string', '@core.v1.ServiceSpec.externalIPs', externalIpCell),
  column('Port(s)', 'string', '@core.v1.ServiceSpec.ports', portsCell),
  ageColumn,
  wideColumn('Selector', 'string', '@core.v1.ServiceSpec.selector', (object: Service) =>
    labelsText(object.spec?.selector),
  ),
];

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
  columns,
  setDefaults: setServiceDefaults,
  settle: settleService,
  strategy: serviceStrategy,
  selectableFields: fieldReaders(['spec.clusterIP', 'spec.type']),
};
