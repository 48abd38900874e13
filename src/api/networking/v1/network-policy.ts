import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setNetworkPolicyDefaults } from './network-policy-defaults.ts';
import { ageColumn, column, nameColumn, selectorCell } from '../../columns.ts';
import type { NetworkPolicy } from '../../types/networking-v1.ts';
import { networkPolicyStrategy } from './network-policy-validation.ts';

/** The types of NetworkPolicy objects. */
export const networkPolicyTypes: TypeSource = {
  package: 'io.k8s.api.networking.v1',
  text: `
kind NetworkPolicy
  metadata: meta.ObjectMeta=
  spec: NetworkPolicySpec=

type IPBlock
  cidr!: string=
  except: [string] atomic

type NetworkPolicyEgressRule
  ports: [NetworkPolicyPort] atomic
  to: [NetworkPolicyPeer] atomic

type NetworkPolicyIngressRule
  from: [NetworkPolicyPeer] atomic
  ports: [NetworkPolicyPort] atomic

type NetworkPolicyPeer
  ipBlock: IPBlock
  namespaceSelector: meta.LabelSelector
  podSelector: meta.LabelSelector

type NetworkPolicyPort
  endPort: int32
  port: intstr.IntOrString
  protocol: string enum(SCTP, TCP, UDP)

type NetworkPolicySpec
  egress: [NetworkPolicyEgressRule] atomic
  ingress: [NetworkPolicyIngressRule] atomic
  podSelector: meta.LabelSelector=
  policyTypes: [string enum(Egress, Ingress)] atomic
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column('Pod-Selector', 'string', '@networking.v1.NetworkPolicySpec.podSelector', (object: NetworkPolicy) =>
    selectorCell(object.spec?.podSelector),
  ),
  ageColumn,
];

/** The networkpolicies resource. */
export const networkPolicyResource: ResourceDefinition = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  singular: 'networkpolicy',
  shortNames: ['netpol'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.networking.v1.NetworkPolicy',
  columns,
  setDefaults: setNetworkPolicyDefaults,
  strategy: networkPolicyStrategy,
};
