import {
  checkOptionalChoice,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { validateLabelSelector } from '../../../apimachinery/labels.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  TypedLocalObjectReference,
  TypedObjectReference,
} from '../../types/core-v1.ts';
import { internalDifference } from './internal-objects.ts';

/** Ways in which a volume may be used. */
export const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
/** What a volume looks like to its container. */
export const volumeModes = ['Block', 'Filesystem'];

/** Access modes that exist, and one that stands alone. */
export function validateAccessModes(modes: readonly string[], path: FieldPath): FieldError[] {
  const errors = modes
    .filter((mode) => !accessModes.includes(mode))
    .map((mode) => notSupported(path, mode, accessModes));
  const known = modes.filter((mode) => accessModes.includes(mode));
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod')) {
    errors.push(fieldForbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

/** An amount above zero. */
export function checkPositiveQuantity(text: string, path: FieldPath): FieldError[] {
  const quantity = parseQuantity(text);
  return quantity.sign() > 0 ? [] : [invalid(path, quantity.toString(), 'must be greater than zero')];
}

/**
 * Checks a claim, of its own or in a template (core validation's ValidatePersistentVolumeClaimSpec). Groups of sources
 * are not looked at when the claim had one before, which nobody checked once.
 */
export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec | undefined,
  path: FieldPath,
  old?: PersistentVolumeClaimSpec,
): FieldError[] {
  const anyGroup = old?.dataSource?.apiGroup !== undefined || old?.dataSourceRef?.apiGroup !== undefined;
  const { dataSource, dataSourceRef, resources, selector, storageClassName = '', volumeMode } = spec ?? {};
  const modes = spec?.accessModes ?? [];
  const storage = resources?.requests?.['storage'];
  const storagePath = path.child('resources').key('storage');
  const attributesClass = spec?.volumeAttributesClassName ?? '';
  return [
    ...(modes.length === 0 ? [required(path.child('accessModes'), 'at least 1 access mode is required')] : []),
    ...validateLabelSelector(selector, path.child('selector')),
    ...validateAccessModes(modes, path.child('accessModes')),
    ...(storage === undefined ? [required(storagePath)] : checkPositiveQuantity(storage, storagePath)),
    ...checkClassName(storageClassName, path.child('storageClassName')),
    ...checkOptionalChoice(path.child('volumeMode'), volumeMode, volumeModes),
    ...validateDataSource(dataSource, path.child('dataSource'), anyGroup),
    ...validateDataSource(dataSourceRef, path.child('dataSourceRef'), anyGroup),
    ...validateBothSources(dataSource, dataSourceRef, path),
    ...checkClassName(attributesClass, path.child('volumeAttributesClassName')),
  ];
}

function checkClassName(name: string, path: FieldPath): FieldError[] {
  return name === '' ? [] : isDns1123Subdomain(name).map((message) => invalid(path, name, message));
}

function validateDataSource(
  source: TypedLocalObjectReference | TypedObjectReference | undefined,
  path: FieldPath,
  anyGroup: boolean,
): FieldError[] {
  if (source === undefined) return [];
  const { kind, name } = source;
  // The group is shown as null when there is none.
  const apiGroup = source.apiGroup ?? '';
  const namespace = 'namespace' in source ? (source.namespace ?? '') : '';
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(path.child('name')));
  if (kind === '') errors.push(required(path.child('kind')));
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') {
    errors.push(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (!anyGroup) errors.push(...checkClassName(apiGroup, path.child('apiGroup')));
  if (namespace === '') return errors;
  const at = path.child('namespace');
  return [...errors, ...isDns1123Label(namespace).map((message) => invalid(at, namespace, message))];
}

function validateBothSources(
  source: TypedLocalObjectReference | undefined,
  reference: TypedObjectReference | undefined,
  path: FieldPath,
): FieldError[] {
  if (source === undefined || reference === undefined) return [];
  // The real one shows the path of the other field, of which JSON has nothing.
  const shown = {};
  if ((reference.namespace ?? '') !== '') {
    return [invalid(path, shown, 'may not be specified when dataSourceRef.namespace is specified')];
  }
  const isSame = (['apiGroup', 'kind', 'name'] as const).every((field) => source[field] === reference[field]);
  return isSame ? [] : [invalid(path, shown, 'must match dataSourceRef')];
}

/** Where the class of a volume stood before it had a field. */
export const betaClass = 'volume.beta.kubernetes.io/storage-class';
const specPath = new FieldPath('spec');

/** What of a claim may change: its volume once, its class once, its size while it is bound, never back. */
export function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = validateClaimSpec(claim.spec, specPath, old.spec);
  const masked = { ...claim.spec };
  const before = { ...old.spec };
  if ((before.volumeName ?? '') === '') before.volumeName = masked.volumeName ?? '';
  masked.volumeName ??= '';
  const was = old.metadata.annotations?.[betaClass];
  const is = claim.metadata.annotations?.[betaClass];
  const isNewClass = masked.storageClassName !== undefined && before.storageClassName === undefined;
  const movesFromAnnotation =
    isNewClass && was !== undefined && masked.storageClassName === was && (is === undefined || is === was);
  if (!movesFromAnnotation && (is ?? '') !== (was ?? '')) {
    const path = new FieldPath('metadata').child('annotations', betaClass);
    errors.push(invalid(path, is ?? '', 'field is immutable'));
  }
  if (isNewClass && (was === undefined || masked.storageClassName === was)) delete masked.storageClassName;
  if (claim.status?.phase === 'Bound') {
    const size = before.resources?.requests?.['storage'];
    if (masked.resources?.requests !== undefined) {
      const { storage: _storage, ...others } = masked.resources.requests;
      const requests = size === undefined ? others : { ...others, storage: size };
      masked.resources = { ...masked.resources, requests };
    }
    delete masked.volumeAttributesClassName;
    delete before.volumeAttributesClassName;
  }
  const difference = internalDifference('PersistentVolumeClaimSpec', before, masked);
  if (difference !== '' && !equalSemantic(before, masked)) {
    const message =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(fieldForbidden(specPath, `${message}\n${difference}`));
  }
  return [...errors, ...validateShrinking(claim, old), ...validateAttributesClass(claim, old)];
}

function validateShrinking(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const amount = (text: string | undefined): bigint => (text === undefined ? 0n : parseQuantity(text).nano);
  const size = amount(claim.spec?.resources?.requests?.['storage']);
  const path = specPath.child('resources', 'requests', 'storage');
  const errors: FieldError[] = [];
  const isSmaller = size < amount(old.spec?.resources?.requests?.['storage']);
  if (isSmaller && size <= amount(old.status?.capacity?.['storage'])) {
    errors.push(fieldForbidden(path, 'field can not be less than status.capacity'));
  }
  if (claim.spec?.volumeMode !== old.spec?.volumeMode) {
    errors.push(invalid(new FieldPath('volumeMode'), claim.spec?.volumeMode, 'field is immutable'));
  }
  return errors;
}

function validateAttributesClass(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const name = claim.spec?.volumeAttributesClassName;
  const isTakenAway = name !== old.spec?.volumeAttributesClassName && (name ?? '') === '';
  if (!isTakenAway || old.status?.currentVolumeAttributesClassName === undefined) return [];
  const what = name === undefined ? 'nil' : 'empty string';
  const message = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [fieldForbidden(specPath.child('volumeAttributesClassName'), message)];
}
