import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  initializerConfigurationResource,
  schemasWithInitializers,
} from '../../../src/api/admissionregistration/v1alpha1/initializer-configuration.ts';
import { builtInResources } from '../../../src/api/registry.ts';
import { admissionChain, admissionPluginNamesWith } from '../../../src/control-plane/admission/admission-chain.ts';
import type { AdmissionPlugin } from '../../../src/control-plane/admission/admission-plugin.ts';
import { initializers } from '../../../src/control-plane/admission/initializers.ts';
import { FakeClock, settle } from '../../../src/system/fake-clock.ts';
import { createTestApiServer, testUser, type TestAnswer, watchEvents } from '../../support/test-api-server.ts';
import { clusterOf } from '../admission/admission-harness.ts';

const rules = [{ apiGroups: [''], apiVersions: ['*'], resources: ['configmaps'] }];
const configurations = [
  { metadata: { name: 'b' }, initializers: [{ name: 'second.example.com', rules }] },
  {
    metadata: { name: 'a' },
    initializers: [
      { name: 'first.example.com', rules },
      { name: 'other.example.com', rules: [{ ...rules[0], resources: ['secrets'] }] },
    ],
  },
];
const maps = '/api/v1/namespaces/default/configmaps';
const map = (metadata: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', ...metadata } });
const merge = { 'content-type': 'application/merge-patch+json' };

/** A server with two initializers of config maps; ann creates, and `init` may initialize. */
async function started(context: TestContext, plugins: readonly AdmissionPlugin[] = []) {
  const clock = new FakeClock();
  let username = 'ann';
  const cluster = clusterOf(
    { initializerconfigurations: configurations },
    {
      access: {
        authorize: ({ user, verb }) =>
          Promise.resolve({ allowed: user.username === 'init' && verb === 'initialize', reason: 'not yours' }),
      },
    },
  );
  const api = await createTestApiServer({
    clock,
    types: schemasWithInitializers,
    resources: [...builtInResources, initializerConfigurationResource],
    hasInitializers: true,
    admission: admissionChain([initializers(cluster), ...plugins]),
    authenticator: { authenticate: () => Promise.resolve({ ...testUser, username }) },
  });
  context.after(() => api.close());
  const as = async (name: string, method: string, path: string, body?: object, headers = {}): Promise<TestAnswer> => {
    username = name;
    const pending = api.request(method, path, body, headers);
    await settle(30);
    return pending;
  };
  /** Begins a create that waits for its initializers. */
  const begin = async (): Promise<Promise<TestAnswer>[]> => {
    username = 'ann';
    const pending = api.request('POST', maps, map());
    await settle(30);
    return [pending];
  };
  return { api, clock, as, begin };
}

const pendingOf = (names: readonly string[]) => ({
  metadata: { initializers: { pending: names.map((name) => ({ name })) } },
});

test('an object is there for everybody once the last initializer is done', async (context) => {
  const { api, as, begin } = await started(context);
  const stop = new AbortController();
  context.after(() => stop.abort());
  const events = watchEvents(await api.open(`${maps}?watch=true`, {}, stop.signal));
  const [creating] = await begin();

  assert.equal((await as('ann', 'GET', `${maps}/m`)).status, 404);
  assert.deepEqual((await as('ann', 'GET', maps)).body['items'], []);
  const seen = await as('init', 'GET', `${maps}/m?includeUninitialized=true`);
  assert.deepEqual(seen.body.metadata.initializers, {
    pending: [{ name: 'first.example.com' }, { name: 'second.example.com' }],
  });
  const all = (await as('init', 'GET', `${maps}?includeUninitialized=true`)).body['items'] as unknown[];
  assert.equal(all.length, 1);

  const done = { ...pendingOf(['second.example.com']), data: { by: 'first' } };
  assert.equal((await as('init', 'PATCH', `${maps}/m`, done, merge)).status, 200);
  assert.equal((await as('ann', 'GET', `${maps}/m`)).status, 404);
  assert.equal((await as('init', 'PATCH', `${maps}/m`, pendingOf([]), merge)).status, 200);

  const created = await creating;
  assert.equal(created?.status, 201);
  assert.deepEqual(created?.body['data'], { by: 'first' });
  assert.equal(created?.body.metadata.initializers, undefined);
  assert.equal((await as('ann', 'GET', `${maps}/m`)).status, 200);
  const { value: event } = await events.next();
  assert.equal(event?.type, 'ADDED');
  assert.deepEqual(event?.object['data'], { by: 'first' });
});

test('an initializer that fails is the answer, and the object goes', async (context) => {
  const { as, begin } = await started(context);
  const [creating] = await begin();
  const result = { status: 'Failure', message: 'no such sidecar', reason: 'Forbidden', code: 403 };
  const failed = { metadata: { initializers: { result } } };
  assert.equal((await as('init', 'PATCH', `${maps}/m`, failed, merge)).status, 200);
  const answer = await creating;
  assert.equal(answer?.status, 403);
  assert.equal(answer?.body['message'], 'no such sidecar');
  assert.equal((await as('init', 'GET', `${maps}/m?includeUninitialized=true`)).status, 404);
});

test('a create waits for half a minute, and for an object that stays', async (context) => {
  const { clock, as, begin } = await started(context);
  const [waiting] = await begin();
  await clock.advance(30_000);
  const answer = await waiting;
  assert.equal(answer?.status, 504);
  assert.equal(answer?.body['message'], 'Timeout: request did not complete within requested timeout 30s');
  assert.equal((await as('init', 'DELETE', `${maps}/m`)).status, 200);
  const patient = as('ann', 'POST', `${maps}?timeout=50s`, map());
  await settle(30);
  await clock.advance(50_000);
  const late = (await patient).body['message'];
  assert.equal(late, 'Timeout: request did not complete within the allotted timeout');
  assert.equal((await as('init', 'DELETE', `${maps}/m`)).status, 200);
  const [creating] = await begin();
  await as('init', 'DELETE', `${maps}/m`);
  assert.equal((await creating)?.body['message'], 'Internal error occurred: object deleted while waiting for creation');
});

test('who asks for uninitialized objects does not wait, nor does who only tries', async (context) => {
  const { as } = await started(context);
  assert.equal((await as('ann', 'POST', `${maps}?dryRun=All`, map())).status, 202);
  const created = await as('ann', 'POST', `${maps}?includeUninitialized=true`, map());
  assert.equal(created.status, 202);
  assert.equal(created.body.metadata.initializers?.pending?.length, 2);
  for (const [asked, status] of [
    ['?includeUninitialized', 200],
    ['?includeUninitialized=1', 200],
    ['?includeUninitialized=False', 404],
    ['?includeUninitialized=0', 404],
  ] as const) {
    assert.equal((await as('ann', 'GET', `${maps}/m${asked}`)).status, status, asked);
  }
});

test('only who may initialize changes the list', async (context) => {
  const { as, begin } = await started(context);
  const [creating] = await begin();
  const denied = await as('ann', 'PATCH', `${maps}/m`, pendingOf([]), merge);
  assert.equal(denied.status, 403);
  assert.equal(
    denied.body['message'],
    'configmaps "m" is forbidden: update to uninitialized resource denied: not yours',
  );
  const succeeded = { metadata: { initializers: { result: { status: 'Success' } } } };
  const invalid = await as('init', 'PATCH', `${maps}/m`, succeeded, merge);
  assert.equal(
    invalid.body['message'],
    'ConfigMap "m" is invalid: metadata.initializers.result.status: Invalid value: "Success": must be \'Failure\'',
  );
  await as('init', 'PATCH', `${maps}/m`, { metadata: { initializers: null } }, merge);
  assert.equal((await creating)?.status, 201);
  const late = await as('init', 'PATCH', `${maps}/m`, pendingOf(['x']), merge);
  assert.equal(
    late.body['message'],
    'ConfigMap "m" is invalid: metadata.initializers: Invalid value: null: field is immutable once initialization has completed',
  );
});

test('who may initialize creates objects that are there at once', async (context) => {
  const { as } = await started(context);
  const bypass = map({ initializers: { pending: [] } });
  const denied = await as('ann', 'POST', maps, bypass);
  assert.equal(denied.status, 403);
  assert.match(String(denied.body['message']), /create with initializers denied: not yours$/);
  assert.equal((await as('init', 'POST', maps, bypass)).status, 201);
  assert.equal((await as('ann', 'GET', `${maps}/m`)).status, 200);
});

test('initializers have the names of domains, and rules for something', async (context) => {
  const { api } = await started(context);
  const path = '/apis/admissionregistration.k8s.io/v1alpha1/initializerconfigurations';
  const configuration = (name: string, rule: object) => ({
    apiVersion: 'admissionregistration.k8s.io/v1alpha1',
    kind: 'InitializerConfiguration',
    metadata: { name: 'c' },
    initializers: [{ name, rules: [rule] }],
  });
  const refused = await api.request(
    'POST',
    path,
    configuration('short.name', { apiGroups: [''], apiVersions: ['v1'] }),
  );
  assert.equal(
    refused.body['message'],
    'InitializerConfiguration.admissionregistration.k8s.io "c" is invalid: [initializers[0].name: Invalid value: "short.name": should be a domain with at least three segments separated by dots, initializers[0].rules[0].resources: Required value]',
  );
  assert.equal((await api.request('POST', path, configuration('pods.example.com', rules[0] ?? {}))).status, 201);
});

/** Rules, and what is wrong with them. */
const badRules: readonly (readonly [rule: object, complaint: string])[] = [
  [
    { apiGroups: ['*', ''] },
    'apiGroups: Invalid value: ["*",""]: if \'*\' is present, must not specify other API groups',
  ],
  [
    { apiVersions: ['v1', '*'] },
    'apiVersions: Invalid value: ["v1","*"]: if \'*\' is present, must not specify other API versions',
  ],
  [{ apiVersions: ['v1', ''] }, 'apiVersions[1]: Required value'],
  [{ resources: ['pods/log'] }, 'resources[0]: Invalid value: "pods/log": must not specify subresources'],
  [{ resources: [''] }, 'resources[0]: Required value'],
  [
    { resources: ['pods', '*'] },
    'resources: Invalid value: ["pods","*"]: if \'*\' is present, must not specify other resources',
  ],
];

test('rules are those of resources, and a wildcard stands alone', async (context) => {
  const { api } = await started(context);
  for (const [rule, complaint] of badRules) {
    const configuration = {
      apiVersion: 'admissionregistration.k8s.io/v1alpha1',
      kind: 'InitializerConfiguration',
      metadata: { name: 'c' },
      initializers: [{ name: 'a.example.com', rules: [{ ...rules[0], ...rule }] }],
    };
    const path = '/apis/admissionregistration.k8s.io/v1alpha1/initializerconfigurations';
    assert.equal(
      (await api.request('POST', path, configuration)).body['message'],
      `InitializerConfiguration.admissionregistration.k8s.io "c" is invalid: initializers[0].rules[0].${complaint}`,
    );
  }
});

test('an object created with initializers of its own has well-formed ones', async (context) => {
  const { as } = await started(context);
  const short = await as('init', 'POST', maps, map({ initializers: { pending: [{ name: 'short' }] } }));
  assert.equal(
    short.body['message'],
    'ConfigMap "m" is invalid: metadata.initializers.pending[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots',
  );
  const result = { status: 'Failure', message: 'born dead', code: 409, reason: 'Conflict' };
  const dead = await as('init', 'POST', maps, map({ initializers: { pending: [], result } }));
  assert.equal(dead.status, 409);
  assert.equal(dead.body['message'], 'born dead');
});

const podRules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
const pods = '/api/v1/namespaces/default/pods';
const container = (name: string, resources: object = {}) => ({ name, image: name, resources });
const pod = (containers: readonly object[], metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...metadata },
  spec: { containers },
});

