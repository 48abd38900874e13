import type { UserInfo } from '../../authentication/authenticator.ts';
import type {
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../../api/types/flowcontrol-v1.ts';
import type { RequestInfo } from '../request-info.ts';

/** Whether one of a flow schema's rules is about a request (flowcontrol.apiserver.k8s.io/v1). */
export function matchesFlowSchema({ rules = [] }: FlowSchemaSpec, info: RequestInfo, user: UserInfo): boolean {
  return rules.some((rule) => matchesRule(rule, info, user));
}

/** What tells the flows of a schema apart: the user, the namespace, or nothing. */
export function flowOf({ distinguisherMethod }: FlowSchemaSpec, info: RequestInfo, user: UserInfo): string {
  if (distinguisherMethod === undefined) return '';
  return distinguisherMethod.type === 'ByUser' ? user.username : info.namespace;
}

function matchesRule(rule: PolicyRulesWithSubjects, info: RequestInfo, user: UserInfo): boolean {
  if (!rule.subjects.some((subject) => matchesSubject(subject, user))) return false;
  return info.isResourceRequest
    ? (rule.resourceRules ?? []).some((resource) => matchesResource(resource, info))
    : (rule.nonResourceRules ?? []).some((path) => matchesPath(path, info));
}

const accountPrefix = 'system:serviceaccount:';

function matchesSubject({ kind, user: one, group, serviceAccount }: Subject, user: UserInfo): boolean {
  switch (kind) {
    case 'User':
      return one !== undefined && (one.name === '*' || one.name === user.username);
    case 'Group':
      return group !== undefined && (group.name === '*' || user.groups.includes(group.name));
    case 'ServiceAccount': {
      if (serviceAccount === undefined) return false;
      const place = `${accountPrefix}${serviceAccount.namespace}:`;
      return serviceAccount.name === '*'
        ? user.username.startsWith(place)
        : user.username === `${place}${serviceAccount.name}`;
    }
    default:
      return false;
  }
}

function matchesResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  const { verb, resource, subresource, apiGroup, namespace } = info;
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  if (!includes(rule.verbs, verb) || !includes(rule.resources, combined) || !includes(rule.apiGroups, apiGroup)) {
    return false;
  }
  return namespace === '' ? rule.clusterScope === true : includes(rule.namespaces ?? [], namespace);
}

function matchesPath({ verbs, nonResourceURLs }: NonResourcePolicyRule, { verb, path }: RequestInfo): boolean {
  if (!includes(verbs, verb)) return false;
  return nonResourceURLs.some((url) => {
    if (url === '*' || url === path) return true;
    const prefix = url.replace(/\*$/, '');
    return path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
  });
}

function includes(list: readonly string[], value: string): boolean {
  return (list.length === 1 && list[0] === '*') || list.includes(value);
}
