import assert from 'node:assert/strict';
import test from 'node:test';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { StatusError } from '../../../src/apimachinery/status.ts';
import {
  reviewLocalSubjectAccess,
  reviewSelfAccess,
  reviewSelfRules,
  reviewSubjectAccess,
} from '../../../src/control-plane/authorization/access-review.ts';
import type { AuthorizationAttributes } from '../../../src/control-plane/authorization/authorizer.ts';

const asked: AuthorizationAttributes[] = [];
const authorizer = {
  decide(attributes: AuthorizationAttributes) {
    asked.push(attributes);
    if (attributes.user.username === 'eve') return Promise.resolve({ decision: 'deny', reason: 'not you' } as const);
    if (attributes.verb === 'get') return Promise.resolve({ decision: 'allow', reason: 'RBAC: allowed' } as const);
    return Promise.resolve({ decision: 'noOpinion', reason: '' } as const);
  },
};
const review = (spec: object, metadata: object = {}): Unstructured => ({
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SubjectAccessReview',
  metadata,
  spec,
});
const pods = { namespace: 'ns', resource: 'pods' };

const answers: readonly (readonly [string, object, object])[] = [
  ['yes', { user: 'ann', resourceAttributes: { ...pods, verb: 'get' } }, { allowed: true, reason: 'RBAC: allowed' }],
  ['no', { user: 'ann', resourceAttributes: { ...pods, verb: 'list' } }, { allowed: false }],
  [
    'never',
    { user: 'eve', resourceAttributes: { ...pods, verb: 'get' } },
    { allowed: false, denied: true, reason: 'not you' },
  ],
  [
    'a path',
    { groups: ['g'], nonResourceAttributes: { path: '/x', verb: 'get' } },
    { allowed: true, reason: 'RBAC: allowed' },
  ],
];

for (const [title, spec, status] of answers) {
  test(`an access review answers ${title}`, async () => {
    assert.deepEqual((await reviewSubjectAccess(review(spec), authorizer))['status'], status);
  });
}

const invalid: readonly (readonly [string, object, string, object?])[] = [
  [
    'nobody',
    { resourceAttributes: { verb: 'get' } },
    'spec.user: Invalid value: "": at least one of user or group must be specified',
  ],
  [
    'nothing',
    { user: 'x' },
    'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
  ],
  [
    'two things',
    { user: 'x', resourceAttributes: { verb: 'get' }, nonResourceAttributes: { path: '/', verb: 'get' } },
    'spec.nonResourceAttributes: Invalid value: {"Path":"/","Verb":"get"}: cannot be specified in combination with resourceAttributes',
  ],
  [
    'an empty selector',
    { user: 'x', resourceAttributes: { verb: 'list', fieldSelector: {} } },
    'spec.resourceAttributes.fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required',
  ],
];

for (const [title, spec, message] of invalid) {
  test(`an access review about ${title} is refused`, async () => {
    await assert.rejects(reviewSubjectAccess(review(spec), authorizer), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.message, `.authorization.k8s.io "" is invalid: ${message}`);
      assert.equal(error.code, 422);
      return true;
    });
  });
}

test('a name has no place in a review', async () => {
  const attempt = reviewSubjectAccess(review({ user: 'x', resourceAttributes: pods }, { name: 'n' }), authorizer);
  await assert.rejects(attempt, /metadata: Invalid value: .*: must be empty$/);
});

test('a local review is about its own namespace', async () => {
  const local = (namespace: string) =>
    review({ user: 'ann', resourceAttributes: { ...pods, namespace, verb: 'get' } }, { namespace: 'ns' });
  const answer = await reviewLocalSubjectAccess(local('ns'), 'ns', authorizer);
  assert.deepEqual(answer['status'], { allowed: true, reason: 'RBAC: allowed' });
  await assert.rejects(reviewLocalSubjectAccess(local('other'), 'ns', authorizer), /must match metadata\.namespace/);
});

test('selectors are handed on, and those that cannot be read are told of', async () => {
  const user = { username: 'ann', uid: '', groups: [], extra: {} };
  const requirements = [{ key: 'spec.nodeName', operator: 'In', values: ['n1'] }];
  const fieldSelector = { requirements };
  await reviewSelfAccess(review({ resourceAttributes: { ...pods, verb: 'list', fieldSelector } }), user, authorizer);
  assert.equal(asked.at(-1)?.fieldSelector, 'spec.nodeName=n1');
  const broken = { resourceAttributes: { ...pods, verb: 'list', labelSelector: { rawSelector: 'a in' } } };
  const { status } = (await reviewSelfAccess(review(broken), user, authorizer)) as {
    status?: { evaluationError?: string };
  };
  assert.notEqual(status?.evaluationError ?? '', '');
});

test('a rules review lists resources and paths apart', () => {
  const user = { username: 'ann', uid: '', groups: [], extra: {} };
  const rules = {
    rulesFor: () => [
      { rule: { apiGroups: [''], resources: ['pods'], verbs: ['get'] } },
      { rule: { nonResourceURLs: ['/healthz'], verbs: ['get'] } },
    ],
  };
  assert.deepEqual(reviewSelfRules(review({ namespace: 'ns' }), user, rules)['status'], {
    resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }],
    incomplete: false,
  });
  assert.throws(() => reviewSelfRules(review({}), user, rules), { message: 'no namespace on request' });
});
