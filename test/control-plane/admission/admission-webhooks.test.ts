import assert from 'node:assert/strict';
import test from 'node:test';
import { builtInSchemas } from '../../../src/api/registry.ts';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { StatusError } from '../../../src/apimachinery/status.ts';
import { type CallWebhook, WebhookError, type WebhookTarget } from '../../../src/client/webhook-client.ts';
import type { AdmissionContext, ServedKind } from '../../../src/control-plane/admission/admission-plugin.ts';
import { mutatingAdmissionWebhook } from '../../../src/control-plane/admission/mutating-admission-webhook.ts';
import { validatingAdmissionWebhook } from '../../../src/control-plane/admission/validating-admission-webhook.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { admitted, clusterOf, type Outcome } from './admission-harness.ts';

type What = Parameters<typeof admitted>[3];

/** What a webhook answers to a request; undefined fails the call. */
type Answer = (request: JsonObject, url: string) => JsonObject | undefined;

interface Case {
  readonly validating?: readonly JsonObject[];
  readonly mutating?: readonly JsonObject[];
  readonly answer?: Answer;
  readonly what?: What;
  readonly context?: Partial<AdmissionContext>;
}

interface Result extends Outcome {
  /** URLs of the webhooks that were called, in order. */
  readonly called: readonly string[];
  /** The `request` of every review. */
  readonly requests: readonly JsonObject[];
  readonly reviews: readonly JsonObject[];
  readonly annotations: Readonly<Record<string, string>>;
}

const allow: Answer = () => ({ allowed: true });

function webhook(name: string, more: JsonObject = {}): JsonObject {
  return {
    name,
    clientConfig: { url: `https://${name}/` },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }],
    ...more,
  };
}

const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', namespace: 'ns', labels: { a: 'b' } },
  data: { k: 'v' },
};

/** What webhooks have changed is read back as it is. */
const kindAsItIs: ServedKind = {
  schema: {},
  types: builtInSchemas,
  isCustom: false,
  decode: (value) => value as unknown as Unstructured,
  fillIn: () => undefined,
};
const kindsAsTheyAre: AdmissionContext['kinds'] = {
  find: () => kindAsItIs,
  equivalents: () => [],
  convert: (object) => Promise.resolve(object),
};

async function underWebhooks({ validating, mutating, answer = allow, what, context }: Case): Promise<Result> {
  const called: string[] = [];
  const reviews: JsonObject[] = [];
  const annotations: Record<string, string> = {};
  const callWebhook: CallWebhook = (target: WebhookTarget, body) => {
    const url = target.url ?? '';
    called.push(url.replace(/^https:\/\/|\/$/g, ''));
    reviews.push(structuredClone(body));
    const request = body['request'] as JsonObject;
    const response = answer(request, called.at(-1) ?? '');
    if (response === undefined) return Promise.reject(new WebhookError('Post "x": EOF'));
    const { apiVersion = '', kind = '' } = body;
    return Promise.resolve({ apiVersion, kind, response: { uid: request['uid'] ?? '', ...response } });
  };
  const configuration = (name: string, webhooks: readonly JsonObject[] = []): object => ({
    metadata: { name },
    webhooks,
  });
  const cluster = clusterOf(
    {
      validatingwebhookconfigurations: [configuration('val', validating)],
      mutatingwebhookconfigurations: [configuration('mut', mutating)],
      namespaces: [{ metadata: { name: 'ns', labels: { team: 'x' } } }],
    },
    { callWebhook, kinds: kindsAsTheyAre, ...context },
  );
  const random = seededRandom(1);
  const plugins = [mutatingAdmissionWebhook(cluster, random), validatingAdmissionWebhook(cluster, random)];
  const outcome = await admitted(plugins, 'configmaps', configMap, {
    kind: { group: '', version: 'v1', kind: 'ConfigMap' },
    annotate: (key, text) => (annotations[key] = text),
    ...what,
  });
  return {
    ...outcome,
    called,
    reviews,
    requests: reviews.map(({ request }) => request as JsonObject),
    annotations,
  };
}

