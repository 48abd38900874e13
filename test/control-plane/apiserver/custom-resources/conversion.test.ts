import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { builtInSchemas } from '../../../../src/api/registry.ts';
import type { CustomResourceDefinition } from '../../../../src/api/types/apiextensions-v1.ts';
import { cloneJson, isJsonObject, type JsonObject, type JsonValue } from '../../../../src/apimachinery/json.ts';
import { createInformerFactory } from '../../../../src/client/informer-factory.ts';
import { type CallWebhook, WebhookError } from '../../../../src/client/webhook-client.ts';
import {
  conversionMetrics,
  noConversionMetrics,
} from '../../../../src/control-plane/apiserver/custom-resources/conversion-metrics.ts';
import { webhookConversion } from '../../../../src/control-plane/apiserver/custom-resources/conversion-webhook.ts';
import { createCustomResourceHost } from '../../../../src/control-plane/apiserver/custom-resources/custom-resource-host.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import {
  createTestApiServer,
  type TestAnswer,
  type TestApiServer,
  watchEvents,
} from '../../../support/test-api-server.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const merge = 'application/merge-patch+json';
const apply = 'application/apply-patch+yaml';

/** Between v1, whose address is one text, and v2, which has it in two fields. */
function converted(object: JsonObject, apiVersion: string): JsonObject {
  const copy = cloneJson(object);
  copy['apiVersion'] = apiVersion;
  const spec = copy['spec'];
  if (!isJsonObject(spec)) return copy;
  if (apiVersion.endsWith('/v2') && typeof spec['hostPort'] === 'string') {
    const [host = '', port = ''] = spec['hostPort'].split(':');
    delete spec['hostPort'];
    Object.assign(spec, { host, port });
  }
  if (apiVersion.endsWith('/v1') && typeof spec['host'] === 'string') {
    spec['hostPort'] = `${spec['host']}:${textOf(spec['port'])}`;
    delete spec['host'];
    delete spec['port'];
  }
  return copy;
}

function answerOf(review: JsonObject, change: (object: JsonObject) => JsonValue = (object) => object): JsonObject {
  const request = review['request'] as JsonObject;
  const objects = request['objects'] as JsonObject[];
  const { uid = '', desiredAPIVersion } = request;
  return {
    apiVersion: review['apiVersion'] ?? '',
    kind: 'ConversionReview',
    response: {
      uid,
      result: { status: 'Success' },
      convertedObjects: objects.map((object) => change(converted(object, textOf(desiredAPIVersion)))),
    },
  };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

interface World {
  readonly api: TestApiServer;
  /** What the webhook was asked: the wanted version and the names of the objects. */
  readonly asked: string[];
  /** How the webhook answers from now on. */
  answer: (review: JsonObject) => JsonObject;
  readonly serve: (definition: JsonObject) => Promise<void>;
}

async function world(context: TestContext): Promise<World> {
  const api = await createTestApiServer();
  const informers = createInformerFactory({
    client: api.client,
    clock: api.clock,
    random: seededRandom(1),
    log: silentLogger,
  });
  const asked: string[] = [];
  const state: World = {
    api,
    asked,
    answer: (review) => answerOf(review),
    async serve(definition) {
      const path = `${definitions}/hosts.example.com`;
      const old = await api.request('GET', path);
      const { resourceVersion = '' } = (old.body['metadata'] ?? {}) as JsonObject;
      const metadata = { name: 'hosts.example.com', resourceVersion };
      const written =
        old.status === 404
          ? await api.request('POST', definitions, definition)
          : await api.request('PUT', path, { ...definition, metadata });
      assert.ok(written.status < 300, JSON.stringify(written.body));
      const versions = ((definition['spec'] as JsonObject)['versions'] as JsonObject[]).map(({ name }) => textOf(name));
      for (let turn = 0; turn < 3000; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        const served = api.server.registry.all().filter(({ gvk }) => gvk.group === 'example.com');
        const current = served.map(({ gvk }) => gvk.version).join();
        const generation = (written.body['metadata'] as JsonObject)['generation'];
        if (current === versions.join() && turn > 50 && generation !== undefined) return;
      }
      throw new Error('the definition is not served');
    },
  };
  const host = createCustomResourceHost({
    registry: api.server.registry,
    builtInTypes: builtInSchemas,
    client: api.client,
    conversion: {
      call(_target, review) {
        const request = review['request'] as JsonObject;
        const names = (request['objects'] as JsonObject[]).map((object) => nameOf(object));
        asked.push(`${textOf(request['desiredAPIVersion'])}: ${names.join()}`);
        return Promise.resolve(state.answer(cloneJson(review)));
      },
      clock: api.clock,
      random: seededRandom(2),
      metrics: conversionMetrics(api.server.metrics),
    },
    definitions: informers.informer<CustomResourceDefinition>({
      group: 'apiextensions.k8s.io',
      version: 'v1',
      resource: 'customresourcedefinitions',
    }),
    clock: api.clock,
    log: silentLogger,
  });
  informers.start();
  host.start();
  context.after(async () => {
    await host.stop();
    await informers.stop();
    await api.close();
  });
  return state;
}

function nameOf(object: JsonObject): string {
  return textOf((object['metadata'] as JsonObject)['name']);
}

function definition(storage: string, strategy: 'None' | 'Webhook' = 'Webhook', versions = ['v1', 'v2']): JsonObject {
  const replicas = { type: 'integer' };
  const specs: Record<string, JsonObject> = {
    v1: { hostPort: { type: 'string' }, replicas },
    v2: { host: { type: 'string' }, port: { type: 'string' }, replicas, color: { type: 'string', default: 'red' } },
  };
  const clientConfig = { url: 'https://hook.example.com/convert' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'hosts.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'hosts', kind: 'Host' },
      scope: 'Namespaced',
      conversion:
        strategy === 'None' ? { strategy } : { strategy, webhook: { conversionReviewVersions: ['v1'], clientConfig } },
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: name === storage,
        subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.n' } },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: specs[name] ?? {} },
              status: { type: 'object', properties: { n: { type: 'integer' } } },
            },
          },
        },
      })),
    },
  };
}

