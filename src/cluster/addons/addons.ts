import type { Service } from '../../api/types/core-v1.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import { formatIp, parseIp } from '../../apimachinery/ip-address.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import { corednsAddon } from './coredns-addon.ts';
import { metricsServerAddon } from './metrics-server-addon.ts';

/** An object that a cluster gets with an addon. */
export interface AddonObject {
  readonly resource: GroupVersionResource;
  readonly object: Unstructured;
}

const addons: Readonly<Record<string, (client: Client) => Promise<readonly AddonObject[]>>> = {
  coredns: async (client) => corednsAddon(await dnsAddress(client)),
  'metrics-server': () => Promise.resolve(metricsServerAddon),
};

/** What a cluster can be given besides. */
export const addonNames: readonly string[] = Object.keys(addons);

/**
 * Gives a cluster what belongs to an addon; what of it is there stays as it is.
 * @param name one of addonNames
 * @returns whether anything was not there
 * @throws Error for an addon that nobody knows; StatusError for what the server refuses
 */
export async function addAddon(client: Client, name: string): Promise<boolean> {
  const objectsOf = Object.hasOwn(addons, name) ? addons[name] : undefined;
  if (objectsOf === undefined) throw new Error(`there is no addon ${name}, only ${addonNames.join(', ')}`);
  let isNew = false;
  for (const { resource, object } of await objectsOf(client)) {
    try {
      await client.resource(resource, object.metadata.namespace ?? '').create(object);
      isNew = true;
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) throw error;
    }
  }
  return isNew;
}

/** Where pods ask for names: the tenth address of the range whose first is that of the service `kubernetes`. */
async function dnsAddress(client: Client): Promise<string> {
  const services = client.resource<Service>({ group: '', version: 'v1', resource: 'services' }, 'default');
  const first = parseIp((await services.get('kubernetes')).spec?.clusterIP ?? '');
  if (first === undefined) throw new Error('the service kubernetes has no address');
  return formatIp({ family: first.family, value: first.value + 9n });
}
