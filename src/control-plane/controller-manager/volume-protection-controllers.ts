import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts';
import type { VolumeAttributesClass } from '../../api/types/storage-v1.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { podsResource } from './pod-control.ts';
import { claimsResource, volumesResource } from './volume-binding.ts';
import { claimsOfPod, usesClaim } from './volume-use.ts';

const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';
const attributesFinalizer = 'kubernetes.io/vac-protection';
const attributesResource: GroupVersionResource = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'volumeattributesclasses',
};

/** A claim that is deleted stays as long as a pod on a node uses it. */
export function createClaimProtectionController(context: ControllerContext): Controller {
  const claims = context.informers.informer<PersistentVolumeClaim>(claimsResource);
  const pods = context.informers.informer<Pod>(podsResource);
  return createKeyedController({
    name: 'persistentvolumeclaim-protection-controller',
    context,
    register(queue) {
      const look = (claim: PersistentVolumeClaim): void => {
        if (needsLook(claim, claimFinalizer)) queue.add(keyOf(claim));
      };
      claims.addHandler({ added: look, updated: look });
      const touch = (pod: Pod): void => {
        for (const name of claimsOfPod(pod)) {
          const claim = claims.get(pod.metadata.namespace ?? '', name);
          if (claim !== undefined) look(claim);
        }
      };
      pods.addHandler({ added: touch, updated: touch, deleted: touch });
    },
    async sync(key) {
      const { namespace, name } = splitKey(key);
      const claim = claims.get(namespace, name);
      if (claim === undefined) return;
      const isInUse = async (): Promise<boolean> => {
        const uses = (pod: Pod): boolean => (pod.spec?.nodeName ?? '') !== '' && usesClaim(pod, name);
        if (pods.list(namespace).some(uses)) return true;
        // Our copy may be older than a pod that was just bound: the server itself is asked before data is lost.
        const { items } = await context.client.resource<Pod>(podsResource, namespace).list();
        return items.some(uses);
      };
      await protect(context, claimsResource, claim, claimFinalizer, isInUse);
    },
  });
}

/** A volume that is deleted stays as long as it is bound. */
export function createVolumeProtectionController(context: ControllerContext): Controller {
  const volumes = context.informers.informer<PersistentVolume>(volumesResource);
  return createKeyedController({
    name: 'persistentvolume-protection-controller',
    context,
    register(queue) {
      const look = (volume: PersistentVolume): void => {
        if (needsLook(volume, volumeFinalizer)) queue.add(keyOf(volume));
      };
      volumes.addHandler({ added: look, updated: look });
    },
    async sync(name) {
      const volume = volumes.get('', name);
      if (volume === undefined) return;
      const isInUse = (): Promise<boolean> => Promise.resolve(volume.status?.phase === 'Bound');
      await protect(context, volumesResource, volume, volumeFinalizer, isInUse);
    },
  });
}

/** A class of attributes that is deleted stays as long as a volume or a claim has it, had it, or is to have it (KEP-3751). */
export function createAttributesProtectionController(context: ControllerContext): Controller {
  const classes = context.informers.informer<VolumeAttributesClass>(attributesResource);
  const claims = context.informers.informer<PersistentVolumeClaim>(claimsResource);
  const volumes = context.informers.informer<PersistentVolume>(volumesResource);
  const classesOfClaim = ({ spec, status }: PersistentVolumeClaim): (string | undefined)[] => [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return createKeyedController({
    name: 'volumeattributesclass-protection-controller',
    context,
    register(queue) {
      const look = (one: VolumeAttributesClass): void => {
        if (needsLook(one, attributesFinalizer)) queue.add(keyOf(one));
      };
      classes.addHandler({ added: look, updated: look });
      const lookAtAll = (): void => classes.list().forEach(look);
      claims.addHandler({ updated: lookAtAll, deleted: lookAtAll });
      volumes.addHandler({ updated: lookAtAll, deleted: lookAtAll });
    },
    async sync(name) {
      const one = classes.get('', name);
      if (one === undefined) return;
      const isInUse = (): Promise<boolean> => {
        const isNamed = volumes.list().some(({ spec }) => spec?.volumeAttributesClassName === name);
        return Promise.resolve(isNamed || claims.list().some((claim) => classesOfClaim(claim).includes(name)));
      };
      await protect(context, attributesResource, one, attributesFinalizer, isInUse);
    },
  });
}

/** It is to go and is held, or it is not and should be. */
function needsLook({ metadata }: KubeObject, finalizer: string): boolean {
  const isHeld = metadata.finalizers?.includes(finalizer) === true;
  return isHeld === (metadata.deletionTimestamp !== undefined);
}

async function protect(
  { client }: ControllerContext,
  resource: GroupVersionResource,
  object: KubeObject,
  finalizer: string,
  isInUse: () => Promise<boolean>,
): Promise<void> {
  if (!needsLook(object, finalizer)) return;
  const { name = '', namespace, finalizers = [], resourceVersion, deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined && (await isInUse())) return;
  const kept = finalizers.filter((each) => each !== finalizer);
  const wanted = deletionTimestamp === undefined ? [...finalizers, finalizer] : kept;
  const patch = { metadata: { resourceVersion, finalizers: wanted.length === 0 ? null : wanted } };
  try {
    await client.resource(resource, namespace).patch(name, 'application/merge-patch+json', patch);
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
  }
}
