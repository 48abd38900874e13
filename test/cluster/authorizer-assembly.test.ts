import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isJsonObject, type JsonObject } from '../../src/apimachinery/json.ts';
import { assembled, temporaryFolder } from '../support/assembled-server.ts';
import { reviewServer } from '../support/loopback-server.ts';

interface Question {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly group?: readonly string[];
  readonly resourceAttributes?: { readonly name?: string };
  readonly nonResourceAttributes?: JsonObject;
}

function specOf(review: JsonObject): Question {
  return isJsonObject(review['spec']) ? review['spec'] : {};
}

/** What a webhook in these tests says: ann may, bob must not, of others it knows nothing. */
function verdict(review: JsonObject): { status: object } {
  const { user } = specOf(review);
  if (user === 'ann') return { status: { allowed: true, reason: 'ann may' } };
  if (user === 'bob') return { status: { allowed: false, denied: true, reason: 'not bob' } };
  return { status: { allowed: false, reason: 'never heard of' } };
}

const pods = '/api/v1/namespaces/default/pods';

test('a webhook allows, denies or has no opinion', async (context) => {
  const folder = temporaryFolder(context);
  const { kubeconfig, asked } = await reviewServer(context, folder, verdict);
  const { as } = await assembled(context, {
    'authorization-mode': 'Webhook,AlwaysAllow',
    'authorization-webhook-config-file': kubeconfig,
    'authorization-webhook-version': 'v1',
  });
  assert.equal(
    (await as('ann-token', 'GET', `${pods}?labelSelector=a%3Db,c&fieldSelector=spec.nodeName%3Dn`)).status,
    200,
  );
  const refused = await as('bob-token', 'GET', pods);
  assert.equal(refused.status, 403);
  assert.equal(
    refused.body['message'],
    'pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default": not bob',
  );
  assert.equal((await as('cat-token', 'GET', pods)).status, 200, 'the next one is asked where it has no opinion');
  assert.equal((await as('', 'GET', pods)).status, 401, 'nobody is anonymous where AlwaysAllow is among the modes');
  assert.equal((await as('admin-token', 'GET', pods)).status, 200);
  assert.equal(asked.length, 3, 'nobody is asked about system:masters');
  const [first] = asked;
  assert.equal(first?.path, '/ask?timeout=30s');
  assert.equal(first?.authorization, 'Bearer known-to-the-webhook');
  assert.deepEqual(first?.review, {
    kind: 'SubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: {
      resourceAttributes: {
        namespace: 'default',
        verb: 'list',
        version: 'v1',
        resource: 'pods',
        fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n'] }] },
        labelSelector: {
          requirements: [
            { key: 'a', operator: 'In', values: ['b'] },
            { key: 'c', operator: 'Exists' },
          ],
        },
      },
      user: 'ann',
      groups: ['system:authenticated'],
      uid: '2',
    },
    status: { allowed: false },
  });
});

test('a webhook of v1beta1 gets the groups by their singular, and is remembered for its time', async (context) => {
  const folder = temporaryFolder(context);
  const { kubeconfig, asked } = await reviewServer(context, folder, verdict);
  const { as, clock } = await assembled(context, {
    'authorization-mode': 'Webhook',
    'authorization-webhook-config-file': kubeconfig,
    'authorization-webhook-cache-authorized-ttl': '1m',
    'authorization-webhook-cache-unauthorized-ttl': '10s',
  });
  const steps: readonly [string, number, number, number][] = [
    // token, status, seconds that pass first, questions so far
    ['ann-token', 200, 0, 1],
    ['ann-token', 200, 59, 1],
    ['ann-token', 200, 1, 2],
    ['bob-token', 403, 0, 3],
    ['bob-token', 403, 9, 3],
    ['bob-token', 403, 1, 4],
  ];
  for (const [token, status, seconds, questions] of steps) {
    await clock.advance(seconds * 1000);
    assert.equal((await as(token, 'GET', '/version/')).status, status);
    assert.equal(asked.length, questions);
  }
  assert.equal(asked[0]?.review['apiVersion'], 'authorization.k8s.io/v1beta1');
  assert.deepEqual(specOf(asked[0]?.review ?? {}), {
    nonResourceAttributes: { path: '/version/', verb: 'get' },
    user: 'ann',
    group: ['system:authenticated'],
    uid: '2',
  });
});

