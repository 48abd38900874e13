import {
  checkChoice,
  duplicate,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  goQuote,
  invalid,
  required,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '../../types/core-v1.ts';
import { validateBundle, validatePodCertificate } from './certificate-projection-validation.ts';
import { validateFieldSelector, validateResourceFieldSelector, volumeFields } from './field-selector-validation.ts';
import { checkNonReservedPath } from './relative-path.ts';
import { validateClaimSpec } from './persistent-volume-claim-validation.ts';
import { validateTemplateMetadata } from './template-metadata-validation.ts';
import { checkSizeLimit, outerVolumeSources } from './volume-source-validation.ts';

/** What the volumes of a pod are checked against. */
export interface VolumeContext {
  /** Empty where the name is not known yet, as in a template. */
  readonly podName: string;
  /** A template may leave the reference of an image for its pods. */
  readonly isTemplate: boolean;
}

/**
 * Checks the volumes of a pod (core validation's ValidateVolumes); gives those without a mistake, by name, which
 * containers may mount.
 */
export function validateVolumes(
  volumes: readonly Volume[],
  context: VolumeContext,
  path: FieldPath,
): { readonly errors: FieldError[]; readonly usable: ReadonlyMap<string, Volume> } {
  const errors: FieldError[] = [];
  const usable = new Map<string, Volume>();
  const { podName } = context;
  const made = new Set(
    volumes.flatMap(({ name, ephemeral }) => (ephemeral === undefined || podName === '' ? [] : `${podName}-${name}`)),
  );
  volumes.forEach((volume, index) => {
    const at = path.index(index);
    const { name } = volume;
    const own = validateSources(volume, context, at);
    if (name === '') own.push(required(at.child('name')));
    else own.push(...isDns1123Label(name).map((message) => invalid(at.child('name'), name, message)));
    if (usable.has(name)) own.push(duplicate(at.child('name'), name));
    if (own.length === 0) usable.set(name, volume);
    errors.push(...own);
    const claim = volume.persistentVolumeClaim?.claimName ?? '';
    if (made.has(claim)) {
      const message = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalid(at.child('persistentVolumeClaim', 'claimName'), claim, message));
    }
  });
  return { errors, usable };
}

/** The order in which sources are looked at; what comes second is one too many. */
const sources: readonly Exclude<keyof Volume, 'name'>[] = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
];

/** Where the real server's paths differ from the names of the fields. */
const pathOfSource: Partial<Record<keyof Volume, string>> = { gcePersistentDisk: 'persistentDisk' };
const pathOfSurplus: Partial<Record<keyof Volume, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

function validateSources(volume: Volume, context: VolumeContext, path: FieldPath): FieldError[] {
  const [first, ...surplus] = sources.filter((name) => volume[name] !== undefined);
  if (first === undefined) return [required(path, 'must specify a volume type')];
  return [
    ...validateSource(volume, first, context, path, path.child(pathOfSource[first] ?? first)),
    ...surplus.map((name) =>
      fieldForbidden(path.child(pathOfSurplus[name] ?? name), 'may not specify more than 1 volume type'),
    ),
  ];
}

function validateSource(
  volume: Volume,
  source: Exclude<keyof Volume, 'name'>,
  { podName, isTemplate }: VolumeContext,
  path: FieldPath,
  at: FieldPath,
): FieldError[] {
  const { emptyDir, secret, configMap, downwardAPI, projected, ephemeral, image } = volume;
  switch (source) {
    case 'emptyDir':
      return checkSizeLimit(emptyDir?.sizeLimit, at.child('sizeLimit'));
    case 'secret':
      return validateKeys(secret ?? {}, 'secretName', secret?.secretName, at);
    case 'configMap':
      return validateKeys(configMap ?? {}, 'name', configMap?.name, at);
    case 'downwardAPI':
      return [
        ...checkMode(downwardAPI?.defaultMode, at.child('defaultMode')),
        ...(downwardAPI?.items ?? []).flatMap((file) => validateFile(file, at)),
      ];
    case 'projected':
      return validateProjected(projected ?? {}, at);
    case 'ephemeral': {
      if (ephemeral?.volumeClaimTemplate === undefined) return [required(at.child('volumeClaimTemplate'))];
      const { metadata, spec } = ephemeral.volumeClaimTemplate;
      const template = at.child('volumeClaimTemplate');
      const errors = [
        ...validateTemplateMetadata(metadata, template.child('metadata')),
        ...validateClaimSpec(spec, template.child('spec')),
      ];
      const claim = `${podName}-${volume.name}`;
      if (podName === '' || volume.name === '') return errors;
      const problems = isDns1123Subdomain(claim);
      return [
        ...errors,
        ...problems.map((text) => invalid(path.child('name'), volume.name, `PVC name ${goQuote(claim)}: ${text}`)),
      ];
    }
    case 'image':
      return [
        ...(!isTemplate && (image?.reference ?? '') === '' ? [required(at.child('reference'))] : []),
        ...checkChoice(at.child('pullPolicy'), image?.pullPolicy, ['Always', 'IfNotPresent', 'Never']),
      ];
    default: {
      const check = outerVolumeSources[source] as (value: unknown, path: FieldPath) => FieldError[];
      return check(volume[source], at);
    }
  }
}