function patching(...operations: readonly JsonObject[]): JsonObject {
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
  return { allowed: true, patchType: 'JSONPatch', patch };
}

test('a webhook is asked by an AdmissionReview', async () => {
  const { reviews, requests, refusal } = await underWebhooks({
    validating: [webhook('hook.io', { admissionReviewVersions: ['v9', 'v1beta1', 'v1'] })],
    what: {
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      user: { username: 'ann', uid: 'u', groups: ['dev'], extra: { scopes: ['a', 'b'] } },
    },
  });
  assert.equal(refusal, '');
  const [review] = reviews;
  const { uid, ...request } = requests[0] ?? {};
  assert.match(uid as string, /^[0-9a-f-]{36}$/);
  assert.equal(review?.['apiVersion'], 'admission.k8s.io/v1beta1');
  assert.equal(review?.['kind'], 'AdmissionReview');
  assert.deepEqual(request, {
    kind: { group: '', version: 'v1', kind: 'ConfigMap' },
    resource: { group: '', version: 'v1', resource: 'configmaps' },
    requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
    requestResource: { group: '', version: 'v1', resource: 'configmaps' },
    name: 'c',
    namespace: 'ns',
    operation: 'CREATE',
    userInfo: { username: 'ann', uid: 'u', groups: ['dev'], extra: { scopes: ['a', 'b'] } },
    object: configMap,
    oldObject: null,
    dryRun: false,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
  });
});

test('a denial carries what the webhook says of it', async () => {
  const denied = 'admission webhook "hook.io" denied the request';
  const cases: readonly (readonly [JsonObject, string, number, string])[] = [
    [{}, `${denied} without explanation`, 400, ''],
    [{ message: 'no', code: 418 }, `${denied}: no`, 418, ''],
    [{ reason: 'Because', code: 200 }, `${denied}: Because`, 400, 'Because'],
    [{ message: 'no', reason: 'Forbidden', code: 403, status: 'Success' }, `${denied}: no`, 403, 'Forbidden'],
  ];
  for (const [status, message, code, reason] of cases) {
    for (const kind of ['validating', 'mutating']) {
      const { refusal, error, warnings, annotations } = await underWebhooks({
        // Denials count whatever the failure policy is.
        [kind]: [webhook('hook.io', { failurePolicy: 'Ignore' })],
        answer: () => ({
          allowed: false,
          status,
          warnings: ['careful'],
          auditAnnotations: { k: 'v', 'a/b': 'x', '': 'y', 'B C': 'z' },
        }),
      });
      assert.equal(refusal, message);
      assert.equal(error?.code, code);
      assert.equal(error?.reason, reason);
      assert.equal(error?.status.status, 'Failure');
      assert.deepEqual(warnings, ['careful']);
      const own = Object.entries(annotations).filter(([key]) => key.startsWith('hook.io/'));
      assert.deepEqual(own, [['hook.io/k', 'v']]);
    }
  }
});

