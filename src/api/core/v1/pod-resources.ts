import type { Container, Pod } from '../../types/core-v1.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';

/** Amounts by resource name: cpu in thousandths of a core, everything else in its unit (bytes, pieces). */
export type ResourceAmounts = Map<string, number>;

/** Requests that scoring assumes for pods that state none. */
const assumedMilliCpu = 100;
const assumedMemoryBytes = 200 * 1024 * 1024;

/** A quantity as the scheduler counts it. */
export function resourceAmount(name: string, quantity: string | number): number {
  const parsed = parseQuantity(`${quantity}`);
  return Number(name === 'cpu' ? parsed.milliValue() : parsed.value());
}

/** A resource list as amounts. */
export function resourceAmounts(list: Readonly<Record<string, string | number>> | undefined): ResourceAmounts {
  return new Map(Object.entries(list ?? {}).map(([name, quantity]) => [name, resourceAmount(name, quantity)]));
}

/** Resources that a pod may state for itself as a whole (KEP-2837). */
const podLevelResource = /^(cpu|memory|hugepages-.*)$/;

/**
 * What a pod asks of a node: the sum over its containers and sidecars, or the largest init container with the sidecars
 * started before it where that is more (KEP-753), what it states as a whole in place of that, plus its overhead.
 * @param assumed what a container asks for that does not say
 */
export function podRequests(pod: Pod, assumed: ReadonlyMap<string, number> = new Map()): ResourceAmounts {
  const total: ResourceAmounts = new Map();
  const requestsOf = (container: Container): ResourceAmounts =>
    new Map([...assumed, ...resourceAmounts(container.resources?.requests)]);
  for (const container of pod.spec?.containers ?? []) addAmounts(total, requestsOf(container));
  const sidecars: ResourceAmounts = new Map();
  const initPeak: ResourceAmounts = new Map();
  for (const container of pod.spec?.initContainers ?? []) {
    const requests = requestsOf(container);
    if (container.restartPolicy === 'Always') {
      addAmounts(sidecars, requests);
      maxAmounts(initPeak, sidecars);
    } else {
      const together = new Map(sidecars);
      addAmounts(together, requests);
      maxAmounts(initPeak, together);
    }
  }
  addAmounts(total, sidecars);
  maxAmounts(total, initPeak);
  for (const [name, amount] of resourceAmounts(pod.spec?.resources?.requests)) {
    if (podLevelResource.test(name)) total.set(name, amount);
  }
  addAmounts(total, resourceAmounts(pod.spec?.overhead));
  return total;
}

const assumedRequests = new Map([
  ['cpu', assumedMilliCpu],
  ['memory', assumedMemoryBytes],
]);

/** Like podRequests for cpu and memory, with the assumed values for containers that state none. */
export function scoredRequests(pod: Pod): { readonly milliCpu: number; readonly memoryBytes: number } {
  const requests = podRequests(pod, assumedRequests);
  return { milliCpu: requests.get('cpu') ?? 0, memoryBytes: requests.get('memory') ?? 0 };
}

/** Adds amounts to the first map; a factor of -1 takes them away. */
export function addAmounts(target: ResourceAmounts, added: ReadonlyMap<string, number>, factor = 1): void {
  for (const [name, amount] of added) target.set(name, (target.get(name) ?? 0) + factor * amount);
}

function maxAmounts(target: ResourceAmounts, other: ReadonlyMap<string, number>): void {
  for (const [name, amount] of other) target.set(name, Math.max(target.get(name) ?? 0, amount));
}
