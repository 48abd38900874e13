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

/** Creates the Node object, or takes over one that is there (its labels are completed, its pod range is kept). */
export async function registerNode(client: Client, node: NodeDescription, now: number): Promise<Node> {
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
    return await nodes.create(object);
  } catch (error) {
    if (!hasReason(error, 'AlreadyExists')) throw error;
  }
  await nodes.patch(node.name, 'application/strategic-merge-patch+json', { metadata: { labels } });
  return updateNodeStatus(client, node, now);
}

/** The heartbeat in the Node's status: conditions with the time they were looked at. */
export async function updateNodeStatus(client: Client, node: NodeDescription, now: number): Promise<Node> {
  const nodes = client.resource<Node>(nodesResource);
  const current = await nodes.get(node.name);
  const patch = { status: nodeStatus(node, current.status, now) };
  return nodes.patch(node.name, 'application/strategic-merge-patch+json', patch, { subresource: 'status' });
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

const healthyConditions: readonly { type: string; status: string; reason: string; message: string }[] = [
  {
    type: 'MemoryPressure',
    status: 'False',
    reason: 'KubeletHasSufficientMemory',
    message: 'kubelet has sufficient memory available',
  },
  {
    type: 'DiskPressure',
    status: 'False',
    reason: 'KubeletHasNoDiskPressure',
    message: 'kubelet has no disk pressure',
  },
  {
    type: 'PIDPressure',
    status: 'False',
    reason: 'KubeletHasSufficientPID',
    message: 'kubelet has sufficient PID available',
  },
  { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
];

/** Whether somebody else says of the node what it does not: that nobody knows how it is, after it was silent for long. */
export function isMisrepresented({ status }: Node): boolean {
  return healthyConditions.some((own) => {
    const told = status?.conditions?.find(({ type }) => type === own.type);
    return told?.status !== own.status;
  });
}

function nodeStatus(node: NodeDescription, old: NodeStatus | undefined, now: number): NodeStatus {
  const conditions = healthyConditions.map((entry): NodeCondition => {
    const before = old?.conditions?.find((candidate) => candidate.type === entry.type);
    const since = before?.status === entry.status ? before.lastTransitionTime : undefined;
    return { ...entry, lastHeartbeatTime: formatTime(now), lastTransitionTime: since ?? formatTime(now) };
  });
  return {
    capacity: { ...node.capacity },
    allocatable: { ...node.capacity },
    conditions,
    addresses: [
      { type: 'InternalIP', address: node.hostIP },
      { type: 'Hostname', address: node.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
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
