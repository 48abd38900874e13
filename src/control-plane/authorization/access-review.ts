import { isQualifiedName, isValidLabelValue } from '../../apimachinery/names.ts';
import type {
  NonResourceAttributes,
  NonResourceRule,
  ResourceAttributes,
  ResourceRule,
  SubjectAccessReviewStatus,
} from '../../api/types/authorization-v1.ts';
import type { PolicyRule } from '../../api/types/rbac-v1.ts';
import {
  FieldPath,
  type FieldError,
  formatFieldError,
  aggregateMessages,
  fieldForbidden,
  invalid,
  invalidFor,
  required,
} from '../../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { badRequest, StatusError } from '../../apimachinery/status.ts';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { AuthorizationAttributes, AuthorizationDecision } from './authorizer.ts';
import { readFieldSelector, readLabelSelector } from './review-selectors.ts';

/** Who answers the questions. */
export interface ReviewAuthorizer {
  decide(attributes: AuthorizationAttributes): Promise<AuthorizationDecision>;
}

/** Who knows a user's rules. */
export interface UserRules {
  rulesFor(user: UserInfo, namespace: string): readonly { readonly rule: PolicyRule }[];
  /** Why there may be more than rulesFor lists. */
  rulesProblem?(user: UserInfo): string | undefined;
}

interface AccessReviewSpec {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Answers a SubjectAccessReview. @throws StatusError 422 */
export async function reviewSubjectAccess(object: Unstructured, authorizer: ReviewAuthorizer): Promise<Unstructured> {
  const spec = specOf(object);
  const errors = [
    ...specErrors(spec),
    ...subjectErrors(spec),
    ...selectorErrors(spec),
    ...metadataErrors(object, false),
  ];
  refuseInvalid(errors);
  return withStatus(object, await answer(spec, subjectOf(spec), authorizer));
}

/** Answers a LocalSubjectAccessReview of a namespace. @throws StatusError 400, 422 */
export async function reviewLocalSubjectAccess(
  object: Unstructured,
  namespace: string,
  authorizer: ReviewAuthorizer,
): Promise<Unstructured> {
  const spec = specOf(object);
  const errors = [
    ...specErrors(spec),
    ...subjectErrors(spec),
    ...selectorErrors(spec),
    ...metadataErrors(object, true),
  ];
  const asked = spec.resourceAttributes?.namespace ?? '';
  if (spec.resourceAttributes !== undefined && asked !== (object.metadata.namespace ?? '')) {
    const path = new FieldPath('spec.resourceAttributes.namespace');
    errors.push(invalid(path, asked, 'must match metadata.namespace'));
  }
  if (spec.nonResourceAttributes !== undefined) {
    const path = new FieldPath('spec.nonResourceAttributes');
    errors.push(invalid(path, goAttributes(spec.nonResourceAttributes), 'disallowed on this kind of request'));
  }
  refuseInvalid(errors);
  if (asked !== namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
  }
  return withStatus(object, await answer(spec, subjectOf(spec), authorizer));
}

/** Answers a SelfSubjectAccessReview. @throws StatusError 422 */
export async function reviewSelfAccess(
  object: Unstructured,
  user: UserInfo,
  authorizer: ReviewAuthorizer,
): Promise<Unstructured> {
  const spec = specOf(object);
  refuseInvalid([...specErrors(spec), ...selectorErrors(spec), ...metadataErrors(object, false)]);
  return withStatus(object, await answer(spec, user, authorizer));
}

/**
 * Answers a SelfSubjectRulesReview: all rules that apply to the user in spec.namespace. Rules of the user's
 * privileged groups are not rules of a role and so not listed, as in the real server but for system:masters.
 * @throws StatusError 400 without a namespace.
 */
export function reviewSelfRules(object: Unstructured, user: UserInfo, rules: UserRules): Unstructured {
  const { namespace = '' } = specOf(object) as { namespace?: string };
  if (namespace === '') throw badRequest('no namespace on request');
  const resourceRules: ResourceRule[] = [];
  const nonResourceRules: NonResourceRule[] = [];
  for (const { rule } of rules.rulesFor(user, namespace)) {
    const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
    if ((resources ?? []).length > 0) {
      resourceRules.push({
        verbs,
        ...(apiGroups === undefined ? {} : { apiGroups }),
        ...(resources === undefined ? {} : { resources }),
        ...(resourceNames === undefined ? {} : { resourceNames }),
      });
    }
    if (nonResourceURLs !== undefined && nonResourceURLs.length > 0) nonResourceRules.push({ verbs, nonResourceURLs });
  }
  const { apiVersion, kind } = object;
  const problem = rules.rulesProblem?.(user);
  const limits = problem === undefined ? { incomplete: false } : { incomplete: true, evaluationError: problem };
  return { apiVersion, kind, metadata: {}, spec: {}, status: { resourceRules, nonResourceRules, ...limits } };
}

function specOf(object: Unstructured): AccessReviewSpec {
  return isJsonObject(object['spec']) ? object['spec'] : {};
}

function withStatus(object: Unstructured, status: SubjectAccessReviewStatus): Unstructured {
  return { ...object, status };
}

function subjectOf(spec: AccessReviewSpec): UserInfo {
  return { username: spec.user ?? '', uid: spec.uid ?? '', groups: spec.groups ?? [], extra: spec.extra ?? {} };
}

async function answer(
  spec: AccessReviewSpec,
  user: UserInfo,
  authorizer: ReviewAuthorizer,
): Promise<SubjectAccessReviewStatus> {
  const { attributes, problem } = attributesOf(spec, user);
  const { decision, reason, error } = await authorizer.decide(attributes);
  const problems = [error, problem === '' ? undefined : problem].filter((text) => text !== undefined);
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(problems.length === 0 ? {} : { evaluationError: problems.join('; ') }),
  };
}

