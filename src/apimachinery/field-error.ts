import { equalSemantic } from './semantic-equality.ts';
import { formatGoFloat } from './go-float.ts';
import { goQuote } from './go-quote.ts';
import { StatusError, type StatusCause } from './status.ts';
import { type GroupVersionKind } from './gvk.ts';

export { goQuote } from './go-quote.ts';

/** The reasons of field errors; the values are the causes' reasons in a Status. */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

/** One thing wrong with one field, as k8s.io/apimachinery/pkg/util/validation/field reports it. */
export interface FieldError {
  readonly type: FieldErrorType;
  /** Path such as `spec.containers[0].name`. */
  readonly field: string;
  /** Type, value and detail without the path: `Invalid value: "x": must be …`. */
  readonly body: string;
}

/** A path to a field; immutable. */
export class FieldPath {
  readonly #text: string;

  constructor(text = '') {
    this.#text = text;
  }

  /** Adds field names; one that is empty is shown as an empty key. */
  child(name: string, ...more: string[]): FieldPath {
    if (name === '' || more.includes(''))
      return [name, ...more].reduce<FieldPath>((path, one) => path.#field(one), this);
    const tail = more.length === 0 ? name : `${name}.${more.join('.')}`;
    return new FieldPath(this.#text === '' ? tail : `${this.#text}.${tail}`);
  }

  #field(name: string): FieldPath {
    return name === '' ? this.key('') : this.child(name);
  }

  /** Adds a list index. */
  index(position: number): FieldPath {
    return new FieldPath(`${this.#text}[${position}]`);
  }

  /** Adds a map key. */
  key(key: string): FieldPath {
    return new FieldPath(`${this.#text}[${key}]`);
  }

  toString(): string {
    return this.#text;
  }
}

/** How a value is shown inside an error: strings quoted, numbers and booleans bare, the rest as JSON, null for nothing. */
export function showFieldValue(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'object') {
    const text = JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'bigint' ? Number(item) : inFieldOrder(item),
    );
    return text.replaceAll(/[<>&\u2028\u2029]/g, goJsonEscape);
  }
  // Whole numbers are integers as far as they are exact.
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return formatGoFloat(value);
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? `${value}`
    : JSON.stringify(value);
}

/** Fields of an object's metadata in the order of their type, but for managedFields. */
export const shownMetadataFields = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
] as const;

/** Structs that are shown with fields in the order of their types, by their fields. */
const shownStructs: readonly (readonly string[])[] = [
  ['matchLabels', 'matchExpressions'],
  ['key', 'operator', 'values'],
  ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'],
  [
    ...shownMetadataFields,
    'managedFields',
    // Templates are shown as their metadata with a spec in it.
    'Spec',
  ],
];

/** The same value, its fields in the order in which Go would write them where that is known. */
function inFieldOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const names = Object.keys(value);
  const isAlone = names.length === 1 && lonely.has(names[0] ?? '');
  const isKnown = names.length >= 2 || isAlone;
  const order = isKnown ? shownStructs.find((known) => names.every((name) => known.includes(name))) : undefined;
  if (order === undefined) return value;
  return Object.fromEntries(
    order
      .filter((name) => names.includes(name) && !isEmpty(Reflect.get(value, name)))
      .map((name) => [name, Reflect.get(value, name) as unknown]),
  );
}

/** Fields that tell what they are in, even by themselves. */
const lonely: ReadonlySet<string> = new Set(['matchLabels', 'matchExpressions']);

/** Whether a value is a list or map with nothing in it, which these structs leave out. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Go's encoder escapes what could end a script in a page. */
function goJsonEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** `Required value`, with a detail when there is one. */
export function required(path: FieldPath, detail = ''): FieldError {
  return { type: 'FieldValueRequired', field: path.toString(), body: withDetail('Required value', detail) };
}

/** `Invalid value: <value>: <detail>`. */
export function invalid(path: FieldPath, value: unknown, detail: string): FieldError {
  return withValue('FieldValueInvalid', 'Invalid value', path, value, detail);
}

/** `Invalid value: <detail>`, for values that are not shown. */
export function invalidWithoutValue(path: FieldPath, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field: path.toString(), body: withDetail('Invalid value', detail) };
}

/** `Invalid value: <value>: <detail>` for a value of the wrong type. */
export function typeInvalid(path: FieldPath, value: unknown, detail: string): FieldError {
  return withValue('FieldValueTypeInvalid', 'Invalid value', path, value, detail);
}

