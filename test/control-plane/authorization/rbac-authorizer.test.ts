import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../../src/api/types/rbac-v1.ts';
import { bootstrapPolicy } from '../../../src/control-plane/apiserver/bootstrap/bootstrap-policy.ts';
import type { AuthorizationAttributes } from '../../../src/control-plane/authorization/authorizer.ts';
import { RbacAuthorizer } from '../../../src/control-plane/authorization/rbac-authorizer.ts';
import { FixedInformer } from '../../support/fixed-informer.ts';
import { goldenJson } from '../../support/golden.ts';

const gvr = (resource: string) => ({ group: 'rbac.authorization.k8s.io', version: 'v1', resource });

interface Policy {
  readonly clusterRoles: readonly ClusterRole[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
  readonly roles: readonly Role[];
  readonly roleBindings: readonly RoleBinding[];
}

function authorizerOf(policy: Policy) {
  const informers = {
    clusterRoles: new FixedInformer(gvr('clusterroles'), policy.clusterRoles),
    clusterRoleBindings: new FixedInformer(gvr('clusterrolebindings'), policy.clusterRoleBindings),
    roles: new FixedInformer(gvr('roles'), policy.roles),
    roleBindings: new FixedInformer(gvr('rolebindings'), policy.roleBindings),
  };
  return { authorizer: new RbacAuthorizer(informers), informers };
}

function ask(username: string, verb: string, what: Partial<AuthorizationAttributes> = {}): AuthorizationAttributes {
  const user = { username, uid: '', groups: ['system:authenticated'], extra: {} };
  return {
    user,
    verb,
    isResourceRequest: what.path === undefined,
    apiGroup: '',
    apiVersion: 'v1',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    path: '',
    fieldSelector: '',
    labelSelector: '',
    ...what,
  };
}

const metadata = (name: string, namespace?: string) => ({ name, ...(namespace === undefined ? {} : { namespace }) });
const apiVersion = 'rbac.authorization.k8s.io/v1';
const clusterRole = (name: string, ...rules: PolicyRule[]): ClusterRole => ({
  apiVersion,
  kind: 'ClusterRole',
  metadata: metadata(name),
  rules,
});
const apiGroup = 'rbac.authorization.k8s.io';

const small: Policy = {
  clusterRoles: [
    clusterRole('reader', { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get', 'list'] }),
    clusterRole('scaler', { apiGroups: ['*'], resources: ['*/scale'], verbs: ['*'] }),
    clusterRole('one', { apiGroups: [''], resources: ['secrets'], resourceNames: ['s'], verbs: ['get'] }),
    clusterRole('paths', { nonResourceURLs: ['/healthz', '/logs/*'], verbs: ['get'] }),
  ],
  clusterRoleBindings: [
    binding('readers', 'reader', { kind: 'User', name: 'ann' }),
    binding('scalers', 'scaler', { kind: 'Group', name: 'ops' }),
    binding('ones', 'one', { kind: 'ServiceAccount', name: 'robot', namespace: 'ns' }),
    binding('paths', 'paths', { kind: 'User', name: 'ann' }),
    binding('lost', 'gone', { kind: 'User', name: 'eve' }),
  ],
  roles: [
    {
      apiVersion,
      kind: 'Role',
      metadata: metadata('editor', 'ns'),
      rules: [{ apiGroups: ['apps'], resources: ['*'], verbs: ['*'] }],
    },
  ],
  roleBindings: [
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata: metadata('editors', 'ns'),
      roleRef: { apiGroup, kind: 'Role', name: 'editor' },
      subjects: [{ apiGroup, kind: 'User', name: 'bob' }],
    },
  ],
};

function binding(name: string, role: string, subject: { kind: string; name: string; namespace?: string }) {
  const roleRef = { apiGroup, kind: 'ClusterRole', name: role };
  return { apiVersion, kind: 'ClusterRoleBinding', metadata: metadata(name), roleRef, subjects: [subject] };
}

const robot = 'system:serviceaccount:ns:robot';
const cases: readonly (readonly [string, AuthorizationAttributes, string, string])[] = [
  [
    'a user by a cluster role binding',
    ask('ann', 'get', { resource: 'pods', namespace: 'x' }),
    'allow',
    'RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "reader" to User "ann"',
  ],
  ['another verb', ask('ann', 'delete', { resource: 'pods', namespace: 'x' }), 'noOpinion', ''],
  ['a subresource named', ask('ann', 'get', { resource: 'pods', subresource: 'log' }), 'allow', ''],
  ['a subresource not named', ask('ann', 'get', { resource: 'pods', subresource: 'exec' }), 'noOpinion', ''],
  ['another group', ask('ann', 'get', { apiGroup: 'apps', resource: 'pods' }), 'noOpinion', ''],
  [
    'a service account and a resource name',
    ask(robot, 'get', { resource: 'secrets', name: 's', namespace: 'x' }),
    'allow',
    'RBAC: allowed by ClusterRoleBinding "ones" of ClusterRole "one" to ServiceAccount "robot/ns"',
  ],
  ['another resource name', ask(robot, 'get', { resource: 'secrets', name: 't' }), 'noOpinion', ''],
  ['a list where a name is asked for', ask(robot, 'list', { resource: 'secrets' }), 'noOpinion', ''],
  [
    'a role in its namespace',
    ask('bob', 'delete', { apiGroup: 'apps', resource: 'deployments', namespace: 'ns' }),
    'allow',
    'RBAC: allowed by RoleBinding "editors/ns" of Role "editor" to User "bob"',
  ],
  [
    'a role elsewhere',
    ask('bob', 'delete', { apiGroup: 'apps', resource: 'deployments', namespace: 'x' }),
    'noOpinion',
    '',
  ],
  ['a role over all namespaces', ask('bob', 'list', { apiGroup: 'apps', resource: 'deployments' }), 'noOpinion', ''],
  ['a path', ask('ann', 'get', { path: '/healthz' }), 'allow', ''],
  ['a path by its beginning', ask('ann', 'get', { path: '/logs/a/b' }), 'allow', ''],
  ['another path', ask('ann', 'get', { path: '/metrics' }), 'noOpinion', ''],
  [
    'a role that is not there',
    ask('eve', 'get', { resource: 'pods' }),
    'noOpinion',
    'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
  ],
];

for (const [title, attributes, decision, reason] of cases) {
  test(`RBAC: ${title}`, async () => {
    const answer = await authorizerOf(small).authorizer.authorize(attributes);
    assert.equal(answer.decision, decision);
    if (reason !== '' || decision !== 'allow') assert.equal(answer.reason, reason);
  });
}

test('a group allows every scale', async () => {
  const question = ask('zoe', 'update', { apiGroup: 'apps', resource: 'deployments', subresource: 'scale' });
  const user = { ...question.user, groups: ['ops'] };
  const { authorizer } = authorizerOf(small);
  assert.equal((await authorizer.authorize({ ...question, user })).decision, 'allow');
  assert.equal((await authorizer.authorize({ ...question, user, subresource: 'status' })).decision, 'noOpinion');
});

test('bindings that come later count', async () => {
  const { authorizer, informers } = authorizerOf(small);
  const question = ask('new', 'get', { resource: 'pods', namespace: 'x' });
  assert.equal((await authorizer.authorize(question)).decision, 'noOpinion');
  informers.clusterRoleBindings.set([binding('late', 'reader', { kind: 'User', name: 'new' })]);
  assert.equal((await authorizer.authorize(question)).decision, 'allow');
});

interface Golden<T> {
  readonly items: readonly T[];
}

test('decisions of the default roles are those that the recorded objects lead to', async (context) => {
  const roles = goldenJson(context, 'bootstrap/clusterroles.json') as Golden<ClusterRole> | undefined;
  const bindings = goldenJson(context, 'bootstrap/clusterrolebindings.json') as Golden<ClusterRoleBinding> | undefined;
  if (roles === undefined || bindings === undefined) return;
  const { authorizer } = authorizerOf(bootstrapPolicy());
  // Every permission as one line, straight from the recorded text.
  const granted = new Map<string, Set<string>>();
  for (const { roleRef, subjects } of bindings.items) {
    const rules = roles.items.find(({ metadata: own }) => own.name === roleRef.name)?.rules ?? [];
    for (const subject of subjects ?? []) {
      const who =
        subject.kind === 'ServiceAccount'
          ? `User system:serviceaccount:${subject.namespace ?? ''}:${subject.name}`
          : `${subject.kind} ${subject.name}`;
      const lines = granted.get(who) ?? new Set<string>();
      granted.set(who, lines);
      for (const rule of rules) {
        for (const group of rule.apiGroups ?? []) {
          for (const resource of rule.resources ?? []) {
            for (const verb of rule.verbs) {
              for (const name of rule.resourceNames ?? ['']) lines.add(`${verb} ${group} ${resource} ${name}`);
            }
          }
        }
      }
    }
  }
  const resources = [
    ['', 'pods', ''],
    ['', 'pods', 'binding'],
    ['', 'secrets', ''],
    ['', 'nodes', 'status'],
    ['', 'events', ''],
    ['', 'configmaps', ''],
    ['apps', 'deployments', ''],
    ['apps', 'replicasets', 'status'],
    ['batch', 'jobs', ''],
    ['coordination.k8s.io', 'leases', ''],
    ['rbac.authorization.k8s.io', 'clusterroles', ''],
    ['authorization.k8s.io', 'selfsubjectaccessreviews', ''],
  ] as const;
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'escalate'];
  let allowed = 0;
  let refused = 0;
  for (const [who, lines] of granted) {
    const [kind = '', name = ''] = who.split(' ');
    const user = {
      username: kind === 'User' ? name : 'somebody',
      uid: '',
      groups: kind === 'Group' ? [name] : [],
      extra: {},
    };
    for (const [group, resource, subresource] of resources) {
      for (const verb of verbs) {
        for (const objectName of ['', 'kube-scheduler']) {
          const full = subresource === '' ? resource : `${resource}/${subresource}`;
          const expected = [verb, '*'].some((v) =>
            [group, '*'].some((g) =>
              [full, '*', ...(subresource === '' ? [] : [`*/${subresource}`])].some((r) =>
                ['', objectName].some((n) => lines.has(`${v} ${g} ${r} ${n}`)),
              ),
            ),
          );
          const what = { apiGroup: group, resource, subresource, name: objectName };
          const { decision } = await authorizer.authorize({ ...ask('', verb, what), user });
          assert.equal(decision === 'allow', expected, `${who} ${verb} ${group}/${full} ${objectName}`);
          if (expected) allowed++;
          else refused++;
        }
      }
    }
  }
  assert.ok(allowed > 300 && refused > 5000, `${allowed} allowed, ${refused} refused`);
});
