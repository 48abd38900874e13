import { validateWebhookName } from '../../../api/admissionregistration/v1/webhook-configuration-validation.ts';
import { validateAnnotations } from '../../../apimachinery/annotations.ts';
import {
  FieldPath,
  fieldForbidden,
  invalid,
  required,
  tooLong,
  type FieldError,
} from '../../../apimachinery/field-error.ts';
import { formatGroupVersion, parseGroupVersion } from '../../../apimachinery/gvk.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { validateLabels } from '../../../apimachinery/labels.ts';
import { isDns1123Label, isQualifiedName, type NameCheck } from '../../../apimachinery/names.ts';
import type {
  Initializers,
  ManagedFieldsEntry,
  ObjectMeta,
  OwnerReference,
} from '../../../apimachinery/object-meta.ts';

const fieldManagerMaxBytes = 128;
const subresourceMaxBytes = 256;
const metadataPath = new FieldPath('metadata');

/** Names a manager of fields: at most 128 bytes, printable. */
export function validateFieldManager(manager: string, path: FieldPath): FieldError[] {
  // Nearly all are.
  if (manager.length <= fieldManagerMaxBytes && /^[ -~]*$/.test(manager)) return [];
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > fieldManagerMaxBytes) errors.push(tooLong(path, fieldManagerMaxBytes));
  let position = 0;
  for (const char of manager) {
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)) {
      const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      errors.push(invalid(path, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(char);
  }
  return errors;
}

/**
 * Checks the metadata of a new object (k8s.io/apimachinery/pkg/api/validation.ValidateObjectMeta). The name must have
 * been generated before.
 */
export function validateObjectMeta(meta: ObjectMeta, namespaced: boolean, validateName: NameCheck): FieldError[] {
  const errors: FieldError[] = [];
  const generateName = meta.generateName ?? '';
  const name = meta.name ?? '';
  if (generateName !== '') {
    const path = metadataPath.child('generateName');
    errors.push(...validateName(generateName, true).map((message) => invalid(path, generateName, message)));
  }
  const namePath = metadataPath.child('name');
  if (name === '') errors.push(required(namePath, 'name or generateName is required'));
  else errors.push(...validateName(name, false).map((message) => invalid(namePath, name, message)));
  errors.push(...validateNamespace(meta.namespace ?? '', namespaced));
  const generation = meta.generation ?? 0;
  if (generation < 0) {
    errors.push(invalid(metadataPath.child('generation'), generation, 'must be greater than or equal to 0'));
  }
  errors.push(...validateLabels(meta.labels ?? {}, metadataPath.child('labels')));
  errors.push(...validateAnnotations(meta.annotations ?? {}, metadataPath.child('annotations')));
  errors.push(...validateOwnerReferences(meta.ownerReferences ?? []));
  if (meta.initializers !== undefined) errors.push(...validateInitializers(meta.initializers));
  errors.push(...validateFinalizers(meta.finalizers ?? []));
  errors.push(...validateManagedFields(meta.managedFields ?? []));
  return errors;
}

/** Checks what an update may do to metadata. */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp !== undefined) {
    const known = new Set(old.finalizers ?? []);
    const added = [...new Set((meta.finalizers ?? []).filter((finalizer) => !known.has(finalizer)))].sort();
    if (added.length > 0) {
      const shown = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`;
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`;
      errors.push(fieldForbidden(metadataPath.child('finalizers'), detail));
    }
  }
  if ((meta.resourceVersion ?? '') === '') {
    errors.push(invalid(metadataPath.child('resourceVersion'), '', 'must be specified for an update'));
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(metadataPath.child('generation'), meta.generation ?? 0, 'must not be decremented'));
  }
  const immutable = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ];
  for (const field of immutable) {
    const [now, before] = [Reflect.get(meta, field) as unknown, Reflect.get(old, field) as unknown];
    if (!equalJson(now ?? null, before ?? null)) {
      errors.push(invalid(metadataPath.child(field), now ?? null, 'field is immutable'));
    }
  }
  errors.push(...validateLabels(meta.labels ?? {}, metadataPath.child('labels')));
  errors.push(...validateAnnotations(meta.annotations ?? {}, metadataPath.child('annotations')));
  errors.push(...validateOwnerReferences(meta.ownerReferences ?? []));
  errors.push(...validateManagedFields(meta.managedFields ?? []));
  return errors;
}

