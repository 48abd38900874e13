import type { GroupVersionKind, GroupVersionResource } from '../../../apimachinery/gvk.ts';
import { matchesLabels, type ObjectLabelSelector, selectorFromObject } from '../../../apimachinery/labels.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { notFound } from '../../../apimachinery/status.ts';
import type { Namespace } from '../../../api/types/core-v1.ts';
import type { MatchResources, NamedRuleWithOperations } from '../../../api/types/admissionregistration-v1.ts';
import type { AdmissionAttributes, AdmissionContext } from '../admission-plugin.ts';
import { getWithFallback } from '../cluster-reader.ts';

/** In which version a policy sees the request. */
export interface PolicyMatch {
  readonly resource: GroupVersionResource;
  readonly kind: GroupVersionKind;
}

/** Finds out whether requests are of those that policies and their bindings are for. */
export interface PolicyMatcher {
  /** @throws Error for a selector that cannot be used, StatusError when the namespace is not there */
  match(criteria: MatchResources, attributes: AdmissionAttributes): Promise<PolicyMatch | undefined>;
  /** The namespace of a request; undefined for requests of objects that are in none. @throws StatusError 404 */
  namespaceOf(attributes: AdmissionAttributes): Promise<Namespace | undefined>;
}

/** Matches requests as the real server does (admission/plugin/policy/matching). */
export function policyMatcher(context: AdmissionContext): PolicyMatcher {
  const getNamespace = getWithFallback<Namespace>(context, { group: '', version: 'v1', resource: 'namespaces' });
  const existing = async (name: string): Promise<Namespace> => {
    const namespace = await getNamespace('', name);
    if (namespace === undefined) throw notFound({ group: '', resource: 'namespaces' }, name);
    return namespace;
  };
  const namespaceLabels = async (attributes: AdmissionAttributes): Promise<Readonly<Record<string, string>>> => {
    const { operation, object, subresource } = attributes;
    const isWritten = operation === 'CREATE' || operation === 'UPDATE';
    if (isNamespace(attributes.resource) && subresource === '' && isWritten) return object?.metadata.labels ?? {};
    return (await existing(attributes.namespace)).metadata.labels ?? {};
  };
  const namespaceMatches = async (
    selector: ObjectLabelSelector | undefined,
    attributes: AdmissionAttributes,
  ): Promise<boolean> => {
    if (attributes.namespace === '' && attributes.resource.resource !== 'namespaces') return true;
    const parsed = selectorFromObject(selector ?? {}) ?? [];
    return parsed.length === 0 || matchesLabels(parsed, await namespaceLabels(attributes));
  };
  return {
    async match(criteria, attributes) {
      // What goes wrong with a selector only counts when the rest applies to the request.
      const failures: unknown[] = [];
      const held = async (check: () => Promise<boolean> | boolean): Promise<boolean> => {
        try {
          return await check();
        } catch (error) {
          failures.push(error);
          return true;
        }
      };
      if (!(await held(() => namespaceMatches(criteria.namespaceSelector, attributes)))) return undefined;
      if (!(await held(() => objectMatches(criteria.objectSelector, attributes)))) return undefined;
      const { matchPolicy, resourceRules = [], excludeResourceRules = [] } = criteria;
      if (matchRules(excludeResourceRules, matchPolicy, attributes, context) !== undefined) return undefined;
      const match =
        resourceRules.length === 0
          ? { resource: attributes.resource, kind: attributes.kind }
          : matchRules(resourceRules, matchPolicy, attributes, context);
      if (match !== undefined && failures.length > 0) throw failures[0];
      return match;
    },
    async namespaceOf({ kind, namespace }) {
      const isItself = kind.group === '' && kind.kind === 'Namespace';
      return isItself || namespace === '' ? undefined : existing(namespace);
    },
  };
}

function isNamespace({ group, resource }: GroupVersionResource): boolean {
  return group === '' && resource === 'namespaces';
}

function objectMatches(selector: ObjectLabelSelector | undefined, attributes: AdmissionAttributes): boolean {
  const parsed = selectorFromObject(selector ?? {}) ?? [];
  if (parsed.length === 0) return true;
  return [attributes.object, attributes.oldObject].some(
    (object: Partial<Unstructured> | undefined) =>
      object?.metadata !== undefined && matchesLabels(parsed, object.metadata.labels ?? {}),
  );
}

function matchRules(
  rules: readonly NamedRuleWithOperations[],
  matchPolicy: string | undefined,
  attributes: AdmissionAttributes,
  context: AdmissionContext,
): PolicyMatch | undefined {
  const matches = (rule: NamedRuleWithOperations, resource: GroupVersionResource): boolean => {
    const { resourceNames = [] } = rule;
    if (!ruleMatches(rule, attributes, resource)) return false;
    return resourceNames.length === 0 || resourceNames.includes(attributes.name);
  };
  const { resource, subresource, kind } = attributes;
  if (rules.some((rule) => matches(rule, resource))) return { resource, kind };
  if (matchPolicy !== 'Equivalent') return undefined;
  const equivalents = context.kinds.equivalents(resource, subresource);
  // An earlier rule decides on the version before a later one.
  for (const rule of rules) {
    const found = equivalents.find((equivalent) => matches(rule, equivalent.resource));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What rules of policies and of webhooks have in common. */
type Rule = Pick<NamedRuleWithOperations, 'apiGroups' | 'apiVersions' | 'operations' | 'resources' | 'scope'>;

/** Whether a rule is for a request. @param resource the resource it goes to, or an equivalent one */
export function ruleMatches(rule: Rule, attributes: AdmissionAttributes, resource: GroupVersionResource): boolean {
  const { operation, subresource, namespace } = attributes;
  const isInNamespace = namespace !== '' && !isNamespace(resource);
  const { scope = '*' } = rule;
  if (scope !== '*' && (scope === 'Namespaced') !== isInNamespace) return false;
  return (
    includes(rule.operations, operation) &&
    includes(rule.apiGroups, resource.group) &&
    includes(rule.apiVersions, resource.version) &&
    (rule.resources ?? []).some((text) => {
      const slash = text.indexOf('/');
      const name = slash < 0 ? text : text.slice(0, slash);
      const inside = slash < 0 ? '' : text.slice(slash + 1);
      return (name === '*' || name === resource.resource) && (inside === '*' || inside === subresource);
    })
  );
}

function includes(names: readonly string[] | undefined, name: string): boolean {
  return names?.includes('*') === true || names?.includes(name) === true;
}
