import {
  type FieldError,
  fieldForbidden,
  FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { parseRequestUri, UrlError } from '../../../apimachinery/go-url.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import {
  validateWebhookService,
  validateWebhookUrl,
} from '../../admissionregistration/v1/webhook-client-validation.ts';
import type {
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
} from '../../types/apiextensions-v1.ts';
import { noAllowances, type SchemaAllowances } from '../schema/definition-schema-validation.ts';
import { someSchema } from '../schema/schema-keywords.ts';
import { unsupportedKeyword, validateStructural } from '../schema/structural-validation.ts';
import { validateVersions, versionsOf } from './version-validation.ts';

/** Checks a CustomResourceDefinition that is created, as apiextensions-apiserver does. */
export function validateDefinition(object: Unstructured): FieldError[] {
  const crd = object as unknown as CustomResourceDefinition;
  const errors: FieldError[] = [];
  const expected = `${crd.spec.names.plural}.${crd.spec.group}`;
  for (const field of ['generateName', 'name'] as const) {
    const given = crd.metadata[field] ?? '';
    // An absent name is told as that; an absent prefix is none.
    if (given === expected || given === '') continue;
    errors.push(invalid(new FieldPath('metadata').child(field), given, 'must be spec.names.plural+"."+spec.group'));
  }
  return [
    ...errors,
    ...validateSpec(crd.spec, undefined),
    ...validateStoredState(crd),
    ...validateApproval(crd, undefined),
    ...validatePreservation(crd, undefined),
  ];
}

/** Checks what an update makes of a CustomResourceDefinition. */
export function validateDefinitionUpdate(object: Unstructured, before: Unstructured): FieldError[] {
  const crd = object as unknown as CustomResourceDefinition;
  const old = before as unknown as CustomResourceDefinition;
  return [
    ...validateSpec(crd.spec, old.spec),
    ...validateImmutable(crd, old),
    ...validateStoredState(crd),
    ...validateApproval(crd, old),
    ...validatePreservation(crd, old),
  ];
}

/** Checks the names that a status says were accepted. */
export function validateDefinitionStatus(object: Unstructured): FieldError[] {
  const { status } = object as unknown as CustomResourceDefinition;
  return status?.acceptedNames === undefined
    ? []
    : validateNames(status.acceptedNames, new FieldPath('status.acceptedNames'));
}

function validateImmutable(crd: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const path = new FieldPath('spec');
  const isEstablished =
    old.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true;
  const fields: readonly (readonly [FieldPath, string, string])[] = [
    ...(isEstablished
      ? ([
          [path.child('scope'), crd.spec.scope, old.spec.scope],
          [path.child('names', 'kind'), crd.spec.names.kind, old.spec.names.kind],
        ] as const)
      : []),
    [path.child('group'), crd.spec.group, old.spec.group],
    [path.child('names', 'plural'), crd.spec.names.plural, old.spec.names.plural],
  ];
  return fields
    .filter(([, value, before]) => value !== before)
    .map(([at, value]) => invalid(at, value, 'field is immutable'));
}

function validateStoredState(crd: CustomResourceDefinition): FieldError[] {
  const path = new FieldPath('status.storedVersions');
  const stored = crd.status?.storedVersions ?? [];
  const errors = validateDefinitionStatus(crd as unknown as Unstructured);
  if (stored.length === 0) {
    return [...errors, invalid(path, null, 'must have at least one stored version')];
  }
  for (const { name, storage } of versionsOf(crd.spec)) {
    if (storage && !stored.includes(name)) {
      errors.push(invalid(path, stored, `must have the storage version ${name}`));
    }
  }
  for (const [index, name] of stored.entries()) {
    if (versionsOf(crd.spec).some((version) => version.name === name)) continue;
    const message = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(path.index(index), name, message));
  }
  return errors;
}

const approval = 'api-approved.kubernetes.io';
const approvalHelp = 'see https://github.com/kubernetes/enhancements/pull/1111';

function isProtectedGroup(group: string): boolean {
  return /(?:^|\.)(?:k8s\.io|kubernetes\.io)$/.test(group);
}

type Approval = 'missing' | 'bypassed' | 'approved' | 'invalid';

function approvalOf(crd: CustomResourceDefinition): Approval {
  const text = crd.metadata.annotations?.[approval] ?? '';
  if (text === '') return 'missing';
  if (text.startsWith('unapproved')) return 'bypassed';
  try {
    const { host, scheme } = parseRequestUri(text);
    return host !== '' && scheme !== '' ? 'approved' : 'invalid';
  } catch (error) {
    if (error instanceof UrlError) return 'invalid';
    throw error;
  }
}

/** Groups of the project need the word of its reviewers. */
function validateApproval(crd: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  if (!isProtectedGroup(crd.spec.group)) return [];
  const state = approvalOf(crd);
  if (old !== undefined && approvalOf(old) === state) return [];
  const path = new FieldPath('metadata.annotations').key(approval);
  const start = `protected groups must have approval annotation "${approval}"`;
  if (state === 'missing') return [required(path, `${start}, ${approvalHelp}`)];
  if (state !== 'invalid') return [];
  const message = `${start} with either a URL or a reason starting with "unapproved", ${approvalHelp}`;
  return [invalid(path, crd.metadata.annotations?.[approval], message)];
}

function validatePreservation(crd: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  if (crd.spec.preserveUnknownFields !== true || old?.spec.preserveUnknownFields === true) return [];
  const message =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalid(new FieldPath('spec.preserveUnknownFields'), true, message)];
}