test('rules, selectors and conditions say which requests a webhook sees', async () => {
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] };
  const cases: readonly (readonly [JsonObject, What, boolean])[] = [
    [{}, {}, true],
    [{ rules: [] }, {}, false],
    [{ rules: [{ ...rule, operations: ['UPDATE', 'DELETE'] }] }, {}, false],
    [{ rules: [{ ...rule, operations: ['DELETE'] }] }, { operation: 'DELETE', object: undefined }, true],
    [{ rules: [{ ...rule, apiGroups: ['*'], resources: ['*/*'] }] }, { subresource: 'status' }, true],
    [{ rules: [{ ...rule, resources: ['*'] }] }, { subresource: 'status' }, false],
    [{ rules: [{ ...rule, scope: 'Cluster' }] }, {}, false],
    [{ rules: [{ ...rule, scope: 'Namespaced' }] }, {}, true],
    [{ rules: [{ ...rule, apiVersions: ['v2'] }] }, {}, false],
    [{ namespaceSelector: { matchLabels: { team: 'x' } } }, {}, true],
    [{ namespaceSelector: { matchLabels: { team: 'y' } } }, {}, false],
    [{ namespaceSelector: { matchLabels: { team: 'y' } } }, { namespace: '' }, true],
    [{ objectSelector: { matchLabels: { a: 'b' } } }, {}, true],
    [{ objectSelector: { matchLabels: { a: 'c' } } }, {}, false],
    [{ matchConditions: [{ name: 'n', expression: 'object.data.k == "v"' }] }, {}, true],
    [{ matchConditions: [{ name: 'n', expression: 'request.userInfo.username != "ann"' }] }, {}, false],
    [{}, { kind: { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'ValidatingAdmissionPolicy' } }, false],
  ];
  for (const [more, what, isCalled] of cases) {
    for (const kind of ['validating', 'mutating']) {
      const { called, refusal } = await underWebhooks({ [kind]: [webhook('hook.io', more)], ...(what && { what }) });
      assert.equal(refusal, '');
      assert.deepEqual(called, isCalled ? ['hook.io'] : [], JSON.stringify([more, what, kind]));
    }
  }
});

test('a selector or condition that cannot be told refuses the request', async () => {
  const namespaceSelector = { matchLabels: { team: 'x' } };
  const missing = await underWebhooks({ validating: [webhook('h', { namespaceSelector })], what: { namespace: 'no' } });
  assert.equal(missing.refusal, 'namespaces "no" not found');
  assert.equal(missing.error?.code, 404);
  const matchConditions = [{ name: 'n', expression: 'object.zork == 1' }];
  const failing = await underWebhooks({ validating: [webhook('h', { matchConditions })] });
  assert.equal(
    failing.refusal,
    `configmaps "c" is forbidden: expression 'object.zork == 1' resulted in error: no such key: zork`,
  );
  const ignored = await underWebhooks({
    validating: [webhook('h', { matchConditions, failurePolicy: 'Ignore' })],
    answer: () => ({ allowed: false }),
  });
  assert.equal(ignored.refusal, '');
  assert.deepEqual(ignored.called, []);
});

test('a call that fails refuses the request or not, as the failure policy says', async () => {
  const failed = 'Internal error occurred: failed calling webhook "h": ';
  const invalid = `${failed}received invalid webhook response: `;
  const uid = 'expected response.uid="';
  const cases: readonly (readonly [string, JsonObject | undefined, string | RegExp])[] = [
    ['validating', undefined, `${failed}failed to call webhook: Post "x": EOF`],
    ['mutating', undefined, `${failed}failed to call webhook: Post "x": EOF`],
    ['validating', { allowed: true, uid: 'other' }, new RegExp(`^${invalid}${uid}[0-9a-f-]{36}", got "other"$`)],
    [
      'validating',
      patching({ op: 'remove', path: '/data' }),
      `${invalid}validating webhook may not return response.patch`,
    ],
    [
      'mutating',
      { allowed: true, patch: 'W10=' },
      `${invalid}webhook returned response.patch but not response.patchType`,
    ],
    [
      'mutating',
      { allowed: true, patchType: 'JSONPatch' },
      `${invalid}webhook returned response.patchType but not response.patch`,
    ],
    [
      'mutating',
      { allowed: true, patch: 'W10=', patchType: '' },
      `${invalid}webhook returned invalid response.patchType of ""`,
    ],
    ['mutating', { ...patching({}), patchType: 'Merge' }, `${failed}unsupported patch type "Merge"`],
    [
      'mutating',
      { allowed: true, patch: 'e30=', patchType: 'JSONPatch' },
      `${failed}received undecodable patch in webhook response: json: cannot unmarshal object into Go value of type jsonpatch.Patch`,
    ],
  ];
  for (const [kind, response, message] of cases) {
    const { refusal, error } = await underWebhooks({ [kind]: [webhook('h')], answer: () => response });
    if (typeof message === 'string') assert.equal(refusal, message);
    else assert.match(refusal, message);
    assert.equal(error?.code, 500);
    assert.equal(error?.reason, 'InternalError');
    const ignoring = [webhook('h', { failurePolicy: 'Ignore' })];
    const open = await underWebhooks({ [kind]: ignoring, answer: () => response });
    assert.equal(open.refusal, '');
    const prefix = kind === 'mutating' ? 'mutation' : 'validating';
    assert.equal(open.annotations[`failed-open.${prefix}.webhook.admission.k8s.io/round_0_index_0`], 'h');
  }
  const unknown = await underWebhooks({ validating: [webhook('h', { admissionReviewVersions: ['v2'] })] });
  assert.equal(
    unknown.refusal,
    `${failed}could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)`,
  );
});

