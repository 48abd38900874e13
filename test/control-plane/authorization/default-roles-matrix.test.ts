import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../../../src/api/types/rbac-v1.ts';
import { bootstrapPolicy } from '../../../src/control-plane/apiserver/bootstrap/bootstrap-policy.ts';
import type { UserInfo } from '../../../src/control-plane/authentication/authenticator.ts';
import type { AuthorizationAttributes } from '../../../src/control-plane/authorization/authorizer.ts';
import { RbacAuthorizer } from '../../../src/control-plane/authorization/rbac-authorizer.ts';
import { FixedInformer } from '../../support/fixed-informer.ts';
import { goldenJson } from '../../support/golden.ts';

/** Rules as a fresh real cluster has them, read here without any code of ours. */
interface GoldenRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

interface GoldenRole {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly GoldenRule[] | null;
}

interface GoldenBinding {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

interface GoldenPolicy {
  readonly clusterRoles: readonly GoldenRole[];
  readonly clusterRoleBindings: readonly GoldenBinding[];
  readonly roles: readonly GoldenRole[];
  readonly roleBindings: readonly GoldenBinding[];
}

/** Bindings that an administrator adds: the roles meant for users, in all namespaces or in one. */
const addedBindings: readonly (readonly [role: string, user: string, namespace?: string])[] = [
  ['cluster-admin', 'root'],
  ['admin', 'ada', 'team'],
  ['edit', 'eve', 'team'],
  ['view', 'vic', 'team'],
  ['view', 'wide'],
  ['system:aggregate-to-edit', 'odd', 'kube-system'],
];

const account = (namespace: string, name: string): Pick<UserInfo, 'username' | 'groups'> => ({
  username: `system:serviceaccount:${namespace}:${name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
});
const person = (username: string, ...groups: readonly string[]): Pick<UserInfo, 'username' | 'groups'> => ({
  username,
  groups: [...groups, 'system:authenticated'],
});

const users: readonly Pick<UserInfo, 'username' | 'groups'>[] = [
  { username: 'system:anonymous', groups: ['system:unauthenticated'] },
  person('nobody'),
  person('chief', 'system:masters'),
  person('root'),
  person('ada'),
  person('eve'),
  person('vic'),
  person('wide'),
  person('odd'),
  person('system:kube-controller-manager'),
  person('system:kube-scheduler'),
  person('system:kube-proxy'),
  person('system:node:n', 'system:nodes'),
  person('watcher', 'system:monitoring'),
  account('default', 'default'),
  account('kube-system', 'deployment-controller'),
  account('kube-system', 'generic-garbage-collector'),
  account('kube-system', 'bootstrap-signer'),
  account('kube-system', 'token-cleaner'),
  account('kube-system', 'namespace-controller'),
];

const verbs =
  'get list watch create update patch delete deletecollection bind escalate impersonate approve sign attest use proxy'.split(
    ' ',
  );
const namespaces = ['', 'team', 'kube-system', 'kube-public'];
const paths = [
  '/healthz',
  '/metrics',
  '/api',
  '/apis/apps/v1',
  '/version',
  '/logs',
  '/.well-known/openid-configuration',
];

function goldenPolicy(context: TestContext): GoldenPolicy | undefined {
  const read = (name: string): readonly unknown[] | undefined =>
    (goldenJson(context, `bootstrap/${name}.json`) as { items: readonly unknown[] } | undefined)?.items;
  const clusterRoles = read('clusterroles');
  if (clusterRoles === undefined) return undefined;
  return {
    clusterRoles: clusterRoles as GoldenRole[],
    clusterRoleBindings: (read('clusterrolebindings') ?? []) as GoldenBinding[],
    roles: (read('roles') ?? []) as GoldenRole[],
    roleBindings: (read('rolebindings') ?? []) as GoldenBinding[],
  };
}

/** `group/resource` and `group/resource/subresource` of everything that a fresh real cluster serves. */
function servedResources(context: TestContext): readonly (readonly [group: string, resource: string, sub: string])[] {
  interface Served {
    readonly resource: string;
    readonly subresources?: readonly { readonly subresource: string }[];
  }
  interface Groups {
    readonly items: readonly {
      readonly metadata: { readonly name?: string };
      readonly versions: readonly { readonly resources: readonly Served[] }[];
    }[];
  }
  const found = new Map<string, readonly [string, string, string]>();
  for (const file of ['aggregated-api.json', 'aggregated-apis.json']) {
    for (const { metadata, versions } of (goldenJson(context, `discovery/${file}`) as Groups).items) {
      const group = metadata.name ?? '';
      for (const { resource, subresources = [] } of versions.flatMap((version) => version.resources)) {
        for (const sub of ['', ...subresources.map(({ subresource }) => subresource)]) {
          found.set(`${group}/${resource}/${sub}`, [group, resource, sub]);
        }
      }
    }
  }
  return [...found.values()];
}

type Asked = Pick<AuthorizationAttributes, 'verb' | 'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'path'> & {
  readonly name: string;
};

const has = (list: readonly string[] | undefined, item: string): boolean =>
  list?.some((entry) => entry === item || entry === '*') ?? false;

/** What the documentation of RBAC says a rule allows. */
function allows(rule: GoldenRule, asked: Asked): boolean {
  if (!has(rule.verbs, asked.verb)) return false;
  if (asked.path !== '') {
    return (rule.nonResourceURLs ?? []).some((url) =>
      url.endsWith('*') ? asked.path.startsWith(url.slice(0, -1)) : url === asked.path,
    );
  }
  if (!has(rule.apiGroups, asked.apiGroup)) return false;
  const { resource, subresource } = asked;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const isNamed = (rule.resources ?? []).some(
    (entry) => entry === '*' || entry === whole || (subresource !== '' && entry === `*/${subresource}`),
  );
  if (!isNamed) return false;
  return (rule.resourceNames ?? []).length === 0 || (rule.resourceNames ?? []).includes(asked.name);
}

/** The rules that a user has in each namespace, by the golden policy and the added bindings. */
function rulesOf(policy: GoldenPolicy, user: Pick<UserInfo, 'username' | 'groups'>, namespace: string): GoldenRule[] {
  const isSubject = ({ subjects = [] }: GoldenBinding): boolean =>
    subjects.some(({ kind, name, namespace: of = '' }) => {
      if (kind === 'User') return name === user.username;
      if (kind === 'Group') return user.groups.includes(name);
      return user.username === `system:serviceaccount:${of}:${name}`;
    });
  const clusterRole = (name: string): readonly GoldenRule[] =>
    policy.clusterRoles.find(({ metadata }) => metadata.name === name)?.rules ?? [];
  const rules = policy.clusterRoleBindings.filter(isSubject).flatMap(({ roleRef }) => clusterRole(roleRef.name));
  for (const binding of policy.roleBindings) {
    const of = binding.metadata.namespace ?? '';
    if (namespace === '' || of !== namespace || !isSubject(binding)) continue;
    const { kind, name } = binding.roleRef;
    const role = policy.roles.find(({ metadata }) => metadata.name === name && metadata.namespace === of);
    rules.push(...(kind === 'Role' ? (role?.rules ?? []) : clusterRole(name)));
  }
  for (const [role, name, of] of addedBindings) {
    if (name === user.username && (of === undefined || of === namespace)) rules.push(...clusterRole(role));
  }
  return rules;
}

/** The authorizer of the server, over the objects that our own bootstrap makes. */
function ownAuthorizer(): RbacAuthorizer {
  const gvr = (resource: string) => ({ group: 'rbac.authorization.k8s.io', version: 'v1', resource });
  const policy = bootstrapPolicy();
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const binding = ([role, user, namespace]: (typeof addedBindings)[number]) => ({
    apiVersion,
    metadata: { name: `${role}-${user}`, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  });
  const cluster = addedBindings.filter(([, , namespace]) => namespace === undefined).map(binding);
  const namespaced = addedBindings.filter(([, , namespace]) => namespace !== undefined).map(binding);
  return new RbacAuthorizer({
    clusterRoles: new FixedInformer<ClusterRole>(gvr('clusterroles'), policy.clusterRoles),
    roles: new FixedInformer<Role>(gvr('roles'), policy.roles),
    clusterRoleBindings: new FixedInformer<ClusterRoleBinding>(gvr('clusterrolebindings'), [
      ...policy.clusterRoleBindings,
      ...cluster.map((object) => ({ ...object, kind: 'ClusterRoleBinding' as const })),
    ]),
    roleBindings: new FixedInformer<RoleBinding>(gvr('rolebindings'), [
      ...policy.roleBindings,
      ...namespaced.map((object) => ({ ...object, kind: 'RoleBinding' as const })),
    ]),
  });
}

test('users × verbs × resources under the default roles are decided as the roles of a real cluster say', async (context) => {
  const policy = goldenPolicy(context);
  if (policy === undefined) return;
  const resources = servedResources(context);
  assert.ok(resources.length > 100, `${resources.length} resources are served`);
  const authorizer = ownAuthorizer();
  let allowed = 0;
  let asked = 0;
  const wrong: string[] = [];
  for (const user of users) {
    for (const namespace of namespaces) {
      const rules = rulesOf(policy, user, namespace);
      const questions: Asked[] = [
        ...resources.flatMap(([apiGroup, resource, subresource]) =>
          verbs.map((verb) => ({ verb, apiGroup, resource, subresource, namespace, path: '', name: 'n' })),
        ),
        ...(namespace === ''
          ? paths.map((path) => ({
              verb: 'get',
              apiGroup: '',
              resource: '',
              subresource: '',
              namespace,
              path,
              name: '',
            }))
          : []),
      ];
      for (const question of questions) {
        const expected = rules.some((rule) => allows(rule, question));
        const { decision } = await authorizer.authorize({
          ...question,
          user: { ...user, uid: '', extra: {} },
          isResourceRequest: question.path === '',
          apiVersion: 'v1',
          fieldSelector: '',
          labelSelector: '',
        });
        asked++;
        if (expected) allowed++;
        if ((decision === 'allow') !== expected) {
          wrong.push(`${user.username} ${JSON.stringify(question)}: ${decision}, expected ${expected}`);
        }
      }
    }
  }
  assert.deepEqual(wrong.slice(0, 10), []);
  // Both answers are frequent, so that an authorizer that always says the same cannot pass.
  assert.ok(allowed > 10_000 && asked - allowed > 10_000, `${allowed} of ${asked} are allowed`);
});
