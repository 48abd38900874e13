import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { AdmissionContext } from './admission-plugin.ts';

/** Reads one object: the local copy, and the server where that does not know it (yet). */
export function getWithFallback<T extends KubeObject>(
  context: AdmissionContext,
  gvr: GroupVersionResource,
): (namespace: string, name: string) => Promise<T | undefined> {
  const informer = context.informer<T>(gvr);
  return async (namespace, name) => {
    const known = informer.get(namespace, name);
    if (known !== undefined) return known;
    try {
      return await context.client.resource<T>(gvr, namespace === '' ? undefined : namespace).get(name);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  };
}

/** Lists a namespace's objects by name, from the local copy, and from the server until that is there. */
export function listWithFallback<T extends KubeObject>(
  context: AdmissionContext,
  gvr: GroupVersionResource,
): (namespace: string) => Promise<readonly T[]> {
  const informer = context.informer<T>(gvr);
  return async (namespace) => {
    if (!informer.hasSynced()) return (await context.client.resource<T>(gvr, namespace).list()).items;
    return informer
      .list(namespace)
      .toSorted((left, right) => ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1));
  };
}
