import type { PersistentVolumeClaim, Pod, Volume } from '../../api/types/core-v1.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';

/** A volume that cannot be mounted yet; the message is that of the FailedMount event. */
export class VolumeError extends Error {}

/**
 * Makes sure that everything the pod's volumes take from the API is there: config maps, secrets, projected sources and
 * bound claims. A simulated node has nothing to mount, so that is all there is to do.
 * @throws VolumeError for the first that is missing.
 */
export async function ensureVolumes(client: Client, pod: Pod): Promise<void> {
  for (const volume of pod.spec?.volumes ?? []) {
    for (const need of needsOf(volume)) {
      const problem = await missing(client, pod.metadata.namespace ?? '', need);
      if (problem === undefined) continue;
      throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${problem}`);
    }
  }
}

interface Need {
  readonly resource: 'configmaps' | 'secrets' | 'persistentvolumeclaims';
  readonly name: string;
  readonly keys: readonly string[];
}

function needsOf(volume: Volume): Need[] {
  const keysOf = (items: readonly { readonly key: string }[] | undefined): string[] =>
    (items ?? []).map((item) => item.key);
  const needs: Need[] = [];
  const { configMap, secret, persistentVolumeClaim } = volume;
  if (configMap !== undefined && configMap.optional !== true) {
    needs.push({ resource: 'configmaps', name: configMap.name ?? '', keys: keysOf(configMap.items) });
  }
  if (secret !== undefined && secret.optional !== true) {
    needs.push({ resource: 'secrets', name: secret.secretName ?? '', keys: keysOf(secret.items) });
  }
  if (persistentVolumeClaim !== undefined) {
    needs.push({ resource: 'persistentvolumeclaims', name: persistentVolumeClaim.claimName, keys: [] });
  }
  for (const source of volume.projected?.sources ?? []) {
    if (source.configMap !== undefined && source.configMap.optional !== true) {
      needs.push({ resource: 'configmaps', name: source.configMap.name ?? '', keys: keysOf(source.configMap.items) });
    }
    if (source.secret !== undefined && source.secret.optional !== true) {
      needs.push({ resource: 'secrets', name: source.secret.name ?? '', keys: keysOf(source.secret.items) });
    }
  }
  return needs;
}

const singular = { configmaps: 'configmap', secrets: 'secret', persistentvolumeclaims: 'persistentvolumeclaim' };

async function missing(client: Client, namespace: string, need: Need): Promise<string | undefined> {
  const gvr = { group: '', version: 'v1', resource: need.resource };
  try {
    const object = await client.resource(gvr, namespace).get(need.name);
    if (need.resource === 'persistentvolumeclaims') {
      const claim = object as unknown as PersistentVolumeClaim;
      return claim.status?.phase === 'Bound' ? undefined : `PVC ${namespace}/${need.name} is not bound`;
    }
    const data = { ...(object['data'] as object | undefined), ...(object['binaryData'] as object | undefined) };
    const absent = need.keys.find((key) => !Object.hasOwn(data, key));
    return absent === undefined ? undefined : `references non-existent ${singular[need.resource]} key: ${absent}`;
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    return error.message;
  }
}
