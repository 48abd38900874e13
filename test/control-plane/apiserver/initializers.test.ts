import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  initializerConfigurationResource,
  schemasWithInitializers,
} from '../../../src/api/admissionregistration/v1alpha1/initializer-configuration.ts';
import { builtInResources } from '../../../src/api/registry.ts';
import { admissionChain } from '../../../src/control-plane/admission/admission-chain.ts';
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
async function started(context: TestContext) {
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
    admission: admissionChain([initializers(cluster)]),
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
  const [creating] = await begin();
  await as('init', 'DELETE', `${maps}/m`);
  assert.equal((await creating)?.body['message'], 'Internal error occurred: object deleted while waiting for creation');
});

test('who asks for uninitialized objects does not wait, nor does who only tries', async (context) => {
  const { as } = await started(context);
  assert.equal((await as('ann', 'POST', `${maps}?dryRun=All`, map())).status, 201);
  const created = await as('ann', 'POST', `${maps}?includeUninitialized=true`, map());
  assert.equal(created.status, 201);
  assert.equal(created.body.metadata.initializers?.pending.length, 2);
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
