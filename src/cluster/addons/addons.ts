import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import { metricsServerAddon } from './metrics-server-addon.ts';

/** An object that a cluster gets with an addon. */
export interface AddonObject {
  readonly resource: GroupVersionResource;
  readonly object: Unstructured;
}

const addons: Readonly<Record<string, readonly AddonObject[]>> = { 'metrics-server': metricsServerAddon };

/** What a cluster can be given besides. */
export const addonNames: readonly string[] = Object.keys(addons);

/**
 * Gives a cluster what belongs to an addon; what of it is there stays as it is.
 * @returns whether anything was not there
 */
export async function addAddon(client: Client, name: string): Promise<boolean> {
  let isNew = false;
  for (const { resource, object } of addons[name] ?? []) {
    try {
      await client.resource(resource, object.metadata.namespace ?? '').create(object);
      isNew = true;
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) throw error;
    }
  }
  return isNew;
}
