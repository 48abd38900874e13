import type { Node, NodeCondition, NodeStatus } from '../../api/types/core-v1.ts';
import type { Lease } from '../../api/types/coordination-v1.ts';
import { formatMicroTime, formatTime } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';

/** What a node tells of itself. */
export interface NodeDescription {
  readonly name: string;
  readonly hostIP: string;
  readonly podCIDR: string;
  /** The address of the cluster's DNS; pods have the node's settings when absent. */
  readonly clusterDns?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly capacity: Readonly<Record<string, string>>;
  readonly kubeletVersion: string;
  readonly runtimeVersion: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly uid: string;
}

const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const leasesResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' } as const;
const leaseNamespace = 'kube-node-lease';
/** As kubelet's --node-lease-duration-seconds. */
export const leaseDurationSeconds = 40;

/** Hears of each condition that is other than it was: `NodeReady`. */
export type NodeNews = (node: Node, event: string) => void;

/** Creates the Node object, or takes over one that is there (its labels are completed, its pod range is kept). */
export async function registerNode(
  client: Client,
  node: NodeDescription,
  now: number,
  onNews: NodeNews,
): Promise<Node> {
  const nodes = client.resource<Node>(nodesResource);
  const labels = {
    'beta.kubernetes.io/arch': node.architecture,
    'beta.kubernetes.io/os': node.operatingSystem,
    'kubernetes.io/arch': node.architecture,
    'kubernetes.io/hostname': node.name,
    'kubernetes.io/os': node.operatingSystem,
    ...node.labels,
  };
  const object: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels,
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: {
      podCIDR: node.podCIDR,
      podCIDRs: [node.podCIDR],
      ...(node.taints.length > 0 ? { taints: [...node.taints] } : {}),
    },
    status: nodeStatus(node, undefined, now),
  };
  try {
    const created = await nodes.create(object);
    tellNews(created, undefined, onNews);
    return created;
  } catch (error) {
    if (!hasReason(error, 'AlreadyExists')) throw error;
  }
  await nodes.patch(node.name, 'application/strategic-merge-patch+json', { metadata: { labels } });
  return updateNodeStatus(client, node, now, onNews);
}

/** The heartbeat in the Node's status: conditions with the time they were looked at. */
export async function updateNodeStatus(
  client: Client,
  node: NodeDescription,
  now: number,
  onNews: NodeNews,
): Promise<Node> {
  const nodes = client.resource<Node>(nodesResource);
  const current = await nodes.get(node.name);
  const status = nodeStatus(node, current.status, now);
  const gone = keysOf(current.status?.allocatable).filter((name) => status.allocatable?.[name] === undefined);
  const allocatable = { ...status.allocatable, ...Object.fromEntries(gone.map((name) => [name, null])) };
  const patch = { status: { ...status, allocatable } };
  const type = 'application/strategic-merge-patch+json';
  const patched = await nodes.patch(node.name, type, patch, { subresource: 'status' });
  tellNews(patched, current.status, onNews);
  return patched;
}

function tellNews(node: Node, before: NodeStatus | undefined, onNews: NodeNews): void {
  for (const { type, status, event } of healthyConditions) {
    if (conditionOf(before, type)?.status !== status) onNews(node, event);
  }
}

/** Creates or renews the node's Lease (KEP-589). */
export async function renewNodeLease(client: Client, node: Node, now: number): Promise<void> {
  const name = node.metadata.name ?? '';
  const leases = client.resource<Lease>(leasesResource, leaseNamespace);
  const renewTime = formatMicroTime(now);
  try {
    await leases.patch(name, 'application/merge-patch+json', { spec: { renewTime, holderIdentity: name } });
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    await leases.create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        namespace: leaseNamespace,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid ?? '' }],
      },
      spec: { holderIdentity: name, leaseDurationSeconds, renewTime },
    });
  }
}

interface HealthyCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** What tells that it has become so. */
  readonly event: string;
}

const healthyConditions: readonly HealthyCondition[] = [
  {
    type: 'MemoryPressure',
    status: 'False',
    reason: 'KubeletHasSufficientMemory',
    message: 'kubelet has sufficient memory available',
    event: 'NodeHasSufficientMemory',
  },
  {
    type: 'DiskPressure',
    status: 'False',
    reason: 'KubeletHasNoDiskPressure',
    message: 'kubelet has no disk pressure',
    event: 'NodeHasNoDiskPressure',
  },
  {
    type: 'PIDPressure',
    status: 'False',
    reason: 'KubeletHasSufficientPID',
    message: 'kubelet has sufficient PID available',
    event: 'NodeHasSufficientPID',
  },
  {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'kubelet is posting ready status',
    event: 'NodeReady',
  },
];

function conditionOf(status: NodeStatus | undefined, type: string): NodeCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/**
 * Whether somebody else says of the node what it does not: that nobody knows how it is, after it was silent for long, or
 * that it has more of something than pods may be given.
 */
export function isMisrepresented({ status }: Node): boolean {
  const [capacity, allocatable] = [keysOf(status?.capacity), keysOf(status?.allocatable)];
  return (
    healthyConditions.some((own) => conditionOf(status, own.type)?.status !== own.status) ||
    capacity.length !== allocatable.length ||
    capacity.some((name) => !allocatable.includes(name))
  );
}

function keysOf(resources: Readonly<Record<string, string>> | undefined): string[] {
  return Object.keys(resources ?? {});
}

function nodeStatus(node: NodeDescription, old: NodeStatus | undefined, now: number): NodeStatus {
  const conditions = healthyConditions.map(({ event: _event, ...entry }): NodeCondition => {
    const before = conditionOf(old, entry.type);
    const since = before?.status === entry.status ? before.lastTransitionTime : undefined;
    return { ...entry, lastHeartbeatTime: formatTime(now), lastTransitionTime: since ?? formatTime(now) };
  });
  // What others say that the node has, pods may be given.
  const capacity = { ...old?.capacity, ...node.capacity };
  return {
    capacity,
    allocatable: { ...capacity },
    conditions,
    addresses: [
      { type: 'InternalIP', address: node.hostIP },
      { type: 'Hostname', address: node.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    // What pods may ask for that older kubelets do not do (KEP-5328).
    declaredFeatures: [
      'InPlacePodLevelResourcesVerticalScaling',
      'InPlacePodVerticalScalingInitContainers',
      'RestartAllContainersOnContainerExits',
    ],
    nodeInfo: {
      machineID: node.uid.replaceAll('-', ''),
      systemUUID: node.uid,
      bootID: node.uid,
      kernelVersion: node.kernelVersion,
      osImage: node.osImage,
      containerRuntimeVersion: node.runtimeVersion,
      kubeletVersion: node.kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: node.operatingSystem,
      architecture: node.architecture,
    },
  };
}
