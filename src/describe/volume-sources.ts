import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { parseQuantity } from '../apimachinery/quantity.ts';
import { goText } from '../printers/go-format.ts';
import { type DescribeText, shorten } from './describe-text.ts';

/** A source's lines: the title with its colon, and the value in the source's fields. */
type Fields = readonly (readonly [title: string, value: (source: JsonObject) => string])[];

interface SourceDescription {
  readonly type: string;
  readonly fields: Fields;
  /** What cannot be told in fields. */
  more?(source: JsonObject, text: DescribeText): void;
}

const text =
  (name: string, absent = '') =>
  (source: JsonObject): string => {
    const value = source[name];
    return value === undefined || value === null ? absent : goText(value);
  };
const flag = (name: string): ((source: JsonObject) => string) => text(name, 'false');
const number = (name: string): ((source: JsonObject) => string) => text(name, '0');
const list = (name: string): ((source: JsonObject) => string) => text(name, '[]');

/** A reference to a secret as Go prints the struct behind a pointer. */
function reference(isNamespaced: boolean): (source: JsonObject) => string {
  return ({ secretRef }) => {
    if (!isJsonObject(secretRef)) return 'nil';
    const name = goText(secretRef['name'] ?? '');
    const namespace = isNamespaced ? `Namespace:${goText(secretRef['namespace'] ?? '')},` : '';
    return `&${isNamespaced ? 'SecretReference' : 'LocalObjectReference'}{Name:${name},${namespace}}`;
  };
}

const driverAndType: Fields = [
  ['Driver:', text('driver')],
  ['FSType:', text('fsType')],
];
const readOnly: Fields = [['ReadOnly:', flag('readOnly')]];
const volumeId: Fields = [
  ['VolumeID:', text('volumeID')],
  ['FSType:', text('fsType')],
];

function rbd(isNamespaced: boolean): Fields {
  return [
    ['CephMonitors:', list('monitors')],
    ['RBDImage:', text('image')],
    ['FSType:', text('fsType')],
    ['RBDPool:', text('pool')],
    ['RadosUser:', text('user')],
    ['Keyring:', text('keyring')],
    ['SecretRef:', reference(isNamespaced)],
    ...readOnly,
  ];
}

function cephfs(isNamespaced: boolean): Fields {
  return [
    ['Monitors:', list('monitors')],
    ['Path:', text('path')],
    ['User:', text('user')],
    ['SecretFile:', text('secretFile')],
    ['SecretRef:', reference(isNamespaced)],
    ...readOnly,
  ];
}

function flexVolume(isNamespaced: boolean): Fields {
  return [
    ...driverAndType,
    ['SecretRef:', reference(isNamespaced)],
    ...readOnly,
    ['Options:', text('options', 'map[]')],
  ];
}

function iscsi(isNamespaced: boolean): Fields {
  return [
    ['TargetPortal:', text('targetPortal')],
    ['IQN:', text('iqn')],
    ['Lun:', number('lun')],
    ['ISCSIInterface', text('iscsiInterface')],
    ['FSType:', text('fsType')],
    ...readOnly,
    ['Portals:', list('portals')],
    ['DiscoveryCHAPAuth:', flag('chapAuthDiscovery')],
    ['SessionCHAPAuth:', flag('chapAuthSession')],
    ['SecretRef:', reference(isNamespaced)],
    ['InitiatorName:', text('initiatorName', '<none>')],
  ];
}

const scaleIo: Fields = [
  ['Gateway:', text('gateway')],
  ['System:', text('system')],
  ['Protection Domain:', text('protectionDomain')],
  ['Storage Pool:', text('storagePool')],
  ['Storage Mode:', text('storageMode')],
  ['VolumeName:', text('volumeName')],
];

const secretMember =
  (name: string) =>
  ({ secretRef }: JsonObject): string =>
    isJsonObject(secretRef) ? goText(secretRef[name] ?? '') : '';

const types = {
  iscsi: "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
  glusterfs: "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
  rbd: "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
  cinder: 'Cinder (a Persistent Disk resource in OpenStack)',
  scaleIO: 'ScaleIO (a persistent volume backed by a block device in ScaleIO)',
  cephfs: "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
  azureFile: 'AzureFile (an Azure File Service mount on the host and bind mount to the pod)',
  flexVolume: 'FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)',
  csi: 'CSI (a Container Storage Interface (CSI) volume source)',
};

