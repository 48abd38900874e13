import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ingressAddresses } from '../../core/v1/load-balancer-addresses.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { Ingress } from '../../types/networking-v1.ts';
import { ingressStrategy } from './ingress-validation.ts';

/** The types of Ingress objects. */
export const ingressTypes: TypeSource = {
  package: 'io.k8s.api.networking.v1',
  text: `
kind Ingress
  metadata: meta.ObjectMeta=
  spec: IngressSpec=
  status: IngressStatus=

type HTTPIngressPath
  pathType!: string enum(Exact, ImplementationSpecific, Prefix)
  path: string
  backend!: IngressBackend=

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

/** The first three hosts; the rest counts rules, with a host or without. */
function hostsCell(ingress: Ingress): string {
  const rules = ingress.spec?.rules ?? [];
  const hosts = rules.map((rule) => rule.host ?? '').filter((host) => host !== '');
  if (hosts.length === 0) return '*';
  const shown = hosts.slice(0, 3).join(',');
  const third = rules.findIndex((_, index) => hostCount(rules, index) === 3);
  return third >= 0 && third < rules.length - 1 ? `${shown} + ${rules.length - 3} more...` : shown;
}

/** How many of the rules up to this one name a host. */
function hostCount(rules: readonly { readonly host?: string }[], last: number): number {
  return rules.slice(0, last + 1).filter((rule) => (rule.host ?? '') !== '').length;
}

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Class',
    'string',
    'The name of the IngressClass resource that should be used for additional configuration',
    (object: Ingress) => object.spec?.ingressClassName ?? '<none>',
  ),
  column('Hosts', 'string', 'Hosts that incoming requests are matched against before the ingress rule', hostsCell),
  column('Address', 'string', 'Address is a list containing ingress points for the load-balancer', (object: Ingress) =>
    ingressAddresses(object.status?.loadBalancer?.ingress).join(','),
  ),
  column('Ports', 'string', 'Ports of TLS configurations that open', (object: Ingress) =>
    (object.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
  ),
  ageColumn,
];

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
  columns,
  strategy: ingressStrategy,
};
