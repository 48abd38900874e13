import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts';
import type { StorageClass } from '../../api/types/storage-v1.ts';
import { type ClaimPicture, syncClaim } from './claim-sync.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { podsResource } from './pod-control.ts';
import { claimsResource, VolumeBinding, volumesResource } from './volume-binding.ts';
import { syncVolume, type VolumePicture } from './volume-sync.ts';

const classesResource = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' } as const;
const volumePrefix = 'volume:';
const claimPrefix = 'claim:';
/** What waits is looked at again this often. */
const resyncMillis = 15_000;

/**
 * Binds claims to volumes that will do, and looks after volumes whose claims are gone. Claims of classes that wait for
 * their first pod are bound by the scheduler; volumes on demand are made by external provisioners.
 */
export function createPersistentVolumeBinderController(context: ControllerContext): Controller {
  const claims = context.informers.informer<PersistentVolumeClaim>(claimsResource);
  const volumes = context.informers.informer<PersistentVolume>(volumesResource);
  const classes = context.informers.informer<StorageClass>(classesResource);
  const pods = context.informers.informer<Pod>(podsResource);
  const binding = new VolumeBinding(context);
  const picture: ClaimPicture = { context, binding, volumes, classes, pods };
  return createKeyedController({
    name: 'persistentvolume-binder-controller',
    context,
    // One after the other: two claims must not be given the same volume.
    workers: 1,
    register(queue) {
      const lookAtClaim = (claim: PersistentVolumeClaim): void => queue.add(claimPrefix + keyOf(claim));
      const lookAtVolume = (volume: PersistentVolume): void => {
        queue.add(volumePrefix + keyOf(volume));
        // A volume that is free may be what a claim waits for.
        if (volume.status?.phase === 'Available') {
          for (const claim of claims.list()) if (claim.status?.phase === 'Pending') lookAtClaim(claim);
        }
      };
      const lookAtBoth = (claim: PersistentVolumeClaim): void => {
        lookAtClaim(claim);
        const volume = claim.spec?.volumeName ?? '';
        if (volume !== '') queue.add(volumePrefix + volume);
      };
      claims.addHandler({ added: lookAtClaim, updated: lookAtClaim, deleted: lookAtBoth });
      volumes.addHandler({
        added: lookAtVolume,
        updated: lookAtVolume,
        deleted({ spec }) {
          const { namespace = '', name = '' } = spec?.claimRef ?? {};
          if (name !== '') queue.add(`${claimPrefix}${namespace}/${name}`);
        },
      });
    },
    async sync(key, queue) {
      if (key.startsWith(volumePrefix)) {
        const volume = volumes.get('', key.slice(volumePrefix.length));
        const wakeClaim = (namespace: string, name: string): void => queue.add(`${claimPrefix}${namespace}/${name}`);
        const known: VolumePicture = { context, binding, claims, wakeClaim };
        if (volume !== undefined) await syncVolume(volume, known);
        return;
      }
      const { namespace, name } = splitKey(key.slice(claimPrefix.length));
      const claim = claims.get(namespace, name);
      if (claim === undefined) return;
      const isWaiting = await syncClaim(claim, picture);
      if (isWaiting) queue.addAfter(key, resyncMillis);
    },
  });
}
