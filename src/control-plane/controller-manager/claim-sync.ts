import { classOfClaim, classOfVolume, findMatchingVolume, isVolumeOfClaim } from '../../api/core/v1/volume-matching.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts';
import type { StorageClass } from '../../api/types/storage-v1.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import type { Informer } from '../../client/informer.ts';
import type { ControllerContext } from './controller.ts';
import { bindCompleted, boundByController, claimsResource, type VolumeBinding } from './volume-binding.ts';
import { usesClaim } from './volume-use.ts';

const selectedNode = 'volume.kubernetes.io/selected-node';
const provisionerAnnotations = [
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
];
const defaultClass = 'storageclass.kubernetes.io/is-default-class';
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** What claims are looked at with. */
export interface ClaimPicture {
  readonly context: ControllerContext;
  readonly binding: VolumeBinding;
  readonly volumes: Informer<PersistentVolume>;
  readonly classes: Informer<StorageClass>;
  readonly pods: Informer<Pod>;
}

/** Finds a claim its volume, or tells what it waits for. @returns whether it is to be looked at again after a while */
export async function syncClaim(claim: PersistentVolumeClaim, picture: ClaimPicture): Promise<boolean> {
  if (claim.metadata.annotations?.[bindCompleted] !== undefined) {
    await syncBound(claim, picture);
    return false;
  }
  const named = claim.spec?.volumeName ?? '';
  return named === '' ? syncUnbound(claim, picture) : syncNamed(claim, named, picture);
}

async function syncUnbound(claim: PersistentVolumeClaim, picture: ClaimPicture): Promise<boolean> {
  const { context, binding, volumes, classes } = picture;
  const className = classOfClaim(claim);
  const isDelayed = classes.get('', className)?.volumeBindingMode === 'WaitForFirstConsumer';
  const found = findMatchingVolume(claim, volumes.list(), { delayed: isDelayed });
  if (found !== undefined) {
    await binding.bind(found, claim);
    return false;
  }
  if (await giveDefaultClass(claim, picture)) return false;
  if (isDelayed && claim.metadata.annotations?.[selectedNode] === undefined) {
    const [reason, message] = whatItWaitsFor(claim, picture);
    context.events.event(claim, 'Normal', reason, message);
  } else if (className !== '') {
    await provision(claim, className, picture);
    return true;
  } else {
    const text = 'no persistent volumes available for this claim and no storage class is set';
    context.events.event(claim, 'Normal', 'FailedBinding', text);
  }
  await binding.setClaimStatus(claim, 'Pending');
  return true;
}

/** A claim that says nothing of its class gets the default one, also when that came later (KEP-3333). */
async function giveDefaultClass(claim: PersistentVolumeClaim, { context, classes }: ClaimPicture): Promise<boolean> {
  const { metadata, spec } = claim;
  if (spec?.storageClassName !== undefined || metadata.annotations?.[classAnnotation] !== undefined) return false;
  const createdAt = (one: StorageClass): number => Date.parse(one.metadata.creationTimestamp ?? '') || 0;
  const [chosen] = classes
    .list()
    .filter((one) => one.metadata.annotations?.[defaultClass] === 'true')
    .toSorted((left, right) => createdAt(right) - createdAt(left));
  if (chosen === undefined) return false;
  await context.client
    .resource<PersistentVolumeClaim>(claimsResource, metadata.namespace)
    .update({ ...claim, spec: { ...spec, storageClassName: chosen.metadata.name ?? '' } });
  return true;
}

function whatItWaitsFor(claim: PersistentVolumeClaim, { pods }: ClaimPicture): readonly [string, string] {
  const waiting = pods
    .list(claim.metadata.namespace)
    .filter((pod) => (pod.spec?.nodeName ?? '') === '' && usesClaim(pod, claim.metadata.name ?? ''))
    .map(({ metadata }) => metadata.name ?? '');
  if (waiting.length === 0) {
    return ['WaitForFirstConsumer', 'waiting for first consumer to be created before binding'];
  }
  const who = waiting.length === 1 ? `pod ${waiting[0] ?? ''}` : `pods ${waiting.join(',')}`;
  return ['WaitForPodScheduled', `waiting for ${who} to be scheduled`];
}