function at(version: string, rest = ''): string {
  return `/apis/example.com/${version}/namespaces/default/hosts${rest}`;
}

function host(version: string, name: string, spec: JsonObject): JsonObject {
  return { apiVersion: `example.com/${version}`, kind: 'Host', metadata: { name }, spec };
}

function specOf({ body }: TestAnswer): unknown {
  return body['spec'];
}

async function patch(api: TestApiServer, path: string, body: JsonObject, type: string): Promise<TestAnswer> {
  return api.request('PATCH', path, body, { 'content-type': type });
}

test('objects are written, read and changed in both versions', async (context) => {
  const { api, asked, ...state } = await world(context);
  await state.serve(definition('v1'));
  const created = await api.request('POST', at('v2'), host('v2', 'a', { host: 'h', port: '80' }));
  // What the stored version does not know is not kept, and a default is not filled in when it is read.
  assert.deepEqual([created.status, specOf(created)], [201, { host: 'h', port: '80' }]);
  assert.deepEqual(asked, ['example.com/v1: a', 'example.com/v2: a']);
  assert.deepEqual(specOf(await api.request('GET', at('v1', '/a'))), { hostPort: 'h:80' });
  assert.deepEqual(specOf(await api.request('GET', at('v2', '/a'))), { host: 'h', port: '80' });
  await api.request('POST', at('v1'), host('v1', 'b', { hostPort: 'x:9', replicas: 1 }));
  const unset = await patch(api, at('v2', '/a/scale?dryRun=All'), { spec: { replicas: 2 } }, merge);
  assert.deepEqual([unset.status, specOf(unset)], [200, { replicas: 2 }]);
  const empty = await patch(api, at('v2', '/a/scale'), { metadata: { labels: {} } }, merge);
  assert.equal(empty.body['message'], 'the spec replicas field ".spec.replicas" cannot be empty');
  const scale = await patch(api, at('v2', '/b/scale'), { spec: { replicas: 3 } }, merge);
  assert.deepEqual([scale.status, specOf(scale)], [200, { replicas: 3 }]);
  const status = await patch(api, at('v2', '/b/status'), { status: { n: 2 } }, merge);
  assert.deepEqual([status.body['status'], specOf(status)], [{ n: 2 }, { host: 'x', port: '9', replicas: 3 }]);
  const dry = await patch(api, at('v2', '/b?dryRun=All'), { spec: { color: 'blue', port: '8' } }, merge);
  assert.deepEqual(specOf(dry), { host: 'x', port: '8', replicas: 3 });
  const patched = await patch(api, at('v2', '/b'), { spec: { port: '10' } }, merge);
  assert.deepEqual(specOf(patched), { host: 'x', port: '10', replicas: 3 });
  assert.deepEqual(specOf(await api.request('GET', at('v1', '/b'))), { hostPort: 'x:10', replicas: 3 });
  const { status: code } = await api.request('DELETE', at('v2', '/a'));
  assert.equal(code, 200);
  const gone = await api.request('DELETE', at('v2'));
  assert.deepEqual((gone.body['items'] as JsonObject[]).map(nameOf), ['b']);
  assert.deepEqual((await api.request('GET', at('v1'))).body['items'], []);
});

