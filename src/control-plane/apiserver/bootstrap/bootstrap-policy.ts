import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../../api/types/rbac-v1.ts';
import { defaultPolicyText } from './default-policy.ts';

/** The roles and bindings every cluster has. */
export interface BootstrapPolicy {
  readonly clusterRoles: readonly ClusterRole[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
  readonly roles: readonly Role[];
  readonly roleBindings: readonly RoleBinding[];
}

const apiVersion = 'rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';
const aggregateLabel = (name: string): string => `rbac.authorization.k8s.io/aggregate-to-${name}`;

/**
 * Reads the default policy; aggregated roles come with the rules of the roles they gather.
 * @param openGates feature gates that are open though they are closed by default
 */
export function bootstrapPolicy(openGates: ReadonlySet<string> = new Set()): BootstrapPolicy {
  const clusterRoles: ClusterRole[] = [];
  const roles: Role[] = [];
  const clusterRoleBindings: ClusterRoleBinding[] = [];
  const roleBindings: RoleBinding[] = [];
  let rules: PolicyRule[] = [];
  for (const written of defaultPolicyText.split('\n')) {
    const [, indent = '', gate, rest = ''] = /^( *)(?:\?(\w+) )?(.*)$/.exec(written) ?? [];
    const line = `${indent}${rest}`;
    if (line === '' || (gate !== undefined && !openGates.has(gate))) continue;
    if (line.startsWith('  ')) {
      rules.push(parseRule(line.trim()));
      continue;
    }
    const [word = '', ...words] = line.split(' ');
    rules = [];
    if (word === 'clusterrole') clusterRoles.push(clusterRole(words, rules));
    else if (word === 'role') roles.push({ apiVersion, kind: 'Role', metadata: metadataOf(words[0] ?? ''), rules });
    else if (word === 'clusterrolebinding') clusterRoleBindings.push(binding('ClusterRole', words));
    else roleBindings.push(binding('Role', words));
  }
  for (const role of clusterRoles) {
    if (role.aggregationRule !== undefined) role.rules = aggregatedRules(role, clusterRoles);
  }
  return { clusterRoles, clusterRoleBindings, roles, roleBindings };
}

/** The rules of all roles that an aggregated one selects, by name, each once. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  const seen = new Set<string>();
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const wanted = Object.entries(selector.matchLabels ?? {});
    const chosen = all
      .filter((candidate) => candidate.metadata.name !== role.metadata.name)
      .filter((candidate) => wanted.every(([key, value]) => candidate.metadata.labels?.[key] === value))
      .toSorted((left, right) => ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1));
    for (const candidate of chosen) {
      const own = candidate.aggregationRule === undefined ? (candidate.rules ?? []) : aggregatedRules(candidate, all);
      for (const rule of own) {
        const key = JSON.stringify(rule);
        if (seen.has(key)) continue;
        seen.add(key);
        rules.push(rule);
      }
    }
  }
  return rules;
}

function metadataOf(fullName: string): ClusterRole['metadata'] {
  const slash = fullName.indexOf('/');
  return {
    name: fullName.slice(slash + 1),
    ...(slash < 0 ? {} : { namespace: fullName.slice(0, slash) }),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  };
}

function clusterRole(words: readonly string[], rules: PolicyRule[]): ClusterRole {
  const metadata = metadataOf(words[0] ?? '');
  const from: string[] = [];
  for (const word of words.slice(1)) {
    const name = word.slice(word.indexOf('(') + 1, -1);
    if (word.startsWith('from')) from.push(name);
    else metadata.labels = { ...metadata.labels, [aggregateLabel(name)]: 'true' };
  }
  const clusterRoleSelectors = from.map((name) => ({ matchLabels: { [aggregateLabel(name)]: 'true' } }));
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata,
    ...(from.length > 0 ? { aggregationRule: { clusterRoleSelectors } } : {}),
    rules,
  };
}

function parseRule(text: string): PolicyRule {
  const [verbs = '', second = '', resources = '', names] = text.split(' | ');
  const list = (words: string): string[] => words.split(',').map((word) => (word === '""' ? '' : word));
  if (second.startsWith('urls ')) return { nonResourceURLs: list(second.slice(5)), verbs: list(verbs) };
  return {
    apiGroups: list(second),
    ...(names === undefined ? {} : { resourceNames: list(names.slice('names '.length)) }),
    resources: list(resources),
    verbs: list(verbs),
  };
}

function binding(kind: 'ClusterRole' | 'Role', words: readonly string[]): ClusterRoleBinding & RoleBinding {
  const [head = '', subjects = ''] = words.join(' ').split(' : ');
  const [name = '', role = ''] = head.split(' -> ');
  return {
    apiVersion,
    kind: `${kind}Binding`,
    metadata: metadataOf(name),
    roleRef: { apiGroup, kind, name: role },
    ...(subjects === '' ? {} : { subjects: subjects.split(', ').map(parseSubject) }),
  };
}

function parseSubject(text: string): Subject {
  const [kind = '', name = ''] = text.split(' ');
  if (kind === 'group') return { apiGroup, kind: 'Group', name };
  if (kind === 'user') return { apiGroup, kind: 'User', name };
  const [namespace = '', account = ''] = name.split('/');
  return { kind: 'ServiceAccount', name: account, namespace };
}
