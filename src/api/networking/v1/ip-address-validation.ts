import { checkImmutable, type FieldError, FieldPath, invalidFor, required } from '../../../apimachinery/field-error.ts';
import { isCanonicalIp } from '../../../apimachinery/ip-address.ts';
import { isDns1123Subdomain, isPathSegmentName } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { IPAddress, ParentReference } from '../../types/networking-v1.ts';

const parentPath = new FieldPath('spec').child('parentRef');

/** What the registry does with taken addresses: the name is the address, and its owner stays. */
export const ipAddressStrategy: Strategy = {
  validateName: isCanonicalIp,
  validateCreate: (object) => validateParent(parentOf(object)),
  validateAsNew: (object) => validateParent(parentOf(object)),
  validateUpdate: (object, old) => checkImmutable(parentPath, shown(parentOf(object)), shown(parentOf(old))),
};

/** The owner as the real server shows it, by the names of its own type. */
function shown(parent: ParentReference | undefined): object | null {
  if (parent === undefined) return null;
  const { group = '', resource = '', namespace = '', name = '' } = parent as Partial<ParentReference>;
  return { Group: group, Resource: resource, Namespace: namespace, Name: name };
}

function parentOf(object: Unstructured): ParentReference | undefined {
  return (object as unknown as IPAddress).spec.parentRef;
}

function validateParent(parent: ParentReference | undefined): FieldError[] {
  if (parent === undefined) return [required(parentPath)];
  const { group = '', namespace = '' } = parent;
  const errors = group === '' ? [] : invalidFor(parentPath.child('group'), group, isDns1123Subdomain(group));
  for (const field of ['resource', 'name'] as const) {
    const value = (parent[field] as string | undefined) ?? '';
    const at = parentPath.child(field);
    errors.push(...(value === '' ? [required(at)] : invalidFor(at, value, isPathSegmentName(value))));
  }
  return [...errors, ...invalidFor(parentPath.child('namespace'), namespace, isPathSegmentName(namespace))];
}