/** `Duplicate value: <value>`, with a detail when there is one. */
export function duplicate(path: FieldPath, value: unknown, detail = ''): FieldError {
  return withValue('FieldValueDuplicate', 'Duplicate value', path, value, detail);
}

/** `Not found: <value>`. */
export function fieldNotFound(path: FieldPath, value: unknown): FieldError {
  return withValue('FieldValueNotFound', 'Not found', path, value, '');
}

/** `Unsupported value: <value>: supported values: "a", "b"`; the values are listed in the order given. */
export function notSupported(path: FieldPath, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(goQuote).join(', ')}`;
  return withValue('FieldValueNotSupported', 'Unsupported value', path, value, detail);
}

/** A choice: required when it is not given, not supported when it is none of these; they are listed in the order given. */
export function checkChoice(path: FieldPath, value: string | undefined, supported: readonly string[]): FieldError[] {
  if (value === undefined || value === '') return [required(path)];
  return supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

/** A choice that may be left out; what is given must be one of these. */
export function checkOptionalChoice(
  path: FieldPath,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

/** A number that must not be negative; what is left out is fine. */
export function checkNonNegative(path: FieldPath, value: number | undefined): FieldError[] {
  return (value ?? 0) < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : [];
}

/** `Forbidden: <detail>`. */
export function fieldForbidden(path: FieldPath, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field: path.toString(), body: withDetail('Forbidden', detail) };
}

/** What may not change, once it is there. */
export function checkImmutable(path: FieldPath, value: unknown, old: unknown): FieldError[] {
  return equalSemantic(value, old) ? [] : [invalid(path, value, 'field is immutable')];
}

/** Turns the messages of a check into errors about a value. */
export function invalidFor(path: FieldPath, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((message) => invalid(path, value, message));
}

/** `Too long: may not be more than N bytes`. */
export function tooLong(path: FieldPath, maxBytes: number): FieldError {
  const unit = maxBytes === 1 ? 'byte' : 'bytes';
  const detail = maxBytes >= 0 ? `may not be more than ${maxBytes} ${unit}` : 'value is too long';
  return { type: 'FieldValueTooLong', field: path.toString(), body: withDetail('Too long', detail) };
}

/** `Too many: <actual>: must have at most N items`. */
export function tooMany(path: FieldPath, actual: number, max: number): FieldError {
  const unit = max === 1 ? 'item' : 'items';
  const detail = max >= 0 ? `must have at most ${max} ${unit}` : 'has too many items';
  const body = actual >= 0 ? withDetail(`Too many: ${actual}`, detail) : withDetail('Too many', detail);
  return { type: 'FieldValueTooMany', field: path.toString(), body };
}

/** `Internal error: <message>`. */
export function fieldInternal(path: FieldPath, message: string): FieldError {
  return { type: 'InternalError', field: path.toString(), body: withDetail('Internal error', message) };
}

/** `field: body`, how one error reads in a list. */
export function formatFieldError(error: FieldError): string {
  return error.field === '' ? error.body : `${error.field}: ${error.body}`;
}

/** One error as it is, several as `[a, b]`, without repeats: how Kubernetes joins errors. */
export function aggregateMessages(messages: readonly string[]): string {
  const distinct = [...new Set(messages)];
  return distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`;
}

/** A list of texts as Go's `%q` shows it. */
export function goQuoteList(list: readonly string[]): string {
  return `[${list.map(goQuote).join(' ')}]`;
}

/** 422: `Deployment.apps "x" is invalid: …` with one cause per field error. */
export function invalidObject(gvk: GroupVersionKind, name: string, errors: readonly FieldError[]): StatusError {
  const groupKind = gvk.group === '' ? gvk.kind : `${gvk.kind}.${gvk.group}`;
  const causes: StatusCause[] = errors.map((error) => ({
    reason: error.type,
    message: error.body,
    field: error.field,
  }));
  const message = aggregateMessages(errors.map(formatFieldError));
  return new StatusError({
    message: `${groupKind} ${goQuote(name)} is invalid${errors.length === 0 ? '' : `: ${message}`}`,
    reason: 'Invalid',
    details: {
      ...(name === '' ? {} : { name }),
      ...(gvk.group === '' ? {} : { group: gvk.group }),
      kind: gvk.kind,
      causes,
    },
    code: 422,
  });
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

function withValue(type: FieldErrorType, title: string, path: FieldPath, value: unknown, detail: string): FieldError {
  return { type, field: path.toString(), body: withDetail(`${title}: ${showFieldValue(value)}`, detail) };
}
