import { type FieldError, type FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import type { ResourceClaimSpec } from '../../types/resource-v1.ts';
import { validateEach, validateLabelName } from './device-validation.ts';

const mostReferences = 32;
const notRequested =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/** What may be referred to in a claim: its requests, and the choices of each by the request's name and theirs. */
export function requestNames(spec: ResourceClaimSpec | undefined): ReadonlySet<string> {
  return new Set(
    (spec?.devices?.requests ?? []).flatMap(({ name, firstAvailable = [] }) => [
      name,
      ...firstAvailable.map((one) => `${name}/${one.name}`),
    ]),
  );
}

/** Checks a name that is to be that of a request. */
export function validateReference(name: string, names: ReadonlySet<string>, path: FieldPath): FieldError[] {
  const parts = name.split('/');
  const errors = parts.length > 2 ? [] : parts.flatMap((part) => validateLabelName(part, path));
  return names.has(name) ? errors : [...errors, invalid(path, name, notRequested)];
}

/** Checks the `requests` of what `path` is the path of. */
export function validateReferences(
  references: readonly string[] | undefined,
  names: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  const validate = (name: string, at: FieldPath): FieldError[] => validateReference(name, names, at);
  return validateEach(references, mostReferences, path.child('requests'), validate, (name) => name);
}
