import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setPersistentVolumeDefaults } from './core-defaults.ts';
import { accessModesText, quantityCell, storageClassOf } from './volume-cells.ts';
import { ageColumn, column, nameColumn, wideColumn } from '../../columns.ts';
import type { PersistentVolume } from '../../types/core-v1.ts';
import { persistentVolumeStrategy } from './persistent-volume-strategy.ts';

/** The types of PersistentVolume objects. */
export const persistentVolumeTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind PersistentVolume
  metadata: meta.ObjectMeta=
  spec: PersistentVolumeSpec=
  status: PersistentVolumeStatus=

type AzureFilePersistentVolumeSource
  readOnly: bool
  secretName!: string=
  secretNamespace: string null
  shareName!: string=

type CSIPersistentVolumeSource
  controllerExpandSecretRef: SecretReference
  controllerPublishSecretRef: SecretReference
  driver!: string=
  fsType: string
  nodeExpandSecretRef: SecretReference
  nodePublishSecretRef: SecretReference
  nodeStageSecretRef: SecretReference
  readOnly: bool
  volumeAttributes: {string}
  volumeHandle!: string=

type CephFSPersistentVolumeSource
  monitors!: [string] atomic
  path: string
  readOnly: bool
  secretFile: string
  secretRef: SecretReference
  user: string

type CinderPersistentVolumeSource
  fsType: string
  readOnly: bool
  secretRef: SecretReference
  volumeID!: string=

type FlexPersistentVolumeSource
  driver!: string=
  fsType: string
  options: {string}
  readOnly: bool
  secretRef: SecretReference

type GlusterfsPersistentVolumeSource
  endpoints!: string=
  endpointsNamespace: string
  path!: string=
  readOnly: bool

type ISCSIPersistentVolumeSource
  chapAuthDiscovery: bool
  chapAuthSession: bool
  fsType: string
  initiatorName: string
  targetPortal!: string=
  iscsiInterface: string="default"
  iqn!: string=
  portals: [string] atomic
  readOnly: bool
  secretRef: SecretReference
  lun!: int32=

type LocalVolumeSource
  fsType: string
  path!: string=

type PersistentVolumeSpec
  accessModes: [string enum(ReadOnlyMany, ReadWriteMany, ReadWriteOnce, ReadWriteOncePod)] atomic
  awsElasticBlockStore: AWSElasticBlockStoreVolumeSource
  azureDisk: AzureDiskVolumeSource
  azureFile: AzureFilePersistentVolumeSource
  capacity: {resource.Quantity}
  cephfs: CephFSPersistentVolumeSource
  cinder: CinderPersistentVolumeSource
  claimRef: ObjectReference granular-map
  csi: CSIPersistentVolumeSource
  fc: FCVolumeSource
  flexVolume: FlexPersistentVolumeSource
  flocker: FlockerVolumeSource
  gcePersistentDisk: GCEPersistentDiskVolumeSource
  glusterfs: GlusterfsPersistentVolumeSource
  hostPath: HostPathVolumeSource
  iscsi: ISCSIPersistentVolumeSource
  local: LocalVolumeSource
  mountOptions: [string] atomic
  nfs: NFSVolumeSource
  nodeAffinity: VolumeNodeAffinity
  persistentVolumeReclaimPolicy: string enum(Delete, Recycle, Retain)
  photonPersistentDisk: PhotonPersistentDiskVolumeSource
  portworxVolume: PortworxVolumeSource
  quobyte: QuobyteVolumeSource
  rbd: RBDPersistentVolumeSource
  scaleIO: ScaleIOPersistentVolumeSource
  storageClassName: string
  storageos: StorageOSPersistentVolumeSource
  volumeAttributesClassName: string
  volumeMode: string enum(Block, Filesystem)
  vsphereVolume: VsphereVirtualDiskVolumeSource

type PersistentVolumeStatus
  lastPhaseTransitionTime: meta.Time
  message: string
  phase: string enum(Available, Bound, Failed, Pending, Released)
  reason: string

type RBDPersistentVolumeSource
  fsType: string
  monitors!: [string] atomic
  keyring: string="/etc/ceph/keyring"
  image!: string=
  pool: string="rbd"
  readOnly: bool
  secretRef: SecretReference
  user: string="admin"

type ScaleIOPersistentVolumeSource
  fsType: string="xfs"
  gateway!: string=
  protectionDomain: string
  readOnly: bool
  system!: string=
  sslEnabled: bool
  storageMode: string="ThinProvisioned"
  storagePool: string
  secretRef!: SecretReference null
  volumeName: string

type SecretReference atomic
  name: string
  namespace: string

type StorageOSPersistentVolumeSource
  fsType: string
  readOnly: bool
  secretRef: ObjectReference
  volumeName: string
  volumeNamespace: string

type VolumeNodeAffinity
  required: NodeSelector
`,
};

function claimCell(volume: PersistentVolume): string {
  const claim = volume.spec?.claimRef;
  return claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`;
}

const columns: readonly Column[] = [
  nameColumn,
  column('Capacity', 'string', '@core.v1.PersistentVolumeSpec.capacity', (object: PersistentVolume) =>
    quantityCell(object.spec?.capacity?.['storage']),
  ),
  column('Access Modes', 'string', '@core.v1.PersistentVolumeSpec.accessModes', (object: PersistentVolume) =>
    accessModesText(object.spec?.accessModes),
  ),
  column(
    'Reclaim Policy',
    'string',
    '@core.v1.PersistentVolumeSpec.persistentVolumeReclaimPolicy',
    (object: PersistentVolume) => object.spec?.persistentVolumeReclaimPolicy ?? '',
  ),
  column('Status', 'string', '@core.v1.PersistentVolumeStatus.phase', (object: PersistentVolume) =>
    object.metadata.deletionTimestamp === undefined ? (object.status?.phase ?? '') : 'Terminating',
  ),
  column(
    'Claim',
    'string',
    'claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and PVC. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding',
    claimCell,
  ),
  column('StorageClass', 'string', 'StorageClass of the pv', (object: PersistentVolume) =>
    storageClassOf(object.metadata.annotations, object.spec?.storageClassName),
  ),
  column(
    'VolumeAttributesClass',
    'string',
    'VolumeAttributesClass of the pv',
    (object: PersistentVolume) => object.spec?.volumeAttributesClassName ?? '<unset>',
  ),
  column(
    'Reason',
    'string',
    '@core.v1.PersistentVolumeStatus.reason',
    (object: PersistentVolume) => object.status?.reason ?? '',
  ),
  ageColumn,
  wideColumn(
    'VolumeMode',
    'string',
    '@core.v1.PersistentVolumeSpec.volumeMode',
    (object: PersistentVolume) => object.spec?.volumeMode ?? '<unset>',
  ),
];

/** The persistentvolumes resource. */
export const persistentVolumeResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  resource: 'persistentvolumes',
  singular: 'persistentvolume',
  shortNames: ['pv'],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.core.v1.PersistentVolume',
  columns,
  setDefaults: setPersistentVolumeDefaults,
  strategy: persistentVolumeStrategy,
};
