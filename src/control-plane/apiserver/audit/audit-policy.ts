import {
  ConfigurationError,
  type ConfigurationFile,
  configurationField as field,
  decodeConfiguration,
  type DecodedConfiguration,
} from '../../../apimachinery/decoding/configuration-file.ts';
import { type FieldError, FieldPath, invalid, notSupported, required } from '../../../apimachinery/field-error.ts';
import { isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { AuthorizationAttributes } from '../../authorization/authorizer.ts';
import { type AuditLevel, auditLevels, type AuditStage, auditStages } from './audit-event.ts';

/** What the policy says of one request. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<string>;
  readonly omitManagedFields: boolean;
}

/** A question without a user is one of a request whose authentication failed. */
export type AuditQuestion = Omit<AuthorizationAttributes, 'user'> & {
  readonly user: AuthorizationAttributes['user'] | undefined;
};

/** Says of requests how much of them is kept. */
export interface AuditPolicy {
  decide(question: AuditQuestion): AuditDecision;
}

interface GroupResources {
  readonly group: string;
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

interface PolicyRule {
  readonly level: string;
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly resources: readonly GroupResources[];
  readonly namespaces: readonly string[];
  readonly nonResourceURLs: readonly string[];
  readonly omitStages: readonly string[];
  readonly omitManagedFields: boolean | undefined;
}

/** A policy file that cannot be used. */
export class AuditPolicyError extends Error {}

const unsaid = { apiVersion: 'audit.k8s.io/__internal', kind: 'Policy' };

const file: ConfigurationFile = {
  kinds: [{ apiVersion: 'audit.k8s.io/v1', kind: 'Policy' }, unsaid],
  usual: unsaid,
  scheme: 'k8s.io/apiserver/pkg/audit/scheme.go:30',
  root: 'v1.Policy',
  types: {
    'v1.Policy': {
      metadata: field.any,
      rules: field.listOf('v1.PolicyRule'),
      omitStages: field.texts,
      omitManagedFields: field.flag,
    },
    'v1.PolicyRule': {
      level: field.text,
      users: field.texts,
      userGroups: field.texts,
      verbs: field.texts,
      resources: field.listOf('v1.GroupResources'),
      namespaces: field.texts,
      nonResourceURLs: field.texts,
      omitStages: field.texts,
      omitManagedFields: field.flag,
    },
    'v1.GroupResources': { group: field.text, resources: field.texts, resourceNames: field.texts },
  },
};

interface PolicyFields {
  readonly rules?: readonly RuleFields[];
  readonly omitStages?: readonly string[];
  readonly omitManagedFields?: boolean;
}

interface RuleFields extends Partial<Omit<PolicyRule, 'resources'>> {
  readonly resources?: readonly Partial<GroupResources>[];
}

/**
 * Reads a policy, audit.k8s.io/v1 Policy in YAML or JSON. The first rule that fits a request decides; without one
 * nothing is kept.
 * @param warn told of fields that the kind does not have, and of what stands twice
 * @throws AuditPolicyError
 */
export function parseAuditPolicy(text: string, warn: (message: string) => void): AuditPolicy {
  const { object, complaints } = decoded(text);
  if (object['apiVersion'] === unsaid.apiVersion) {
    throw new AuditPolicyError('unknown group version field audit.k8s.io/__internal, Kind=Policy in policy');
  }
  for (const complaint of complaints) warn(`audit policy: ${complaint}`);
  const { omitStages = [], omitManagedFields = false, rules: given = [] }: PolicyFields = object;
  const rules = given.map(ruleOf);
  const errors = [
    ...validateStages(omitStages, new FieldPath('omitStages')),
    ...rules.flatMap((rule, index) => validateRule(rule, new FieldPath('rules').index(index))),
  ];
  if (errors.length > 0) throw new AuditPolicyError(aggregate(errors));
  if (rules.length === 0) throw new AuditPolicyError('loaded illegal policy with 0 rules');
  return policyOf(rules, omitStages, omitManagedFields);
}

function decoded(text: string): DecodedConfiguration {
  try {
    return decodeConfiguration(text, file);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new AuditPolicyError(`failed decoding: ${error.message}`);
    throw error;
  }
}

/** A rule in which what is not said is empty. */
function ruleOf(given: RuleFields): PolicyRule {
  const { level = '', users = [], userGroups = [], verbs = [], resources = [], namespaces = [] } = given;
  const { nonResourceURLs = [], omitStages = [], omitManagedFields } = given;
  const groups = resources.map(({ group = '', resources: names = [], resourceNames = [] }) => ({
    group,
    resources: names,
    resourceNames,
  }));
  const subject = { users, userGroups, verbs };
  return { level, ...subject, resources: groups, namespaces, nonResourceURLs, omitStages, omitManagedFields };
}

function policyOf(
  rules: readonly PolicyRule[],
  omitStages: readonly string[],
  omitManagedFields: boolean,
): AuditPolicy {
  const decided = rules.map((rule): AuditDecision => ({
    level: auditLevels.find((level) => level === rule.level) ?? 'None',
    omitStages: new Set([...omitStages, ...rule.omitStages]),
    omitManagedFields: rule.omitManagedFields ?? omitManagedFields,
  }));
  const fallback: AuditDecision = { level: 'None', omitStages: new Set(omitStages), omitManagedFields };
  return { decide: (question) => decided[rules.findIndex((rule) => matches(rule, question))] ?? fallback };
}

function validateRule(rule: PolicyRule, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const levels: readonly string[] = auditLevels;
  if (rule.level === '') errors.push(required(path.child('level')));
  else if (!levels.includes(rule.level)) errors.push(notSupported(path.child('level'), rule.level, auditLevels));
  const urls = path.child('nonResourceURLs');
  rule.nonResourceURLs.forEach((url, index) => {
    if (url === '*') return;
    if (!url.startsWith('/')) {
      errors.push(invalid(urls.index(index), url, "non-resource URL rules must begin with a '/' character"));
    }
    if (url.slice(0, -1).includes('*')) {
      errors.push(
        invalid(urls.index(index), url, "non-resource URL wildcards '*' must be the final character of the rule"),
      );
    }
  });
  const resources = path.child('resources');
  for (const { group, resources: names, resourceNames } of rule.resources) {
    const wrong = group === '' || group === '*' ? [] : isDns1123Subdomain(group);
    if (wrong.length > 0) errors.push(invalid(resources.child('group'), group, wrong.join(',')));
    if (resourceNames.length > 0 && names.length === 0) {
      const detail = 'using resourceNames requires at least one resource';
      errors.push(invalid(resources.child('resourceNames'), resourceNames, detail));
    }
  }
  errors.push(...validateStages(rule.omitStages, path.child('omitStages')));
  if (rule.nonResourceURLs.length > 0 && (rule.resources.length > 0 || rule.namespaces.length > 0)) {
    const detail = 'rules cannot apply to both regular resources and non-resource URLs';
    errors.push(invalid(urls, rule.nonResourceURLs, detail));
  }
  return errors;
}

function validateStages(stages: readonly string[], path: FieldPath): FieldError[] {
  const known: readonly string[] = auditStages;
  return stages.flatMap((stage, index) =>
    known.includes(stage) ? [] : [invalid(path.index(index), stage, `allowed stages are ${auditStages.join(',')}`)],
  );
}

function aggregate(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.body}`))];
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
}

function matches(rule: PolicyRule, question: AuditQuestion): boolean {
  const { user, verb } = question;
  if (rule.users.length > 0 && (user === undefined || !rule.users.includes(user.username))) return false;
  if (rule.userGroups.length > 0 && user?.groups.some((group) => rule.userGroups.includes(group)) !== true)
    return false;
  if (rule.verbs.length > 0 && !rule.verbs.includes(verb)) return false;
  if (rule.namespaces.length > 0 || rule.resources.length > 0) return matchesResource(rule, question);
  if (rule.nonResourceURLs.length === 0) return true;
  return !question.isResourceRequest && rule.nonResourceURLs.some((url) => matchesPath(question.path, url));
}

function matchesPath(path: string, wanted: string): boolean {
  return wanted === path || (wanted.endsWith('*') && path.startsWith(wanted.replace(/\*+$/, '')));
}

function matchesResource(rule: PolicyRule, question: AuditQuestion): boolean {
  if (!question.isResourceRequest) return false;
  if (rule.namespaces.length > 0 && !rule.namespaces.includes(question.namespace)) return false;
  if (rule.resources.length === 0) return true;
  const { resource, subresource, apiGroup, name } = question;
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  return rule.resources.some((group) => {
    if (group.group !== apiGroup && group.group !== '*') return false;
    if (group.resources.length === 0) return true;
    if (group.resourceNames.length > 0 && !group.resourceNames.includes(name)) return false;
    return group.resources.some(
      (wanted) =>
        wanted === '*' ||
        wanted === combined ||
        wanted === `${resource}/*` ||
        (subresource !== '' && wanted === `*/${subresource}`),
    );
  });
}

/** Whether a stage is one that no event is wanted of. */
export function omits(decision: AuditDecision, stage: AuditStage): boolean {
  return decision.level === 'None' || decision.omitStages.has(stage);
}