async function withPodInitializer(context: TestContext, names: readonly string[]) {
  const cluster = clusterOf({
    initializerconfigurations: [
      { metadata: { name: 'a' }, initializers: names.map((name) => ({ name, rules: podRules })) },
      // Every rule has to match.
      { metadata: { name: 'b' }, initializers: [{ name: 'never.example.com', rules: [...podRules, ...rules] }] },
      { metadata: { name: 'c' }, initializers: [{ name: 'nothing.example.com' }] },
    ],
  });
  const api = await createTestApiServer({
    types: schemasWithInitializers,
    resources: [...builtInResources, initializerConfigurationResource],
    hasInitializers: true,
    admission: admissionChain([initializers(cluster)]),
  });
  context.after(() => api.close());
  return api;
}

test('a pod may change as if it were new until its initializers are done', async (context) => {
  const api = await withPodInitializer(context, ['first.example.com', 'second.example.com']);
  const limits = { limits: { cpu: '1', memory: '1Gi' } };
  const created = await api.request('POST', `${pods}?includeUninitialized=true`, pod([container('app', limits)]));
  assert.deepEqual(created.body.metadata.initializers, {
    pending: [{ name: 'first.example.com' }, { name: 'second.example.com' }],
  });
  assert.equal((created.body['status'] as { qosClass: string }).qosClass, 'Guaranteed');

  const status = await api.request('PATCH', `${pods}/p/status`, { status: { phase: 'Running' } }, merge);
  assert.equal(
    status.body['message'],
    'Pod "p" is invalid: status: Forbidden: must not update status when the object is uninitialized',
  );

  const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
  const step = (name: string, more: object) => ({
    metadata: { initializers: { pending: [{ $patch: 'delete', name }] } },
    ...more,
  });
  const sidecar = step('first.example.com', { spec: { containers: [container('proxy')] } });
  const changed = await api.request('PATCH', `${pods}/p`, sidecar, strategic);
  assert.equal(changed.status, 200, changed.text);
  assert.deepEqual(changed.body.metadata.initializers, { pending: [{ name: 'second.example.com' }] });
  assert.equal((changed.body['status'] as { qosClass: string }).qosClass, 'Burstable');
  const none = step('second.example.com', { spec: { containers: [container('')] } });
  assert.match((await api.request('PATCH', `${pods}/p`, none, strategic)).text, /name: Required value/);

  const last = await api.request('PATCH', `${pods}/p`, step('second.example.com', {}), strategic);
  assert.equal(last.body.metadata.initializers, undefined);
  const late = await api.request('PATCH', `${pods}/p`, { spec: { containers: [container('late')] } }, strategic);
  assert.match(late.text, /pod updates may not add or remove containers/);
});

