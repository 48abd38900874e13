import { gvkOf } from '../apimachinery/gvk.ts';
import type { ManifestObject } from '../resource/manifest-objects.ts';

/** How one entry ended. */
export type PlanResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Kinds that others need; they go first, each step after the one before. */
const steps: readonly ReadonlySet<string>[] = [
  new Set(['Namespace', 'CustomResourceDefinition', 'PriorityClass', 'StorageClass']),
  new Set([
    'ServiceAccount',
    'ClusterRole',
    'Role',
    'ConfigMap',
    'Secret',
    'PersistentVolume',
    'LimitRange',
    'ResourceQuota',
  ]),
  new Set(['ClusterRoleBinding', 'RoleBinding', 'PersistentVolumeClaim', 'Service']),
];

/** At most this many requests at once: with more, handshakes take what is won, with fewer, the server has to wait. */
export const parallelRequests = 20;

/**
 * Does something with every object of the input: what others need first, the rest side by side. Objects of the same
 * kind and name stay one after the other.
 * @param told of each result in the order of the input, as soon as those before it are there
 * @returns results in the order of the input
 */
export async function requestPlan<E extends Pick<ManifestObject, 'object'>, T>(
  objects: readonly E[],
  work: (entry: E) => Promise<T>,
  told: (result: PlanResult<T>) => void = () => undefined,
): Promise<PlanResult<T>[]> {
  const ordered = new OrderedResults<T>(told);
  for (let step = 0; step <= steps.length; step++) {
    const chains = new Map<string, number[]>();
    for (const [index, { object }] of objects.entries()) {
      if (stepOf(object.kind) !== step) continue;
      const key = JSON.stringify([gvkOf(object), object.metadata.namespace ?? '', object.metadata.name ?? index]);
      chains.set(key, [...(chains.get(key) ?? []), index]);
    }
    await inParallel([...chains.values()], async (indices) => {
      for (const index of indices) {
        const entry = objects[index];
        if (entry !== undefined) await ordered.settle(index, work(entry));
      }
    });
  }
  return ordered.results;
}

function stepOf(kind: string): number {
  const step = steps.findIndex((kinds) => kinds.has(kind));
  return step < 0 ? steps.length : step;
}

/** Results that come in any order and are told in that of the input. */
class OrderedResults<T> {
  readonly results: PlanResult<T>[] = [];
  readonly #told: (result: PlanResult<T>, index: number) => void;
  #next = 0;

  constructor(told: (result: PlanResult<T>, index: number) => void) {
    this.#told = told;
  }

  async settle(index: number, promise: Promise<T>): Promise<void> {
    try {
      this.results[index] = { ok: true, value: await promise };
    } catch (error) {
      this.results[index] = { ok: false, error };
    }
    for (let result = this.results[this.#next]; result !== undefined; result = this.results[++this.#next]) {
      this.#told(result, this.#next);
    }
  }
}

/** Does something with every item, a bounded number side by side; the first failure ends it. */
export async function inParallel<I>(
  items: readonly I[],
  work: (item: I, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) await work(item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelRequests, items.length) }, worker));
}

/**
 * Does something with every item side by side.
 * @param told of each result in the order of the items, as soon as those before it are there
 */
export async function inOrder<I, T>(
  items: readonly I[],
  work: (item: I) => Promise<T>,
  told: (result: PlanResult<T>, item: I) => void,
): Promise<void> {
  const ordered = new OrderedResults<T>((result, index) => told(result, items[index] as I));
  await inParallel(items, (item, index) => ordered.settle(index, work(item)));
}