/** What pods and persistent volumes say in the same way. */
const shared: Readonly<Record<string, SourceDescription>> = {
  hostPath: {
    type: 'HostPath (bare host directory volume)',
    fields: [
      ['Path:', text('path')],
      ['HostPathType:', text('type', '<none>')],
    ],
  },
  gcePersistentDisk: {
    type: 'GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)',
    fields: [
      ['PDName:', text('pdName')],
      ['FSType:', text('fsType')],
      ['Partition:', number('partition')],
      ...readOnly,
    ],
  },
  awsElasticBlockStore: {
    type: 'AWSElasticBlockStore (a Persistent Disk resource in AWS)',
    fields: [...volumeId, ['Partition:', number('partition')], ...readOnly],
  },
  nfs: {
    type: 'NFS (an NFS mount that lasts the lifetime of a pod)',
    fields: [['Server:', text('server')], ['Path:', text('path')], ...readOnly],
  },
  quobyte: {
    type: "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
    fields: [['Registry:', text('registry')], ['Volume:', text('volume')], ...readOnly],
  },
  azureDisk: {
    type: 'AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)',
    fields: [
      ['DiskName:', text('diskName')],
      ['DiskURI:', text('diskURI')],
      ['Kind: ', text('kind')],
      ['FSType:', text('fsType')],
      ['CachingMode:', text('cachingMode')],
      ...readOnly,
    ],
  },
  vsphereVolume: {
    type: 'vSphereVolume (a Persistent Disk resource in vSphere)',
    fields: [
      ['VolumePath:', text('volumePath')],
      ['FSType:', text('fsType')],
      ['StoragePolicyName:', text('storagePolicyName')],
    ],
  },
  photonPersistentDisk: {
    type: 'PhotonPersistentDisk (a Persistent Disk resource in photon platform)',
    fields: [
      ['PdID:', text('pdID')],
      ['FSType:', text('fsType')],
    ],
  },
  portworxVolume: {
    type: 'PortworxVolume (a Portworx Volume resource)',
    fields: [['VolumeID:', text('volumeID')]],
  },
  storageos: {
    type: 'StorageOS (a StorageOS Persistent Disk resource)',
    fields: [
      ['VolumeName:', text('volumeName')],
      ['VolumeNamespace:', text('volumeNamespace')],
      ['FSType:', text('fsType')],
      ...readOnly,
    ],
  },
  fc: {
    type: 'FC (a Fibre Channel disk)',
    fields: [
      ['TargetWWNs:', ({ targetWWNs }) => (Array.isArray(targetWWNs) ? targetWWNs.map(goText).join(', ') : '')],
      ['LUN:', text('lun', '<none>')],
      ['FSType:', text('fsType')],
      ...readOnly,
    ],
  },
  flocker: {
    type: 'Flocker (a Flocker volume mounted by the Flocker agent)',
    fields: [
      ['DatasetName:', text('datasetName')],
      ['DatasetUUID:', text('datasetUUID')],
    ],
  },
};

/** The sources of a pod's volumes by their field. */
export const podVolumeSources: Readonly<Record<string, SourceDescription>> = {
  ...shared,
  emptyDir: {
    type: "EmptyDir (a temporary directory that shares a pod's lifetime)",
    fields: [
      ['Medium:', text('medium')],
      ['SizeLimit:', ({ sizeLimit }) => emptyDirLimit(sizeLimit)],
    ],
  },
  gitRepo: {
    type: 'GitRepo (a volume that is pulled from git when the pod is created)',
    fields: [
      ['Repository:', text('repository')],
      ['Revision:', text('revision')],
    ],
  },
  secret: {
    type: 'Secret (a volume populated by a Secret)',
    fields: [
      ['SecretName:', text('secretName')],
      ['Optional:', flag('optional')],
    ],
  },
  configMap: {
    type: 'ConfigMap (a volume populated by a ConfigMap)',
    fields: [
      ['Name:', text('name')],
      ['Optional:', flag('optional')],
    ],
  },
  glusterfs: {
    type: types.glusterfs,
    fields: [['EndpointsName:', text('endpoints')], ['Path:', text('path')], ...readOnly],
  },
  persistentVolumeClaim: {
    type: 'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)',
    fields: [['ClaimName:', text('claimName')], ...readOnly],
  },
  iscsi: { type: types.iscsi, fields: iscsi(false) },
  rbd: { type: types.rbd, fields: rbd(false) },
  cinder: { type: types.cinder, fields: [...volumeId, ...readOnly, ['SecretRef:', reference(false)]] },
  scaleIO: { type: types.scaleIO, fields: [...scaleIo, ['FSType:', text('fsType')], ...readOnly] },
  cephfs: { type: types.cephfs, fields: cephfs(false) },
  azureFile: {
    type: types.azureFile,
    fields: [['SecretName:', text('secretName')], ['ShareName:', text('shareName')], ...readOnly],
  },
  flexVolume: { type: types.flexVolume, fields: flexVolume(false) },
  csi: { type: types.csi, fields: [...driverAndType, ...readOnly], more: volumeAttributes },
  image: {
    type: 'Image (a container image or OCI artifact)',
    fields: [
      ['Reference:', text('reference')],
      ['PullPolicy:', text('pullPolicy')],
    ],
  },
};

