import {
  duplicate,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  invalid,
  notSupported,
  required,
  tooMany,
} from '../../../apimachinery/field-error.ts';
import { validateLabelSelector } from '../../../apimachinery/labels.ts';
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, isQualifiedName } from '../../../apimachinery/names.ts';
import type {
  MatchCondition,
  MatchResources,
  NamedRuleWithOperations,
  ParamKind,
  ParamRef,
} from '../../types/admissionregistration-v1.ts';
import { PolicyCompiler, policyResults } from './policy-compiler.ts';
import { expressionError } from './expression-error.ts';

/** Fills in what requests a policy, or its binding, applies to. */
export function setMatchResourcesDefaults(match: MatchResources | undefined): void {
  if (match === undefined) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
}

/** Checks that a value is one of some; it has to be there. */
export function checkRequiredChoice(
  path: FieldPath,
  value: string | undefined,
  choices: readonly string[],
): FieldError[] {
  if (value === undefined) return [required(path)];
  return choices.includes(value) ? [] : [notSupported(path, value, choices)];
}

/** Checks what requests a policy, or its binding, applies to. */
export function validateMatchResources(match: MatchResources | undefined, path: FieldPath): FieldError[] {
  if (match === undefined) return [];
  const rules = (field: 'resourceRules' | 'excludeResourceRules'): FieldError[] =>
    (match[field] ?? []).flatMap((rule, index) => validateNamedRule(rule, path.child(field).index(index)));
  return [
    ...checkRequiredChoice(path.child('matchPolicy'), match.matchPolicy, ['Equivalent', 'Exact']),
    ...(match.namespaceSelector === undefined ? [required(path.child('namespaceSelector'))] : []),
    ...validateLabelSelector(match.namespaceSelector, path.child('namespaceSelector')),
    ...(match.objectSelector === undefined ? [required(path.child('objectSelector'))] : []),
    ...validateLabelSelector(match.objectSelector, path.child('objectSelector')),
    ...rules('resourceRules'),
    ...rules('excludeResourceRules'),
  ];
}

function validateNamedRule(rule: NamedRuleWithOperations, path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  const names = (rule.resourceNames ?? []).flatMap((name, index) => {
    const at = path.child('resourceNames').index(index);
    const errors = isPathSegmentName(name).map((problem) => invalid(at, name, problem));
    if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
    return errors;
  });
  return [...names, ...validateRuleWithOperations(rule, path)];
}

/** What rules of policies and of webhooks have in common. */
export interface RuleWithOperations {
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly operations?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
}

/** Checks a rule: operations, groups, versions, resources and scope. */
export function validateRuleWithOperations(rule: RuleWithOperations, path: FieldPath): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  const choices = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
  const errors = [
    ...checkNames(operations, path.child('operations'), 'operations'),
    ...operations.flatMap((operation, index) =>
      choices.includes(operation) ? [] : [notSupported(path.child('operations').index(index), operation, choices)],
    ),
    ...checkNames(apiGroups, path.child('apiGroups'), 'API groups'),
    ...checkNames(apiVersions, path.child('apiVersions'), 'API versions'),
    ...apiVersions.flatMap((version, index) =>
      version === '' ? [required(path.child('apiVersions').index(index))] : [],
    ),
    ...validateResources(resources, path.child('resources')),
  ];
  const scopes = ['*', 'Cluster', 'Namespaced'];
  if (scope !== undefined && !scopes.includes(scope)) errors.push(notSupported(path.child('scope'), scope, scopes));
  return errors;
}

function checkNames(names: readonly string[], path: FieldPath, what: string): FieldError[] {
  if (names.length === 0) return [required(path)];
  if (names.length === 1 || !names.includes('*')) return [];
  return [invalid(path, names, `if '*' is present, must not specify other ${what}`)];
}

