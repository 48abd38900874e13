import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Informer } from '../../client/informer.ts';
import type { ControllerContext } from './controller.ts';
import { claimsResource, type VolumeBinding, volumesResource } from './volume-binding.ts';

const provisionedBy = 'pv.kubernetes.io/provisioned-by';

/** What volumes are looked at with. */
export interface VolumePicture {
  readonly context: ControllerContext;
  readonly binding: VolumeBinding;
  readonly claims: Informer<PersistentVolumeClaim>;
  /** Has a claim looked at. */
  readonly wakeClaim: (namespace: string, name: string) => void;
}

/** Brings the phase of a volume in line with its claim, and does with it as its policy says when that is gone. */
export async function syncVolume(volume: PersistentVolume, picture: VolumePicture): Promise<void> {
  const { context, binding, wakeClaim } = picture;
  const { claimRef, volumeMode = 'Filesystem', persistentVolumeReclaimPolicy } = volume.spec ?? {};
  const { name = '', annotations = {} } = volume.metadata;
  if (claimRef === undefined || (claimRef.uid ?? '') === '') {
    await binding.setVolumePhase(volume, 'Available');
    return;
  }
  const claim = await claimOf(volume, picture);
  if (claim === undefined) {
    await release(volume, picture);
    return;
  }
  const bound = claim.spec?.volumeName ?? '';
  if (bound === name) {
    await binding.setVolumePhase(volume, 'Bound');
  } else if (bound === '') {
    if ((claim.spec?.volumeMode ?? 'Filesystem') === volumeMode) {
      wakeClaim(claimRef.namespace ?? '', claimRef.name ?? '');
      return;
    }
    const why = 'due to incompatible volumeMode.';
    const toClaim = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claimRef.name ?? ''}" ${why}`;
    const toVolume = `Cannot bind PersistentVolume "${name}" to requested PersistentVolumeClaim ${why}`;
    context.events.event(volume, 'Warning', 'VolumeMismatch', toClaim);
    context.events.event(claim, 'Warning', 'VolumeMismatch', toVolume);
  } else if (annotations[provisionedBy] !== undefined && persistentVolumeReclaimPolicy === 'Delete') {
    // It was made for this claim, which has another one now.
    await release(volume, picture);
  } else {
    await binding.unbind(volume);
  }
}

/** The claim of a volume; undefined when it is gone, or another one has its name. */
async function claimOf(
  { spec, status }: PersistentVolume,
  { context, claims }: VolumePicture,
): Promise<PersistentVolumeClaim | undefined> {
  const { namespace = '', name = '', uid } = spec?.claimRef ?? {};
  const known = claims.get(namespace, name);
  if (known?.metadata.uid === uid) return known;
  const isOver = status?.phase === 'Released' || status?.phase === 'Failed';
  if (known === undefined && isOver) return undefined;
  // Our copy may be older than the volume: only the server can say that the claim is gone.
  try {
    const fresh = await context.client.resource<PersistentVolumeClaim>(claimsResource, namespace).get(name);
    return fresh.metadata.uid === uid ? fresh : undefined;
  } catch (error) {
    if (hasReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function release(volume: PersistentVolume, { context, binding }: VolumePicture): Promise<void> {
  const { phase } = volume.status ?? {};
  const isOver = phase === 'Released' || phase === 'Failed';
  const released = isOver ? volume : await binding.setVolumePhase(volume, 'Released');
  const policy = volume.spec?.persistentVolumeReclaimPolicy ?? 'Retain';
  if (policy === 'Retain') return;
  if (policy === 'Recycle') {
    const message = 'No recycler plugin found for the volume!';
    await binding.setVolumePhase(released, 'Failed', { reason: 'VolumeFailedRecycle', message });
    return;
  }
  if (policy !== 'Delete') {
    const message = 'Volume has unrecognized PersistentVolumeReclaimPolicy';
    await binding.setVolumePhase(released, 'Failed', { reason: 'VolumeUnknownReclaimPolicy', message });
    return;
  }
  if (isDeletedByOthers(volume)) return;
  const problem = whyNotDeletable(volume);
  if (problem !== undefined) {
    await binding.setVolumePhase(released, 'Failed', { reason: 'VolumeFailedDelete', message: problem });
    return;
  }
  try {
    await context.client.resource(volumesResource).delete(volume.metadata.name ?? '');
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
  }
}

/** Who made it deletes it: an external provisioner, or a CSI driver. */
function isDeletedByOthers({ metadata, spec }: PersistentVolume): boolean {
  const maker = metadata.annotations?.[provisionedBy] ?? '';
  return (maker !== '' && !maker.startsWith('kubernetes.io/')) || spec?.csi !== undefined;
}

/** Of what this cluster knows, only folders of nodes below /tmp may be deleted. */
function whyNotDeletable({ metadata, spec }: PersistentVolume): string | undefined {
  const path = spec?.hostPath?.path;
  if (path === undefined) {
    return `error getting deleter volume plugin for volume "${metadata.name ?? ''}": no volume plugin matched`;
  }
  return /^\/tmp\/.+/.test(path) ? undefined : `host_path deleter only supports /tmp/.+ but received provided ${path}`;
}