test('a list asks for each object by itself, and not again for the same ones', async (context) => {
  const { api, asked, ...state } = await world(context);
  await state.serve(definition('v1'));
  for (const name of ['a', 'b', 'c']) await api.request('POST', at('v1'), host('v1', name, { hostPort: `${name}:1` }));
  const list = await api.request('GET', at('v2'));
  assert.deepEqual(
    (list.body['items'] as JsonObject[]).map(({ spec }) => spec),
    ['a', 'b', 'c'].map((name) => ({ host: name, port: '1' })),
  );
  await api.request('GET', at('v2'));
  assert.deepEqual(asked, ['example.com/v2: a', 'example.com/v2: b', 'example.com/v2: c']);
  await api.request('POST', at('v1'), host('v1', 'd', { hostPort: 'd:1' }));
  const page = await api.request('GET', at('v2', '?limit=2'));
  assert.equal((page.body['items'] as unknown[]).length, 2);
  await api.request('GET', at('v2', '?fieldSelector=metadata.name%3Dd'));
  assert.deepEqual(asked.slice(3), ['example.com/v2: d']);
});

test('what a webhook answers is without nulls that may not be, and its fields are told of by their type', async (context) => {
  const state = await world(context);
  const { api } = state;
  await state.serve(definition('v1'));
  await api.request('POST', at('v1'), host('v1', 'a', { hostPort: 'a:1' }));
  state.answer = (review) => answerOf(review, (object) => ({ ...object, spec: null }));
  assert.equal((await api.request('GET', at('v2', '/a'))).body['spec'], undefined);
  state.answer = (review) => answerOf(review, (object) => ({ ...object, spec: 'x' }));
  const scale = await api.request('GET', at('v2', '/a/scale'));
  assert.deepEqual(
    [scale.status, scale.body['message']],
    [500, '.spec.replicas accessor error: x is of the type string, expected map[string]interface{}'],
  );
  const applied = await patch(api, at('v2', '/a?fieldManager=one'), host('v2', 'a', { host: 'h' }), apply);
  assert.deepEqual(
    [applied.status, applied.body['message']],
    [500, 'failed to create typed live object (default/a; example.com/v2, Kind=Host): .spec: expected map, got &{x}'],
  );
});

