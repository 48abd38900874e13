import type { Lease } from '../api/types/coordination-v1.ts';
import type { Node, Pod, Taint } from '../api/types/core-v1.ts';
import { humanDuration } from '../apimachinery/duration.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { StatusError } from '../apimachinery/status.ts';
import { type DescribeText, longTime } from './describe-text.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { eventsOf, writeEvents } from './events.ts';
import { percentOf, podAmounts, totalAmounts } from './node-resources.ts';

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
  text.list('Taints', (spec.taints ?? []).map(taintText).toSorted());
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
  describeSystem(node, text);
  if ((spec.podCIDR ?? '') !== '') text.line(0, `PodCIDR:\t${spec.podCIDR ?? ''}`);
  if ((spec.podCIDRs ?? []).length > 0) text.line(0, `PodCIDRs:\t${(spec.podCIDRs ?? []).join(',')}`);
  if ((spec.providerID ?? '') !== '') text.line(0, `ProviderID:\t${spec.providerID ?? ''}`);
  await describePods(node, text, context);
  if (context.showEvents) {
    // The kubelet gives a node's name as its uid, the controllers the real one.
    const byName = await eventsOf(object, context, metadata.name);
    const byUid = metadata.uid === metadata.name ? [] : await eventsOf(object, context);
    writeEvents([...byName, ...byUid], text, context.now);
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
  for (const name of names) text.line(0, `  ${name}:\t${amounts?.[name] ?? ''}`);
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
  if ((info?.kubeProxyVersion ?? '') !== '') text.line(0, `  Kube-Proxy Version:\t${info?.kubeProxyVersion ?? ''}`);
}

async function describePods(node: Node, text: DescribeText, context: DescribeContext): Promise<void> {
  const list = await context.client.resource({ group: '', version: 'v1', resource: 'pods' }).list({
    fieldSelector: `spec.nodeName=${node.metadata?.name ?? ''},status.phase!=Failed,status.phase!=Succeeded`,
  });
  const pods = list.items as unknown as Pod[];
  const { capacity, allocatable } = node.status ?? {};
  const available = Object.keys(allocatable ?? {}).length > 0 ? (allocatable ?? {}) : (capacity ?? {});
  text.line(0, `Non-terminated Pods:\t(${pods.length} in total)`);
  text.line(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge');
  text.line(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---');
  for (const pod of pods) {
    const { requests, limits } = podAmounts(pod);
    const cells = (['cpu', 'memory'] as const).flatMap((name) =>
      [requests, limits].map((amounts) => percentOf(amounts, name, available)),
    );
    const created = pod.metadata?.creationTimestamp;
    const age = typeof created === 'string' ? humanDuration(context.now - Date.parse(created)) : '<unknown>';
    text.line(1, `${pod.metadata?.namespace ?? ''}\t${pod.metadata?.name ?? ''}\t\t${cells.join('\t')}\t${age}`);
  }
  const { requests, limits } = totalAmounts(pods);
  text.line(0, 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)');
  text.line(1, 'Resource\tRequests\tLimits');
  text.line(1, '--------\t--------\t------');
  const named = ['cpu', 'memory', 'ephemeral-storage'];
  const pages = Object.keys(available)
    .filter((name) => name.startsWith('hugepages-'))
    .toSorted();
  for (const name of [...named, ...pages]) {
    text.line(1, `${name}\t${percentOf(requests, name, available)}\t${percentOf(limits, name, available)}`);
  }
  for (const name of Object.keys(available).toSorted()) {
    if (named.includes(name) || pages.includes(name) || name === 'pods') continue;
    text.line(1, `${name}\t${requests.get(name)?.toString() ?? '0'}\t${limits.get(name)?.toString() ?? '0'}`);
  }
}
