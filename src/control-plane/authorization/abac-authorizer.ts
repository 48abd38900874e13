import type { PolicyRule } from '../../api/types/rbac-v1.ts';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { AuthorizationAttributes, Authorizer } from './authorizer.ts';

/** One line of an ABAC policy file (abac.authorization.kubernetes.io/v1beta1). */
interface PolicySpec {
  readonly user?: string;
  readonly group?: string;
  readonly readonly?: boolean;
  readonly apiGroup?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly nonResourcePath?: string;
}

/** Allows what a line of --authorization-policy-file names. @throws Error for a line that cannot be read. */
export function abacAuthorizer(file: string): Authorizer {
  const policies = file.split('\n').flatMap((line, index): PolicySpec[] => {
    const text = line.trim();
    return text === '' || text.startsWith('#') ? [] : [parsePolicy(text, index + 1)];
  });
  return {
    rulesFor: (user, namespace) => policies.flatMap((policy) => rulesOf(policy, user, namespace)),
    authorize(attributes) {
      if (policies.some((policy) => matches(policy, attributes))) {
        return Promise.resolve({ decision: 'allow', reason: '' });
      }
      return Promise.resolve({ decision: 'noOpinion', reason: 'No policy matched.' });
    },
  };
}

const apiGroup = 'abac.authorization.kubernetes.io';
const everyone = 'system:authenticated';

function parsePolicy(text: string, line: number): PolicySpec {
  let parsed: { apiVersion?: unknown; kind?: unknown; spec?: PolicySpec } & PolicySpec;
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`authorization policy file, line ${line}: ${why}`, { cause: error });
  }
  const isVersioned = parsed.kind !== undefined && parsed.apiVersion === `${apiGroup}/v1beta1`;
  if (!isVersioned) return fromFirstVersion(parsed);
  if (parsed.kind !== 'Policy' || parsed.spec === undefined) {
    throw new Error(`authorization policy file, line ${line}: want a Policy with a spec`);
  }
  return withEveryone(parsed.spec);
}

/** `*` is everybody who is known, whatever the other field says. */
function withEveryone(policy: PolicySpec): PolicySpec {
  return policy.user === '*' || policy.group === '*' ? { ...policy, user: '', group: everyone } : policy;
}

/** Lines of the first version, with or without an apiVersion: what they leave out is everything. */
function fromFirstVersion({
  user = '',
  group = '',
  readonly = false,
  namespace = '',
  resource = '',
}: PolicySpec): PolicySpec {
  return withEveryone({
    user,
    group: user === '' && group === '' ? everyone : group,
    readonly,
    namespace: namespace === '' ? '*' : namespace,
    resource: resource === '' ? '*' : resource,
    apiGroup: '*',
    ...(namespace === '' && resource === '' ? { nonResourcePath: '*' } : {}),
  });
}

function rulesOf(policy: PolicySpec, user: UserInfo, namespace: string): { readonly rule: PolicyRule }[] {
  const { namespace: place = '', resource = '', apiGroup = '', nonResourcePath = '' } = policy;
  if (!matchesSubject(policy, user) || (place !== '*' && place !== namespace)) return [];
  const verbs = policy.readonly === true ? readVerbs : ['*'];
  return [
    ...(resource === '' ? [] : [{ rule: { verbs, apiGroups: [apiGroup], resources: [resource] } }]),
    ...(nonResourcePath === '' ? [] : [{ rule: { verbs, nonResourceURLs: [nonResourcePath] } }]),
  ];
}

const readVerbs = ['get', 'list', 'watch'];

function matches(policy: PolicySpec, attributes: AuthorizationAttributes): boolean {
  if (!matchesSubject(policy, attributes.user)) return false;
  if (policy.readonly === true && !readVerbs.includes(attributes.verb)) return false;
  const fits = (own: string | undefined, value: string): boolean => own === '*' || (own ?? '') === value;
  if (attributes.isResourceRequest) {
    return (
      fits(policy.namespace, attributes.namespace) &&
      fits(policy.resource, attributes.resource) &&
      fits(policy.apiGroup, attributes.apiGroup)
    );
  }
  const path = policy.nonResourcePath ?? '';
  if (path === '*' || path === attributes.path) return path !== '';
  return path.endsWith('*') && attributes.path.startsWith(path.slice(0, -1));
}

function matchesSubject({ user = '', group = '' }: PolicySpec, { username, groups }: UserInfo): boolean {
  if (user === '' && group === '') return false;
  return (user === '' || user === username) && (group === '' || groups.includes(group));
}