test('a webhook that cannot be asked is a 500 where nobody else allows', async (context) => {
  const folder = temporaryFolder(context);
  const garbage = { status: 200, headers: { 'content-type': 'application/json' } };
  const answers = new Map<string, string | object>([
    ['text', 'no json'],
    ['kind', { apiVersion: 'authorization.k8s.io/v1', kind: 'TokenReview', status: { allowed: true } }],
    ['version', { apiVersion: 'authorization.k8s.io/v2', kind: 'SubjectAccessReview', status: { allowed: true } }],
    ['status', { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', status: { allowed: 'yes' } }],
    [
      'both',
      { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', status: { allowed: true, denied: true } },
    ],
    ['endless', 'x'.repeat(11 * 1024 * 1024)],
  ]);
  const { kubeconfig } = await reviewServer(context, folder, (review) => {
    const { resourceAttributes } = specOf(review);
    const answer = answers.get(resourceAttributes?.name ?? '') ?? {};
    return {
      response: { ...garbage, body: Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)) },
    };
  });
  const { as } = await assembled(context, {
    'authorization-mode': 'Webhook',
    'authorization-webhook-config-file': kubeconfig,
    'authorization-webhook-version': 'v1',
  });
  for (const name of answers.keys()) {
    const answer = await as('ann-token', 'GET', `${pods}/${name}`);
    assert.equal(answer.status, 500, name);
    assert.match(answer.text, /^Internal Server Error: "\/api\/v1\/namespaces\/default\/pods\/\w+": /);
  }
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: 'ann', resourceAttributes: { verb: 'get', resource: 'pods', name: 'both' } },
  };
  const answered = await as('admin-token', 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
  assert.deepEqual(answered.body['status'], {
    allowed: false,
    denied: true,
    evaluationError: 'webhook subject access review returned both allow and deny response',
  });
  const rules = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace: 'default' },
  };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
  assert.deepEqual((await as('admin-token', 'POST', path, rules)).body['status'], {
    resourceRules: [],
    nonResourceRules: [],
    incomplete: true,
    evaluationError: 'webhook authorizer does not support user rule resolution',
  });
});

interface ConfigurationOptions {
  readonly kubeconfig: string;
  readonly failurePolicy?: string;
  readonly conditions?: readonly string[];
}

function webhookEntry({ kubeconfig, failurePolicy = 'NoOpinion', conditions = [] }: ConfigurationOptions): object {
  return {
    type: 'Webhook',
    name: 'hook',
    webhook: {
      timeout: '3s',
      subjectAccessReviewVersion: 'v1',
      matchConditionSubjectAccessReviewVersion: 'v1',
      failurePolicy,
      connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: kubeconfig },
      matchConditions: conditions.map((expression) => ({ expression })),
    },
  };
}

const allowAll = { type: 'AlwaysAllow', name: 'alwaysallow' };

