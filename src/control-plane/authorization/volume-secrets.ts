import type { PersistentVolume, Volume } from '../../api/types/core-v1.ts';

/** Names of the secrets, in the pod's own namespace, that a volume of a pod needs on its node. */
export function volumeSecrets(volume: Volume): readonly string[] {
  const { azureFile, cephfs, cinder, flexVolume, iscsi, projected, rbd, scaleIO, secret, storageos, csi } = volume;
  const names = [
    azureFile?.secretName,
    ...[cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos].map((source) => source?.secretRef?.name),
    ...(projected?.sources ?? []).map((source) => source.secret?.name),
    secret?.secretName,
    csi?.nodePublishSecretRef?.name,
  ];
  return names.filter((name) => name !== undefined && name !== '') as string[];
}

/** A secret by where it is. */
export interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The secrets that a node needs to mount a persistent volume; not those that only controllers use. Where the volume
 * does not say in which namespace one is, it is in that of the claim.
 */
export function persistentVolumeSecrets({ spec }: PersistentVolume): readonly SecretPlace[] {
  const { azureFile, cephfs, cinder, claimRef, csi, flexVolume, iscsi, rbd, scaleIO, storageos } = spec ?? {};
  const own = claimRef?.namespace ?? '';
  const places = [
    { namespace: filled(azureFile?.secretNamespace) ?? own, name: azureFile?.secretName },
    ...[cephfs, flexVolume, iscsi, rbd, scaleIO].map((source) => ({
      namespace: filled(source?.secretRef?.namespace) ?? own,
      name: source?.secretRef?.name,
    })),
    // These say it, or mean none.
    ...[
      cinder?.secretRef,
      storageos?.secretRef,
      csi?.nodePublishSecretRef,
      csi?.nodeStageSecretRef,
      csi?.nodeExpandSecretRef,
    ].map((reference) => ({ namespace: reference?.namespace ?? '', name: reference?.name })),
  ];
  return places.flatMap(({ namespace, name = '' }) => (name === '' ? [] : [{ namespace, name }]));
}

function filled(text: string | null | undefined): string | undefined {
  return text === null || text === '' ? undefined : text;
}
