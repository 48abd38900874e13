import { messageOf } from '../../../apimachinery/error-message.ts';
import { type FieldError, FieldPath, invalid, notSupported, required } from '../../../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { isDns1123Subdomain } from '../../../apimachinery/names.ts';
import { parseYaml } from '../../../apimachinery/yaml.ts';
import type { AuthorizationAttributes } from '../filters/authorization.ts';
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

/**
 * Reads a policy, audit.k8s.io/v1 Policy in YAML or JSON. The first rule that fits a request decides; without one
 * nothing is kept.
 * @param warn told of fields that the kind does not have.
 * @throws AuditPolicyError
 */
export function parseAuditPolicy(text: string, warn: (message: string) => void): AuditPolicy {
  let document: JsonValue;
  try {
    document = parseYaml(text);
  } catch (error) {
    throw new AuditPolicyError(`failed decoding: ${messageOf(error)}`);
  }
  if (!isJsonObject(document)) throw new AuditPolicyError('failed decoding: the policy is no object');
  const reader = new PolicyReader(warn);
  const [apiVersion, kind] = [reader.text(document, '', 'apiVersion'), reader.text(document, '', 'kind')];
  if (apiVersion !== 'audit.k8s.io/v1' || kind !== 'Policy') {
    throw new AuditPolicyError(`failed decoding: no kind "${kind}" is registered for version "${apiVersion}"`);
  }
  reader.checkFields(document, '', ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields']);
  const omitStages = reader.strings(document, '', 'omitStages');
  const omitManagedFields = reader.flag(document, '', 'omitManagedFields') ?? false;
  const rules = reader.objects(document, '', 'rules').map((rule, index) => readRule(reader, rule, `rules[${index}]`));
  const errors = [
    ...validateStages(omitStages, new FieldPath('omitStages')),
    ...rules.flatMap((rule, index) => validateRule(rule, new FieldPath('rules').index(index))),
  ];
  if (errors.length > 0) throw new AuditPolicyError(aggregate(errors));
  if (rules.length === 0) throw new AuditPolicyError('loaded illegal policy with 0 rules');
  return policyOf(rules, omitStages, omitManagedFields);
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

/** Reads fields of the policy's objects, refusing values of the wrong type. */
class PolicyReader {
  readonly #warn: (message: string) => void;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  checkFields(object: JsonObject, place: string, known: readonly string[]): void {
    for (const name of Object.keys(object)) {
      if (!known.includes(name)) {
        this.#warn(`audit policy: unknown field ${JSON.stringify(place === '' ? name : `${place}.${name}`)}`);
      }
    }
  }

  text(object: JsonObject, place: string, name: string): string {
    const value = object[name] ?? '';
    if (typeof value !== 'string') throw wrongType(place, name, 'a string');
    return value;
  }

  flag(object: JsonObject, place: string, name: string): boolean | undefined {
    const value = object[name] ?? undefined;
    if (value !== undefined && typeof value !== 'boolean') throw wrongType(place, name, 'true or false');
    return value;
  }

  strings(object: JsonObject, place: string, name: string): readonly string[] {
    const value = object[name] ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw wrongType(place, name, 'a list of strings');
    }
    return value;
  }

  objects(object: JsonObject, place: string, name: string): readonly JsonObject[] {
    const value = object[name] ?? [];
    if (!Array.isArray(value) || !value.every(isJsonObject)) throw wrongType(place, name, 'a list of objects');
    return value;
  }
}

function wrongType(place: string, name: string, wanted: string): AuditPolicyError {
  return new AuditPolicyError(`failed decoding: ${place === '' ? name : `${place}.${name}`} must be ${wanted}`);
}

const ruleFields = [
  'level',
  'users',
  'userGroups',
  'verbs',
  'resources',
  'namespaces',
  'nonResourceURLs',
  'omitStages',
  'omitManagedFields',
];

function readRule(reader: PolicyReader, rule: JsonObject, place: string): PolicyRule {
  reader.checkFields(rule, place, ruleFields);
  return {
    level: reader.text(rule, place, 'level'),
    users: reader.strings(rule, place, 'users'),
    userGroups: reader.strings(rule, place, 'userGroups'),
    verbs: reader.strings(rule, place, 'verbs'),
    namespaces: reader.strings(rule, place, 'namespaces'),
    nonResourceURLs: reader.strings(rule, place, 'nonResourceURLs'),
    omitStages: reader.strings(rule, place, 'omitStages'),
    omitManagedFields: reader.flag(rule, place, 'omitManagedFields'),
    resources: reader.objects(rule, place, 'resources').map((group, index) => {
      const inner = `${place}.resources[${index}]`;
      reader.checkFields(group, inner, ['group', 'resources', 'resourceNames']);
      return {
        group: reader.text(group, inner, 'group'),
        resources: reader.strings(group, inner, 'resources'),
        resourceNames: reader.strings(group, inner, 'resourceNames'),
      };
    }),
  };
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
