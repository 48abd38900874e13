import type { Container, Pod } from '../api/types/core-v1.ts';
import { parseQuantity, type Quantity } from '../apimachinery/quantity.ts';

/** Amounts by resource name. */
export type Amounts = ReadonlyMap<string, Quantity>;

interface PodAmounts {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/**
 * What a pod asks for and may use: its containers together, or its init containers where one of them wants more;
 * sidecars (init containers that restart) run along with both, and the overhead comes on top (KEP-753, KEP-688).
 */
export function podAmounts(pod: Pod): PodAmounts {
  const { containers = [], initContainers = [], overhead, resources } = pod.spec ?? {};
  const collect = (kind: 'requests' | 'limits'): Amounts => {
    const total = new Map<string, Quantity>();
    for (const container of containers) addTo(total, amountsOf(container, kind));
    const sidecars = new Map<string, Quantity>();
    const peak = new Map<string, Quantity>();
    for (const container of initContainers) {
      if (container.restartPolicy === 'Always') {
        addTo(total, amountsOf(container, kind));
        addTo(sidecars, amountsOf(container, kind));
        raiseTo(peak, sidecars);
      } else {
        const needed = new Map(amountsOf(container, kind));
        addTo(needed, sidecars);
        raiseTo(peak, needed);
      }
    }
    raiseTo(total, peak);
    for (const [name, amount] of parsed(resources?.[kind])) total.set(name, amount);
    for (const [name, amount] of parsed(overhead)) {
      const before = total.get(name);
      if (before !== undefined) total.set(name, before.add(amount));
      else if (kind === 'requests') total.set(name, amount);
    }
    return total;
  };
  return { requests: collect('requests'), limits: collect('limits') };
}

/** The amounts of several pods together. */
export function totalAmounts(pods: readonly Pod[]): PodAmounts {
  const requests = new Map<string, Quantity>();
  const limits = new Map<string, Quantity>();
  for (const pod of pods) {
    const amounts = podAmounts(pod);
    addTo(requests, amounts.requests);
    addTo(limits, amounts.limits);
  }
  return { requests, limits };
}

/** `100m (5%)`: an amount and what part of the whole it is. */
export function percentOf(amounts: Amounts, name: string, whole: Readonly<Record<string, string>>): string {
  const amount = amounts.get(name);
  const total = whole[name] === undefined ? 0 : parseQuantity(whole[name]).toNumber();
  const percent = total === 0 || amount === undefined ? 0 : Math.trunc((amount.toNumber() / total) * 100);
  return `${amount?.toString() ?? '0'} (${percent}%)`;
}

function amountsOf(container: Container, kind: 'requests' | 'limits'): Map<string, Quantity> {
  return parsed(container.resources?.[kind]);
}

function parsed(amounts: Readonly<Record<string, string>> | undefined): Map<string, Quantity> {
  return new Map(Object.entries(amounts ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

function addTo(total: Map<string, Quantity>, amounts: Amounts): void {
  for (const [name, amount] of amounts) total.set(name, total.get(name)?.add(amount) ?? amount);
}

function raiseTo(total: Map<string, Quantity>, amounts: Amounts): void {
  for (const [name, amount] of amounts) {
    const before = total.get(name);
    if (before === undefined || before.compare(amount) < 0) total.set(name, amount);
  }
}
