import type { Container, Pod, ResourceFieldSelector } from '../../api/types/core-v1.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';

/** What the downward API tells of the pod's place. */
export interface DownwardFacts {
  readonly podIPs: readonly string[];
  readonly hostIP: string;
  /** What the pod or the node can give, for limits that are not set. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** The text of a field of a pod, as `fieldRef` names it; empty when there is nothing. */
export function fieldText(path: string, pod: Pod, facts: Omit<DownwardFacts, 'allocatable'>): string {
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  const { metadata, spec } = pod;
  if (keyed !== null) {
    const map = keyed[1] === 'labels' ? metadata.labels : metadata.annotations;
    return map?.[keyed[2] ?? ''] ?? '';
  }
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'metadata.labels': mapText(metadata.labels),
    'metadata.annotations': mapText(metadata.annotations),
    'spec.nodeName': spec?.nodeName,
    'spec.serviceAccountName': spec?.serviceAccountName,
    'status.hostIP': facts.hostIP,
    'status.hostIPs': facts.hostIP,
    'status.podIP': facts.podIPs[0],
    'status.podIPs': facts.podIPs.join(','),
  };
  return fields[path] ?? '';
}

/** A line for each key, sorted, with the values quoted. */
function mapText(map: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(map ?? {}).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join('\n');
}

/** What a container of a pod may have where it has no limit of its own: that of the pod, or what the node can give. */
export function limitsOf(pod: Pod, allocatable: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const forPod = Object.entries(pod.spec?.resources?.limits ?? {}).filter(
    ([name, amount]) => ['cpu', 'memory'].includes(name) && !parseQuantity(amount).isZero(),
  );
  return { ...allocatable, ...Object.fromEntries(forPod) };
}

/** The amount that `resourceFieldRef` names, in its divisor, rounded up. */
export function resourceText(selector: ResourceFieldSelector, container: Container, facts: DownwardFacts): string {
  const [list, ...rest] = selector.resource.split('.');
  const name = rest.join('.');
  const { limits, requests } = container.resources ?? {};
  const given = list === 'limits' ? (limits?.[name] ?? facts.allocatable[name]) : requests?.[name];
  const amount = parseQuantity(given ?? '0');
  const divisor = parseQuantity(selector.divisor ?? '1');
  const unit = divisor.isZero() ? parseQuantity('1') : divisor;
  if (name === 'cpu') return String(divideUp(amount.milliValue(), unit.milliValue()));
  return String(divideUp(amount.value(), unit.value()));
}

function divideUp(amount: bigint, unit: bigint): bigint {
  return (amount + unit - 1n) / unit;
}
