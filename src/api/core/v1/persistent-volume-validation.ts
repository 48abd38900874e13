import {
  checkImmutable,
  checkOptionalChoice,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  invalidFor,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { checkAmount } from './claim-status-validation.ts';
import { cloneJson } from '../../../apimachinery/json.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity } from '../../types/core-v1.ts';
import { checkPositiveQuantity, validateAccessModes, volumeModes } from './persistent-volume-claim-validation.ts';
import { validateVolumeSource } from './persistent-volume-source-validation.ts';
import { validateNodeSelector } from './pod-scheduling-validation.ts';

const specPath = new FieldPath('spec');
const mountOptions = 'volume.beta.kubernetes.io/mount-options';

/** Checks a volume (core validation's ValidatePersistentVolume, and what plugins add to it). */
export function validatePersistentVolume({ metadata, spec = {} }: PersistentVolume): FieldError[] {
  return [
    ...validateVolumeSpec(spec, metadata.name ?? '', specPath, false),
    ...validateMountOptions(metadata.annotations ?? {}, spec),
  ];
}

/** Checks the description of a volume; inline ones, within an attachment, say nothing but how to reach it by CSI. */
export function validateVolumeSpec(
  spec: PersistentVolumeSpec,
  volumeName: string,
  path: FieldPath,
  isInline: boolean,
): FieldError[] {
  const modes = spec.accessModes ?? [];
  return [
    ...(isInline ? refuseInline(spec, path) : []),
    ...(modes.length === 0 ? [required(path.child('accessModes'))] : []),
    ...validateAccessModes(modes, path.child('accessModes')),
    ...(isInline ? [] : validateCapacity(spec.capacity, path.child('capacity'))),
    ...validateReclaimPolicy(spec.persistentVolumeReclaimPolicy ?? '', isInline, path),
    ...validateAffinity(spec.nodeAffinity, isInline, path.child('nodeAffinity')),
    ...validateVolumeSource(spec, volumeName, path),
    ...validateRecycling(spec, path),
    ...validateClasses(spec, isInline, path),
  ];
}

const notInline = 'may not be specified in the context of inline volumes';

function refuseInline(spec: PersistentVolumeSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.claimRef !== undefined) errors.push(fieldForbidden(path.child('claimRef'), notInline));
  if (Object.keys(spec.capacity ?? {}).length > 0) errors.push(fieldForbidden(path.child('capacity'), notInline));
  if (spec.csi === undefined) {
    errors.push(required(path.child('csi'), 'has to be specified in the context of inline volumes'));
  }
  return errors;
}

function validateCapacity(given: Readonly<Record<string, string>> | undefined, path: FieldPath): FieldError[] {
  const capacity = given ?? {};
  const names = Object.keys(capacity);
  const errors: FieldError[] = names.length === 0 ? [required(path)] : [];
  if (names.length !== 1 || names[0] !== 'storage') {
    errors.push(notSupported(path, given ?? null, ['storage']));
  }
  return [
    ...errors,
    ...Object.entries(capacity).flatMap(([name, text]) => [
      ...checkAmount(text, path.key(name)),
      ...checkPositiveQuantity(text, path.key(name)),
    ]),
  ];
}

function validateReclaimPolicy(policy: string, isInline: boolean, path: FieldPath): FieldError[] {
  const at = path.child('persistentVolumeReclaimPolicy');
  if (policy === '') return [];
  if (!isInline) return checkOptionalChoice(at, policy, ['Delete', 'Recycle', 'Retain']);
  return policy === 'Retain' ? [] : [fieldForbidden(at, 'may only be Retain in the context of inline volumes')];
}

function validateAffinity(affinity: VolumeNodeAffinity | undefined, isInline: boolean, path: FieldPath): FieldError[] {
  if (affinity === undefined) return [];
  if (isInline) return [fieldForbidden(path, notInline)];
  const at = path.child('required');
  if (affinity.required === undefined) return [required(at, 'must specify required node constraints')];
  return validateNodeSelector(affinity.required, at);
}

function validateRecycling(
  { hostPath, persistentVolumeReclaimPolicy: policy }: PersistentVolumeSpec,
  path: FieldPath,
): FieldError[] {
  const isRoot = hostPath !== undefined && /^\/[./]*$/.test(hostPath.path);
  if (!isRoot || policy !== 'Recycle') return [];
  const message = "may not be 'recycle' for a hostPath mount of '/'";
  return [fieldForbidden(path.child('persistentVolumeReclaimPolicy'), message)];
}