test('mirrored pods are there at once', async (context) => {
  const api = await withPodInitializer(context, ['first.example.com']);
  const annotations = { 'kubernetes.io/config.mirror': 'x' };
  const mirrored = { ...pod([container('app')], { annotations }) };
  const answer = await api.request('POST', pods, { ...mirrored, spec: { ...mirrored.spec, nodeName: 'n' } });
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.body.metadata.initializers, undefined);
});

test('deleting a collection takes what nobody sees yet', async (context) => {
  const { as, begin } = await started(context);
  const [creating] = await begin();
  assert.equal((await as('ann', 'DELETE', maps)).status, 200);
  assert.equal((await creating)?.status, 500);
  assert.equal((await as('init', 'GET', `${maps}/m?includeUninitialized=true`)).status, 404);
});

test('initializers come after the webhooks that change objects, as in kube-apiserver 1.13', () => {
  const names = admissionPluginNamesWith(true);
  const at = names.indexOf('Initializers');
  assert.deepEqual(names.slice(at - 1, at + 2), [
    'MutatingAdmissionWebhook',
    'Initializers',
    'ValidatingAdmissionPolicy',
  ]);
  assert.ok(!admissionPluginNamesWith(false).includes('Initializers'));
});

test('what is looked at once more after a change keeps the list that it was given', async (context) => {
  let rounds = 0;
  const changing: AdmissionPlugin = {
    name: 'Changing',
    admit({ reinvocation }) {
      rounds += 1;
      reinvocation?.require();
    },
  };
  const { as } = await started(context, [changing]);
  rounds = 0;
  const created = await as('ann', 'POST', `${maps}?dryRun=All`, map());
  assert.equal(created.status, 202, created.text);
  assert.equal(created.body.metadata.initializers?.pending?.length, 2);
  assert.equal(rounds, 2);
});

test('no form of a list shows what nobody sees yet', async (context) => {
  const { as, begin } = await started(context);
  const [creating] = await begin();
  const forms: readonly (readonly [string, Record<string, string>])[] = [
    ['?fieldSelector=metadata.name%3Dm', {}],
    ['?limit=1', {}],
    ['?resourceVersion=0', {}],
    ['', { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }],
    ['', { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }],
  ];
  for (const [query, headers] of forms) {
    const count = async (more: string): Promise<number> => {
      const { body } = await as('ann', 'GET', `${maps}${query}${more}`, undefined, headers);
      return ((body['rows'] ?? body['items'] ?? []) as unknown[]).length;
    };
    assert.equal(await count(''), 0, query);
    assert.equal(await count(`${query === '' ? '?' : '&'}includeUninitialized=true`), 1, query);
  }
  await as('init', 'DELETE', `${maps}/m`);
  await creating;
});
