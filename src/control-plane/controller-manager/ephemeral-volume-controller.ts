import type { PersistentVolumeClaim, Pod, Volume } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { controllerReference } from '../../client/controller-references.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { podsResource } from './pod-control.ts';
import { claimsResource } from './volume-binding.ts';
import { usesClaim } from './volume-use.ts';

/** Makes the claims of volumes that live as long as their pods (KEP-1698). */
export function createEphemeralVolumeController(context: ControllerContext): Controller {
  const pods = context.informers.informer<Pod>(podsResource);
  const claims = context.informers.informer<PersistentVolumeClaim>(claimsResource);
  return createKeyedController({
    name: 'ephemeral-volume-controller',
    context,
    register(queue) {
      const look = (pod: Pod): void => {
        const hasAny = pod.spec?.volumes?.some(({ ephemeral }) => ephemeral !== undefined) === true;
        if (hasAny && pod.metadata.deletionTimestamp === undefined) queue.add(keyOf(pod));
      };
      pods.addHandler({ added: look });
      claims.addHandler({
        deleted({ metadata }) {
          const users = pods.list(metadata.namespace).filter((pod) => usesClaim(pod, metadata.name ?? ''));
          users.forEach(look);
        },
      });
    },
    async sync(key) {
      const { namespace, name } = splitKey(key);
      const pod = pods.get(namespace, name);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
      for (const volume of pod.spec?.volumes ?? []) {
        try {
          await ensureClaim(context, pod, volume, claims);
        } catch (error) {
          const text = `ephemeral volume ${volume.name}: ${messageOf(error)}`;
          context.events.event(pod, 'Warning', 'FailedBinding', text);
          throw error;
        }
      }
    },
  });
}

async function ensureClaim(
  { client }: ControllerContext,
  pod: Pod,
  { name: volumeName, ephemeral }: Volume,
  claims: Informer<PersistentVolumeClaim>,
): Promise<void> {
  if (ephemeral === undefined) return;
  const { name: podName = '', namespace = '', uid } = pod.metadata;
  const name = `${podName}-${volumeName}`;
  const known = claims.get(namespace, name);
  if (known !== undefined) {
    const isOurs = known.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid);
    if (isOurs === true) return;
    throw new Error(`PVC ${namespace}/${name} was not created for pod ${namespace}/${podName} (pod is not owner)`);
  }
  const { metadata, spec } = ephemeral.volumeClaimTemplate ?? {};
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      ownerReferences: [controllerReference(pod)],
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
    },
    ...(spec === undefined ? {} : { spec }),
  };
  try {
    await client.resource<PersistentVolumeClaim>(claimsResource, namespace).create(claim);
  } catch (error) {
    const text = messageOf(error);
    throw new Error(`create PVC ${name}: ${text}`, { cause: error });
  }
}