function validateClasses(spec: PersistentVolumeSpec, isInline: boolean, path: FieldPath): FieldError[] {
  const { storageClassName = '', volumeAttributesClassName: attributesClass, volumeMode } = spec;
  const errors: FieldError[] = [];
  const classAt = path.child('storageClassName');
  const modeAt = path.child('volumeMode');
  if (storageClassName !== '') {
    const messages = isDns1123Subdomain(storageClassName);
    errors.push(...(isInline ? [fieldForbidden(classAt, notInline)] : invalidFor(classAt, storageClassName, messages)));
  }
  if (!isInline) errors.push(...checkOptionalChoice(modeAt, volumeMode, volumeModes));
  else if (volumeMode !== undefined && volumeMode !== 'Filesystem') {
    const message = 'may not specify volumeMode other than Filesystem in the context of inline volumes';
    errors.push(fieldForbidden(modeAt, message));
  }
  if (attributesClass === undefined || isInline) return errors;
  const at = path.child('volumeAttributesClassName');
  if (attributesClass === '') errors.push(required(at, 'an empty string is disallowed'));
  else errors.push(...invalidFor(at, attributesClass, isDns1123Subdomain(attributesClass)));
  if (spec.csi === undefined) {
    errors.push(required(path.child('csi'), 'has to be specified when using volumeAttributesClassName'));
  }
  return errors;
}

/** Kinds of volumes that are mounted with options. */
const mountable = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
] as const;

function validateMountOptions(annotations: Readonly<Record<string, string>>, spec: PersistentVolumeSpec): FieldError[] {
  if (annotations[mountOptions] === undefined || mountable.some((name) => spec[name] !== undefined)) return [];
  const path = new FieldPath('metadata').child('annotations', mountOptions);
  return [fieldForbidden(path, 'may not specify mount options for this volume type')];
}

/** Labels of nodes that have newer names; going over to them is no change. */
const newerLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

function isSameAffinity(affinity: VolumeNodeAffinity | undefined, old: VolumeNodeAffinity): boolean {
  const terms = affinity?.required?.nodeSelectorTerms ?? [];
  const allowed = cloneJson(old);
  (allowed.required?.nodeSelectorTerms ?? []).forEach((term, index) => {
    (term.matchExpressions ?? []).forEach((expression, position) => {
      const now = terms[index]?.matchExpressions?.[position]?.key;
      // To the real one no label is the newer one of those that have none.
      if (now !== undefined && (newerLabels[expression.key] ?? '') === now) expression.key = now;
    });
  });
  return equalSemantic(affinity ?? null, allowed);
}

/**
 * What an update may not do: what backs the volume, its mode and its nodes stay. The rest is checked as for a new one.
 * @param sourceDifference tells how the source differs; empty when it does not.
 */
export function validatePersistentVolumeUpdate(
  volume: PersistentVolume,
  old: PersistentVolume,
  sourceDifference: string,
): FieldError[] {
  const [spec, before] = [volume.spec ?? {}, old.spec ?? {}];
  const errors = validateVolumeSpec(spec, volume.metadata.name ?? '', specPath, false);
  if (sourceDifference !== '') {
    const message = `spec.persistentvolumesource is immutable after creation\n${sourceDifference}`;
    errors.push(fieldForbidden(specPath.child('persistentvolumesource'), message));
  }
  errors.push(...checkImmutable(new FieldPath('volumeMode'), spec.volumeMode, before.volumeMode));
  if (before.nodeAffinity !== undefined && !isSameAffinity(spec.nodeAffinity, before.nodeAffinity)) {
    const message = 'field is immutable, except for updating from beta label to GA';
    errors.push(invalid(new FieldPath('nodeAffinity'), withGoNames(spec.nodeAffinity), message));
  }
  if (before.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    const message = 'update from non-nil value to nil is forbidden';
    errors.push(fieldForbidden(specPath.child('volumeAttributesClassName'), message));
  }
  return errors;
}

/** The nodes as the real server shows them, by the names of its Go types. */
function withGoNames(affinity: VolumeNodeAffinity | undefined): unknown {
  if (affinity === undefined) return null;
  const list = (requirements: readonly { key: string; operator: string; values?: string[] }[] | undefined): unknown =>
    requirements?.map(({ key, operator, values }) => ({ Key: key, Operator: operator, Values: values ?? null })) ??
    null;
  const terms = affinity.required?.nodeSelectorTerms?.map(({ matchExpressions, matchFields }) => ({
    MatchExpressions: list(matchExpressions),
    MatchFields: list(matchFields),
  }));
  return { Required: affinity.required === undefined ? null : { NodeSelectorTerms: terms ?? null } };
}