/** Finalizers of built-in kinds that have no slash must be the standard ones. */
export function validateStandardFinalizers(finalizers: readonly string[]): FieldError[] {
  const standard = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);
  return finalizers.flatMap((finalizer, index) =>
    finalizer.includes('/') || standard.has(finalizer)
      ? []
      : [
          invalid(
            metadataPath.child('finalizers').index(index),
            finalizer,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ],
  );
}

function validateNamespace(namespace: string, namespaced: boolean): FieldError[] {
  const path = metadataPath.child('namespace');
  if (!namespaced) return namespace === '' ? [] : [fieldForbidden(path, 'not allowed on this type')];
  if (namespace === '') return [required(path)];
  return isDns1123Label(namespace).map((message) => invalid(path, namespace, message));
}

function validateOwnerReferences(references: readonly OwnerReference[]): FieldError[] {
  const path = metadataPath.child('ownerReferences');
  const errors: FieldError[] = [];
  let firstController = '';
  for (const reference of references) {
    errors.push(...validateOwnerReference(reference, path));
    if (reference.controller !== true) continue;
    const controller = `${reference.kind}/${reference.name}`;
    if (firstController === '') {
      firstController = controller;
      continue;
    }
    const detail =
      'Only one reference can have Controller set to true. Found "true" in references for ' +
      `${firstController} and ${controller}`;
    errors.push(invalid(path, references.map(inFieldOrder), detail));
  }
  return errors;
}

function validateOwnerReference(reference: OwnerReference, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const apiVersion = reference.apiVersion ?? '';
  // What is no apiVersion says no version.
  const gv = apiVersion.split('/').length > 2 ? { group: '', version: '' } : parseGroupVersion(apiVersion);
  if (gv.version === '') errors.push(invalid(path.child('apiVersion'), apiVersion, 'version must not be empty'));
  for (const field of ['kind', 'name', 'uid'] as const) {
    if ((reference[field] ?? '') === '') errors.push(invalid(path.child(field), '', 'must not be empty'));
  }
  if (formatGroupVersion(gv) === 'v1' && reference.kind === 'Event') {
    errors.push(invalid(path, inFieldOrder(reference), '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

/** An owner reference with its fields in the order in which the real server shows them. */
function inFieldOrder(reference: OwnerReference): Record<string, unknown> {
  const ordered: Record<string, unknown> = {};
  for (const field of ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'] as const) {
    if (reference[field] !== undefined) ordered[field] = reference[field];
  }
  return ordered;
}

/** Initializers have the names of domains, and a result only when one has failed (Kubernetes up to 1.13). */
function validateInitializers({ pending = [], result }: Initializers): FieldError[] {
  const path = metadataPath.child('initializers');
  const at = path.child('pending');
  const errors = pending.flatMap(({ name }, index) => validateWebhookName(name, at.index(index).child('name')));
  if (result === undefined || result.status === 'Failure') return errors;
  return [...errors, invalid(path.child('result').child('status'), result.status ?? '', "must be 'Failure'")];
}

function validateFinalizers(finalizers: readonly string[]): FieldError[] {
  const path = metadataPath.child('finalizers');
  const errors = finalizers.flatMap((finalizer) =>
    isQualifiedName(finalizer).map((message) => invalid(path, finalizer, message)),
  );
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[]): FieldError[] {
  return entries.flatMap((entry, index) => {
    const path = metadataPath.child('managedFields').index(index);
    const errors: FieldError[] = [];
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(invalid(path.child('operation'), entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if ((entry.fieldsType ?? '') !== '' && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalid(path.child('fieldsType'), entry.fieldsType, 'must be `FieldsV1`'));
    }
    errors.push(...validateFieldManager(entry.manager ?? '', path.child('manager')));
    if (Buffer.byteLength(entry.subresource ?? '') > subresourceMaxBytes) {
      errors.push(tooLong(path.child('subresource'), subresourceMaxBytes));
    }
    return errors;
  });
}
