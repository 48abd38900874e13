import assert from 'node:assert/strict';
import test from 'node:test';
import type { PolicyRule } from '../../../src/api/types/rbac-v1.ts';
import { StatusError } from '../../../src/apimachinery/status.ts';
import {
  checkBindingEscalation,
  checkRoleEscalation,
  compactRules,
  missingRules,
} from '../../../src/control-plane/authorization/rbac-escalation.ts';

const pods = (...verbs: string[]): PolicyRule => ({ apiGroups: [''], resources: ['pods'], verbs });

const coverage: readonly (readonly [string, PolicyRule[], PolicyRule[], number])[] = [
  ['the same', [pods('get')], [pods('get')], 0],
  ['one verb too many', [pods('get')], [pods('get', 'list')], 1],
  ['put together from two', [pods('get'), pods('list')], [pods('get', 'list')], 0],
  ['every verb', [pods('*')], [pods('get', 'escalate')], 0],
  ['a star held by name only', [pods('get', 'list', 'watch')], [pods('*')], 1],
  ['every group', [{ ...pods('get'), apiGroups: ['*'] }], [{ ...pods('get'), apiGroups: ['apps', ''] }], 0],
  ['subresources', [{ ...pods('get'), resources: ['*/scale'] }], [{ ...pods('get'), resources: ['x/scale'] }], 0],
  [
    'other subresources',
    [{ ...pods('get'), resources: ['*/scale'] }],
    [{ ...pods('get'), resources: ['x/status'] }],
    1,
  ],
  ['a name within all', [pods('get')], [{ ...pods('get'), resourceNames: ['a'] }], 0],
  ['all by one name', [{ ...pods('get'), resourceNames: ['a'] }], [pods('get')], 1],
  ['another name', [{ ...pods('get'), resourceNames: ['a'] }], [{ ...pods('get'), resourceNames: ['a', 'b'] }], 1],
  ['a path', [{ nonResourceURLs: ['/a/*'], verbs: ['get'] }], [{ nonResourceURLs: ['/a/b'], verbs: ['get'] }], 0],
  ['another path', [{ nonResourceURLs: ['/a/*'], verbs: ['get'] }], [{ nonResourceURLs: ['/b'], verbs: ['get'] }], 1],
];

for (const [title, held, wanted, missing] of coverage) {
  test(`what is held covers what is granted: ${title}`, () => {
    assert.equal(missingRules(held, wanted).length, missing);
  });
}

test('what is missing is told a line for each thing', () => {
  const missing = missingRules([], [{ ...pods('get', 'list'), resources: ['pods', 'secrets'] }]);
  assert.equal(missing.length, 4);
  assert.deepEqual(compactRules(missing), [pods('get', 'list'), { ...pods('get', 'list'), resources: ['secrets'] }]);
});

const user = { username: 'ann', uid: '', groups: ['dev', 'system:authenticated'], extra: {} };
const write = {
  user,
  resource: { group: 'rbac.authorization.k8s.io', resource: 'roles' },
  namespace: 'ns',
  name: 'r',
  requestName: '',
};
const holds = (...rules: PolicyRule[]) => ({
  rulesFor: () => rules.map((rule) => ({ rule })),
  rulesOfRole: (reference: { name: string }) => (reference.name === 'there' ? [pods('list')] : undefined),
});
const may = (...verbs: string[]) => ({
  authorize: ({ verb }: { verb: string }) => Promise.resolve({ allowed: verbs.includes(verb) }),
});

test('a role with more than its writer holds is refused in the words of the real server', async () => {
  await assert.rejects(checkRoleEscalation(write, [pods('get', 'list')], false, holds(pods('get')), may()), (error) => {
    assert.ok(error instanceof StatusError);
    assert.equal(error.code, 403);
    assert.equal(
      error.message,
      'roles.rbac.authorization.k8s.io "r" is forbidden: user "ann" (groups=["dev" "system:authenticated"]) is ' +
        'attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["list"]}',
    );
    return true;
  });
});

test('who may escalate, and superusers, write any role', async () => {
  await checkRoleEscalation(write, [pods('*')], false, holds(), may('escalate'));
  const root = { ...write, user: { ...user, groups: ['system:masters'] } };
  await checkRoleEscalation(root, [pods('*')], true, holds(), may());
});

test('an aggregated role asks for everything', async () => {
  const all = [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ];
  await checkRoleEscalation(write, [], true, holds(...all), may());
  const attempt = checkRoleEscalation(write, [], true, holds(all[0] ?? pods()), may());
  await assert.rejects(attempt, /must have cluster-admin privileges to use the aggregationRule/);
});

test('a binding asks for the rules of its role, or for bind', async () => {
  const binding = { ...write, resource: { group: 'rbac.authorization.k8s.io', resource: 'rolebindings' } };
  const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'there' };
  await checkBindingEscalation(binding, role, holds(pods('list')), may());
  await checkBindingEscalation(binding, role, holds(), may('bind'));
  await assert.rejects(checkBindingEscalation(binding, role, holds(), may()), /not currently held/);
  await assert.rejects(
    checkBindingEscalation(binding, { ...role, name: 'nowhere' }, holds(), may()),
    /^StatusError: rolebindings\.rbac\.authorization\.k8s\.io "nowhere" not found$/,
  );
});

const impossible: readonly (readonly [string, string, string, string, number, string])[] = [
  ['a kind that is no role', 'Foo', 'there', 'ns', 500, 'unsupported role reference kind: "Foo"'],
  ['a role without a namespace', 'Role', 'there', '', 400, 'Namespace parameter required.'],
  ['a role without a name', 'Role', '', 'ns', 400, 'Name parameter required.'],
  ['a cluster role without a name', 'ClusterRole', '', '', 400, 'Name parameter required.'],
];

for (const [title, kind, name, namespace, code, message] of impossible) {
  test(`a binding to ${title} is refused before it is validated`, async () => {
    const binding = { ...write, namespace, resource: { group: 'rbac.authorization.k8s.io', resource: 'rolebindings' } };
    const role = { apiGroup: 'rbac.authorization.k8s.io', kind, name };
    await assert.rejects(checkBindingEscalation(binding, role, holds(), may()), { code, message });
  });
}
