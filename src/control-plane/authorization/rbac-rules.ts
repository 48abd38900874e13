import type { PolicyRule } from '../../api/types/rbac-v1.ts';
import type { AuthorizationAttributes } from './authorizer.ts';

/** Whether a rule allows a request (k8s.io/component-helpers' RBAC rule matching). */
export function ruleAllows(rule: PolicyRule, attributes: AuthorizationAttributes): boolean {
  if (!matchesAny(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResourceRequest) {
    return (rule.nonResourceURLs ?? []).some((url) => {
      if (url === '*' || url === attributes.path) return true;
      return url.endsWith('*') && attributes.path.startsWith(url.slice(0, -1));
    });
  }
  const resource =
    attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  if (!matchesAny(rule.apiGroups ?? [], attributes.apiGroup)) return false;
  const resources = rule.resources ?? [];
  const matchesResource =
    matchesAny(resources, resource) ||
    (attributes.subresource !== '' && resources.includes(`*/${attributes.subresource}`));
  if (!matchesResource) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.includes(attributes.name);
}

function matchesAny(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}
