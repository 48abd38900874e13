import {
  type FieldError,
  type FieldPath,
  fieldForbidden,
  invalid,
  invalidFor,
  required,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type {
  AzureFilePersistentVolumeSource,
  CSIPersistentVolumeSource,
  FlexPersistentVolumeSource,
  GlusterfsPersistentVolumeSource,
  ISCSIPersistentVolumeSource,
  LocalVolumeSource,
  PersistentVolumeSpec,
  SecretReference,
  StorageOSPersistentVolumeSource,
} from '../../types/core-v1.ts';
import { checkNoBacksteps } from './relative-path.ts';
import { outerVolumeSources, validateCsiDriverName } from './volume-source-validation.ts';

/** What backs a volume: exactly one of these. */
export type PersistentVolumeSourceName =
  | 'hostPath'
  | 'gcePersistentDisk'
  | 'awsElasticBlockStore'
  | 'glusterfs'
  | 'flocker'
  | 'nfs'
  | 'rbd'
  | 'quobyte'
  | 'cephfs'
  | 'iscsi'
  | 'cinder'
  | 'fc'
  | 'flexVolume'
  | 'azureFile'
  | 'vsphereVolume'
  | 'photonPersistentDisk'
  | 'portworxVolume'
  | 'azureDisk'
  | 'scaleIO'
  | 'local'
  | 'storageos'
  | 'csi';

type Check<Name extends PersistentVolumeSourceName> = (
  source: NonNullable<PersistentVolumeSpec[Name]>,
  path: FieldPath,
  volumeName: string,
) => FieldError[];

const { hostPath, gcePersistentDisk, awsElasticBlockStore, flocker, nfs, rbd, quobyte, cephfs } = outerVolumeSources;
const { fc, vsphereVolume, photonPersistentDisk, portworxVolume, azureDisk, scaleIO } = outerVolumeSources;

/** The sources in the order in which the real server looks at them, with what is checked of each. */
const sourceChecks: { readonly [Name in PersistentVolumeSourceName]: Check<Name> } = {
  hostPath,
  gcePersistentDisk,
  awsElasticBlockStore,
  glusterfs: validateGlusterfs,
  flocker,
  nfs,
  rbd,
  quobyte,
  cephfs,
  iscsi: validateIscsi,
  cinder: ({ volumeID, secretRef }, path) => [
    ...(volumeID === '' ? [required(path.child('volumeID'))] : []),
    ...requireSecret(secretRef, path.child('secretRef')),
  ],
  fc,
  flexVolume: (source: FlexPersistentVolumeSource, path) =>
    outerVolumeSources.flexVolume({ driver: source.driver, options: source.options ?? {} }, path),
  azureFile: validateAzureFile,
  vsphereVolume,
  photonPersistentDisk,
  portworxVolume,
  azureDisk,
  scaleIO: ({ gateway, system, volumeName = '' }, path) =>
    scaleIO({ gateway, system, volumeName, secretRef: {} }, path),
  local: ({ path: place }: LocalVolumeSource, path) =>
    place === '' ? [required(path.child('path'))] : checkNoBacksteps(place, path.child('path')),
  storageos: validateStorageOs,
  csi: validateCsi,
};

/** What the real server calls a source when something in it is wrong. */
const reportedAs: Readonly<Partial<Record<PersistentVolumeSourceName, string>>> = {
  gcePersistentDisk: 'persistentDisk',
};

/** Checks the one source of a volume; each further one is refused. */
export function validateVolumeSource(spec: PersistentVolumeSpec, volumeName: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  for (const name of Object.keys(sourceChecks) as PersistentVolumeSourceName[]) {
    const source = spec[name];
    if (source === undefined) continue;
    // Flex volumes are not counted against the others.
    if (count > 0 && name !== 'flexVolume') {
      const at = path.child(name === 'cephfs' ? 'cephFS' : name);
      errors.push(fieldForbidden(at, 'may not specify more than 1 volume type'));
      continue;
    }
    count++;
    const check = sourceChecks[name] as (source: object, path: FieldPath, volumeName: string) => FieldError[];
    errors.push(...check(source, path.child(reportedAs[name] ?? name), volumeName));
    if (name === 'local' && spec.nodeAffinity === undefined) {
      errors.push(required(path.child('nodeAffinity'), 'Local volume requires node affinity'));
    }
  }
  return count === 0 ? [required(path, 'must specify a volume type')] : errors;
}

function requireSecret(secret: SecretReference | undefined, path: FieldPath): FieldError[] {
  if (secret === undefined) return [];
  return (['name', 'namespace'] as const).flatMap((field) =>
    (secret[field] ?? '') === '' ? [required(path.child(field))] : [],
  );
}

function validateGlusterfs(source: GlusterfsPersistentVolumeSource, path: FieldPath): FieldError[] {
  const { endpoints, endpointsNamespace: namespace } = source;
  const errors = outerVolumeSources.glusterfs({ endpoints, path: source.path }, path);
  if (namespace === undefined) return errors;
  const at = path.child('endpointsNamespace');
  const message = 'if the endpointnamespace is set, it must be a valid namespace name';
  if (namespace === '') return [...errors, invalid(at, namespace, message)];
  return [...errors, ...invalidFor(at, namespace, isDns1123Label(namespace))];
}

const longestPortal = 64;

function validateIscsi(source: ISCSIPersistentVolumeSource, path: FieldPath, volumeName: string): FieldError[] {
  const { initiatorName, secretRef, targetPortal } = source;
  // Of volumes of their own the real server says less.
  const errors = outerVolumeSources
    .iscsi(source, path)
    .map((error) => ({ ...error, body: error.body.replace(' starting with iqn, eui, or naa', '') }));
  if (initiatorName !== undefined && `${volumeName}:${targetPortal}`.length > longestPortal) {
    const message =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    errors.unshift(invalid(path.child('targetportal'), targetPortal, message));
  }
  if (secretRef !== undefined && (secretRef.name ?? '') === '') errors.push(required(path.child('secretRef', 'name')));
  return errors;
}

function validateAzureFile(source: AzureFilePersistentVolumeSource, path: FieldPath): FieldError[] {
  const { secretName, shareName } = source;
  const namespace = source.secretNamespace;
  return [
    ...outerVolumeSources.azureFile({ secretName, shareName }, path),
    ...(namespace === '' ? [required(path.child('secretNamespace'))] : []),
  ];
}

function validateStorageOs(source: StorageOSPersistentVolumeSource, path: FieldPath): FieldError[] {
  const { secretRef, ...rest } = source;
  const { name = '', namespace = '' } = secretRef ?? {};
  return [
    ...outerVolumeSources.storageos(rest, path),
    ...(secretRef === undefined ? [] : requireSecret({ name, namespace }, path.child('secretRef'))),
  ];
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function validateCsi(source: CSIPersistentVolumeSource, path: FieldPath): FieldError[] {
  const errors = validateCsiDriverName(source.driver, path.child('driver'));
  if (source.volumeHandle === '') errors.push(required(path.child('volumeHandle')));
  for (const field of csiSecrets) {
    const secret = source[field];
    if (secret === undefined) continue;
    const { name = '', namespace = '' } = secret;
    const at = path.child(field);
    errors.push(
      ...(name === '' ? [required(at.child('name'))] : invalidFor(at.child('name'), name, isDns1123Subdomain(name))),
      ...(namespace === ''
        ? [required(at.child('namespace'))]
        : invalidFor(at.child('namespace'), namespace, isDns1123Label(namespace))),
    );
  }
  return errors;
}
