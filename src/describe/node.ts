import type { Lease } from '../api/types/coordination-v1.ts';
import type { Node, Pod, Taint } from '../api/types/core-v1.ts';
import type { ResourceSlice } from '../api/types/resource-v1.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { canonicalQuantity } from '../apimachinery/quantity.ts';
import { hasReason, StatusError } from '../apimachinery/status.ts';
import { type DescribeText, longTime } from './describe-text.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { eventsOf, since, subjectOf, writeEvents } from './events.ts';
import { listAll, related } from './list-all.ts';
import { percentOf, podAmounts, shareOfNothing, totalAmounts } from './node-resources.ts';

/** A node, with the pods on it. */
export const describeNode: Describer = async (object, text, context) => {
  const node = object as unknown as Node;
  const { metadata, spec = {}, status = {} } = node;
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  const roles = rolesOf(metadata.labels ?? {});
  text.line(0, `Roles:\t${roles.length === 0 ? '<none>' : roles.join(',')}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  text.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  text.list('Taints', sortedTaints(spec.taints ?? []).map(taintText));
  text.line(0, `Unschedulable:\t${spec.unschedulable ?? false}`);
  await describeLease(object, text, context);
  const conditions = status.conditions ?? [];
  if (conditions.length > 0) {
    text.line(0, 'Conditions:');
    text.line(1, 'Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage');
    text.line(1, '----\t------\t-----------------\t------------------\t------\t-------');
    for (const {
      type,
      status: value,
      lastHeartbeatTime,
      lastTransitionTime,
      reason = '',
      message = '',
    } of conditions) {
      const times = `${longTime(lastHeartbeatTime)} \t${longTime(lastTransitionTime)}`;
      text.line(1, `${type} \t${value} \t${times} \t${reason} \t${message}`);
    }
  }
  text.line(0, 'Addresses:');
  for (const { type, address } of status.addresses ?? []) text.line(1, `${type}:\t${address}`);
  describeAmounts('Capacity', status.capacity, text);
  describeAmounts('Allocatable', status.allocatable, text);
  await describeResourceSlices(metadata.name ?? '', text, context);
  describeSystem(node, text);
  if ((spec.podCIDR ?? '') !== '') text.line(0, `PodCIDR:\t${spec.podCIDR ?? ''}`);
  if ((spec.podCIDRs ?? []).length > 0) text.line(0, `PodCIDRs:\t${(spec.podCIDRs ?? []).join(',')}`);
  if ((spec.providerID ?? '') !== '') text.line(0, `ProviderID:\t${spec.providerID ?? ''}`);
  await describePods(node, text, context);
  if (context.showEvents) {
    // The kubelet gives a node's name as its uid, the controllers the real one.
    const subject = subjectOf(object);
    const [byUid, byName] = await Promise.all([
      eventsOf(subject, context),
      eventsOf({ ...subject, uid: subject.name }, context),
    ]);
    writeEvents([...byUid, ...byName], text, context.now);
  }
};

function rolesOf(labels: Readonly<Record<string, string>>): string[] {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(labels)) {
    const role = key.startsWith('node-role.kubernetes.io/')
      ? key.slice('node-role.kubernetes.io/'.length)
      : key === 'kubernetes.io/role'
        ? value
        : '';
    if (role !== '') roles.add(role);
  }
  return [...roles].toSorted();
}

function sortedTaints(taints: readonly Taint[]): Taint[] {
  const keyOf = ({ effect, key }: Taint): string => `${effect},${key}`;
  return taints.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
}

function taintText({ key, value = '', effect }: Taint): string {
  return value === '' ? `${key}:${effect}` : `${key}=${value}:${effect}`;
}

async function describeLease(object: Unstructured, text: DescribeText, context: DescribeContext): Promise<void> {
  const leases = context.client.resource(
    { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' },
    'kube-node-lease',
  );
  try {
    const { spec } = (await leases.get(object.metadata.name ?? '')) as unknown as Lease;
    text.line(0, 'Lease:');
    text.line(1, `HolderIdentity:\t${spec?.holderIdentity ?? '<unset>'}`);
    text.line(1, `AcquireTime:\t${spec?.acquireTime === undefined ? '<unset>' : longTime(spec.acquireTime)}`);
    text.line(1, `RenewTime:\t${spec?.renewTime === undefined ? '<unset>' : longTime(spec.renewTime)}`);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    text.line(0, `Lease:\tFailed to get lease: ${error.message}`);
  }
}

function describeAmounts(title: string, amounts: Record<string, string> | undefined, text: DescribeText): void {
  const names = Object.keys(amounts ?? {}).toSorted();
  if (names.length === 0) return;
  text.line(0, `${title}:`);
  for (const name of names) text.line(0, `  ${name}:\t${canonicalQuantity(amounts?.[name] ?? '0')}`);
}

function describeSystem({ status }: Node, text: DescribeText): void {
  const info = status?.nodeInfo;
  text.line(0, 'System Info:');
  text.line(0, `  Machine ID:\t${info?.machineID ?? ''}`);
  text.line(0, `  System UUID:\t${info?.systemUUID ?? ''}`);
  text.line(0, `  Boot ID:\t${info?.bootID ?? ''}`);
  text.line(0, `  Kernel Version:\t${info?.kernelVersion ?? ''}`);
  text.line(0, `  OS Image:\t${info?.osImage ?? ''}`);
  text.line(0, `  Operating System:\t${info?.operatingSystem ?? ''}`);
  text.line(0, `  Architecture:\t${info?.architecture ?? ''}`);
  text.line(0, `  Container Runtime Version:\t${info?.containerRuntimeVersion ?? ''}`);
  text.line(0, `  Kubelet Version:\t${info?.kubeletVersion ?? ''}`);
}

interface Pool {
  readonly driver: string;
  readonly pool: string;
  slices: number;
  devices: number;
}

const maxPools = 10;

/** The devices that only this node has, by driver and pool. */
async function describeResourceSlices(node: string, text: DescribeText, context: DescribeContext): Promise<void> {
  const pools = new Map<string, Pool>();
  for (const { spec } of await resourceSlicesOf(node, context)) {
    const id = `${spec.driver}/${spec.pool.name}`;
    const pool = pools.get(id) ?? { driver: spec.driver, pool: spec.pool.name, slices: 0, devices: 0 };
    pool.slices++;
    pool.devices += (spec.devices ?? []).length;
    pools.set(id, pool);
  }
  if (pools.size === 0) return;
  const sorted = [...pools].toSorted(([left], [right]) => (left < right ? -1 : 1));
  text.line(0, 'Node-Local ResourceSlices:');
  text.table(
    1,
    ['Driver', 'Pool', 'Slices', 'Devices'],
    sorted.slice(0, maxPools).map(([, { driver, pool, slices, devices }]) => [driver, pool, slices, devices]),
  );
  if (sorted.length > maxPools) text.line(1, `...and ${sorted.length - maxPools} more pools`);
}

/** None where the server does not have them or does not show them. */
async function resourceSlicesOf(node: string, context: DescribeContext): Promise<ResourceSlice[]> {
  try {
    return await listAll({ ...context, chunkSize: 0 }, related.resourceSlices, undefined, {
      fieldSelector: `spec.nodeName=${node}`,
    });
  } catch (error) {
    if (error instanceof StatusError) return [];
    throw error;
  }
}

/** The pods on a node that have not ended; undefined where they may not be seen. */
async function podsOn(node: string, context: DescribeContext): Promise<Pod[] | undefined> {
  try {
    return await listAll<Pod>(context, related.pods, undefined, {
      fieldSelector: `spec.nodeName=${node},status.phase!=Succeeded,status.phase!=Failed`,
    });
  } catch (error) {
    if (hasReason(error, 'Forbidden')) return undefined;
    throw error;
  }
}

async function describePods(node: Node, text: DescribeText, context: DescribeContext): Promise<void> {
  const pods = await podsOn(node.metadata?.name ?? '', context);
  if (pods === undefined) {
    text.line(0, 'Pods:\tnot authorized');
    return;
  }
  const { capacity = {}, allocatable = {} } = node.status ?? {};
  const available = Object.keys(allocatable).length > 0 ? allocatable : capacity;
  text.line(0, `Non-terminated Pods:\t(${pods.length} in total)`);
  text.line(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge');
  text.line(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---');
  for (const pod of pods) {
    const { requests, limits } = podAmounts(pod, true);
    const cells = (['cpu', 'memory'] as const).flatMap((name) =>
      [requests, limits].map((amounts) => percentOf(amounts, name, available, shareOfNothing)),
    );
    const age = since(pod.metadata?.creationTimestamp, context.now);
    text.line(1, `${pod.metadata?.namespace ?? ''}\t${pod.metadata?.name ?? ''}\t\t${cells.join('\t')}\t${age}`);
  }
  const { requests, limits } = totalAmounts(pods);
  text.line(0, 'Allocated resources:');
  text.line(1, '(Total limits may be over 100 percent, i.e., overcommitted.)');
  const named = ['cpu', 'memory', 'ephemeral-storage'];
  const others = Object.keys(available).toSorted();
  const pages = others.filter((name) => name.startsWith('hugepages-'));
  const extended = others.filter((name) => !named.includes(name) && !pages.includes(name) && name !== 'pods');
  text.table(
    1,
    ['Resource', 'Requests', 'Limits'],
    [
      ...[...named, ...pages].map((name) => [
        name,
        percentOf(requests, name, available),
        percentOf(limits, name, available),
      ]),
      ...extended.map((name) => [name, requests.get(name)?.toString() ?? '0', limits.get(name)?.toString() ?? '0']),
    ],
  );
}