test('an answer must be of the kind that was sent', async () => {
  const invalid = 'received invalid webhook response: ';
  const undecodable = 'failed to call webhook: ';
  const apiVersion = 'admission.k8s.io/v1';
  const scheme = 'in scheme "pkg/util/webhook/client.go:71"';
  const answers: readonly (readonly [JsonObject, string])[] = [
    [{}, `${invalid}webhook response was absent`],
    [{ response: {} }, `${invalid}expected response.uid="UID", got ""`],
    [
      { response: { uid: 'UID' } },
      `${invalid}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=`,
    ],
    [
      { response: { uid: 'UID' }, apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview' },
      `${undecodable}converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion`,
    ],
    [
      { response: { uid: 'UID' }, apiVersion, kind: 'Zork' },
      `${undecodable}no kind "Zork" is registered for version "${apiVersion}" ${scheme}`,
    ],
  ];
  for (const [answer, message] of answers) {
    let uid = '';
    const callWebhook: CallWebhook = (_target, body) => {
      uid = (body['request'] as JsonObject)['uid'] as string;
      return Promise.resolve(JSON.parse(JSON.stringify(answer).replace('UID', uid)) as JsonObject);
    };
    const { refusal } = await underWebhooks({ validating: [webhook('h')], context: { callWebhook } });
    const failed = 'Internal error occurred: failed calling webhook "h": ';
    assert.equal(refusal.replace(uid || '-', 'UID'), failed + message);
  }
});

test('a dry run calls only webhooks without side effects', async () => {
  for (const kind of ['validating', 'mutating']) {
    for (const sideEffects of ['Some', 'Unknown']) {
      const { refusal, error, called } = await underWebhooks({
        [kind]: [webhook('h', { sideEffects, failurePolicy: 'Ignore' })],
        what: { dryRun: true },
      });
      assert.equal(refusal, 'admission webhook "h" does not support dry run');
      assert.equal(error?.code, 400);
      assert.deepEqual(called, []);
    }
    const { called, requests } = await underWebhooks({
      [kind]: [webhook('h', { sideEffects: 'NoneOnDryRun' })],
      what: { dryRun: true },
    });
    assert.deepEqual(called, ['h']);
    assert.equal(requests[0]?.['dryRun'], true);
  }
});

test('patches change the object, one webhook after the other', async () => {
  const answers: Record<string, JsonObject> = {
    first: patching({ op: 'add', path: '/data/x', value: '1' }),
    second: patching({ op: 'test', path: '/data/x', value: '1' }, { op: 'replace', path: '/data/x', value: '2' }),
  };
  const { object, refusal, called, annotations } = await underWebhooks({
    mutating: [webhook('first'), webhook('second')],
    validating: [webhook('third')],
    answer: (request, name) => answers[name] ?? { allowed: (request['object'] as JsonObject)['data'] !== undefined },
  });
  assert.equal(refusal, '');
  assert.deepEqual(object['data'], { k: 'v', x: '2' });
  assert.deepEqual(called, ['first', 'second', 'third']);
  assert.equal(
    annotations['mutation.webhook.admission.k8s.io/round_0_index_1'],
    '{"configuration":"mut","webhook":"second","mutated":true}',
  );
  assert.equal(
    annotations['patch.webhook.admission.k8s.io/round_0_index_0'],
    '{"configuration":"mut","webhook":"first","patch":[{"op":"add","path":"/data/x","value":"1"}],"patchType":"JSONPatch"}',
  );
  const wrong = await underWebhooks({
    mutating: [webhook('h', { failurePolicy: 'Ignore' })],
    answer: () => patching({ op: 'remove', path: '/data/zork' }),
  });
  assert.match(wrong.refusal, /^Internal error occurred: .*\/data\/zork/);
  const deleting = await underWebhooks({
    mutating: [webhook('h')],
    answer: () => patching({ op: 'remove', path: '/data' }),
    what: { operation: 'DELETE', object: undefined, oldObject: configMap as unknown as Unstructured },
  });
  assert.equal(
    deleting.refusal,
    'Internal error occurred: admission webhook "h" attempted to modify the object, which is not supported for this operation',
  );
});

test('webhooks with reinvocation policy IfNeeded see what later ones have changed, once', async () => {
  const again = { reinvocationPolicy: 'IfNeeded' };
  const count = (request: JsonObject): JsonObject => {
    const { n = '' } = (request['object'] as { data: Record<string, string> }).data;
    return patching({ op: 'add', path: '/data/n', value: `${n}x` });
  };
  const changing = await underWebhooks({
    mutating: [webhook('a', again), webhook('b'), webhook('c', again)],
    answer: (request, name) => (name === 'a' ? { allowed: true } : count(request)),
  });
  assert.deepEqual(changing.called, ['a', 'b', 'c', 'a']);
  assert.deepEqual(changing.object['data'], { k: 'v', n: 'xx' });
  const still = await underWebhooks({ mutating: [webhook('a', again), webhook('b')] });
  assert.deepEqual(still.called, ['a', 'b']);
});

test('validating webhooks are all asked, and the first refusal in their order counts', async () => {
  const { called, refusal } = await underWebhooks({
    validating: [webhook('a'), webhook('b'), webhook('c')],
    answer: (_request, name) => ({ allowed: name === 'a', status: { message: name } }),
  });
  assert.deepEqual(called, ['a', 'b', 'c']);
  assert.equal(refusal, 'admission webhook "b" denied the request: b');
});

test('a webhook for another version of the kind gets the object in that version', async () => {
  const rules = [{ apiGroups: [''], apiVersions: ['v2'], operations: ['*'], resources: ['configmaps'] }];
  const v2 = { group: '', version: 'v2', kind: 'ConfigMap' };
  const kinds: AdmissionContext['kinds'] = {
    find: () => undefined,
    equivalents: () => [{ resource: { group: '', version: 'v2', resource: 'configmaps' }, kind: v2 }],
    convert: (object, _from, to) => Promise.resolve({ ...object, apiVersion: to.version }),
  };
  const seen = await underWebhooks({
    mutating: [webhook('h', { rules })],
    answer: (request) =>
      patching({ op: 'add', path: '/data/saw', value: (request['object'] as JsonObject)['apiVersion'] ?? '' }),
    context: { kinds },
  });
  const [request = {}] = seen.requests;
  assert.deepEqual(request['kind'], v2);
  assert.deepEqual(request['requestKind'], { group: '', version: 'v1', kind: 'ConfigMap' });
  assert.deepEqual(seen.object['data'], { k: 'v', saw: 'v2' });
  assert.equal(seen.object.apiVersion, 'v1');
  const exact = await underWebhooks({ mutating: [webhook('h', { rules, matchPolicy: 'Exact' })], context: { kinds } });
  assert.deepEqual(exact.called, []);
});

test('a patch that says nothing new counts as a change of what the request has just written', async () => {
  const entry = { manager: 'm', operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z' };
  const written = {
    ...configMap,
    metadata: { ...configMap.metadata, managedFields: [entry] },
  } as unknown as Unstructured;
  const same = patching({ op: 'replace', path: '/data/k', value: 'v' });
  const mutations = async (what: What, more: JsonObject = {}): Promise<unknown[]> => {
    const mutating = [webhook('one'), webhook('two'), webhook('none')];
    const answer: Answer = (_, url) => (url === 'none' ? { allowed: true } : same);
    const context = { kinds: { ...kindsAsTheyAre, find: () => ({ ...kindAsItIs, ...more }) } };
    const { annotations } = await underWebhooks({ mutating, answer, what: { object: written, ...what }, context });
    return Object.entries(annotations)
      .filter(([key]) => key.startsWith('mutation.'))
      .map(([, text]) => (JSON.parse(text) as JsonObject)['mutated']);
  };
  assert.deepEqual(await mutations({}), [true, false, false]);
  assert.deepEqual(await mutations({ operation: 'UPDATE', oldObject: written }), [false, false, false]);
  assert.deepEqual(await mutations({}, { isCustom: true }), [false, false, false]);
});

test('a webhook may take no longer than its request', async () => {
  const seconds: number[] = [];
  const callWebhook: CallWebhook = (_target, _body, timeoutSeconds) => {
    seconds.push(timeoutSeconds);
    return Promise.reject(new WebhookError('Post "x": EOF'));
  };
  for (const [limit, left] of [
    [10, 1_500],
    [3, 60_000],
    [10, -5],
  ] as const) {
    const validating = [webhook('one', { timeoutSeconds: limit })];
    await underWebhooks({ validating, what: { deadline: new FakeClock().now() + left }, context: { callWebhook } });
  }
  assert.deepEqual(seconds, [2, 3, 1]);
});

test('a custom object stays of its kind and version', async () => {
  const find = ({ version }: { version: string }) => (version === 'v9' ? undefined : { ...kindAsItIs, isCustom: true });
  const refusalOf = async (path: string, value: string): Promise<string> => {
    const answer: Answer = () => patching({ op: 'replace', path, value });
    const context = { kinds: { ...kindsAsTheyAre, find } };
    return (await underWebhooks({ mutating: [webhook('one')], answer, context })).refusal;
  };
  // Of the kind validation tells, which comes later.
  assert.equal(await refusalOf('/kind', 'Other'), '');
  assert.equal(await refusalOf('/apiVersion', 'v9'), 'request to convert CR from an invalid group/version: v9');
  assert.equal(
    await refusalOf('/apiVersion', 'zork/v1'),
    'zork/v1, Kind=ConfigMap is unstructured and is not suitable for converting to "v1"',
  );
});

test('an object that cannot be shown to a webhook in its version is refused before any is asked', async () => {
  const kinds: AdmissionContext['kinds'] = {
    ...kindsAsTheyAre,
    convert: () => Promise.reject(new StatusError({ message: 'conversion webhook for x failed: no', code: 500 })),
  };
  // Ignoring failures is for those of calls; a webhook that changes says what went wrong twice, as the real server.
  const hook = webhook('a.example.com', { failurePolicy: 'Ignore' });
  const once = 'Internal error occurred: conversion webhook for x failed: no';
  for (const [given, message] of [
    [{ validating: [hook] }, once],
    [{ mutating: [hook] }, `Internal error occurred: ${once}`],
  ] as const) {
    const { error, called } = await underWebhooks({ ...given, context: { kinds } });
    assert.deepEqual([error?.status.code, error?.status.reason, error?.message], [500, 'InternalError', message]);
    assert.deepEqual(called, []);
  }
});
