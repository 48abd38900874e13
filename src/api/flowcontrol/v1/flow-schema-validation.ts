import {
  duplicate,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  invalidFor,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { internalObject } from '../../core/v1/internal-objects.ts';
import type { Strategy } from '../../resource-definition.ts';
import type {
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../types/flowcontrol-v1.ts';
import { defaultFlowSchemas } from './default-flow-control.ts';
import { wholeMetadata } from '../../status-metadata.ts';

const specPath = new FieldPath('spec');
const precedencePath = specPath.child('matchingPrecedence');
const mostPrecedence = 10_000;
const usualPrecedence = 1000;

/** The middle of the order. */
export function setFlowSchemaDefaults(object: Unstructured): void {
  const { spec } = schemaOf(object);
  if (spec !== undefined && (spec.matchingPrecedence ?? 0) === 0) spec.matchingPrecedence = usualPrecedence;
}

/** What the registry does with flow schemas. */
export const flowSchemaStrategy: Strategy = {
  keptOnStatus: wholeMetadata,
  resetFields: { '': ['status'], status: ['metadata', 'spec'] },
  validateCreate: (object) => validate(schemaOf(object)),
  validateUpdate: (object, _old, { subresource }) =>
    subresource === 'status'
      ? validateConditionTypes(schemaOf(object).status?.conditions ?? [])
      : validate(schemaOf(object)),
};

function schemaOf(object: Unstructured): FlowSchema {
  return object;
}

/** Conditions have types, each once. */
export function validateConditionTypes(conditions: readonly { readonly type?: string }[]): FieldError[] {
  const types = new Set<string>();
  return conditions.flatMap(({ type = '' }, index) => {
    const at = new FieldPath('status').child('conditions').index(index).child('type');
    const errors = types.has(type) ? [duplicate(at, type)] : [];
    types.add(type);
    return type === '' ? [...errors, required(at)] : errors;
  });
}

/** Schemas that must stay as they are. */
const fixedSchemas = ['catch-all', 'exempt'];

function validate({ metadata, spec, status }: FlowSchema): FieldError[] {
  const name = metadata.name ?? '';
  const errors = spec === undefined ? [] : validateSpec(spec, name);
  if (fixedSchemas.includes(name) && !equalSemantic(spec, defaultFlowSchemas[name])) {
    const shown = internalObject('FlowSchemaSpec', spec ?? {});
    errors.push(invalid(specPath, shown, `spec of '${name}' must equal the fixed value`));
  }
  return [...errors, ...validateConditionTypes(status?.conditions ?? [])];
}

function validateSpec(spec: FlowSchemaSpec, name: string): FieldError[] {
  const { distinguisherMethod, matchingPrecedence: precedence = 0, rules = [] } = spec;
  const errors: FieldError[] = [];
  if (precedence <= 0) errors.push(invalid(precedencePath, precedence, 'must be a positive value'));
  if (precedence > mostPrecedence) {
    errors.push(invalid(precedencePath, precedence, `must not be greater than ${mostPrecedence}`));
  }
  if (precedence === 1 && name !== 'exempt') {
    const message = "only the schema named 'exempt' may have matchingPrecedence 1";
    errors.push(invalid(precedencePath, precedence, message));
  }
  const methods = ['ByNamespace', 'ByUser'];
  if (distinguisherMethod !== undefined && !methods.includes(distinguisherMethod.type)) {
    const shown = { Type: distinguisherMethod.type };
    errors.push(notSupported(specPath.child('distinguisherMethod', 'type'), shown, methods));
  }
  const level = spec.priorityLevelConfiguration.name;
  const levelPath = specPath.child('priorityLevelConfiguration', 'name');
  if (level === '') errors.push(required(levelPath, 'must reference a priority level'));
  else errors.push(...invalidFor(levelPath, level, isDns1123Subdomain(level)));
  rules.forEach((rule, index) => errors.push(...validateRule(rule, specPath.child('rules').index(index))));
  return errors;
}

function validateRule(rule: PolicyRulesWithSubjects, path: FieldPath): FieldError[] {
  const { nonResourceRules = [], resourceRules = [] } = rule;
  // What the schema requires may be null all the same.
  const subjects = (rule.subjects as Subject[] | null) ?? [];
  const errors: FieldError[] = [];
  if (subjects.length === 0) {
    errors.push(required(path.child('subjects'), 'subjects must contain at least one value'));
  }
  subjects.forEach((subject, index) => errors.push(...validateSubject(subject, path.child('subjects').index(index))));
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  return [
    ...errors,
    ...resourceRules.flatMap((one, index) => validateResourceRule(one, path.child('resourceRules').index(index))),
    ...nonResourceRules.flatMap((one, index) =>
      validateNonResourceRule(one, path.child('nonResourceRules').index(index)),
    ),
  ];
}

const subjectFields = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const;
/** The order in which what does not belong to a subject is refused. */
const refusalOrder = ['ServiceAccount', 'User', 'Group'] as const;

function validateSubject(subject: Subject, path: FieldPath): FieldError[] {
  const { kind } = subject;
  if (kind !== 'Group' && kind !== 'ServiceAccount' && kind !== 'User') {
    return [notSupported(path.child('kind'), kind, ['Group', 'ServiceAccount', 'User'])];
  }
  const field = subjectFields[kind];
  const at = path.child(field);
  const errors: FieldError[] = [];
  const given = subject[field];
  if (given === undefined) errors.push(required(at, `${field} is required when subject kind is '${kind}'`));
  else if (given.name === '') errors.push(required(at.child('name')));
  if (kind === 'ServiceAccount' && subject.serviceAccount !== undefined) {
    const { name, namespace } = subject.serviceAccount;
    if (name !== '' && name !== '*') errors.push(...invalidFor(at.child('name'), name, isDns1123Subdomain(name)));
    const namespaceAt = at.child('namespace');
    if (namespace === '') errors.push(required(namespaceAt, 'must specify namespace for service account'));
    else errors.push(...invalidFor(namespaceAt, namespace, isDns1123Label(namespace)));
  }
  for (const other of refusalOrder) {
    const name = subjectFields[other];
    if (other === kind || subject[name] === undefined) continue;
    errors.push(fieldForbidden(path.child(name), `${name} is forbidden when subject kind is not '${other}'`));
  }
  return errors;
}

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

/** A list that must say something, and nothing else beside `*`. */
function validateList(list: readonly string[] | null, missing: string, others: string, path: FieldPath): FieldError[] {
  if (list === null || list.length === 0) return [required(path, missing)];
  if (!list.includes('*') || list.length === 1) return [];
  return [invalid(path, list, `if '*' is present, must not specify other ${others}`)];
}

function validateVerbs(list: readonly string[] | null, path: FieldPath): FieldError[] {
  const errors = validateList(list, 'verbs must contain at least one value', 'verbs', path);
  if (errors.length > 0 || list === null || list.includes('*')) return errors;
  return list.every((verb) => verbs.includes(verb)) ? [] : [notSupported(path, list, verbs)];
}

function validateResourceRule(rule: ResourcePolicyRule, path: FieldPath): FieldError[] {
  const namespaces = rule.namespaces ?? [];
  const at = path.child('namespaces');
  const errors = [
    ...validateVerbs(rule.verbs, path.child('verbs')),
    ...validateList(
      rule.apiGroups,
      'resource rules must supply at least one api group',
      'api groups',
      path.child('apiGroups'),
    ),
    ...validateList(
      rule.resources,
      'resource rules must supply at least one resource',
      'resources',
      path.child('resources'),
    ),
  ];
  if (namespaces.length === 0 && rule.clusterScope !== true) {
    const message = 'resource rules that are not cluster scoped must supply at least one namespace';
    return [...errors, required(at, message)];
  }
  if (namespaces.includes('*')) {
    if (namespaces.length === 1) return errors;
    return [...errors, invalid(at, namespaces, "if '*' is present, must not specify other namespaces")];
  }
  const prefix = "each member of this list must be '*' or a DNS-1123 label; ";
  return [
    ...errors,
    ...namespaces.flatMap((name, index) =>
      isDns1123Label(name).map((message) => invalid(at.index(index), name, `${prefix}${message}`)),
    ),
  ];
}

function validateNonResourceRule(rule: NonResourcePolicyRule, path: FieldPath): FieldError[] {
  const at = path.child('nonResourceURLs');
  const urls = rule.nonResourceURLs as string[] | null;
  const missing = 'nonResourceURLs must contain at least one value';
  const errors = [
    ...validateVerbs(rule.verbs, path.child('verbs')),
    ...validateList(urls, missing, 'non-resource URLs', at),
  ];
  if (urls === null || urls.includes('*')) return errors;
  return [
    ...errors,
    ...urls.flatMap((url, index) => {
      const problem = urlProblem(url);
      return problem === '' ? [] : [invalid(at.index(index), url, problem)];
    }),
  ];
}

function urlProblem(url: string): string {
  if (url === '') return 'must not be empty';
  if (url === '/') return '';
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const stars = url.split('*').length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : '';
}
