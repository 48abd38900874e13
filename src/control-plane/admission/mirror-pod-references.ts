import type { Container, Pod, PodSpec, Volume, VolumeProjection } from '../../api/types/core-v1.ts';

/** Kinds of volumes that no other object of the API stands behind. */
const plainVolumes = new Set(
  (
    'awsElasticBlockStore azureDisk cephfs cinder downwardAPI emptyDir fc flexVolume flocker gcePersistentDisk gitRepo ' +
    'hostPath image iscsi nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume'
  ).split(' '),
);

/** What else of the API a volume needs. */
const volumeReferences: Readonly<Record<string, string>> = {
  csi: 'csidrivers (via CSI volumes)',
  glusterfs: 'endpoints (via glusterFS volumes)',
  persistentVolumeClaim: 'persistentvolumeclaims',
  ephemeral: 'persistentvolumeclaims (via ephemeral volumes)',
};

const projectedReferences: readonly (readonly [keyof VolumeProjection, string])[] = [
  ['serviceAccountToken', 'serviceaccounts (via projected volumes)'],
  ['clusterTrustBundle', 'clustertrustbundles'],
  ['podCertificate', 'podcertificates'],
];

/**
 * Resource of another object of the API that a pod needs, with how where that is not plain; undefined for pods that
 * need none, which a node can run by itself.
 */
export function apiObjectReference({ spec }: Pod): string | undefined {
  if (spec === undefined) return undefined;
  if ((spec.serviceAccountName ?? '') !== '') return 'serviceaccounts';
  if (usesSecrets(spec)) return 'secrets';
  const volumes = spec.volumes ?? [];
  const hasConfigMaps =
    [...environmentSources(spec), ...projections(spec)].some(({ configMap }) => configMap !== undefined) ||
    volumes.some(({ configMap }) => configMap !== undefined);
  if (hasConfigMaps) return 'configmaps';
  if ((spec.resourceClaims ?? []).length > 0) return 'resourceclaims';
  for (const volume of volumes) {
    const reference = volumeReference(volume);
    if (reference !== undefined) return reference;
  }
  return undefined;
}

/** Whether a pod needs secrets for its images, its volumes or the environment of its containers. */
export function usesSecrets(spec: PodSpec | undefined): boolean {
  return (
    (spec?.imagePullSecrets ?? []).length > 0 ||
    [...environmentSources(spec), ...projections(spec)].some(({ secret }) => secret !== undefined) ||
    (spec?.volumes ?? []).some(readsSecret)
  );
}

function environmentSources(spec: PodSpec | undefined): readonly { secret: unknown; configMap: unknown }[] {
  const ephemeral = (spec?.ephemeralContainers ?? []) as readonly Container[];
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...ephemeral];
  return containers.flatMap(({ env = [], envFrom = [] }) => [
    ...env.map(({ valueFrom }) => ({ secret: valueFrom?.secretKeyRef, configMap: valueFrom?.configMapKeyRef })),
    ...envFrom.map(({ secretRef, configMapRef }) => ({ secret: secretRef, configMap: configMapRef })),
  ]);
}

function projections(spec: PodSpec | undefined): readonly VolumeProjection[] {
  return (spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
}

/** Secrets that drivers of volumes are given, too. */
function readsSecret(volume: Volume): boolean {
  const given = [
    volume.secret,
    volume.azureFile?.secretName,
    volume.cephfs?.secretRef,
    volume.cinder?.secretRef,
    volume.flexVolume?.secretRef,
    volume.rbd?.secretRef,
    volume.scaleIO?.secretRef,
    volume.iscsi?.secretRef,
    volume.storageos?.secretRef,
    volume.csi?.nodePublishSecretRef,
  ];
  return given.some((reference) => reference !== undefined);
}

function volumeReference(volume: Volume): string | undefined {
  const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir';
  if (plainVolumes.has(kind)) return undefined;
  if (kind !== 'projected') return volumeReferences[kind] ?? kind;
  const sources = volume.projected?.sources ?? [];
  return projectedReferences.find(([key]) => sources.some((source) => source[key] !== undefined))?.[1];
}
