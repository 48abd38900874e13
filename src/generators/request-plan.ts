import { gvkOf } from '../apimachinery/gvk.ts';
import type { ManifestObject } from '../resource/manifest-files.ts';

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

/** At most this many requests at once. */
const parallelRequests = 32;

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
  const results: PlanResult<T>[] = [];
  let next = 0;
  const tell = (): void => {
    for (let result = results[next]; result !== undefined; result = results[++next]) told(result);
  };
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
        if (entry === undefined) continue;
        results[index] = await settle(work(entry));
        tell();
      }
    });
  }
  return results;
}

function stepOf(kind: string): number {
  const step = steps.findIndex((kinds) => kinds.has(kind));
  return step < 0 ? steps.length : step;
}

async function settle<T>(promise: Promise<T>): Promise<PlanResult<T>> {
  try {
    return { ok: true, value: await promise };
  } catch (error) {
    return { ok: false, error };
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
  const results: PlanResult<T>[] = [];
  let next = 0;
  await inParallel(items, async (item, index) => {
    results[index] = await settle(work(item));
    for (let result = results[next]; result !== undefined; result = results[++next]) told(result, items[next] as I);
  });
}