/** Volumes are made by others: they are told that one is wanted. */
async function provision(claim: PersistentVolumeClaim, className: string, picture: ClaimPicture): Promise<void> {
  const { client, events } = picture.context;
  const provisioner = picture.classes.get('', className)?.provisioner;
  if (provisioner === undefined || provisioner.startsWith('kubernetes.io/')) {
    const problem =
      provisioner === undefined
        ? `storageclass.storage.k8s.io "${className}" not found`
        : `no volume plugin matched name: ${provisioner}`;
    events.event(claim, 'Warning', 'ProvisioningFailed', problem);
    return;
  }
  const { name = '', namespace, annotations = {} } = claim.metadata;
  if (provisionerAnnotations.some((annotation) => annotations[annotation] !== provisioner)) {
    const wanted = Object.fromEntries(provisionerAnnotations.map((annotation) => [annotation, provisioner]));
    const patch = { metadata: { annotations: wanted } };
    await client.resource(claimsResource, namespace).patch(name, 'application/merge-patch+json', patch);
  }
  const who = `the external provisioner '${provisioner}'`;
  const advice = 'please verify that the provisioner is running and correctly registered.';
  const text = `Waiting for a volume to be created either by ${who} or manually by the system administrator. If volume creation is delayed, ${advice}`;
  events.event(claim, 'Normal', 'ExternalProvisioning', text);
}

/** A claim that names its volume. */
async function syncNamed(claim: PersistentVolumeClaim, name: string, picture: ClaimPicture): Promise<boolean> {
  const { context, binding, volumes } = picture;
  const volume = volumes.get('', name);
  if (volume === undefined) {
    await binding.setClaimStatus(claim, 'Pending');
    return true;
  }
  if (volume.spec?.claimRef === undefined) {
    const mismatch = mismatchOf(volume, claim);
    if (mismatch === undefined) {
      await binding.bind(volume, claim);
      return false;
    }
    const text = `Cannot bind to requested volume "${name}": ${mismatch}`;
    context.events.event(claim, 'Warning', 'VolumeMismatch', text);
    await binding.setClaimStatus(claim, 'Pending');
    return true;
  }
  if (isVolumeOfClaim(volume, claim)) {
    await binding.bind(volume, claim);
    return false;
  }
  context.events.event(claim, 'Warning', 'FailedBinding', `volume "${name}" already bound to a different claim.`);
  if (claim.metadata.annotations?.[boundByController] === undefined) await binding.setClaimStatus(claim, 'Pending');
  return true;
}

/** Why a volume that a claim names is not for it. */
export function mismatchOf(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  const [have, want] = [volume.spec ?? {}, claim.spec ?? {}];
  const size = (quantity: string | undefined): ReturnType<typeof parseQuantity> => parseQuantity(quantity ?? '0');
  if (volume.metadata.deletionTimestamp !== undefined) {
    return `the volume is marked for deletion "${volume.metadata.name ?? ''}"`;
  }
  if (size(have.capacity?.['storage']).compare(size(want.resources?.requests?.['storage'])) < 0) {
    return 'requested PV is too small';
  }
  if (classOfVolume(volume) !== classOfClaim(claim)) return 'storageClassName does not match';
  if ((have.volumeAttributesClassName ?? '') !== (want.volumeAttributesClassName ?? '')) {
    return 'volumeAttributesClassName does not match';
  }
  if ((have.volumeMode ?? 'Filesystem') !== (want.volumeMode ?? 'Filesystem')) return 'incompatible volumeMode';
  const isOffered = (want.accessModes ?? []).every((mode) => have.accessModes?.includes(mode) === true);
  return isOffered ? undefined : 'incompatible accessMode';
}

/** A claim that was bound stays so, or is lost. */
async function syncBound(claim: PersistentVolumeClaim, { binding, volumes }: ClaimPicture): Promise<void> {
  const name = claim.spec?.volumeName ?? '';
  const volume = volumes.get('', name);
  if (volume !== undefined && (volume.spec?.claimRef?.uid ?? claim.metadata.uid) === claim.metadata.uid) {
    await binding.bind(volume, claim);
    return;
  }
  const what = name === '' ? 'reference to PersistentVolume' : 'its PersistentVolume';
  const event =
    volume === undefined
      ? { reason: 'ClaimLost', message: `Bound claim has lost ${what}. Data on the volume is lost!` }
      : {
          reason: 'ClaimMisbound',
          message: 'Two claims are bound to the same volume, this one is bound incorrectly',
        };
  await binding.setClaimStatus(claim, 'Lost', undefined, event);
}
