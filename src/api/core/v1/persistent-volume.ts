import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
  secretNamespace: string
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
  iqn!: string=
  iscsiInterface: string="default"
  lun!: int32=
  portals: [string] atomic
  readOnly: bool
  secretRef: SecretReference
  targetPortal!: string=

type LocalVolumeSource
  fsType: string
  path!: string=

type PersistentVolumeSpec
  accessModes: [string] atomic
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
  image!: string=
  keyring: string="/etc/ceph/keyring"
  monitors!: [string] atomic
  pool: string="rbd"
  readOnly: bool
  secretRef: SecretReference
  user: string="admin"

type ScaleIOPersistentVolumeSource
  fsType: string="xfs"
  gateway!: string=
  protectionDomain: string
  readOnly: bool
  secretRef!: SecretReference
  sslEnabled: bool
  storageMode: string="ThinProvisioned"
  storagePool: string
  system!: string=
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
};