function checkMode(mode: number | undefined, path: FieldPath): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

function validateKeys(
  { defaultMode, items = [] }: { readonly defaultMode?: number; readonly items?: readonly KeyToPath[] },
  nameField: string,
  name: string | undefined,
  path: FieldPath,
): FieldError[] {
  return [
    ...((name ?? '') === '' ? [required(path.child(nameField))] : []),
    ...checkMode(defaultMode, path.child('defaultMode')),
    ...items.flatMap((item, index) => validateKeyToPath(item, path.child('items').index(index))),
  ];
}

function validateKeyToPath({ key, path: place, mode }: KeyToPath, path: FieldPath): FieldError[] {
  return [
    ...(key === '' ? [required(path.child('key'))] : []),
    ...(place === '' ? [required(path.child('path'))] : []),
    ...checkNonReservedPath(place, path.child('path')),
    ...checkMode(mode, path.child('mode')),
  ];
}

/** Its errors stand at the list's path: the real server does not say which file it was. */
function validateFile(file: DownwardAPIVolumeFile, path: FieldPath): FieldError[] {
  const { path: place, fieldRef, resourceFieldRef, mode } = file;
  const errors = [
    ...(place === '' ? [required(path.child('path'))] : []),
    ...checkNonReservedPath(place, path.child('path')),
  ];
  if (fieldRef !== undefined) {
    errors.push(...validateFieldSelector(fieldRef, volumeFields, path.child('fieldRef')));
    if (resourceFieldRef !== undefined) {
      errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (resourceFieldRef !== undefined) {
    errors.push(...validateResourceFieldSelector(resourceFieldRef, true, path.child('resourceFieldRef')));
  } else {
    errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  }
  return [...errors, ...checkMode(mode, path.child('mode'))];
}

function validateProjected(source: ProjectedVolumeSource, path: FieldPath): FieldError[] {
  const errors = checkMode(source.defaultMode, path.child('defaultMode'));
  const taken = new Set<string>();
  const take = (place: string, shown: string): void => {
    if (place === '') return;
    if (taken.has(place)) errors.push(invalid(path, shown, 'conflicting duplicate paths'));
    taken.add(place);
  };
  (source.sources ?? []).forEach((projection, index) => {
    const at = path.child('sources').index(index);
    errors.push(...validateProjection(projection, path, at, take));
    if (Object.values(projection).filter((value) => value !== undefined).length > 1) {
      errors.push(fieldForbidden(at, 'may not specify more than 1 volume type per source'));
    }
  });
  return errors;
}

function validateProjection(
  projection: VolumeProjection,
  path: FieldPath,
  at: FieldPath,
  take: (place: string, shown: string) => void,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const kind of ['secret', 'configMap'] as const) {
    const keys = projection[kind];
    if (keys === undefined) continue;
    const { name = '', items = [] } = keys;
    if (name === '') errors.push(required(at.child(kind, 'name')));
    items.forEach((item, index) => {
      errors.push(...validateKeyToPath(item, at.child(kind, 'items').index(index)));
      take(item.path, name);
    });
  }
  for (const file of projection.downwardAPI?.items ?? []) {
    errors.push(...validateFile(file, at.child('downwardAPI')));
    take(file.path, file.path);
  }
  const token = projection.serviceAccountToken;
  if (token !== undefined) {
    const { expirationSeconds = 3600, path: place } = token;
    const where = at.child('serviceAccountToken', 'expirationSeconds');
    if (expirationSeconds < 600) {
      errors.push(invalid(where, expirationSeconds, 'may not specify a duration less than 10 minutes'));
    }
    if (expirationSeconds > 2 ** 32) {
      errors.push(invalid(where, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
    }
    if (place === '') errors.push(required(path.child('path')));
    else errors.push(...checkNonReservedPath(place, path.child('path')));
  }
  return [...errors, ...validateBundle(projection, at, take), ...validatePodCertificate(projection, at, take)];
}
