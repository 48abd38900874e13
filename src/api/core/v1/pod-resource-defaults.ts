import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type { Container, PodSpec } from '../../types/core-v1.ts';

type Amounts = Record<string, string>;

const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/** What a pod may state for itself as a whole (KEP-2837). */
const isOfPods = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name);

/**
 * Fills in what pods ask for that they do not say: containers what they may have at most, and the pod as a whole what
 * its containers ask for, or what it may have at most itself. Templates are left as they are.
 */
export function setPodResourceDefaults(spec: PodSpec): void {
  for (const { resources } of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    if (resources?.limits !== undefined) resources.requests = { ...resources.limits, ...resources.requests };
  }
  const { resources } = spec;
  if (resources === undefined) return;
  const { limits = {}, requests = {} } = resources;
  if (Object.keys(limits).length > 0 || Object.keys(requests).length > 0) {
    for (const [name, amount] of Object.entries(effectiveAmounts(spec, 'limits'))) {
      if (isHugePages(name) && requests[name] === undefined) limits[name] ??= amount;
    }
    if (Object.keys(limits).length > 0) resources.limits = sorted(limits);
  }
  if (Object.keys(limits).length === 0) return;
  for (const [name, amount] of Object.entries(effectiveAmounts(spec, 'requests'))) {
    if (isOfPods(name) && !isHugePages(name)) requests[name] ??= amount;
  }
  for (const [name, amount] of Object.entries(limits)) if (isOfPods(name)) requests[name] ??= amount;
  if (Object.keys(requests).length > 0) resources.requests = sorted(requests);
}

/** The sum over containers and sidecars, or what an init container takes beside the sidecars before it, if it is more. */
function effectiveAmounts(spec: PodSpec, list: 'limits' | 'requests'): Amounts {
  const amountsOf = (container: Container): Amounts => container.resources?.[list] ?? {};
  let total: Amounts = {};
  let sidecars: Amounts = {};
  let peak: Amounts = {};
  for (const container of spec.containers ?? []) total = combine(total, amountsOf(container), sum);
  for (const container of spec.initContainers ?? []) {
    const together = combine(amountsOf(container), sidecars, sum);
    if (container.restartPolicy === 'Always') {
      total = combine(total, amountsOf(container), sum);
      sidecars = together;
    }
    peak = combine(peak, together, larger);
  }
  return combine(total, peak, larger);
}

function combine(left: Amounts, right: Amounts, of: (left: string, right: string) => string): Amounts {
  const result = { ...left };
  for (const [name, amount] of Object.entries(right)) {
    const own = result[name];
    result[name] = own === undefined ? amount : of(own, amount);
  }
  return result;
}

function sum(left: string, right: string): string {
  return parseQuantity(left).add(parseQuantity(right)).toString();
}

function larger(left: string, right: string): string {
  return parseQuantity(left).compare(parseQuantity(right)) < 0 ? right : left;
}

function sorted(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
