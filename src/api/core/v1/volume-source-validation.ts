import {
  checkOptionalChoice,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { inclusiveRangeMessage, isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type {
  AzureDiskVolumeSource,
  FlexVolumeSource,
  GitRepoVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  StorageOSVolumeSource,
  Volume,
} from '../../types/core-v1.ts';
import { checkDescendingPath, checkNoBacksteps } from './relative-path.ts';

/** The sources of a volume that lie outside its pod, each with its own check. */
export type OuterVolumeSources = Omit<
  Volume,
  'name' | 'emptyDir' | 'configMap' | 'secret' | 'downwardAPI' | 'projected' | 'ephemeral' | 'image'
>;

type SourceCheck<Source> = (source: Source, path: FieldPath) => FieldError[];

/** Fields that must not be empty. */
function filled(...fields: string[]): SourceCheck<object> {
  return (source, path) =>
    fields.flatMap((field) => {
      const value = (source as Readonly<Record<string, unknown>>)[field];
      const isEmpty = (value ?? '') === '' || (Array.isArray(value) && value.length === 0);
      return isEmpty ? [required(path.child(field))] : [];
    });
}

/** Several checks, one after the other. */
function all<Source>(...checks: SourceCheck<Source>[]): SourceCheck<Source> {
  return (source, path) => checks.flatMap((check) => check(source, path));
}

const partition: SourceCheck<{ partition?: number }> = ({ partition: number = 0 }, path) =>
  number < 0 || number > 255 ? [invalid(path.child('partition'), number, inclusiveRangeMessage(1, 255))] : [];

const namedSecret: SourceCheck<{ secretRef?: { name?: string } }> = ({ secretRef }, path) =>
  secretRef !== undefined && (secretRef.name ?? '') === '' ? [required(path.child('secretRef', 'name'))] : [];

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

/** What is checked of each source (core validation's validate…VolumeSource). */
export const outerVolumeSources: {
  readonly [Name in keyof OuterVolumeSources]-?: SourceCheck<NonNullable<OuterVolumeSources[Name]>>;
} = {
  hostPath: ({ path: place, type }, path) =>
    place === ''
      ? [required(path.child('path'))]
      : [
          ...checkNoBacksteps(place, path.child('path')),
          ...checkOptionalChoice(path.child('type'), type, hostPathTypes),
        ],
  gitRepo: all<GitRepoVolumeSource>(filled('repository'), ({ directory = '' }, path) =>
    checkDescendingPath(directory, path.child('directory')),
  ),
  gcePersistentDisk: all(filled('pdName'), partition),
  awsElasticBlockStore: all(filled('volumeID'), partition),
  nfs: all<NFSVolumeSource>(filled('server', 'path'), ({ path: place }, path) =>
    place.startsWith('/') ? [] : [invalid(path.child('path'), place, 'must be an absolute path')],
  ),
  iscsi: validateIscsi,
  glusterfs: filled('endpoints', 'path'),
  flocker: ({ datasetName = '', datasetUUID = '' }, path) => [
    ...(datasetName === '' && datasetUUID === ''
      ? [required(path, 'one of datasetName and datasetUUID is required')]
      : []),
    ...(datasetName !== '' && datasetUUID !== ''
      ? [invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously')]
      : []),
    ...(datasetName.includes('/') ? [invalid(path.child('datasetName'), datasetName, "must not contain '/'")] : []),
  ],
  persistentVolumeClaim: filled('claimName'),
  rbd: filled('monitors', 'image'),
  cinder: all(filled('volumeID'), namedSecret),
  cephfs: filled('monitors'),
  quobyte: ({ registry, tenant = '', volume }, path) => {
    const errors: FieldError[] = [];
    const pairs = 'must be a host:port pair or multiple pairs separated by commas';
    if (registry === '') errors.push(required(path.child('registry'), pairs));
    else if (tenant.length >= 65) {
      errors.push(required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
    } else {
      const wrong = registry.split(',').filter((pair) => !/^([^:[\]]*|\[[^[\]]*\]):[^:]*$/.test(pair));
      errors.push(...wrong.map(() => invalid(path.child('registry'), registry, pairs)));
    }
    return volume === '' ? [...errors, required(path.child('volume'))] : errors;
  },
  fc: ({ targetWWNs = [], wwids = [], lun }, path) => {
    const at = path.child('targetWWNs');
    const errors: FieldError[] = [];
    if (targetWWNs.length === 0 && wwids.length === 0) {
      errors.push(required(at, 'must specify either targetWWNs or wwids, but not both'));
    }
    if (targetWWNs.length > 0 && wwids.length > 0) {
      errors.push(invalid(at, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
    }
    if (targetWWNs.length === 0) return errors;
    if (lun === undefined) errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'));
    else errors.push(...checkLun(lun, path));
    return errors;
  },
  flexVolume: all<FlexVolumeSource>(filled('driver'), ({ options = {} }, path) =>
    Object.keys(options).flatMap((key) => {
      const space = `.${(key.includes('/') ? key.slice(0, key.indexOf('/')) : key).toLowerCase()}`;
      if (!space.endsWith('.kubernetes.io') && !space.endsWith('.k8s.io')) return [];
      return [invalid(path.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved')];
    }),
  ),
  azureFile: filled('secretName', 'shareName'),
  vsphereVolume: filled('volumePath'),
  photonPersistentDisk: filled('pdID'),
  portworxVolume: filled('volumeID'),
  azureDisk: all(filled('diskName', 'diskURI'), validateAzureDisk),
  storageos: all<StorageOSVolumeSource>(
    filled('volumeName'),
    ({ volumeName = '', volumeNamespace = '' }, path) => [
      ...checkLabel(volumeName, path.child('volumeName')),
      ...checkLabel(volumeNamespace, path.child('volumeNamespace')),
    ],
    namedSecret,
  ),
  scaleIO: filled('gateway', 'system', 'volumeName'),
  csi: ({ driver, nodePublishSecretRef }, path) => {
    const errors = validateCsiDriverName(driver, path.child('driver'));
    if (nodePublishSecretRef === undefined) return errors;
    const { name = '' } = nodePublishSecretRef;
    if (name === '') return [...errors, required(path.child('nodePublishSecretRef', 'name'))];
    return [...errors, ...isDns1123Subdomain(name).map((message) => invalid(path.child('name'), name, message))];
  },
};

function checkLabel(name: string, path: FieldPath): FieldError[] {
  return name === '' ? [] : isDns1123Label(name).map((message) => invalid(path, name, message));
}

function checkLun(lun: number, path: FieldPath): FieldError[] {
  return lun < 0 || lun > 255 ? [invalid(path.child('lun'), lun, inclusiveRangeMessage(0, 255))] : [];
}

/** The name of a CSI driver: a subdomain of at most 63 characters, whatever its case. */
export function validateCsiDriverName(name: string, path: FieldPath): FieldError[] {
  if (name === '') return [required(path)];
  const errors = name.length > 63 ? [tooLong(path, 63)] : [];
  return [...errors, ...isDns1123Subdomain(name.toLowerCase()).map((message) => invalid(path, name, message))];
}

/** Names of iSCSI nodes by their kind (RFC 3720, 3.2.6.3). */
const iscsiNames: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9_-]+\.?)+(:[^,;*&$|\s]+)$/,
  eui: /^eui\.[A-Fa-f0-9]{16}$/,
  naa: /^naa\.[A-Fa-f0-9]{32}$/,
};

function checkIscsiName(name: string, path: FieldPath): FieldError[] {
  const form = iscsiNames[name.slice(0, 3)];
  if (form === undefined) return [invalid(path, name, 'must be valid format starting with iqn, eui, or naa')];
  return form.test(name) ? [] : [invalid(path, name, 'must be valid format')];
}

function validateIscsi(source: ISCSIVolumeSource, path: FieldPath): FieldError[] {
  const { targetPortal, iqn, lun, initiatorName } = source;
  const errors: FieldError[] = [];
  if (targetPortal === '') errors.push(required(path.child('targetPortal')));
  if (iqn === '') errors.push(required(path.child('iqn')));
  else errors.push(...checkIscsiName(iqn, path.child('iqn')));
  errors.push(...checkLun(lun ?? 0, path));
  const needsSecret = source.chapAuthDiscovery === true || source.chapAuthSession === true;
  if (needsSecret && source.secretRef === undefined) errors.push(required(path.child('secretRef')));
  if (initiatorName !== undefined) errors.push(...checkIscsiName(initiatorName, path.child('initiatorname')));
  return errors;
}

function validateAzureDisk(source: AzureDiskVolumeSource, path: FieldPath): FieldError[] {
  const { cachingMode, kind, diskURI } = source;
  const errors = [
    ...checkOptionalChoice(path.child('cachingMode'), cachingMode, ['None', 'ReadOnly', 'ReadWrite']),
    ...checkOptionalChoice(path.child('kind'), kind, ['Dedicated', 'Managed', 'Shared']),
  ];
  if (kind === undefined) return errors;
  const [prefix, form] =
    kind === 'Managed'
      ? [
          '/subscriptions/',
          '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
        ]
      : ['https://', 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'];
  if (!diskURI.startsWith(prefix)) errors.push(notSupported(path.child('diskURI'), diskURI, [form]));
  return errors;
}

/** An amount that a folder may grow to. */
export function checkSizeLimit(sizeLimit: string | undefined, path: FieldPath): FieldError[] {
  if (sizeLimit === undefined || parseQuantity(sizeLimit).sign() >= 0) return [];
  return [fieldForbidden(path, 'SizeLimit field must be a valid resource quantity')];
}