function validateResources(resources: readonly string[], path: FieldPath): FieldError[] {
  const errors = resources.length === 0 ? [required(path)] : [];
  const [wildSubresources, wildResources] = [new Set<string>(), new Set<string>()];
  // As in the real server, only the last resource without a subresource counts.
  let hasPlainResource = false;
  for (const [index, text] of resources.entries()) {
    const at = path.index(index);
    if (text === '') {
      errors.push(required(at));
      continue;
    }
    const slash = text.indexOf('/');
    if (slash < 0) {
      hasPlainResource = text !== '*';
      continue;
    }
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)];
    if (wildSubresources.has(resource)) {
      errors.push(invalid(at, text, `if '${resource}/*' is present, must not specify ${text}`));
    }
    if (wildResources.has(subresource)) {
      errors.push(invalid(at, text, `if '*/${subresource}' is present, must not specify ${text}`));
    }
    if (subresource === '*') wildSubresources.add(resource);
    if (resource === '*') wildResources.add(subresource);
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  }
  if (resources.includes('*') && hasPlainResource) {
    const problem = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalid(path, resources, problem));
  }
  return errors;
}

/** Checks the match conditions of a policy or a webhook. @param hasParams whether they may use `params` */
export function validateMatchConditions(
  conditions: readonly MatchCondition[],
  hasParams: boolean,
  path: FieldPath,
): FieldError[] {
  const errors = conditions.length > 64 ? [tooMany(path, conditions.length, 64)] : [];
  const seen = new Set<string>();
  for (const [index, { name, expression }] of conditions.entries()) {
    const at = path.index(index);
    const text = expression.trim();
    if (text === '') errors.push(required(at.child('expression')));
    else {
      const scope = { hasParams, hasAuthorizer: true };
      const { error } = new PolicyCompiler(false).compile(text, scope, policyResults.condition);
      if (error !== undefined) errors.push(expressionError(at.child('expression'), text, error));
    }
    if (name === '') errors.push(required(at.child('name')));
    else {
      errors.push(...isQualifiedName(name).map((problem) => invalid(at.child('name'), name, problem)));
      if (seen.has(name)) errors.push(duplicate(at.child('name'), name));
      seen.add(name);
    }
  }
  return errors;
}

/** Checks the kind of a policy's parameters. */
export function validateParamKind({ apiVersion = '', kind = '' }: ParamKind, path: FieldPath): FieldError[] {
  const errors = apiVersion === '' ? [required(path.child('apiVersion'))] : validateApiVersion(apiVersion, path);
  if (kind === '') errors.push(required(path.child('kind')));
  else {
    const problems = isDns1035Label(kind.toLowerCase());
    const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
    if (problems.length > 0) errors.push(invalid(path.child('kind'), kind, text));
  }
  return errors;
}

function validateApiVersion(apiVersion: string, path: FieldPath): FieldError[] {
  const at = path.child('apiVersion');
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  if (parts.length > 2) return [invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [version = '', group = ''] = parts.toReversed();
  const groupProblems = group === '' ? [] : isDns1123Subdomain(group);
  const errors = groupProblems.length === 0 ? [] : [invalid(at, group, groupProblems.join(','))];
  if (version === '') return [...errors, invalid(at, apiVersion, 'version must be specified')];
  const versionProblems = isDns1035Label(version);
  return versionProblems.length === 0 ? errors : [...errors, invalid(at, version, versionProblems.join(','))];
}

/** Checks where a binding finds its parameters. */
export function validateParamRef(reference: ParamRef | undefined, path: FieldPath): FieldError[] {
  if (reference === undefined) return [];
  const { name = '', selector, parameterNotFoundAction = '' } = reference;
  const errors =
    name === '' ? [] : isPathSegmentName(name).map((problem) => invalid(path.child('name'), name, problem));
  const isBoth = name !== '' && selector !== undefined;
  if (isBoth) errors.push(fieldForbidden(path.child('name'), 'name and selector are mutually exclusive'));
  errors.push(...validateLabelSelector(selector, path.child('selector')));
  if (isBoth) errors.push(fieldForbidden(path.child('selector'), 'name and selector are mutually exclusive'));
  if (name === '' && selector === undefined) {
    errors.push(required(path, 'one of name or selector must be specified'));
  }
  const at = path.child('parameterNotFoundAction');
  if (parameterNotFoundAction === '') errors.push(required(at));
  else if (!['Deny', 'Allow'].includes(parameterNotFoundAction)) {
    errors.push(notSupported(at, parameterNotFoundAction, ['Deny', 'Allow']));
  }
  return errors;
}
