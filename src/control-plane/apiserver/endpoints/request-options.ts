import {
  FieldPath,
  fieldForbidden,
  invalid,
  invalidObject,
  notSupported,
  required,
  type FieldError,
} from '../../../apimachinery/field-error.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject } from '../../../apimachinery/json.ts';
import { badRequest, type StatusError } from '../../../apimachinery/status.ts';
import { checkSelectorSyntax } from '../registry/selection.ts';
import { validateFieldManager } from '../registry/object-meta-validation.ts';

/** metav1.ListOptions as a list or watch asks for it. */
export interface ParsedListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly watch: boolean;
  readonly allowWatchBookmarks: boolean;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly timeoutSeconds: number | undefined;
  readonly limit: number;
  readonly continue: string;
  readonly sendInitialEvents: boolean | undefined;
}

/** What creates, updates and patches have in common. */
export interface ParsedWriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
}

/** metav1.DeleteOptions. */
export interface ParsedDeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
  readonly orphanDependents: boolean | undefined;
  readonly propagationPolicy: string | undefined;
}

/**
 * Reads list options from the query.
 * @param saysWatch whether the query says so: a watch by its path alone is held against the rules for lists
 * @throws StatusError 400 for what does not parse, 422 for what does not fit.
 */
export function parseListOptions(query: URLSearchParams, isWatch: boolean, saysWatch = isWatch): ParsedListOptions {
  const sendInitialEvents = query.get('sendInitialEvents');
  const options: ParsedListOptions = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    watch: isWatch,
    allowWatchBookmarks: parseFlag(query.get('allowWatchBookmarks')),
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    timeoutSeconds: parseInteger(query.get('timeoutSeconds')),
    limit: parseInteger(query.get('limit')) ?? 0,
    continue: query.get('continue') ?? '',
    sendInitialEvents: sendInitialEvents === null ? undefined : parseFlag(sendInitialEvents),
  };
  // Selectors are read with the query, before any option is looked at.
  checkSelectorSyntax(options.labelSelector, options.fieldSelector);
  const errors = validateListOptions(options, saysWatch);
  if (errors.length > 0) throw invalidMeta('ListOptions', errors);
  return options;
}

/** Reads the options of a create or update. @throws StatusError 422 */
export function parseWriteOptions(query: URLSearchParams, kind: 'CreateOptions' | 'UpdateOptions'): ParsedWriteOptions {
  const errors = validateWriteOptions(query);
  if (errors.length > 0) throw invalidMeta(kind, errors);
  return writeOptionsOf(query);
}

/** Reads the options of a patch. @throws StatusError 422 */
export function parsePatchOptions(
  query: URLSearchParams,
  isApply: boolean,
): ParsedWriteOptions & { readonly force: boolean } {
  const errors: FieldError[] = [];
  if (isApply && (query.get('fieldManager') ?? '') === '') {
    errors.push(required(new FieldPath('fieldManager'), 'is required for apply patch'));
  }
  if (!isApply && query.get('force') !== null) {
    errors.push(fieldForbidden(new FieldPath('force'), 'may not be specified for non-apply patch'));
  }
  errors.push(...validateWriteOptions(query));
  if (errors.length > 0) throw invalidMeta('PatchOptions', errors);
  return { ...writeOptionsOf(query), force: parseFlag(query.get('force')) };
}

/**
 * Reads delete options: from the body when there is one, else from the query.
 * @throws StatusError 400 for what does not parse, 422 for what does not fit.
 */
