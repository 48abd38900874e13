import { hostPortsOf } from '../../api/core/v1/host-ports.ts';
import {
  addAmounts,
  podRequests,
  resourceAmounts,
  type ResourceAmounts,
  scoredRequests,
} from '../../api/core/v1/pod-resources.ts';
import type { Node, Pod } from '../../api/types/core-v1.ts';

/** A node with the pods on it, bound or assumed, and what they ask for. */
export interface NodeInfo {
  readonly node: Node;
  readonly pods: ReadonlyMap<string, Pod>;
  readonly allocatable: ReadonlyMap<string, number>;
  readonly requested: ReadonlyMap<string, number>;
  /** With assumed values for pods without requests; for scoring. */
  readonly scored: { readonly milliCpu: number; readonly memoryBytes: number };
  /** How many pods use a host port: `protocol/ip/port`. */
  readonly hostPorts: ReadonlyMap<string, number>;
}

interface MutableNodeInfo extends NodeInfo {
  node: Node;
  allocatable: ResourceAmounts;
  requested: ResourceAmounts;
  scored: { milliCpu: number; memoryBytes: number };
  pods: Map<string, Pod>;
  hostPorts: Map<string, number>;
}

/** The scheduler's picture of the cluster, one step ahead of the API: pods being bound count already. */
export class SchedulerCache {
  readonly #nodes = new Map<string, MutableNodeInfo>();
  /** Pods on nodes that are not known (yet). */
  readonly #homeless = new Map<string, Map<string, Pod>>();
  readonly #placed = new Map<string, string>();

  /** Nodes in a stable order. */
  nodes(): readonly NodeInfo[] {
    return [...this.#nodes.values()];
  }

  setNode(node: Node): void {
    const name = node.metadata.name ?? '';
    const known = this.#nodes.get(name);
    const allocatable = resourceAmounts(node.status?.allocatable ?? node.status?.capacity);
    if (known !== undefined) {
      known.node = node;
      known.allocatable = allocatable;
      return;
    }
    const info: MutableNodeInfo = {
      node,
      allocatable,
      requested: new Map(),
      scored: { milliCpu: 0, memoryBytes: 0 },
      pods: new Map(),
      hostPorts: new Map(),
    };
    this.#nodes.set(name, info);
    for (const pod of this.#homeless.get(name)?.values() ?? []) count(info, pod, 1);
    this.#homeless.delete(name);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#nodes.delete(name);
    if (info.pods.size > 0) this.#homeless.set(name, new Map(info.pods));
  }

  /** A pod that is bound, or assumed to be, to `nodeName`; calling it again replaces it. */
  setPod(pod: Pod, nodeName: string): void {
    const uid = pod.metadata.uid ?? '';
    this.removePod(uid);
    this.#placed.set(uid, nodeName);
    const info = this.#nodes.get(nodeName);
    if (info !== undefined) {
      count(info, pod, 1);
      return;
    }
    const waiting = this.#homeless.get(nodeName) ?? new Map<string, Pod>();
    waiting.set(uid, pod);
    this.#homeless.set(nodeName, waiting);
  }

  removePod(uid: string): void {
    const nodeName = this.#placed.get(uid);
    if (nodeName === undefined) return;
    this.#placed.delete(uid);
    this.#homeless.get(nodeName)?.delete(uid);
    const info = this.#nodes.get(nodeName);
    const pod = info?.pods.get(uid);
    if (info !== undefined && pod !== undefined) count(info, pod, -1);
  }
}

/** A copy of a node with some pods more and some less; the pods of the cache stay as they are. */
export function withPods(info: NodeInfo, added: readonly Pod[], removed: readonly Pod[] = []): NodeInfo {
  const copy: MutableNodeInfo = {
    node: info.node,
    allocatable: new Map(info.allocatable),
    requested: new Map(info.requested),
    scored: { ...info.scored },
    pods: new Map(info.pods),
    hostPorts: new Map(info.hostPorts),
  };
  for (const pod of removed) if (copy.pods.has(pod.metadata.uid ?? '')) count(copy, pod, -1);
  for (const pod of added) if (!copy.pods.has(pod.metadata.uid ?? '')) count(copy, pod, 1);
  return copy;
}

function count(info: MutableNodeInfo, pod: Pod, factor: 1 | -1): void {
  const uid = pod.metadata.uid ?? '';
  addAmounts(info.requested, podRequests(pod), factor);
  const scored = scoredRequests(pod);
  info.scored = {
    milliCpu: info.scored.milliCpu + factor * scored.milliCpu,
    memoryBytes: info.scored.memoryBytes + factor * scored.memoryBytes,
  };
  for (const port of hostPortsOf(pod)) {
    const users = (info.hostPorts.get(port) ?? 0) + factor;
    if (users > 0) info.hostPorts.set(port, users);
    else info.hostPorts.delete(port);
  }
  if (factor === 1) info.pods.set(uid, pod);
  else info.pods.delete(uid);
}
