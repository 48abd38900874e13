import { type FieldError, type FieldPath, invalid, invalidFor, required } from './field-error.ts';
import { isDns1123Subdomain, isDomainPath } from './names.ts';

/** Checks a name that begins with the domain of who makes use of it, such as `acme.io/foo`. */
export function validateDomainPrefixedPath(path: FieldPath, value: string): FieldError[] {
  if (value === '') return [required(path)];
  const [, host = '', rest = ''] = /^([^/]+)\/(.+)$/s.exec(value) ?? [];
  if (host === '') return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  return [...invalidFor(path, host, isDns1123Subdomain(host)), ...invalidFor(path, rest, isDomainPath(rest))];
}
