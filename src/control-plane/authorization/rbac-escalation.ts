import type { PolicyRule, RoleRef } from '../../api/types/rbac-v1.ts';
import { goQuote, goQuoteList } from '../../apimachinery/field-error.ts';
import type { GroupResource } from '../../apimachinery/status.ts';
import { badRequest, forbidden, notFound, StatusError } from '../../apimachinery/status.ts';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { AuthorizationAttributes } from './authorizer.ts';

/** What the checks need to know of the policy in force. */
export interface RulesResolver {
  /** Every rule that applies to a user in a namespace; the empty namespace means cluster-wide. */
  rulesFor(user: UserInfo, namespace: string): readonly { readonly rule: PolicyRule }[];
  /** The rules of a role; undefined when it does not exist. */
  rulesOfRole(reference: RoleRef, namespace: string): readonly PolicyRule[] | undefined;
}

/** The union's answer, as far as the checks need it. */
export interface AccessChecker {
  authorize(attributes: AuthorizationAttributes): Promise<{ readonly allowed: boolean }>;
}

/** Who writes which policy object. */
export interface PolicyWrite {
  readonly user: UserInfo;
  readonly resource: GroupResource;
  readonly namespace: string;
  /** The object's own name, for errors. */
  readonly name: string;
  /** The name in the request's path: empty for a create. */
  readonly requestName: string;
}

/**
 * A role may only grant what its writer holds, unless the writer may `escalate` it.
 * @throws StatusError 403 naming what is missing.
 */
export async function checkRoleEscalation(
  write: PolicyWrite,
  rules: readonly PolicyRule[],
  hasAggregationRule: boolean,
  resolver: RulesResolver,
  access: AccessChecker,
): Promise<void> {
  const { user, resource, namespace, requestName } = write;
  if (isSuperuser(user)) return;
  const question = attributesFor(user, 'escalate', resource, namespace, requestName);
  if ((await access.authorize(question)).allowed) return;
  confirmHeld(write, rules, resolver);
  // The rules to come are unknown, so only who holds everything may ask for them.
  if (hasAggregationRule && missingRules(rulesOf(resolver, user, namespace), everything).length > 0) {
    throw forbidden(resource, write.name, 'must have cluster-admin privileges to use the aggregationRule');
  }
}

/**
 * A binding may only grant what its writer holds, unless the writer may `bind` the role.
 * @throws StatusError 400, 404 or 500 for a role that does not exist or cannot, 403 naming what is missing.
 */
export async function checkBindingEscalation(
  write: PolicyWrite,
  reference: RoleRef,
  resolver: RulesResolver,
  access: AccessChecker,
): Promise<void> {
  const { user, resource, namespace } = write;
  if (isSuperuser(user)) return;
  const plural = { Role: 'roles', ClusterRole: 'clusterroles' }[reference.kind];
  if (plural !== undefined) {
    const role = { group: reference.apiGroup ?? resource.group, resource: plural };
    const question = attributesFor(user, 'bind', role, namespace, reference.name);
    if ((await access.authorize(question)).allowed) return;
  }
  refuseImpossible(reference, namespace);
  const rules = resolver.rulesOfRole(reference, namespace);
  if (rules === undefined) throw notFound(resource, reference.name);
  confirmHeld(write, rules, resolver);
}

/** The real server reads the role before the binding is validated, and tells how that failed. */
function refuseImpossible({ kind, name }: RoleRef, namespace: string): void {
  if (kind !== 'Role' && kind !== 'ClusterRole') {
    throw new StatusError({ message: `unsupported role reference kind: ${goQuote(kind)}`, code: 500 });
  }
  if (kind === 'Role' && namespace === '') throw badRequest('Namespace parameter required.');
  if (name === '') throw badRequest('Name parameter required.');
}

const everything: readonly PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

function isSuperuser(user: UserInfo): boolean {
  return user.groups.includes('system:masters');
}

