import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpHeaders } from '../../../src/apimachinery/http.ts';
import { withImpersonation } from '../../../src/control-plane/apiserver/filters/impersonation.ts';
import { abacAuthorizer } from '../../../src/control-plane/authorization/abac-authorizer.ts';
import type { AuthorizationAttributes } from '../../../src/control-plane/authorization/authorizer.ts';
import { impersonate, wantedUser } from '../../../src/control-plane/authorization/impersonation.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { createTestApiServer, testUser } from '../../support/test-api-server.ts';

const requestor = { username: 'ann', uid: '', groups: ['system:authenticated'], extra: {} };
const request: AuthorizationAttributes = {
  user: requestor,
  verb: 'list',
  isResourceRequest: true,
  apiGroup: '',
  apiVersion: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'ns',
  name: '',
  path: '',
  fieldSelector: '',
  labelSelector: '',
};

/** What is asked, as one line. */
function line({ verb, apiGroup, resource, subresource, namespace, name }: AuthorizationAttributes): string {
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  return `${verb} ${apiGroup === '' ? '' : `${apiGroup}/`}${what} ${namespace === '' ? '' : `${namespace}/`}${name}`.trim();
}

async function tryAs(headers: HttpHeaders, allowed: readonly string[]) {
  const wanted = wantedUser(headers);
  assert.ok(wanted !== undefined);
  return impersonate(wanted, request, {
    authorize: (attributes) => Promise.resolve({ allowed: allowed.includes(line(attributes)), reason: '' }),
    refuse: (attributes, reason) => new Error(`${line(attributes)}${reason === '' ? '' : `: ${reason}`}`),
  });
}

const cases: readonly (readonly [string, HttpHeaders, readonly string[], object | string])[] = [
  [
    'a user',
    { 'impersonate-user': 'bob' },
    ['impersonate users bob'],
    { username: 'bob', uid: '', groups: ['system:authenticated'], extra: {} },
  ],
  [
    'a user with groups, uid and more',
    {
      'impersonate-user': 'bob',
      'impersonate-group': ['a', 'b'],
      'impersonate-uid': '7',
      'impersonate-extra-x%2fy': 'z',
    },
    [
      'impersonate users bob',
      'impersonate groups a',
      'impersonate groups b',
      'impersonate authentication.k8s.io/uids 7',
      'impersonate authentication.k8s.io/userextras/x/y z',
    ],
    { username: 'bob', uid: '7', groups: ['a', 'b', 'system:authenticated'], extra: { 'x/y': ['z'] } },
  ],
  [
    'a service account',
    { 'impersonate-user': 'system:serviceaccount:ns:robot' },
    ['impersonate serviceaccounts ns/robot'],
    {
      username: 'system:serviceaccount:ns:robot',
      uid: '',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
      extra: {},
    },
  ],
  [
    'nobody',
    { 'impersonate-user': 'system:anonymous' },
    ['impersonate users system:anonymous'],
    { username: 'system:anonymous', uid: '', groups: ['system:unauthenticated'], extra: {} },
  ],
  ['a user without any right', { 'impersonate-user': 'bob' }, [], 'impersonate-on:user-info:list pods ns/'],
  [
    'a group without the right',
    { 'impersonate-user': 'bob', 'impersonate-group': 'g' },
    [
      'impersonate users bob',
      'impersonate-on:user-info:list pods ns/',
      'impersonate:user-info authentication.k8s.io/users bob',
    ],
    'impersonate:user-info authentication.k8s.io/groups g',
  ],
  [
    'a user, constrained to this request',
    { 'impersonate-user': 'bob' },
    ['impersonate-on:user-info:list pods ns/', 'impersonate:user-info authentication.k8s.io/users bob'],
    { username: 'bob', uid: '', groups: ['system:authenticated'], extra: {} },
  ],
  [
    'a node, constrained',
    { 'impersonate-user': 'system:node:n1' },
    ['impersonate-on:arbitrary-node:list pods ns/', 'impersonate:arbitrary-node authentication.k8s.io/nodes n1'],
    { username: 'system:node:n1', uid: '', groups: ['system:nodes', 'system:authenticated'], extra: {} },
  ],
];

for (const [title, headers, allowed, expected] of cases) {
  test(`impersonating ${title}`, async () => {
    if (typeof expected === 'string') {
      await assert.rejects(tryAs(headers, allowed), { message: expected });
    } else assert.deepEqual(await tryAs(headers, allowed), expected);
  });
}

test('groups without a user are a bad request, no headers are nothing', () => {
  assert.throws(() => wantedUser({ 'impersonate-group': 'a' }), /without impersonating a user name/);
  assert.equal(wantedUser({ accept: 'x' }), undefined);
});

test('the server goes on as the user that is named, or refuses', async () => {
  const access = {
    authorize: (attributes: AuthorizationAttributes) =>
      Promise.resolve({
        allowed: attributes.user.username === testUser.username && attributes.name !== 'eve',
        reason: '',
      }),
  };
  const server = await createTestApiServer({ impersonation: withImpersonation(access, new FakeClock()) });
  try {
    const path = '/api/v1/namespaces/default/pods';
    assert.equal((await server.request('GET', path, undefined, { 'impersonate-user': 'bob' })).status, 200);
    const only = { authorize: () => Promise.resolve({ allowed: false, reason: '' }) };
    const strict = await createTestApiServer({ impersonation: withImpersonation(only, new FakeClock()) });
    const refused = await strict.request('GET', path, undefined, { 'impersonate-user': 'eve' });
    assert.equal(refused.status, 403);
    assert.equal(
      refused.body['message'],
      'pods is forbidden: User "admin" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "default"',
    );
    await strict.close();
  } finally {
    await server.close();
  }
});

test('who may only read reads for somebody else as well, as far as a policy says so', async () => {
  const policy = { user: 'ann', namespace: 'ns', resource: 'pods', readonly: true };
  const line = JSON.stringify({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec: policy });
  const abac = abacAuthorizer(line, 'policy');
  const asked: string[] = [];
  const impersonating = async (verb: string): Promise<void> => {
    asked.length = 0;
    const wanted = wantedUser({ 'impersonate-user': 'bob' });
    assert.ok(wanted !== undefined);
    await impersonate(
      wanted,
      { ...request, verb },
      {
        async authorize(attributes) {
          const { decision } = await abac.authorize(attributes);
          asked.push(`${attributes.verb} ${decision}`);
          return { allowed: decision === 'allow', reason: '' };
        },
        refuse: (attributes) => new Error(attributes.verb),
      },
    );
  };
  await assert.rejects(impersonating('list'), { message: 'impersonate:user-info' });
  assert.ok(asked.includes('impersonate-on:user-info:list allow'), asked.join());
  await assert.rejects(impersonating('create'), { message: 'impersonate-on:user-info:create' });
  // Who only asks whether it may be done says nothing of what it is for.
  const question = { ...request, verb: 'impersonate-on:user-info:list' };
  assert.equal((await abac.authorize(question)).decision, 'noOpinion');
});