/** The sources of persistent volumes by their field. */
export const persistentVolumeSources: Readonly<Record<string, SourceDescription>> = {
  ...shared,
  glusterfs: {
    type: types.glusterfs,
    fields: [
      ['EndpointsName:', text('endpoints')],
      ['EndpointsNamespace:', text('endpointsNamespace', '<unset>')],
      ['Path:', text('path')],
      ...readOnly,
    ],
  },
  iscsi: { type: types.iscsi, fields: iscsi(true) },
  rbd: { type: types.rbd, fields: rbd(true) },
  cinder: { type: types.cinder, fields: [...volumeId, ...readOnly, ['SecretRef:', reference(true)]] },
  scaleIO: {
    type: types.scaleIO,
    fields: [
      ...scaleIo,
      ['SecretName:', secretMember('name')],
      ['SecretNamespace:', secretMember('namespace')],
      ['FSType:', text('fsType')],
      ...readOnly,
    ],
  },
  local: {
    type: 'LocalVolume (a persistent volume backed by local storage on a node)',
    fields: [['Path:', text('path')]],
  },
  cephfs: { type: types.cephfs, fields: cephfs(true) },
  azureFile: {
    type: types.azureFile,
    fields: [
      ['SecretName:', text('secretName')],
      ['SecretNamespace:', text('secretNamespace')],
      ['ShareName:', text('shareName')],
      ...readOnly,
    ],
  },
  flexVolume: { type: types.flexVolume, fields: flexVolume(true) },
  csi: {
    type: types.csi,
    fields: [...driverAndType, ['VolumeHandle:', text('volumeHandle')], ...readOnly],
    more: volumeAttributes,
  },
};

/** Writes the source that an object has; false when it is none of the known ones. */
export function describeSource(
  sources: Readonly<Record<string, SourceDescription>>,
  object: object,
  target: DescribeText,
): boolean {
  const fields = object as JsonObject;
  const name = Object.keys(fields).find((key) => Object.hasOwn(sources, key) && isJsonObject(fields[key]));
  const description = name === undefined ? undefined : sources[name];
  const source = name === undefined ? undefined : fields[name];
  if (description === undefined || !isJsonObject(source)) return false;
  target.line(2, `Type:\t${description.type}`);
  for (const [title, value] of description.fields) target.line(2, `${title}\t${value(source)}`);
  description.more?.(source, target);
  return true;
}

function emptyDirLimit(limit: JsonValue | undefined): string {
  if (typeof limit !== 'string' && typeof limit !== 'number') return '<unset>';
  const quantity = parseQuantity(`${limit}`);
  return quantity.sign() > 0 ? quantity.toString() : '<unset>';
}

const maxAttributeLength = 140;

function volumeAttributes({ volumeAttributes: attributes }: JsonObject, target: DescribeText): void {
  const keys = isJsonObject(attributes) ? Object.keys(attributes).toSorted() : [];
  if (!isJsonObject(attributes) || keys.length === 0) target.line(2, 'VolumeAttributes:\t<none>');
  else {
    for (const [index, key] of keys.entries()) {
      const line = shorten(`${key}=${goText(attributes[key] ?? '')}`, maxAttributeLength);
      target.line(2, `${index === 0 ? 'VolumeAttributes:' : ''}\t    ${line}`);
    }
  }
}