export function parseDeleteOptions(query: URLSearchParams, body: JsonObject | undefined): ParsedDeleteOptions {
  const raw = body ?? deleteOptionsOfQuery(query);
  const preconditions = isJsonObject(raw['preconditions']) ? raw['preconditions'] : {};
  const uid = preconditions['uid'];
  const resourceVersion = preconditions['resourceVersion'];
  const propagationPolicy = raw['propagationPolicy'];
  const orphanDependents = raw['orphanDependents'];
  const gracePeriodSeconds = raw['gracePeriodSeconds'];
  const dryRun = Array.isArray(raw['dryRun']) ? raw['dryRun'].map(String) : [];
  const errors: FieldError[] = [];
  const policyPath = new FieldPath('propagationPolicy');
  if (typeof propagationPolicy === 'string') {
    if (typeof orphanDependents === 'boolean') {
      const detail = 'orphanDependents and deletionPropagation cannot be both set';
      errors.push(invalid(policyPath, propagationPolicy, detail));
    }
    if (!['Foreground', 'Background', 'Orphan'].includes(propagationPolicy)) {
      errors.push(notSupported(policyPath, propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']));
    }
  }
  errors.push(...validateDryRun(dryRun));
  if (errors.length > 0) throw invalidMeta('DeleteOptions', errors);
  return {
    dryRun: dryRun.length > 0,
    gracePeriodSeconds: typeof gracePeriodSeconds === 'number' ? gracePeriodSeconds : undefined,
    preconditions: {
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    },
    orphanDependents: typeof orphanDependents === 'boolean' ? orphanDependents : undefined,
    propagationPolicy: typeof propagationPolicy === 'string' ? propagationPolicy : undefined,
  };
}

/** Reads `includeObject` of a Table request. @throws StatusError 400 */
export function parseIncludeObject(query: URLSearchParams): 'None' | 'Metadata' | 'Object' {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${goQuote(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

/**
 * An integer as strconv.ParseInt reads it, undefined for a parameter that is not there; one that is there and empty is
 * no number. What a number here cannot hold is the largest that it can. @throws StatusError 400 with Go's words
 */
export function parseInteger(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  const value = BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(64, value) !== value) {
    throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: value out of range`);
  }
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}

/** A resource version as strconv.ParseUint reads it; undefined when it is none. */
export function parseRevision(text: string): number | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  if (value >= 2n ** 64n) return undefined;
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

/** What strconv.ParseUint says about a resource version that is none: no number, or one of more than 64 bits. */
export function unsignedProblem(text: string): string {
  return `strconv.ParseUint: parsing ${goQuote(text)}: ${/^\d+$/.test(text) ? 'value out of range' : 'invalid syntax'}`;
}

/** A 422 about options of meta.k8s.io. */
export function invalidMeta(kind: string, errors: readonly FieldError[]): StatusError {
  return invalidObject({ group: 'meta.k8s.io', version: 'v1', kind }, '', errors);
}

function parseFlag(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0';
}

function validateListOptions(options: ParsedListOptions, isWatch: boolean): FieldError[] {
  const matchPath = new FieldPath('resourceVersionMatch');
  const errors: FieldError[] = [];
  const match = options.resourceVersionMatch;
  if (isWatch) {
    // A watch of whatever there is begins with that, as if it had said so.
    const isImplied = match === '' && options.sendInitialEvents === undefined && isAnyVersion(options.resourceVersion);
    if (options.sendInitialEvents !== undefined) {
      if (match !== 'NotOlderThan') {
        errors.push(
          fieldForbidden(matchPath, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
        );
      }
    } else if (match !== '') {
      errors.push(
        fieldForbidden(matchPath, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
      );
    }
    if (match !== '' && match !== 'NotOlderThan') errors.push(notSupported(matchPath, match, ['NotOlderThan']));
    if (options.continue !== '' && (match !== '' || isImplied)) {
      errors.push(fieldForbidden(matchPath, 'resourceVersionMatch is forbidden when continue is provided'));
    }
    return errors;
  }
  if (match !== '') errors.push(...validateMatch(options, matchPath));
  if (options.sendInitialEvents !== undefined) {
    errors.push(fieldForbidden(new FieldPath('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  }
  return errors;
}

/** Whether a resourceVersion asks for whatever there is. */
export function isAnyVersion(resourceVersion: string): boolean {
  return resourceVersion === '' || resourceVersion === '0';
}

function validateMatch(options: ParsedListOptions, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const match = options.resourceVersionMatch;
  if (options.resourceVersion === '') {
    errors.push(fieldForbidden(path, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
  }
  if (options.continue !== '') {
    errors.push(fieldForbidden(path, 'resourceVersionMatch is forbidden when continue is provided'));
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    errors.push(notSupported(path, match, ['Exact', 'NotOlderThan', '']));
  }
  if (match === 'Exact' && options.resourceVersion === '0') {
    errors.push(fieldForbidden(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  return errors;
}

function validateWriteOptions(query: URLSearchParams): FieldError[] {
  const errors = validateFieldManager(query.get('fieldManager') ?? '', new FieldPath('fieldManager'));
  errors.push(...validateDryRun(query.getAll('dryRun')));
  const fieldValidation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(fieldValidation)) {
    errors.push(notSupported(new FieldPath('fieldValidation'), fieldValidation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  return errors;
}

function validateDryRun(values: readonly string[]): FieldError[] {
  if (values.every((value) => value === 'All')) return [];
  return [notSupported(new FieldPath('dryRun'), values, ['All'])];
}

function writeOptionsOf(query: URLSearchParams): ParsedWriteOptions {
  const fieldValidation = query.get('fieldValidation') ?? '';
  return {
    dryRun: query.getAll('dryRun').length > 0,
    fieldManager: query.get('fieldManager') ?? '',
    fieldValidation: fieldValidation === 'Strict' || fieldValidation === 'Ignore' ? fieldValidation : 'Warn',
  };
}

function deleteOptionsOfQuery(query: URLSearchParams): JsonObject {
  const options: JsonObject = {};
  const grace = parseInteger(query.get('gracePeriodSeconds'));
  if (grace !== undefined) options['gracePeriodSeconds'] = grace;
  const orphan = query.get('orphanDependents');
  if (orphan !== null) options['orphanDependents'] = parseFlag(orphan);
  const policy = query.get('propagationPolicy');
  if (policy !== null) options['propagationPolicy'] = policy;
  const dryRun = query.getAll('dryRun');
  if (dryRun.length > 0) options['dryRun'] = dryRun;
  const preconditions: JsonObject = {};
  for (const name of ['uid', 'resourceVersion']) {
    const value = query.get(name);
    if (value !== null) preconditions[name] = value;
  }
  if (Object.keys(preconditions).length > 0) options['preconditions'] = preconditions;
  return options;
}

/** CreateOptions or UpdateOptions as admission sees them; those of a patch are one or the other, too. */
export function writeOptionsObject(
  kind: 'CreateOptions' | 'UpdateOptions',
  { dryRun, fieldManager, fieldValidation }: ParsedWriteOptions,
): Record<string, unknown> {
  return {
    kind,
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...(fieldManager === '' ? {} : { fieldManager }),
    ...(fieldValidation === 'Warn' ? {} : { fieldValidation }),
  };
}