function rulesOf(resolver: RulesResolver, user: UserInfo, namespace: string): PolicyRule[] {
  return resolver.rulesFor(user, namespace).map(({ rule }) => rule);
}

function attributesFor(
  user: UserInfo,
  verb: string,
  { group, resource }: GroupResource,
  namespace: string,
  name: string,
): AuthorizationAttributes {
  return {
    user,
    verb,
    isResourceRequest: true,
    apiGroup: group,
    apiVersion: '*',
    resource,
    subresource: '',
    namespace,
    name,
    path: '',
    fieldSelector: '',
    labelSelector: '',
  };
}

function confirmHeld(write: PolicyWrite, rules: readonly PolicyRule[], resolver: RulesResolver): void {
  const { user, namespace } = write;
  const missing = missingRules(rulesOf(resolver, user, namespace), rules);
  if (missing.length === 0) return;
  const texts = [...new Set(compactRules(missing).map(describeRule))].toSorted();
  const who = `user ${goQuote(user.username)} (groups=${goQuoteList(user.groups)})`;
  const message = `${who} is attempting to grant RBAC permissions not currently held:\n${texts.join('\n')}`;
  throw forbidden(write.resource, write.name, message);
}

/** The parts of `wanted`, each of one verb on one thing, that no rule of `held` covers. */
export function missingRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(splitRule).filter((part) => !held.some((rule) => covers(rule, part)));
}

function splitRule(rule: PolicyRule): PolicyRule[] {
  const parts: PolicyRule[] = [];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const part = { apiGroups: [group], resources: [resource], verbs: [verb] };
        const names = rule.resourceNames ?? [];
        if (names.length === 0) parts.push(part);
        for (const name of names) parts.push({ ...part, resourceNames: [name] });
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) parts.push({ nonResourceURLs: [url], verbs: [verb] });
  }
  return parts;
}

function covers(rule: PolicyRule, part: PolicyRule): boolean {
  const hasAll = (own: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean =>
    own?.includes('*') === true || (wanted ?? []).every((item) => own?.includes(item) === true);
  if (!hasAll(rule.verbs, part.verbs)) return false;
  if (part.nonResourceURLs !== undefined) return part.nonResourceURLs.every((url) => coversUrl(rule, url));
  if (!hasAll(rule.apiGroups, part.apiGroups)) return false;
  if (!(part.resources ?? []).every((resource) => coversResource(rule, resource))) return false;
  const names = rule.resourceNames ?? [];
  if (names.length === 0) return true;
  return part.resourceNames !== undefined && part.resourceNames.every((name) => names.includes(name));
}

function coversResource(rule: PolicyRule, resource: string): boolean {
  const own = rule.resources ?? [];
  if (own.includes('*') || own.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && own.includes(`*${resource.slice(slash)}`);
}

function coversUrl(rule: PolicyRule, url: string): boolean {
  return (rule.nonResourceURLs ?? []).some(
    (own) => own === '*' || own === url || (own.endsWith('*') && url.startsWith(own.slice(0, -1))),
  );
}

/** Joins parts about the same thing into one rule with several verbs; the others stay as they are. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const compacted: PolicyRule[] = [];
  const byThing = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...thing } = rule;
    const isSimple =
      rule.apiGroups?.length === 1 && rule.resources?.length === 1 && (rule.resourceNames?.length ?? 0) <= 1;
    if (!isSimple || rule.nonResourceURLs !== undefined) {
      compacted.push(rule);
      continue;
    }
    const key = JSON.stringify([thing.apiGroups, thing.resources, thing.resourceNames]);
    const known = byThing.get(key);
    if (known === undefined) byThing.set(key, { ...thing, verbs: [...verbs] });
    else known.verbs.push(...verbs);
  }
  return [...compacted, ...byThing.values()];
}

function describeRule(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const;
  const shown = parts.flatMap(([name, list]) =>
    list === undefined || list.length === 0 ? [] : [`${name}:${goQuoteList(list)}`],
  );
  return `{${shown.join(', ')}}`;
}