function schemasOf(spec: CustomResourceDefinitionSpec | undefined): JsonObject[] {
  return versionsOf(spec)
    .map((version) => version.schema?.openAPIV3Schema as unknown as JsonObject | undefined)
    .filter((schema) => schema !== undefined);
}

/** An update may keep what was let in before. */
function allowancesFor(
  spec: CustomResourceDefinitionSpec,
  old: CustomResourceDefinitionSpec | undefined,
): SchemaAllowances {
  if (old === undefined) return noAllowances;
  const schemas = schemasOf(old);
  const types = ['array', 'boolean', 'integer', 'number', 'object', 'string', ''];
  const isNonStructural = schemas.some(
    (schema) => unsupportedKeyword(schema) !== undefined || validateStructural(schema, new FieldPath()).length > 0,
  );
  return {
    structural: isNonStructural && spec.preserveUnknownFields === true,
    prunedDefaults: false,
    validTypes: schemas.some((schema) =>
      someSchema(schema, ({ type }) => typeof type === 'string' && !types.includes(type)),
    ),
    atomicSets: false,
    mapKeys: false,
    ruleCosts: false,
  };
}

function validateSpec(spec: CustomResourceDefinitionSpec, old: CustomResourceDefinitionSpec | undefined): FieldError[] {
  const path = new FieldPath('spec');
  const errors: FieldError[] = [];
  const group = path.child('group');
  const problems = isDns1123Subdomain(spec.group);
  if (spec.group === '') errors.push(required(group));
  else if (problems.length > 0) errors.push(invalid(group, spec.group, problems.join(',')));
  else if (!spec.group.includes('.')) {
    errors.push(invalid(group, spec.group, 'should be a domain with at least one dot'));
  }
  errors.push(...checkWord(path.child('scope'), spec.scope, ['Cluster', 'Namespaced']));
  errors.push(...validateVersions(spec, old, path, allowancesFor(spec, old)));
  const { names } = spec;
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if ((names[field] ?? '') === '') errors.push(required(path.child('names', field)));
  }
  errors.push(...validateNames(names, path.child('names')));
  if (spec.conversion !== undefined && spec.conversion.strategy !== 'None' && spec.preserveUnknownFields === true) {
    const message = 'must be None if spec.preserveUnknownFields is true';
    errors.push(invalid(path.child('conversion', 'strategy'), spec.conversion.strategy, message));
  }
  return [...errors, ...validateConversion(spec.conversion, path.child('conversion'))];
}

function checkWord(path: FieldPath, value: string | undefined, accepted: readonly string[]): FieldError[] {
  if (value === undefined || value === '') return [required(path)];
  return accepted.includes(value) ? [] : [notSupported(path, value, accepted)];
}

function validateNames(names: CustomResourceDefinitionNames, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const check = (at: FieldPath, name: string, isKind: boolean, isListed = false): void => {
    const isAbsent = name === '' && !isListed;
    const problems = isAbsent ? [] : isDns1035Label(isKind ? name.toLowerCase() : name);
    const start = isKind ? 'may have mixed case, but should otherwise match: ' : '';
    if (problems.length > 0) errors.push(invalid(at, name, `${start}${problems.join(',')}`));
  };
  check(path.child('plural'), names.plural, false);
  check(path.child('singular'), names.singular ?? '', false);
  check(path.child('kind'), names.kind, true);
  check(path.child('listKind'), names.listKind ?? '', true);
  for (const [index, name] of (names.shortNames ?? []).entries()) {
    check(path.child('shortNames').index(index), name, false, true);
  }
  if (names.kind !== '' && names.kind === names.listKind) {
    errors.push(invalid(path.child('listKind'), names.listKind, 'kind and listKind may not be the same'));
  }
  for (const [index, name] of (names.categories ?? []).entries()) {
    check(path.child('categories').index(index), name, false, true);
  }
  return errors;
}

function validateConversion(conversion: CustomResourceConversion | undefined, path: FieldPath): FieldError[] {
  if (conversion === undefined) return [];
  const errors = checkWord(path.child('strategy'), conversion.strategy, ['None', 'Webhook']);
  const client = conversion.webhook?.clientConfig;
  const versions = conversion.webhook?.conversionReviewVersions ?? [];
  const [clientAt, versionsAt] = [path.child('webhookClientConfig'), path.child('conversionReviewVersions')];
  if (conversion.strategy !== 'Webhook') {
    const message = 'should not be set when strategy is not set to Webhook';
    if (client !== undefined) errors.push(fieldForbidden(clientAt, message));
    if (versions.length > 0) errors.push(fieldForbidden(versionsAt, message));
    return errors;
  }
  if (client === undefined) errors.push(required(clientAt, 'required when strategy is set to Webhook'));
  else if ((client.url === undefined) === (client.service === undefined)) {
    errors.push(required(clientAt, 'exactly one of url or service is required'));
  } else if (client.url !== undefined) errors.push(...validateWebhookUrl(clientAt.child('url'), client.url));
  else errors.push(...validateWebhookService(clientAt.child('service'), client.service ?? {}));
  return [...errors, ...validateReviewVersions(versions, versionsAt)];
}

function validateReviewVersions(versions: readonly string[], path: FieldPath): FieldError[] {
  if (versions.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  for (const [index, version] of versions.entries()) {
    if (versions.indexOf(version) < index) errors.push(invalid(path.index(index), version, 'duplicate version'));
    else for (const problem of isDns1035Label(version)) errors.push(invalid(path.index(index), version, problem));
  }
  if (!versions.some((version) => version === 'v1' || version === 'v1beta1')) {
    errors.push(invalid(path, versions, 'must include at least one of v1, v1beta1'));
  }
  return errors;
}