/** The question as authorizers are asked it, and what of its selectors could not be read. */
function attributesOf(
  spec: AccessReviewSpec,
  user: UserInfo,
): { attributes: AuthorizationAttributes; problem: string } {
  const resource = spec.resourceAttributes;
  const path = spec.nonResourceAttributes;
  const fields = readFieldSelector(resource?.fieldSelector);
  const labels = readLabelSelector(resource?.labelSelector);
  const attributes = {
    user,
    verb: resource?.verb ?? path?.verb ?? '',
    isResourceRequest: resource !== undefined,
    apiGroup: resource?.group ?? '',
    apiVersion: (resource?.version ?? '') === '' ? '*' : (resource?.version ?? '*'),
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    namespace: resource?.namespace ?? '',
    name: resource?.name ?? '',
    path: path?.path ?? '',
    fieldSelector: fields.text,
    labelSelector: labels.text,
  };
  const problems = Object.entries({ fieldSelector: fields.problem, labelSelector: labels.problem })
    .filter(([, problem]) => problem !== '')
    .map(([name, problem]) => `spec.resourceAttributes.${name} ${problem}`);
  return { attributes, problem: problems.join('; ') };
}

interface Requirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

function specErrors(spec: AccessReviewSpec): FieldError[] {
  const path = new FieldPath('spec');
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const shown = goAttributes(nonResourceAttributes);
    const detail = 'cannot be specified in combination with resourceAttributes';
    return [invalid(path.child('nonResourceAttributes'), shown, detail)];
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    return [invalid(path.child('resourceAttributes'), null, detail)];
  }
  return [];
}

/** Field errors show this value as the real server's own structure. */
function goAttributes(attributes: NonResourceAttributes): JsonObject {
  return { Path: attributes.path ?? '', Verb: attributes.verb ?? '' };
}

function subjectErrors(spec: AccessReviewSpec): FieldError[] {
  if ((spec.user ?? '') !== '' || (spec.groups ?? []).length > 0) return [];
  return [invalid(new FieldPath('spec.user'), '', 'at least one of user or group must be specified')];
}

function metadataErrors(object: Unstructured, allowsNamespace: boolean): FieldError[] {
  const set = Object.entries(object.metadata).filter(
    ([key, value]) =>
      key !== 'managedFields' && !(key === 'namespace' && allowsNamespace) && value !== undefined && value !== null,
  );
  if (set.length === 0) return [];
  const detail = allowsNamespace ? 'must be empty except for namespace' : 'must be empty';
  return [invalid(new FieldPath('metadata'), object.metadata, detail)];
}

function selectorErrors(spec: AccessReviewSpec): FieldError[] {
  const path = new FieldPath('spec.resourceAttributes');
  const { fieldSelector, labelSelector } = spec.resourceAttributes ?? {};
  return [
    ...oneSelectorErrors(fieldSelector, path.child('fieldSelector'), fieldErrors),
    ...oneSelectorErrors(labelSelector, path.child('labelSelector'), labelErrors),
  ];
}

function oneSelectorErrors(
  selector: { readonly rawSelector?: string; readonly requirements?: readonly Requirement[] } | undefined,
  path: FieldPath,
  check: (requirement: Requirement, path: FieldPath) => FieldError[],
): FieldError[] {
  if (selector === undefined) return [];
  const { rawSelector = '', requirements = [] } = selector;
  const errors =
    rawSelector !== '' && requirements.length > 0
      ? [invalid(path.child('rawSelector'), rawSelector, 'may not specified at the same time as requirements')]
      : [];
  if (rawSelector === '' && requirements.length === 0) {
    const detail = `when ${path.toString()} is specified, requirements or rawSelector is required`;
    return [required(path.child('requirements'), detail)];
  }
  return [
    ...errors,
    ...requirements.flatMap((requirement, index) => check(requirement, path.child('requirements').index(index))),
  ];
}

function fieldErrors(requirement: Requirement, path: FieldPath): FieldError[] {
  const { key = '' } = requirement;
  return [...(key === '' ? [required(path.child('key'), 'must be specified')] : []), ...valueErrors(requirement, path)];
}

function labelErrors(requirement: Requirement, path: FieldPath): FieldError[] {
  const { key = '', values = [] } = requirement;
  return [
    ...valueErrors(requirement, path),
    ...invalidFor(path.child('key'), key, isQualifiedName(key)),
    ...values.flatMap((value, index) => invalidFor(path.child('values').index(index), value, isValidLabelValue(value))),
  ];
}

/** Operators that this server does not know are let through, as newer clients may send them. */
function valueErrors({ operator = '', values = [] }: Requirement, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const needsValues = operator === 'In' || operator === 'NotIn';
  if (needsValues && values.length === 0) {
    errors.push(required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    errors.push(fieldForbidden(path.child('values'), detail));
  }
  return errors;
}

/** 422 of the access reviews, which name no kind. */
function refuseInvalid(errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  throw new StatusError({
    message: `.authorization.k8s.io "" is invalid: ${aggregateMessages(errors.map(formatFieldError))}`,
    reason: 'Invalid',
    details: {
      group: 'authorization.k8s.io',
      causes: errors.map(({ type, body, field }) => ({ reason: type, message: body, field })),
    },
    code: 422,
  });
}
