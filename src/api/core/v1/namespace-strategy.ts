import { type FieldError, FieldPath, invalid, invalidFor } from '../../../apimachinery/field-error.ts';
import { isQualifiedName, nameIsDnsLabel } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Namespace } from '../../types/core-v1.ts';
import { setNamespaceDefaults } from './core-defaults.ts';

const finalizersPath = new FieldPath('spec').child('finalizers');
const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

/** Namespaces have the names of DNS labels; their own finalizers go only through the finalize subresource. */
export const namespaceStrategy: Strategy = {
  hasGeneration: false,
  returnDeletedObject: true,
  resetFields: { '': ['status'], status: ['spec'], finalize: ['status'] },
  validateName: nameIsDnsLabel,
  // A generated name was not known yet when the defaults were filled in.
  adjustForCreate: setNamespaceDefaults,
  adjustForUpdate(object, old) {
    const { finalizers } = namespaceOf(old).spec ?? {};
    if (finalizers !== undefined) object['spec'] = { ...namespaceOf(object).spec, finalizers };
  },
  validateCreate: (object) =>
    (namespaceOf(object).spec?.finalizers ?? []).flatMap((name) => validateFinalizer(name, finalizersPath)),
  validateUpdate(object, _old, { subresource }) {
    if (subresource === 'finalize') {
      const finalizers = namespaceOf(object).spec?.finalizers ?? [];
      return finalizers.flatMap((name, index) => validateFinalizer(name, finalizersPath.index(index)));
    }
    return subresource === 'status' ? validatePhase(namespaceOf(object)) : [];
  },
};

function namespaceOf(object: Unstructured): Namespace {
  return object;
}

function validateFinalizer(name: string, path: FieldPath): FieldError[] {
  const errors = invalidFor(path, name, isQualifiedName(name));
  if (name.includes('/') || standardFinalizers.includes(name)) return errors;
  const message = 'name is neither a standard finalizer name nor is it fully qualified';
  return [...errors, invalid(path, name, message)];
}

function validatePhase({ metadata, status }: Namespace): FieldError[] {
  const isDeleting = metadata.deletionTimestamp !== undefined;
  const expected = isDeleting ? 'Terminating' : 'Active';
  if (status?.phase === expected) return [];
  const message = `may only be '${expected}' if \`deletionTimestamp\` is ${isDeleting ? 'not empty' : 'empty'}`;
  return [invalid(new FieldPath('status').child('Phase'), status?.phase ?? '', message)];
}
