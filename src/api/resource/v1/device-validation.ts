import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalid,
  invalidFor,
  required,
  tooLong,
  tooMany,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import { validateCsiDriverName } from '../../core/v1/volume-source-validation.ts';
import type { DeviceClassConfiguration, DeviceSelector } from '../../types/resource-v1.ts';
import { deviceSelectorProblem } from './device-selector-compiler.ts';

const mostExpressionBytes = 10 * 1024;
const mostParameterBytes = 10 * 1024;
const mostIdentifierLength = 32;
const mostPoolNameBytes = 253;

/** Checks each of a list, unless it is too long, and then that no two are of the same key. */
export function validateEach<Item>(
  items: readonly Item[] | null | undefined,
  most: number,
  path: FieldPath,
  validate: (item: Item, path: FieldPath) => FieldError[],
  keyOf?: (item: Item) => string,
): FieldError[] {
  const list = items ?? [];
  if (list.length > most) return [tooMany(path, list.length, most)];
  const errors = list.flatMap((item, index) => validate(item, path.index(index)));
  return keyOf === undefined ? errors : [...errors, ...findDuplicates(list.map(keyOf), path)];
}

/** Those of a list that stood in it before. */
export function findDuplicates(keys: readonly string[], path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return keys.flatMap((key, index) => {
    const isKnown = seen.has(key);
    seen.add(key);
    return isKnown ? [duplicate(path.index(index), key)] : [];
  });
}

/** Checks a name that is to be a DNS label. */
export function validateLabelName(name: string, path: FieldPath): FieldError[] {
  return isDns1123Label(name).map((problem) => invalid(path, name, problem));
}

/** Checks what selects devices. */
export function validateSelectors(selectors: readonly DeviceSelector[] | undefined, path: FieldPath): FieldError[] {
  return validateEach(selectors, 32, path, ({ cel }, at) => {
    const where = at.child('cel');
    if (cel === undefined) return [required(where)];
    const { expression } = cel;
    const expressionAt = where.child('expression');
    if (Buffer.byteLength(expression) > mostExpressionBytes) return [tooLong(expressionAt, mostExpressionBytes)];
    const problem = deviceSelectorProblem(expression);
    return problem === undefined ? [] : [invalid(expressionAt, expression, problem)];
  });
}

/** Checks what is passed on to a driver. */
export function validateConfiguration({ opaque }: DeviceClassConfiguration, path: FieldPath): FieldError[] {
  const at = path.child('opaque');
  if (opaque === undefined) return [required(at)];
  const errors = validateCsiDriverName(opaque.driver, at.child('driver'));
  return [...errors, ...validateRawObject(opaque.parameters, at.child('parameters'), mostParameterBytes)];
}

/** Checks what is to be any JSON object. */
export function validateRawObject(value: unknown, path: FieldPath, mostBytes: number): FieldError[] {
  // What is decoded may lack what its type asks for.
  if (value === undefined || value === null) return [required(path)];
  if (Buffer.byteLength(JSON.stringify(value)) > mostBytes) return [tooLong(path, mostBytes)];
  if (typeof value === 'object' && !Array.isArray(value)) return [];
  return [invalid(path, '<value omitted>', 'must be a valid JSON object')];
}

/** Checks the name of a pool: subdomains between slashes. */
export function validatePoolName(name: string, path: FieldPath): FieldError[] {
  if (name === '') return [required(path)];
  const errors = Buffer.byteLength(name) > mostPoolNameBytes ? [tooLong(path, mostPoolNameBytes)] : [];
  return [...errors, ...name.split('/').flatMap((part) => invalidFor(path, part, isDns1123Subdomain(part)))];
}

/** Checks the name of an attribute or a capacity: `[domain/]identifier`. */
export function validateAttributeName(name: string, path: FieldPath): FieldError[] {
  const parts = name.split('/');
  const [domain = '', identifier = ''] = parts;
  if (parts.length === 1) return validateIdentifier(domain, path);
  if (parts.length > 2) return [];
  return [
    ...(domain === '' ? [invalid(path, '', 'the domain must not be empty')] : validateCsiDriverName(domain, path)),
    ...(identifier === '' ? [invalid(path, '', 'the name must not be empty')] : validateIdentifier(identifier, path)),
  ];
}

/** The same of a name that says whose it is. */
export function validateFullAttributeName(name: string, path: FieldPath): FieldError[] {
  const problem = 'a fully qualified name must be a domain and a name separated by a slash';
  return [...validateAttributeName(name, path), ...(name.includes('/') ? [] : [invalid(path, name, problem)])];
}

function validateIdentifier(text: string, path: FieldPath): FieldError[] {
  const errors = text.length > mostIdentifierLength ? [tooLong(path, mostIdentifierLength)] : [];
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return errors;
  const problem =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";
  return [...errors, invalid(path, text, problem)];
}
