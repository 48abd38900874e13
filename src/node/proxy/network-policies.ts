import type { Namespace, Pod } from '../../api/types/core-v1.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../api/types/networking-v1.ts';
import { blockContains, parseIp, parseIpBlock } from '../../apimachinery/ip-address.ts';
import { labelSelectorMatches } from '../../apimachinery/labels.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';

/** A connection, or a datagram, as it would leave its sender and reach its receiver. */
export interface TrafficFlow {
  /** The address of who sends; empty when that is nobody in the cluster's network. */
  readonly from: string;
  /** The address that the receiver sees in its place: that of a node whose port was asked. */
  readonly seenAs: string;
  /** The address that it goes to in the end, behind services. */
  readonly to: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

/** What pods may send to and be sent, by the network policies of their namespaces. */
export interface NetworkPolicies {
  allows(flow: TrafficFlow): boolean;
}

/** One end of a flow. */
interface End {
  readonly address: string;
  /** Undefined for what is no pod, and for pods of the host's network: policies cannot tell them from their node. */
  readonly pod: Pod | undefined;
}

/** The policies of the cluster (networking.k8s.io/v1); the informers are started by the caller. */
export function createNetworkPolicies(informers: InformerFactory): NetworkPolicies {
  const policies = informers.informer<NetworkPolicy>({
    group: 'networking.k8s.io',
    version: 'v1',
    resource: 'networkpolicies',
  });
  const pods = informers.informer<Pod>({ group: '', version: 'v1', resource: 'pods' });
  const namespaces = informers.informer<Namespace>({ group: '', version: 'v1', resource: 'namespaces' });
  const endOf = (address: string): End => ({ address, pod: podAt(pods, address) });
  return {
    allows({ from, seenAs, to, port, protocol }) {
      if (from === '' || policies.list().length === 0) return true;
      const [sender, receiver] = [endOf(from), endOf(to)];
      const isItself = sender.pod !== undefined && sender.pod.metadata.uid === receiver.pod?.metadata.uid;
      // Nobody can keep a node from its own pods, which it has to look after.
      if (isItself || receiver.pod?.status?.hostIP === seenAs) return true;
      const shown = seenAs === from ? sender : endOf(seenAs);
      const goesTo = (ports: readonly NetworkPolicyPort[] | undefined): boolean =>
        (ports ?? []).length === 0 || (ports ?? []).some((one) => isPort(one, receiver.pod, port, protocol));
      const isOf = (peers: readonly NetworkPolicyPeer[] | undefined, policy: NetworkPolicy, end: End): boolean =>
        (peers ?? []).length === 0 || (peers ?? []).some((peer) => isPeer(peer, policy, end, namespaces));
      const leaving = ofPod(policies, sender.pod, 'Egress');
      const mayLeave = leaving.some((policy) =>
        (policy.spec?.egress ?? []).some((rule) => goesTo(rule.ports) && isOf(rule.to, policy, receiver)),
      );
      if (leaving.length > 0 && !mayLeave) return false;
      const entering = ofPod(policies, receiver.pod, 'Ingress');
      return (
        entering.length === 0 ||
        entering.some((policy) =>
          (policy.spec?.ingress ?? []).some((rule) => goesTo(rule.ports) && isOf(rule.from, policy, shown)),
        )
      );
    },
  };
}

function podAt(pods: Informer<Pod>, address: string): Pod | undefined {
  return pods.list().find(({ spec, status }) => {
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    return spec?.hostNetwork !== true && !isOver && status?.podIPs?.some(({ ip }) => ip === address) === true;
  });
}

/** The policies that isolate a pod in one direction. */
function ofPod(policies: Informer<NetworkPolicy>, pod: Pod | undefined, direction: string): readonly NetworkPolicy[] {
  if (pod === undefined) return [];
  const labels = pod.metadata.labels ?? {};
  return policies
    .list(pod.metadata.namespace)
    .filter(
      ({ spec }) =>
        spec?.policyTypes?.includes(direction) === true && labelSelectorMatches(spec.podSelector ?? {}, labels),
    );
}

function isPort(
  { port, endPort, protocol: wanted = 'TCP' }: NetworkPolicyPort,
  receiver: Pod | undefined,
  asked: number,
  protocol: string,
): boolean {
  if (wanted !== protocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'number') return asked >= port && asked <= (endPort ?? port);
  const { containers = [], initContainers = [] } = receiver?.spec ?? {};
  return [...containers, ...initContainers]
    .flatMap(({ ports = [] }) => ports)
    .some(
      ({ name, containerPort, protocol: own = 'TCP' }) => name === port && own === protocol && containerPort === asked,
    );
}

function isPeer(
  { ipBlock, podSelector, namespaceSelector }: NetworkPolicyPeer,
  { metadata }: NetworkPolicy,
  { address, pod }: End,
  namespaces: Informer<Namespace>,
): boolean {
  if (ipBlock !== undefined) {
    return isIn(ipBlock.cidr, address) && (ipBlock.except ?? []).every((range) => !isIn(range, address));
  }
  if (pod === undefined) return false;
  const { namespace = '', labels = {} } = pod.metadata;
  const isNamespace =
    namespaceSelector === undefined
      ? namespace === metadata.namespace
      : labelSelectorMatches(namespaceSelector, namespaces.get('', namespace)?.metadata.labels ?? {});
  return isNamespace && (podSelector === undefined || labelSelectorMatches(podSelector, labels));
}

function isIn(range: string, address: string): boolean {
  const [block, parsed] = [parseIpBlock(range), parseIp(address)];
  return block !== undefined && parsed !== undefined && blockContains(block, parsed);
}
