import { type FieldError, FieldPath, invalid, required } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../../types/core-v1.ts';
import { validateResourceName, validateResourceQuantity } from './resource-requirements-validation.ts';

const specPath = new FieldPath('spec');

/** What the registry does with quotas: their scopes stay. */
export const resourceQuotaStrategy: Strategy = {
  validateCreate: (object) => [...validateSpec(quotaOf(object).spec), ...validateStatus(quotaOf(object))],
  validateUpdate(object, old, { subresource }) {
    if (subresource === 'status') return validateStatus(quotaOf(object));
    const [scopes, before] = [quotaOf(object).spec?.scopes ?? [], quotaOf(old).spec?.scopes ?? []];
    const isSame = scopes.every((scope) => before.includes(scope)) && before.every((scope) => scopes.includes(scope));
    const errors = validateSpec(quotaOf(object).spec);
    return isSame
      ? errors
      : [...errors, invalid(specPath.child('scopes'), quotaOf(object).spec?.scopes ?? null, 'field is immutable')];
  },
};

function quotaOf(object: Unstructured): ResourceQuota {
  return object;
}

function validateStatus({ status }: ResourceQuota): FieldError[] {
  const path = new FieldPath('status');
  return [...validateAmounts(status?.hard, path.child('hard')), ...validateAmounts(status?.used, path.child('used'))];
}

const quotaResources = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);

function isQuotaResource(name: string): boolean {
  return quotaResources.has(name) || name.startsWith('hugepages-') || name.startsWith('requests.hugepages-');
}

function validateAmounts(amounts: Readonly<Record<string, string>> = {}, path: FieldPath): FieldError[] {
  return Object.entries(amounts).flatMap(([name, text]) => {
    const at = path.key(name);
    const errors = validateResourceName(name, at);
    if (!name.includes('/') && !isQuotaResource(name))
      errors.push(invalid(at, name, 'must be a standard resource for quota'));
    return [...errors, ...validateResourceQuantity(name, parseQuantity(text), at)];
  });
}

const podCounts = ['pods'];
const podAmounts = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const podScopes = ['Terminating', 'NotTerminating', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity'];

/** What each scope counts; scopes that are not here do not exist. */
const scopeResources: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(podScopes.map((scope) => [scope, [...podCounts, ...podAmounts]])),
  BestEffort: podCounts,
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
};

function validateSpec(spec: ResourceQuotaSpec = {}): FieldError[] {
  const hardNames = Object.keys(spec.hard ?? {}).toSorted();
  const errors = validateAmounts(spec.hard, specPath.child('hard'));
  const { scopes = [], scopeSelector } = spec;
  const scopesPath = specPath.child('scopes');
  for (const scope of scopes) {
    if (scopeResources[scope] === undefined) errors.push(invalid(scopesPath, scopes, 'unsupported scope'));
    errors.push(
      ...notCounted(scope, hardNames).map(() => invalid(scopesPath, scopes, 'unsupported scope applied to resource')),
    );
  }
  for (let left = conflicts(scopes); left > 0; left--) errors.push(invalid(scopesPath, scopes, 'conflicting scopes'));
  if (scopeSelector === undefined) return errors;
  const path = specPath.child('scopeSelector', 'matchExpressions');
  const expressions = scopeSelector.matchExpressions ?? [];
  for (const expression of expressions) {
    const { scopeName } = expression;
    if (scopeResources[scopeName] === undefined) {
      errors.push(invalid(path.child('scopeName'), scopeName, 'unsupported scope'));
    }
    const shown = { MatchExpressions: expressions.map(inGoNames) };
    errors.push(
      ...notCounted(scopeName, hardNames).map(() => invalid(path, shown, 'unsupported scope applied to resource')),
    );
    errors.push(...validateExpression(expression, path));
  }
  for (let left = conflicts(expressions.map((one) => one.scopeName)); left > 0; left--) {
    errors.push(invalid(path, spec.scopes ?? null, 'conflicting scopes'));
  }
  return errors;
}

/** An expression as the real server shows it, by the names of its Go type. */
function inGoNames({ scopeName, operator, values }: ScopedResourceSelectorRequirement): Record<string, unknown> {
  return { ScopeName: scopeName, Operator: operator, Values: values ?? null };
}

/** The resources of a quota that a scope knows nothing of. */
function notCounted(scope: string, names: readonly string[]): string[] {
  const counted = scopeResources[scope];
  return counted === undefined ? [] : names.filter((name) => isQuotaResource(name) && !counted.includes(name));
}

const exclusive = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

function conflicts(scopes: readonly string[]): number {
  return exclusive.filter((pair) => pair.every((scope) => scopes.includes(scope))).length;
}

const existOnly = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];

function validateExpression(expression: ScopedResourceSelectorRequirement, path: FieldPath): FieldError[] {
  const { operator, scopeName, values = [] } = expression;
  const errors: FieldError[] = [];
  const operatorPath = path.child('operator');
  if (existOnly.includes(scopeName) && operator !== 'Exists') {
    const names = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort'];
    const shown = names.map((name) => `ResourceQuotaScope${name}`).join(', ');
    const message = `must be 'Exists' when scope is any of ${shown} or ResourceQuotaScopeCrossNamespacePodAffinity`;
    errors.push(invalid(operatorPath, operator, message));
  }
  if (operator === 'In' || operator === 'NotIn') {
    const message = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (values.length === 0) errors.push(required(path.child('values'), message));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const message = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values.length > 0) errors.push(invalid(path.child('values'), values, message));
  } else errors.push(invalid(operatorPath, operator, 'not a valid selector operator'));
  return errors;
}
