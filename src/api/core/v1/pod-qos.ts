import { parseQuantity, QuantityError } from '../../../apimachinery/quantity.ts';
import type { Container, Pod } from '../../types/core-v1.ts';

/** Guaranteed, Burstable or BestEffort, by cpu and memory of all containers (qos.GetPodQOS). */
export function qosClassOf(pod: Pod): string {
  const { resources } = pod.spec ?? {};
  // What a pod states as a whole counts in place of what its containers do.
  const whole = resources === undefined ? undefined : { name: '', resources };
  const containers =
    whole === undefined ? [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])] : [whole];
  const amounts = (container: Container, list: 'requests' | 'limits'): Map<string, bigint> => {
    const entries = Object.entries(container.resources?.[list] ?? {}).filter(
      ([name]) => name === 'cpu' || name === 'memory',
    );
    return new Map(entries.map(([name, text]) => [name, nanoOf(text)] as const).filter(([, nano]) => nano > 0n));
  };
  let anything = false;
  let guaranteed = true;
  for (const container of containers) {
    const requests = amounts(container, 'requests');
    const limits = amounts(container, 'limits');
    if (requests.size > 0 || limits.size > 0) anything = true;
    for (const name of ['cpu', 'memory']) {
      const limit = limits.get(name);
      if (limit === undefined || (requests.get(name) ?? limit) !== limit) guaranteed = false;
    }
  }
  if (!anything) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function nanoOf(text: string): bigint {
  try {
    return parseQuantity(text).nano;
  } catch (error) {
    if (error instanceof QuantityError) return 0n;
    throw error;
  }
}
