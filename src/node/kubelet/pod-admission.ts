import { hostPortsOf, isPortTaken } from '../../api/core/v1/host-ports.ts';
import { isTolerated, matchesNodeAffinity } from '../../api/core/v1/node-matching.ts';
import { addAmounts, podRequests, resourceAmounts, type ResourceAmounts } from '../../api/core/v1/pod-resources.ts';
import type { Node, Pod } from '../../api/types/core-v1.ts';
import { forbiddenSysctl } from './pod-sysctls.ts';

/** Why a node does not take a pod that is bound to it. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

const operatingSystemLabel = 'kubernetes.io/os';
/** From here on a priority is one of the system's own. */
const criticalPriority = 2_000_000_000;
const ownResources: readonly string[] = ['cpu', 'memory', 'ephemeral-storage'];

/**
 * Whether a node can take a pod: what the scheduler has seen to already, for pods that were bound by others.
 * @param others the pods that are on the node
 */
export function rejectionOf(pod: Pod, node: Node, others: readonly Pod[]): Rejection | undefined {
  const forbidden = forbiddenSysctl(pod);
  if (forbidden !== undefined) return { reason: 'SysctlForbidden', message: forbidden };
  const system = node.status?.nodeInfo?.operatingSystem ?? 'linux';
  const label = pod.metadata.labels?.[operatingSystemLabel];
  if (label !== undefined && label !== system) {
    return {
      reason: 'PodOSSelectorNodeLabelDoesNotMatch',
      message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    };
  }
  if (pod.spec?.os !== undefined && pod.spec.os.name !== system) {
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
  }
  // Critical pods get their resources.
  const lacking = isCritical(pod) ? undefined : insufficientResource(pod, node, others);
  return lacking ?? predicateFailure(pod, node, others);
}

/** Whether the cluster cannot do without a pod, as its priority says. */
export function isCritical(pod: Pod): boolean {
  return (pod.spec?.priority ?? 0) >= criticalPriority;
}

/** Whether it is only labels of the node that keep the pod away: those may be newer than what is known here. */
export function isForLabels(rejection: Rejection | undefined): boolean {
  return rejection?.reason === 'NodeAffinity';
}

function insufficientResource(pod: Pod, node: Node, others: readonly Pod[]): Rejection | undefined {
  const allocatable = resourceAmounts(node.status?.allocatable ?? node.status?.capacity);
  const mostPods = allocatable.get('pods') ?? 0;
  if (others.length + 1 > mostPods) return outOf('pods', 1, others.length, mostPods);
  const requests = [...podRequests(pod)].toSorted(([left], [right]) => rankOf(left) - rankOf(right));
  const used: ResourceAmounts = new Map();
  for (const other of others) addAmounts(used, podRequests(other));
  for (const [name, requested] of requests) {
    // What the node does not know may be a resource of the cluster.
    if (requested === 0 || (name.includes('/') && !allocatable.has(name))) continue;
    const taken = used.get(name) ?? 0;
    const capacity = allocatable.get(name) ?? 0;
    if (requested > capacity - taken) return outOf(name, requested, taken, capacity);
  }
  return undefined;
}

function rankOf(resource: string): number {
  const index = ownResources.indexOf(resource);
  return index === -1 ? ownResources.length : index;
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

function predicateFailure(pod: Pod, node: Node, others: readonly Pod[]): Rejection | undefined {
  const failed = (reason: string, text: string): Rejection => ({
    reason,
    message: `Predicate ${reason} failed: ${text}`,
  });
  if (!matchesNodeAffinity(pod, node))
    return failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
  if (isPortTaken(hostPortsOf(pod), others.flatMap(hostPortsOf))) {
    return failed('NodePorts', "node(s) didn't have free ports for the requested pod ports");
  }
  const isUntolerated = (node.spec?.taints ?? []).some(
    (taint) => taint.effect === 'NoExecute' && !isTolerated(pod.spec?.tolerations, taint),
  );
  return isUntolerated ? failed('TaintToleration', "node(s) had taints that the pod didn't tolerate") : undefined;
}
