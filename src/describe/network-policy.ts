import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../api/types/networking-v1.ts';
import { type DescribeText, goTime, joined } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { selectorText } from './pod-template.ts';

/** A network policy. */
export const describeNetworkPolicy: Describer = (object, text) => {
  const { metadata, spec } = object as unknown as NetworkPolicy;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata?.namespace ?? ''}`);
  text.line(0, `Created on:\t${goTime(metadata?.creationTimestamp)}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  describeSpec(spec, text);
  return Promise.resolve();
};

function describeSpec(spec: NetworkPolicySpec | undefined, text: DescribeText): void {
  const { matchLabels = {}, matchExpressions = [] } = spec?.podSelector ?? {};
  const isOpen = Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
  const everyPod = '<none> (Allowing the specific traffic to all pods in this namespace)';
  text.line(0, 'Spec:');
  text.line(1, `PodSelector:     ${isOpen ? everyPod : selectorText(spec?.podSelector)}`);
  const types = spec?.policyTypes ?? [];
  if (types.includes('Ingress')) {
    text.line(1, 'Allowing ingress traffic:');
    const rules = (spec?.ingress ?? []).map(({ ports, from }) => ({ ports, peers: from }));
    describeRules(rules, { direction: 'ingress', title: 'From', end: 'source' }, text);
  } else {
    text.line(1, 'Not affecting ingress traffic');
  }
  if (types.includes('Egress')) {
    text.line(1, 'Allowing egress traffic:');
    const rules = (spec?.egress ?? []).map(({ ports, to }) => ({ ports, peers: to }));
    describeRules(rules, { direction: 'egress', title: 'To', end: 'destination' }, text);
  } else {
    text.line(1, 'Not affecting egress traffic');
  }
  text.line(1, `Policy Types: ${joined(types, ', ')}`);
}

interface Rule {
  readonly ports: readonly NetworkPolicyPort[] | undefined;
  readonly peers: readonly NetworkPolicyPeer[] | undefined;
}

interface Wording {
  readonly direction: string;
  readonly title: string;
  readonly end: string;
}

function describeRules(rules: readonly Rule[], { direction, title, end }: Wording, text: DescribeText): void {
  if (rules.length === 0) text.line(2, `<none> (Selected pods are isolated for ${direction} connectivity)`);
  for (const [index, { ports = [], peers = [] }] of rules.entries()) {
    if (ports.length === 0) text.line(2, 'To Port: <any> (traffic allowed to all ports)');
    for (const { port = '<nil>', endPort, protocol = 'TCP' } of ports) {
      const range = endPort === undefined ? `To Port: ${port}` : `To Port Range: ${port}-${endPort}`;
      text.line(2, `${range}/${protocol}`);
    }
    if (peers.length === 0) text.line(2, `${title}: <any> (traffic not restricted by ${end})`);
    for (const peer of peers) {
      text.line(2, `${title}:`);
      describePeer(peer, text);
    }
    if (index < rules.length - 1) text.line(2, '----------');
  }
}

function describePeer({ namespaceSelector, podSelector, ipBlock }: NetworkPolicyPeer, text: DescribeText): void {
  if (namespaceSelector !== undefined) text.line(3, `NamespaceSelector: ${selectorText(namespaceSelector)}`);
  if (podSelector !== undefined) text.line(3, `PodSelector: ${selectorText(podSelector)}`);
  if (namespaceSelector !== undefined || podSelector !== undefined || ipBlock === undefined) return;
  text.line(3, 'IPBlock:');
  text.line(4, `CIDR: ${ipBlock.cidr}`);
  text.line(4, `Except: ${(ipBlock.except ?? []).join(', ')}`);
}
