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
 * sidecars (init containers that restart) run along with both, amounts of the pod itself stand before those of its
 * containers, and the overhead comes on top (KEP-753, KEP-2837, KEP-688).
 * @param withStatus whether what containers were given counts where it is more than what they ask for (KEP-1287)
 */
export function podAmounts(pod: Pod, withStatus = false): PodAmounts {
  const { containers = [], initContainers = [], overhead, resources } = pod.spec ?? {};
  const collect = (kind: Kind): Amounts => {
    const amountsOf = (container: Container, mayBeGiven: boolean): Amounts => {
      const wanted = parsed(container.resources?.[kind]);
      return withStatus && mayBeGiven ? withGiven(wanted, kind, container.name, pod) : wanted;
    };
    const total = new Map<string, Quantity>();
    for (const container of containers) addTo(total, amountsOf(container, true));
    const sidecars = new Map<string, Quantity>();
    const peak = new Map<string, Quantity>();
    for (const container of initContainers) {
      if (container.restartPolicy === 'Always') {
        addTo(total, amountsOf(container, true));
        addTo(sidecars, amountsOf(container, true));
        raiseTo(peak, sidecars);
      } else {
        const needed = new Map(amountsOf(container, false));
        addTo(needed, sidecars);
        raiseTo(peak, needed);
      }
    }
    raiseTo(total, peak);
    for (const [name, amount] of parsed(resources?.[kind])) if (isOfPods(name)) total.set(name, amount);
    for (const [name, amount] of parsed(overhead)) {
      const before = total.get(name);
      if (kind === 'requests') total.set(name, before?.add(amount) ?? amount);
      else if (before !== undefined && !before.isZero()) total.set(name, before.add(amount));
    }
    return total;
  };
  return { requests: collect('requests'), limits: collect('limits') };
}

type Kind = 'requests' | 'limits';

function isOfPods(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

/** The most of what a container asks for, was promised and has; what it asks for is left out where it cannot get it. */
function withGiven(wanted: Amounts, kind: Kind, name: string, { status }: Pod): Amounts {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const found = statuses.findLast((one) => one.name === name);
  if (found?.resources === undefined) return wanted;
  const resize = status?.conditions?.find(({ type }) => type === 'PodResizePending');
  const most = new Map(resize?.reason === 'Infeasible' ? [] : wanted);
  raiseTo(most, parsed(found.resources[kind]));
  if (kind === 'requests') raiseTo(most, parsed(found.allocatedResources));
  return most;
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

/** What Go on amd64 makes of a share of nothing when it cuts it to a whole number. */
export const shareOfNothing = '-9223372036854775808';

/**
 * `100m (5%)`: an amount and what part of the whole it is.
 * @param ofNothing what is said where there is no whole
 */
export function percentOf(
  amounts: Amounts,
  name: string,
  whole: Readonly<Record<string, string>>,
  ofNothing = '0',
): string {
  const amount = amounts.get(name);
  const available = parseQuantity(whole[name] ?? '0');
  const units = (quantity: Quantity): number => Number(name === 'cpu' ? quantity.milliValue() : quantity.value());
  let percent = ofNothing;
  if (!available.isZero()) {
    percent = amount === undefined ? '0' : `${Math.trunc((units(amount) / units(available)) * 100)}`;
  }
  return `${amount?.toString() ?? '0'} (${percent}%)`;
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
