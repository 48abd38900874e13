import { type FieldError, type FieldPath, invalid } from '../../../apimachinery/field-error.ts';

/** A path without `..` among its steps. */
export function checkNoBacksteps(target: string, path: FieldPath): FieldError[] {
  return target.split('/').includes('..') ? [invalid(path, target, "must not contain '..'")] : [];
}

/** A relative path that stays below where it starts. */
export function checkDescendingPath(target: string, path: FieldPath): FieldError[] {
  const absolute = target.startsWith('/') ? [invalid(path, target, 'must be a relative path')] : [];
  return [...absolute, ...checkNoBacksteps(target, path)];
}

/** A relative path whose first step does not begin with `..`: such names belong to the writer of volumes. */
export function checkNonReservedPath(target: string, path: FieldPath): FieldError[] {
  const errors = checkDescendingPath(target, path);
  if (target.startsWith('..') && !target.startsWith('../')) {
    errors.push(invalid(path, target, "must not start with '..'"));
  }
  return errors;
}
