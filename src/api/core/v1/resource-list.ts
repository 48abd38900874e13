import { parseQuantity, Quantity } from '../../../apimachinery/quantity.ts';
import type { Container, Pod } from '../../types/core-v1.ts';

/** Amounts by resource name. */
export type ResourceList = ReadonlyMap<string, Quantity>;

/** A resource list of an object. */
export function readResourceList(list: Readonly<Record<string, string | number>> | undefined): Map<string, Quantity> {
  return new Map(Object.entries(list ?? {}).map(([name, quantity]) => [name, parseQuantity(`${quantity}`)]));
}

/** A resource list as objects have it. */
export function writeResourceList(list: ResourceList): Record<string, string> {
  return Object.fromEntries([...list].map(([name, quantity]) => [name, quantity.toString()]));
}

/** The sum by name. */
export function addResourceLists(left: ResourceList, right: ResourceList): Map<string, Quantity> {
  const sum = new Map(left);
  for (const [name, quantity] of right) {
    const known = sum.get(name);
    sum.set(name, known === undefined ? quantity : known.add(quantity));
  }
  return sum;
}

/** The larger of both by name. */
export function maxResourceLists(left: ResourceList, right: ResourceList): Map<string, Quantity> {
  const largest = new Map(left);
  for (const [name, quantity] of right) {
    const known = largest.get(name);
    if (known === undefined || quantity.compare(known) > 0) largest.set(name, quantity);
  }
  return largest;
}

/** A number of things. */
export function countQuantity(count: number): Quantity {
  return new Quantity(BigInt(count) * 10n ** 9n, 'DecimalSI');
}

export interface PodTotalOptions {
  /** Whether spec.overhead counts. */
  readonly overhead: boolean;
  /** What else a container counts with, such as what its status says it has. */
  readonly containerList?: (container: Container, own: ResourceList) => ResourceList;
}

/**
 * What a pod's containers request or are limited to together: all containers and sidecars, or the largest init
 * container with the sidecars started before it where that is more; what the pod states as a whole wins (KEP-753, KEP-2837).
 */
export function podTotal(pod: Pod, kind: 'requests' | 'limits', options: PodTotalOptions): Map<string, Quantity> {
  const { spec } = pod;
  const listOf = (container: Container): ResourceList => {
    const own = readResourceList(container.resources?.[kind]);
    return options.containerList?.(container, own) ?? own;
  };
  let total = new Map<string, Quantity>();
  for (const container of spec?.containers ?? []) total = addResourceLists(total, listOf(container));
  let sidecars = new Map<string, Quantity>();
  let peak = new Map<string, Quantity>();
  for (const container of spec?.initContainers ?? []) {
    const own = listOf(container);
    if (container.restartPolicy === 'Always') {
      total = addResourceLists(total, own);
      sidecars = addResourceLists(sidecars, own);
      peak = maxResourceLists(peak, sidecars);
    } else {
      peak = maxResourceLists(peak, addResourceLists(own, sidecars));
    }
  }
  total = maxResourceLists(total, peak);
  for (const [name, quantity] of readResourceList(spec?.resources?.[kind])) {
    if (isPodLevelResource(name)) total.set(name, quantity);
  }
  if (!options.overhead) return total;
  const overhead = readResourceList(spec?.overhead);
  for (const [name, quantity] of overhead) {
    const known = total.get(name);
    // What is not limited stays so.
    if (kind === 'limits' && (known === undefined || known.isZero())) continue;
    total.set(name, known === undefined ? quantity : known.add(quantity));
  }
  return total;
}

/** Resources that a pod can state as a whole. */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}