function configurationFile(folder: string, ...authorizers: object[]): string {
  const path = join(folder, 'authorization.yaml');
  const config = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test('match conditions say which questions a webhook is asked', async (context) => {
  const folder = temporaryFolder(context);
  const { kubeconfig, asked } = await reviewServer(context, folder, () => ({
    status: { allowed: false, denied: true, reason: 'no' },
  }));
  const conditions = [
    'has(request.resourceAttributes)',
    "request.resourceAttributes.namespace == 'default'",
    "!('system:serviceaccounts' in request.groups)",
  ];
  const path = configurationFile(folder, webhookEntry({ kubeconfig, conditions }), allowAll);
  const { as } = await assembled(context, { 'authorization-config': path });
  const cases: readonly [string, number][] = [
    [pods, 403],
    ['/api/v1/namespaces/other/pods', 200],
    ['/version/', 200],
  ];
  for (const [target, status] of cases) assert.equal((await as('ann-token', 'GET', target)).status, status, target);
  assert.equal(asked.length, 1);
});

test('what happens where a condition fails is the failure policy', async (context) => {
  const folder = temporaryFolder(context);
  const { kubeconfig, asked } = await reviewServer(context, folder, verdict);
  const conditions = ["request.resourceAttributes.namespace == 'default'"];
  for (const [failurePolicy, status] of [
    ['NoOpinion', 200],
    ['Deny', 500],
  ] as const) {
    const path = configurationFile(folder, webhookEntry({ kubeconfig, conditions, failurePolicy }), allowAll);
    const { as } = await assembled(context, { 'authorization-config': path });
    const answer = await as('ann-token', 'GET', '/version/');
    assert.equal(answer.status, status);
    if (status === 500) {
      assert.equal(
        answer.text,
        `Internal Server Error: "/version/": cel evaluation error: expression '${conditions[0]}' resulted in error: no such key: resourceAttributes\n`,
      );
    }
  }
  assert.equal(asked.length, 0);
});

test('a changed file counts without a restart; one that is wrong does not', async (context) => {
  const folder = temporaryFolder(context);
  const deny = { type: 'AlwaysDeny', name: 'alwaysdeny' };
  const path = configurationFile(folder, deny);
  const { as, clock } = await assembled(context, { 'authorization-config': path });
  /** The files are the machine's own, so that reading one takes its time. */
  const statusAfter = async (wanted: number, ...authorizers: object[]): Promise<number> => {
    configurationFile(folder, ...authorizers);
    let status = 0;
    for (let turn = 0; turn < 50 && status !== wanted; turn++) {
      await clock.advance(1000);
      status = (await as('ann-token', 'GET', pods)).status;
    }
    return status;
  };
  assert.equal((await as('ann-token', 'GET', pods)).status, 403);
  assert.equal(await statusAfter(200, deny, allowAll), 200);
  // A type that was there must stay, and one that keeps local copies cannot come later.
  assert.equal(await statusAfter(403, allowAll), 200);
  assert.equal(await statusAfter(403, deny, { type: 'RBAC', name: 'rbac' }), 200);
  assert.equal(await statusAfter(403, deny), 403);
});

test('flags that contradict each other are told as the real server tells them', async (context) => {
  const folder = temporaryFolder(context);
  const { kubeconfig } = await reviewServer(context, folder, verdict);
  const file = configurationFile(folder, allowAll);
  const cases: readonly [Record<string, string>, string][] = [
    [{ 'authorization-mode': 'RBAC,Other' }, 'authorization-mode "Other" is not a valid mode'],
    [{ 'authorization-mode': 'RBAC,RBAC' }, 'authorization-mode ["RBAC" "RBAC"] has mode specified more than once'],
    [{ 'authorization-mode': 'Webhook' }, "authorization-mode Webhook's authorization config file not passed"],
    [{ 'authorization-mode': 'ABAC' }, "authorization-mode ABAC's authorization policy file not passed"],
    [{ 'authorization-policy-file': 'x' }, 'cannot specify --authorization-policy-file without mode ABAC'],
    [
      { 'authorization-webhook-config-file': 'x' },
      'cannot specify --authorization-webhook-config-file without mode Webhook',
    ],
    [
      { 'authorization-config': file, 'authorization-mode': 'RBAC' },
      '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    ],
    [
      {
        'authorization-mode': 'Webhook',
        'authorization-webhook-config-file': kubeconfig,
        'authorization-webhook-version': 'v2',
      },
      'invalid authorization config: unsupported webhook authorizer version "v2", supported versions are "v1", "v1beta1"',
    ],
    [
      {
        'authorization-mode': 'Webhook',
        'authorization-webhook-config-file': kubeconfig,
        'authorization-webhook-cache-authorized-ttl': 'long',
      },
      'invalid argument "long" for "--authorization-webhook-cache-authorized-ttl" flag: time: invalid duration "long"',
    ],
  ];
  for (const [flags, message] of cases) await assert.rejects(assembled(context, flags), { message });
});

async function refusal(context: TestContext, path: string): Promise<string> {
  try {
    await assembled(context, { 'authorization-config': path });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'accepted';
}

test('an AuthorizationConfiguration that is wrong is refused field by field', async (context) => {
  const folder = temporaryFolder(context);
  const { kubeconfig } = await reviewServer(context, folder, verdict);
  const hook = webhookEntry({ kubeconfig }) as { webhook: Record<string, unknown> };
  const withFields = (fields: object): object => ({ ...hook, webhook: { ...hook.webhook, ...fields } });
  const prefix = 'authorizers[0].';
  const cases: readonly [readonly object[], string][] = [
    [[], 'authorizers: Required value: at least one authorization mode must be defined'],
    [[{ name: 'x' }], `${prefix}type: Required value`],
    [
      [{ type: 'Other', name: 'x' }],
      `${prefix}type: Unsupported value: "Other": supported values: "ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"`,
    ],
    [[allowAll, allowAll], 'authorizers[1].type: Duplicate value: "AlwaysAllow"'],
    [[hook, hook], 'authorizers[1].name: Duplicate value: "hook"'],
    [[{ type: 'RBAC', name: 'roles' }], 'expected name rbac for authorizer RBAC instead of roles'],
    [[{ type: 'Webhook', name: 'hook' }], `${prefix}webhook: Required value: required when type=Webhook`],
    [
      [{ ...allowAll, webhook: {} }],
      `${prefix}webhook: Invalid value: "non-null": may only be specified when type=Webhook`,
    ],
    [[withFields({ timeout: '31s' })], `${prefix}timeout: Invalid value: "31s": must be > 0s and <= 30s`],
    [
      [withFields({ failurePolicy: 'Allow' })],
      `${prefix}failurePolicy: Unsupported value: "Allow": supported values: "NoOpinion", "Deny"`,
    ],
    [
      [withFields({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'relative' } })],
      `${prefix}connectionInfo.kubeConfigFile: Invalid value: "relative": must be an absolute path`,
    ],
    [
      [withFields({ matchConditions: [{ expression: 'request.user' }] })],
      `${prefix}matchConditions[0].expression: Invalid value: "request.user": must evaluate to bool but got string`,
    ],
    [
      [withFields({ matchConditions: [{ expression: 'true' }, { expression: 'true' }] })],
      `${prefix}matchConditions[1].expression: Duplicate value: "true"`,
    ],
    [
      [{ ...allowAll, other: 1 }],
      'failed to load AuthorizationConfiguration from file: strict decoding error: unknown field "authorizers[0].other"',
    ],
  ];
  for (const [authorizers, message] of cases) {
    const expected = message.startsWith(prefix) ? message.replace('webhook.', '') : message;
    assert.equal(await refusal(context, configurationFile(folder, ...authorizers)), expected);
  }
});

test('decisions are counted by who makes them, as the real server counts them', async (context) => {
  const folder = temporaryFolder(context);
  const denies = await reviewServer(context, folder, () => ({ status: { allowed: false, denied: true } }));
  const { as } = await assembled(context, {
    'authorization-mode': 'RBAC,Webhook',
    'authorization-webhook-config-file': denies.kubeconfig,
    'authorization-webhook-version': 'v1',
  });
  assert.equal((await as('ann-token', 'GET', '/version')).status, 200);
  assert.equal((await as('ann-token', 'GET', '/api/v1/secrets')).status, 403);
  const { text } = await as('admin-token', 'GET', '/metrics');
  const lines = text.split('\n').filter((line) => line.startsWith('apiserver_authorization_decisions_total'));
  assert.deepEqual(lines, [
    'apiserver_authorization_decisions_total{decision="allowed",name="rbac",type="RBAC"} 1',
    'apiserver_authorization_decisions_total{decision="denied",name="default",type="Webhook"} 1',
  ]);
});