test('a watch tells changes in its own version and in their order', async (context) => {
  const state = await world(context);
  const { api } = state;
  await state.serve(definition('v1'));
  await api.request('POST', at('v1'), host('v1', 'a', { hostPort: 'a:1' }));
  const watch = watchEvents(await api.open(at('v2', '?watch=1')));
  await patch(api, at('v1', '/a'), { spec: { hostPort: 'a:2' } }, merge);
  await api.request('DELETE', at('v1', '/a'));
  for (const [type, port] of [
    ['ADDED', '1'],
    ['MODIFIED', '2'],
    ['DELETED', '2'],
  ]) {
    const { value } = await watch.next();
    const { object } = value as { object: JsonObject };
    assert.deepEqual(
      [(value as { type: string }).type, object['apiVersion'], object['spec']],
      [type, 'example.com/v2', { host: 'a', port }],
    );
  }
  state.answer = (review) => ({ ...answerOf(review), response: null });
  await api.request('POST', at('v1'), host('v1', 'b', { hostPort: 'b:1' }));
  const { value } = await watch.next();
  const { type, object } = value as { type: string; object: JsonObject };
  const message = 'conversion webhook for example.com/v1, Kind=Host failed: no response provided';
  assert.deepEqual([type, object['message']], ['ERROR', message]);
  assert.equal((await watch.next()).done, true);
});

test('server-side apply knows in which version a manager wrote', async (context) => {
  const { api, ...state } = await world(context);
  await state.serve(definition('v1'));
  await api.request('POST', at('v2', '?fieldManager=two'), host('v2', 'a', { host: 'h', port: '80' }));
  const wanted = host('v1', 'a', { hostPort: 'q:9' });
  const refused = await patch(api, at('v1', '/a?fieldManager=one'), wanted, apply);
  assert.equal(
    refused.body['message'],
    'Apply failed with 2 conflicts: conflicts with "two" using example.com/v2:\n- .spec.host\n- .spec.port',
  );
  const forced = await patch(api, at('v1', '/a?fieldManager=one&force=true'), wanted, apply);
  assert.deepEqual(specOf(forced), { hostPort: 'q:9' });
  const entries = (forced.body['metadata'] as JsonObject)['managedFields'] as JsonObject[];
  assert.deepEqual(
    entries.map(({ manager, apiVersion, fieldsV1 }) => [manager, apiVersion, fieldsV1]),
    [
      ['one', 'example.com/v1', { 'f:spec': { 'f:hostPort': {} } }],
      ['two', 'example.com/v2', { 'f:spec': { '.': {}, 'f:color': {} } }],
    ],
  );
});

test('what is stored in an old version is read, rewritten by any write, and lost with its version', async (context) => {
  const { api, ...state } = await world(context);
  await state.serve(definition('v1', 'None'));
  for (const name of ['a', 'b']) {
    const object = host('v1', name, { replicas: 1 });
    await patch(api, at('v1', `/${name}?fieldManager=one`), object, apply);
  }
  await state.serve(definition('v2', 'None'));
  const read = await api.request('GET', at('v2', '/a'));
  assert.deepEqual([read.body['apiVersion'], specOf(read)], ['example.com/v2', { replicas: 1 }]);
  assert.equal((await api.request('GET', at('v1', '/a'))).body['apiVersion'], 'example.com/v1');
  const versionOf = ({ body }: TestAnswer): unknown => (body['metadata'] as JsonObject)['resourceVersion'];
  const rewritten = await patch(api, at('v2', '/a'), {}, merge);
  assert.notEqual(versionOf(rewritten), versionOf(read));
  assert.equal(versionOf(await patch(api, at('v2', '/a'), {}, merge)), versionOf(rewritten));
  const crd = `${definitions}/hosts.example.com`;
  await patch(api, `${crd}/status`, { status: { storedVersions: ['v2'] } }, merge);
  await state.serve(definition('v2', 'None', ['v2']));
  const text = 'request to convert CR from an invalid group/version: example.com/v1';
  const lost = await api.request('GET', at('v2', '/b'));
  assert.deepEqual([lost.status, lost.body['message']], [500, text]);
  const list = await api.request('GET', at('v2'));
  assert.deepEqual(
    [list.status, list.body['reason'], list.body['message']],
    [429, 'TooManyRequests', `storage is (re)initializing: failed to list example.com/v2, Kind=Host: ${text}`],
  );
  assert.equal((await api.request('GET', at('v2', '?limit=5'))).body['message'], text);
});

test('a manager of a version that is gone stops an apply, and is forgotten by other writes', async (context) => {
  const { api, ...state } = await world(context);
  await state.serve(definition('v2', 'None'));
  await patch(api, at('v1', '/a?fieldManager=one'), host('v1', 'a', { replicas: 1 }), apply);
  await state.serve(definition('v2', 'None', ['v2']));
  const refused = await patch(api, at('v2', '/a?fieldManager=two'), host('v2', 'a', { port: '9' }), apply);
  assert.deepEqual(
    [refused.status, refused.body['message']],
    [500, 'request to convert CR to an invalid group/version: example.com/v1'],
  );
  const patched = await patch(api, at('v2', '/a'), { spec: { host: 'q' } }, merge);
  assert.deepEqual(specOf(patched), { color: 'red', host: 'q', replicas: 1 });
  assert.equal((patched.body['metadata'] as JsonObject)['managedFields'], undefined);
});

test('a webhook that fails is told in the answer, and leaves nothing behind', async (context) => {
  const state = await world(context);
  const { api } = state;
  await state.serve(definition('v1'));
  await api.request('POST', at('v1'), host('v1', 'a', { hostPort: 'a:1' }));
  state.answer = () => {
    throw new WebhookError('Post "https://hook.example.com/convert?timeout=30s": dial tcp: no');
  };
  const failed = (version: string): string =>
    `conversion webhook for example.com/${version}, Kind=Host failed: Post "https://hook.example.com/convert?timeout=30s": dial tcp: no`;
  const cached = `storage is (re)initializing: failed to list example.com/v2, Kind=Host: ${failed('v1')}`;
  const cases: readonly [string, string, JsonObject | undefined, number, string][] = [
    ['GET', '/a', undefined, 500, failed('v1')],
    ['GET', '/a/scale', undefined, 500, failed('v1')],
    ['GET', '/zz', undefined, 404, 'hosts.example.com "zz" not found'],
    ['GET', '', undefined, 429, cached],
    ['GET', '?limit=1', undefined, 500, failed('v1')],
    ['GET', '?watch=1', undefined, 429, cached],
    ['POST', '', host('v2', 'n', { host: 'n', port: '1' }), 500, failed('v2')],
    ['POST', '?dryRun=All', host('v2', 'n', { host: 'n', port: '1' }), 500, failed('v2')],
    ['DELETE', '/a', undefined, 500, failed('v1')],
    ['DELETE', '', undefined, 500, failed('v1')],
  ];
  for (const [method, rest, body, status, message] of cases) {
    const answer = await api.request(method, at('v2', rest), body);
    assert.deepEqual([answer.status, answer.body['message']], [status, message], `${method} ${rest}`);
  }
  const list = await api.request('GET', at('v1'));
  assert.deepEqual((list.body['items'] as JsonObject[]).map(nameOf), ['a']);
  const metrics = await api.request('GET', '/metrics');
  assert.match(
    metrics.text,
    /apiserver_conversion_webhook_request_total\{failure_type="conversion_webhook_call_failure",result="failure"\} \d/,
  );
});

/** What the real server says of answers that it cannot use; recorded from kube-apiserver 1.36. */
const before: JsonObject = {
  apiVersion: 'example.com/v1',
  kind: 'Host',
  metadata: { name: 'a', namespace: 'default', uid: 'u', labels: { l: '1' }, finalizers: ['x/y'], generation: 1 },
  spec: { hostPort: 'h:80' },
};
const host1 = 'conversion webhook for example.com/v1, Kind=Host';

const answers: readonly {
  readonly name: string;
  readonly answer: (review: JsonObject) => JsonObject;
  readonly says: string;
}[] = [
  {
    name: 'a message',
    answer: (review) => withResponse(review, { result: { status: 'Failure', message: 'I do not like it' } }),
    says: `${host1} failed: I do not like it`,
  },
  {
    name: 'a failure without one',
    answer: (review) => withResponse(review, { result: { status: 'Failure' } }),
    says: `${host1} failed: response.result.status was 'Failure', not 'Success'`,
  },
  {
    name: 'no status',
    answer: (review) => withResponse(review, { result: {} }),
    says: `${host1} failed: response.result.status was '', not 'Success'`,
  },
  {
    name: 'no response',
    answer: (review) => ({ ...answerOf(review), response: null }),
    says: `${host1} failed: no response provided`,
  },
  {
    name: 'another kind',
    answer: (review) => ({ ...answerOf(review), kind: 'Other' }),
    says: `${host1} failed: no kind "Other" is registered for version "apiextensions.k8s.io/v1" in scheme "pkg/util/webhook/client.go:71"`,
  },
  {
    name: 'another version',
    answer: (review) => ({ ...answerOf(review), apiVersion: 'apiextensions.k8s.io/v1beta1' }),
    says: `${host1} failed: converting (v1beta1.ConversionReview) to (v1.ConversionReview): unknown conversion`,
  },
  {
    name: 'no kind',
    answer: (review) => without(answerOf(review), 'kind'),
    says: `${host1} failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got apiextensions.k8s.io/v1, Kind=`,
  },
  {
    name: 'neither kind nor version',
    answer: () => ({}),
    says: `${host1} failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /, Kind=`,
  },
  {
    name: 'a status',
    answer: () => ({ apiVersion: 'v1', kind: 'Status', status: 'Success' }),
    says: `${host1} failed: converting (v1.Status) to (v1.ConversionReview): unknown conversion`,
  },
  {
    name: 'a definition',
    answer: () => ({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }),
    says: `${host1} failed: converting (v1.CustomResourceDefinition) to (v1.ConversionReview): unknown conversion`,
  },
  {
    name: 'a response that is a text',
    answer: (review) => ({ ...answerOf(review), response: 'x' }),
    says: `${host1} failed: json: cannot unmarshal string into Go struct field ConversionReview.response of type v1.ConversionResponse`,
  },
  {
    name: 'a uid that is a number',
    answer: (review) => withResponse(review, { uid: 5 }),
    says: `${host1} failed: json: cannot unmarshal number into Go struct field ConversionResponse.response.uid of type types.UID`,
  },
  {
    name: 'a result that is a text',
    answer: (review) => withResponse(review, { result: 'Success' }),
    says: `${host1} failed: json: cannot unmarshal string into Go struct field ConversionResponse.response.result of type v1.Status`,
  },
  {
    name: 'a code that is a text',
    answer: (review) => withResponse(review, { result: { status: 'Success', code: 'x' } }),
    says: `${host1} failed: json: cannot unmarshal string into Go struct field Status.response.result.code of type int32`,
  },
  {
    name: 'objects that are a map',
    answer: (review) => withResponse(review, { convertedObjects: {} }),
    says: `${host1} failed: json: cannot unmarshal object into Go struct field ConversionResponse.response.convertedObjects of type []runtime.RawExtension`,
  },
  {
    name: 'too many objects',
    answer: (review) => withResponse(review, { convertedObjects: [before, before] }),
    says: `${host1} returned 2 objects, expected 1`,
  },
  {
    name: 'an object without a kind',
    answer: (review) => withResponse(review, { convertedObjects: [{ apiVersion: 'example.com/v2' }] }),
    says: `Object 'Kind' is missing in '{"apiVersion":"example.com/v2"}'`,
  },
  {
    name: 'an object of a version that is none',
    answer: (review) => withResponse(review, { convertedObjects: [{ apiVersion: 'a/b/c', kind: 'Host' }] }),
    says: `Object 'Kind' is missing in '{"apiVersion":"a/b/c","kind":"Host"}'`,
  },
  {
    name: 'too few objects',
    answer: (review) => withResponse(review, { convertedObjects: [] }),
    says: `${host1} returned 0 objects, expected 1`,
  },
  {
    name: 'an object of another version',
    answer: (review) => answerOf(review, (object) => ({ ...object, apiVersion: 'example.com/v7' })),
    says: `${host1} returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v7)`,
  },
  {
    name: 'an object of another kind',
    answer: (review) => answerOf(review, (object) => ({ ...object, kind: 'Foo' })),
    says: `${host1} returned invalid object at index 0: invalid kind (expected Host, received Foo)`,
  },
  {
    name: 'another name',
    answer: (review) => answerOf(review, (object) => changed(object, { name: 'x' })),
    says: `${host1} returned invalid object: must have the same name: a != x`,
  },
  {
    name: 'another namespace',
    answer: (review) => answerOf(review, (object) => changed(object, { namespace: 'x' })),
    says: `${host1} returned invalid object: must have the same namespace: default != x`,
  },
  {
    name: 'another uid',
    answer: (review) => answerOf(review, (object) => changed(object, { uid: 'x' })),
    says: `${host1} returned invalid object: must have the same UID: u != x`,
  },
  {
    name: 'bad labels',
    answer: (review) => answerOf(review, (object) => changed(object, { labels: { a: 'b c' } })),
    says: `${host1} returned invalid metadata: metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
  },
  {
    name: 'labels that are no texts',
    answer: (review) => answerOf(review, (object) => changed(object, { labels: { a: 1 } })),
    says: `${host1} returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object`,
  },
  {
    name: 'annotations that are no map',
    answer: (review) => answerOf(review, (object) => changed(object, { annotations: ['a'] })),
    says: `${host1} returned invalid metadata: invalid metadata.annotations of type []interface {} in converted object`,
  },
  {
    name: 'nothing',
    answer: (review) => answerOf(review, () => null),
    says: 'unexpected end of JSON input',
  },
  {
    name: 'a text',
    answer: (review) => answerOf(review, () => 'x'),
    says: 'json: cannot unmarshal string into Go value of type map[string]interface {}',
  },
];

function without(object: JsonObject, field: string): JsonObject {
  const { [field]: _gone, ...rest } = object;
  return rest;
}

function withResponse(review: JsonObject, response: JsonObject): JsonObject {
  const answer = answerOf(review);
  return { ...answer, response: { ...(answer['response'] as JsonObject), ...response } };
}

function changed(object: JsonObject, metadata: JsonObject): JsonObject {
  return { ...object, metadata: { ...(object['metadata'] as JsonObject), ...metadata } };
}

async function askWith(
  answer: (review: JsonObject) => JsonObject,
  reviewVersions: readonly string[] = ['v1'],
  seen: JsonObject[] = [],
): Promise<JsonObject[]> {
  const crd = definition('v1') as unknown as CustomResourceDefinition;
  const call: CallWebhook = (_target, review) => {
    seen.push(review);
    return Promise.resolve(answer(cloneJson(review)));
  };
  const webhook = { conversionReviewVersions: [...reviewVersions], clientConfig: { url: 'https://x' } };
  const spec = { ...crd.spec, conversion: { strategy: 'Webhook', webhook } };
  const convert = webhookConversion(
    { ...crd, spec },
    { call, clock: new FakeClock(), random: seededRandom(1), metrics: noConversionMetrics },
  );
  return convert([before], 'example.com/v2');
}

for (const { name, answer, says } of answers) {
  test(`a webhook that answers ${name} is refused`, async () => {
    await assert.rejects(askWith(answer), { message: says });
  });
}

test('an answer to another question is refused in v1, and taken in v1beta1', async () => {
  const other = (review: JsonObject): JsonObject => withResponse(review, { uid: 'other' });
  await assert.rejects(askWith(other), /failed: expected response\.uid="[-0-9a-f]+", got "other"$/);
  const seen: JsonObject[] = [];
  const [object] = await askWith(other, ['v7', 'v1beta1', 'v1'], seen);
  assert.deepEqual(object?.['spec'], { host: 'h', port: '80' });
  assert.equal(seen[0]?.['apiVersion'], 'apiextensions.k8s.io/v1beta1');
});

test('a webhook may change labels and annotations, and nothing else of the metadata', async () => {
  const [object] = await askWith((review) =>
    answerOf(review, (given) =>
      changed(given, {
        labels: { l: '2' },
        annotations: { n: 'x' },
        finalizers: [],
        generation: 7,
        ownerReferences: [],
      }),
    ),
  );
  assert.deepEqual(object?.['metadata'], {
    name: 'a',
    namespace: 'default',
    uid: 'u',
    labels: { l: '2' },
    annotations: { n: 'x' },
    finalizers: ['x/y'],
    generation: 1,
  });
});
