import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { builtInSchemas, builtInTypes } from '../../../../src/api/registry.ts';
import type { CustomResourceDefinition } from '../../../../src/api/types/apiextensions-v1.ts';
import type { JsonObject, JsonValue } from '../../../../src/apimachinery/json.ts';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { createInformerFactory } from '../../../../src/client/informer-factory.ts';
import { noConversionMetrics } from '../../../../src/control-plane/apiserver/custom-resources/conversion-metrics.ts';
import { createCustomResourceHost } from '../../../../src/control-plane/apiserver/custom-resources/custom-resource-host.ts';
import { createOpenApiRoute } from '../../../../src/control-plane/apiserver/openapi/openapi-route.ts';
import { renderedOpenApi } from '../../../../src/control-plane/apiserver/openapi/rendered-openapi.ts';
import { silentLogger } from '../../../../src/system/logger.ts';
import { seededRandom } from '../../../../src/system/random.ts';
import {
  createTestApiServer,
  type TestAnswer,
  type TestApiServer,
  type TestApiServerOptions,
} from '../../../support/test-api-server.ts';

interface World {
  readonly api: TestApiServer;
  /** Waits, without a clock, until a definition is as asked. */
  until(name: string, test: (crd: CustomResourceDefinition) => boolean): Promise<CustomResourceDefinition>;
}

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

async function serve(context: TestContext, options: TestApiServerOptions = {}): Promise<World> {
  const api = await createTestApiServer(options);
  const informers = createInformerFactory({
    client: api.client,
    clock: api.clock,
    random: seededRandom(1),
    log: silentLogger,
  });
  const host = createCustomResourceHost({
    registry: api.server.registry,
    builtInTypes: builtInSchemas,
    conversion: {
      call: () => Promise.reject(new Error('no webhook is expected to be called')),
      clock: api.clock,
      random: seededRandom(2),
      metrics: noConversionMetrics,
    },
    client: api.client,
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
  return {
    api,
    async until(name, isReached) {
      for (let turn = 0; turn < 2000; turn++) {
        const answer = await api.request('GET', `${definitions}/${name}`);
        const crd = answer.body as unknown as CustomResourceDefinition;
        if (answer.status === 200 && isReached(crd)) return crd;
        await new Promise((resolve) => setImmediate(resolve));
      }
      throw new Error(`${name} did not get there`);
    },
  };
}

function definition(
  names: JsonObject & { readonly plural: string },
  schema: JsonObject,
  version: JsonObject = {},
): Unstructured {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.example.com` },
    spec: {
      group: 'example.com',
      names,
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }],
    },
  };
}

function isEstablished(crd: CustomResourceDefinition): boolean {
  return crd.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true;
}

function conditionOf(crd: CustomResourceDefinition, type: string): string {
  const found = crd.status?.conditions?.find((condition) => condition.type === type);
  return `${found?.status ?? ''} ${found?.reason ?? ''}: ${found?.message ?? ''}`;
}

const path = '/apis/example.com/v1/namespaces/default/wids';

function wid(name: string, rest: JsonObject): JsonObject {
  return { apiVersion: 'example.com/v1', kind: 'Wid', metadata: { name }, ...rest };
}

const schema: JsonObject = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', maximum: 10 },
        color: { type: 'string', enum: ['red'], default: 'red' },
        none: { type: 'string', nullable: true },
        tags: { type: 'array', items: { type: 'string' } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
      'x-kubernetes-validations': [{ rule: 'self.size != 7', message: 'not seven' }],
    },
    status: { type: 'object', properties: { n: { type: 'integer' } } },
  },
};

async function send(world: World, method: string, at: string, body?: unknown, type?: string): Promise<TestAnswer> {
  return world.api.request(method, at, body, type === undefined ? {} : { 'content-type': type });
}

test('nulls that an apply sets where they may not be are refused; other writes leave them out', async (context) => {
  const world = await serve(context);
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, schema));
  await world.until('wids.example.com', isEstablished);
  const notChecked =
    '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
  const apply = (spec: JsonObject): Promise<TestAnswer> =>
    send(world, 'PATCH', `${path}/a?fieldManager=m&force=true`, wid('a', { spec }), 'application/apply-patch+yaml');
  const wrong: readonly (readonly [JsonObject, string, string])[] = [
    [{ size: null }, 'size', 'integer'],
    [{ size: 1, tags: null }, 'tags', 'array'],
    [{ size: 1, tags: [null] }, 'tags[0]', 'string'],
    [{ size: 1, free: null }, 'free', 'object'],
  ];
  for (const [spec, field, type] of wrong) {
    const { status, body } = await apply(spec);
    const error = `spec.${field}: Invalid value: "null": spec.${field} in body must be of type ${type}: "null"`;
    assert.equal(body['message'], `Wid.example.com "a" is invalid: [${error}, ${notChecked}]`);
    assert.equal(status, 422);
  }
  const applied = await apply({ size: 1, color: null, none: null, free: { x: null } });
  assert.deepEqual(applied.body['spec'], { size: 1, color: 'red', none: null, free: { x: null } });
  const patched = await send(
    world,
    'PATCH',
    `${path}/a`,
    [{ op: 'add', path: '/spec/tags', value: null }],
    'application/json-patch+json',
  );
  assert.deepEqual(patched.body['spec'], applied.body['spec']);
});

test('rules wait for metadata that is whole, too', async (context) => {
  const world = await serve(context);
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, schema));
  await world.until('wids.example.com', isEstablished);
  const messageOf = async (metadata: JsonObject, size: number): Promise<unknown> => {
    const { body } = await send(world, 'POST', path, { ...wid('a', { spec: { size } }), metadata });
    return body['message'];
  };
  assert.equal(
    await messageOf({}, 7),
    'Wid.example.com "" is invalid: [metadata.name: Required value: name or generateName is required, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
  );
  assert.match(String(await messageOf({ name: 'a', finalizers: ['a b'] }, 7)), /, spec: Invalid value: not seven\]$/);
});

test('objects of a custom resource are defaulted, pruned and checked', async (context) => {
  const world = await serve(context);
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, schema));
  await world.until('wids.example.com', isEstablished);
  const created = await send(
    world,
    'POST',
    path,
    wid('a', { spec: { size: 1, zork: 1, color: null, none: null, tags: [], free: { x: null } } }),
  );
  assert.equal(created.status, 201, created.text);
  assert.deepEqual(created.body['spec'], { size: 1, color: 'red', none: null, tags: [], free: { x: null } });
  assert.deepEqual(created.headers['warning'], ['299 - "unknown field \\"spec.zork\\""']);
  const refused = async (body: JsonObject): Promise<string> =>
    String((await send(world, 'POST', path, body)).body['message']);
  assert.equal(
    await refused(wid('b', { spec: { size: 11 } })),
    'Wid.example.com "b" is invalid: spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10',
  );
  assert.equal(
    await refused(wid('b', { spec: { size: 7 } })),
    'Wid.example.com "b" is invalid: spec: Invalid value: not seven',
  );
  assert.equal(
    await refused(wid('b', { spec: {} })),
    'Wid.example.com "b" is invalid: [spec.size: Required value, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
  );
  assert.equal(
    await refused(wid('b', { spec: { size: 7, color: 'blue' } })),
    'Wid.example.com "b" is invalid: [spec.color: Unsupported value: "blue": supported values: "red", <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
  );
  assert.equal(
    await refused({ ...wid('b', { spec: { size: 1 } }), apiVersion: 'x/v1' }),
    'the API version in the data (x/v1) does not match the expected API version (example.com/v1)',
  );
});

test('a custom object has to say its kind and version, and is patched in three forms', async (context) => {
  const world = await serve(context);
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, schema));
  await world.until('wids.example.com', isEstablished);
  assert.equal((await send(world, 'POST', path, wid('a', { spec: { size: 1 } }))).status, 201);
  const unrecognized = 'the object provided is unrecognized (must be of type Wid): ';
  const cases: readonly (readonly [body: string, message: string])[] = [
    [
      '{"metadata": {"name": "b"}}',
      `${unrecognized}Object 'Kind' is missing in '{"metadata": {"name": "b"}}' ({"metadata": {"name": "b"}})`,
    ],
    [
      '{"apiVersion":"x/v1","kind":"","metadata":{}}',
      `${unrecognized}Object 'Kind' is missing in '{"apiVersion":"x/v1","kind":"","metadata":{}}' ({"apiVersion":"x/v1","kind":"" ...)`,
    ],
    ['null', `${unrecognized}Object 'Kind' is missing in 'null' (6e756c6c)`],
    [
      '{"kind":5}',
      `${unrecognized}couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5})`,
    ],
    [
      '{"kind":"Wid","metadata":{"name":"b"}}',
      'the API version in the data () does not match the expected API version (example.com/v1)',
    ],
    [
      '{"apiVersion":"a/b/c","kind":"Wid"}',
      `${unrecognized}unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c","kind":" ...)`,
    ],
  ];
  for (const [body, message] of cases) {
    for (const [method, at] of [
      ['POST', path],
      ['PUT', `${path}/a`],
    ] as const) {
      const answer = await send(world, method, at, Buffer.from(body), 'application/json');
      assert.deepEqual([answer.status, answer.body['message']], [400, message], `${method} ${body}`);
    }
  }
  const patches: readonly (readonly [type: string, patch: unknown, message: string | RegExp])[] = [
    ['merge-patch', { kind: 'Other' }, 'Other.example.com "a" is invalid: kind: Invalid value: "Other": must be Wid'],
    [
      'merge-patch',
      { apiVersion: 'example.com/v2' },
      'Wid.example.com "a" is invalid: apiVersion: Invalid value: "example.com/v2": must be example.com/v1',
    ],
    [
      'json-patch',
      [{ op: 'remove', path: '/kind' }],
      /^ "" is invalid: patch: Invalid value: "(.*)": Object 'Kind' is missing in '\{"apiVersion":"example.com\/v1","metadata":/,
    ],
  ];
  for (const [type, patch, message] of patches) {
    const answer = await send(world, 'PATCH', `${path}/a`, patch, `application/${type}+json`);
    assert.equal(answer.status, 422);
    if (typeof message === 'string') assert.equal(answer.body['message'], message);
    else assert.match(String(answer.body['message']), message);
  }
  for (const type of ['application/json', 'text/plain', 'application/strategic-merge-patch+json']) {
    const answer = await send(world, 'PATCH', `${path}/a`, { spec: {} }, type);
    assert.deepEqual(
      [answer.status, answer.body['message']],
      [
        415,
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
      ],
      type,
    );
  }
});

test('a status of its own, a scale, columns and selectable fields', async (context) => {
  const world = await serve(context);
  await world.api.create(
    definition({ kind: 'Wid', plural: 'wids' }, schema, {
      subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.n' } },
      selectableFields: [{ jsonPath: '.spec.color' }],
      additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
    }),
  );
  await world.until('wids.example.com', isEstablished);
  const created = await send(world, 'POST', path, wid('a', { spec: { size: 2 }, status: { n: 9 } }));
  assert.equal(created.body['status'], undefined);
  const patch = { spec: { size: 9 }, status: { n: 4 } };
  const patched = await send(world, 'PATCH', `${path}/a/status`, patch, 'application/merge-patch+json');
  assert.deepEqual([patched.body['spec'], patched.body['status']], [{ size: 2, color: 'red' }, { n: 4 }]);
  const scale = await send(world, 'GET', `${path}/a/scale`);
  assert.deepEqual(
    [scale.body.kind, scale.body['spec'], scale.body['status']],
    ['Scale', { replicas: 2 }, { replicas: 4 }],
  );
  const scaled = await send(
    world,
    'PATCH',
    `${path}/a/scale`,
    { spec: { replicas: 3 } },
    'application/merge-patch+json',
  );
  assert.deepEqual(scaled.body['spec'], { replicas: 3 }, scaled.text);
  const selected = await send(world, 'GET', `${path}?fieldSelector=spec.color%3Dred`);
  assert.equal((selected.body['items'] as unknown[]).length, 1);
  const table = await world.api.request('GET', path, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  assert.deepEqual((table.body['rows'] as { cells: unknown[] }[])[0]?.cells, ['a', 3]);
});

test('the scale of a custom resource is applied by nobody, whoever owns its number', async (context) => {
  const world = await serve(context);
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.n' };
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, schema, { subresources: { scale } }));
  await world.until('wids.example.com', isEstablished);
  await send(world, 'POST', path, wid('a', { spec: { size: 1 } }));
  const apply = async (): Promise<unknown> => {
    const patch = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a' }, spec: { replicas: 2 } };
    const type = 'application/apply-patch+yaml';
    return (await send(world, 'PATCH', `${path}/a/scale?fieldManager=m&force=true`, patch, type)).body['message'];
  };
  const reason = 'to proper version: request to convert CR to an invalid group/version: autoscaling/v1';
  const owned = await apply();
  await send(world, 'PATCH', `${path}/a`, { metadata: { managedFields: [{}] } }, 'application/merge-patch+json');
  const unowned = await apply();
  assert.deepEqual(
    [owned, unowned],
    [
      `failed to convert new object (/a; autoscaling/v1, Kind=Scale) ${reason}`,
      `failed to create manager for existing fields: failed to convert live object (/; autoscaling/v1, Kind=Scale) ${reason}`,
    ],
  );
});

test('a list of custom resources is of the kind that its definition says', async (context) => {
  const world = await serve(context);
  await world.api.create(definition({ kind: 'Wid', plural: 'wids', listKind: 'Widgets' }, schema));
  await world.until('wids.example.com', isEstablished);
  const list = await send(world, 'GET', path);
  assert.deepEqual([list.body.kind, (await send(world, 'DELETE', path)).body.kind], ['Widgets', 'Widgets']);
});

test('what a scale is read from is told of as Go prints it', async (context) => {
  const world = await serve(context);
  const scale = { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n', labelSelectorPath: '.spec.s' };
  const anything: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, anything, { subresources: { scale } }));
  await world.until('wids.example.com', isEstablished);
  const cases: readonly (readonly [value: JsonValue, shown: string])[] = [
    ['abc', 'abc is of the type string, expected int64'],
    [1.5, '1.5 is of the type float64, expected int64'],
    [true, 'true is of the type bool, expected int64'],
    [{ b: ['x', 2.5], a: 1 }, 'map[a:1 b:[x 2.5]] is of the type map[string]interface {}, expected int64'],
    [[1, 'x y'], '[1 x y] is of the type []interface {}, expected int64'],
    [null, '<nil> is of the type <nil>, expected int64'],
  ];
  const start = 'Wid.example.com "a" is invalid: ';
  for (const [n, shown] of cases) {
    const { body } = await send(world, 'POST', path, wid('a', { spec: { n } }));
    assert.equal(body['message'], `${start}.spec.n: Invalid value: 0: .spec.n accessor error: ${shown}`);
  }
  const { body } = await send(world, 'POST', path, wid('a', { spec: { s: -1 } }));
  const shown = '-1 is of the type int64, expected string';
  assert.equal(body['message'], `${start}.spec.s: Invalid value: "": .spec.s accessor error: ${shown}`);
});

test('names that another definition has are not accepted until it goes', async (context) => {
  const world = await serve(context);
  await world.api.create(definition({ kind: 'Wid', plural: 'wids', shortNames: ['w'] }, schema));
  await world.until('wids.example.com', isEstablished);
  await world.api.create(definition({ kind: 'Wid', plural: 'others', shortNames: ['w'] }, schema));
  const conflicting = await world.until('others.example.com', (crd) => conditionOf(crd, 'NamesAccepted') !== ' : ');
  assert.equal(conditionOf(conflicting, 'NamesAccepted'), 'False ListKindConflict: "WidList" is already in use');
  assert.equal(conditionOf(conflicting, 'Established'), 'False NotAccepted: not all names are accepted');
  assert.equal((await send(world, 'GET', '/apis/example.com/v1/namespaces/default/others')).status, 404);
  await send(world, 'DELETE', `${definitions}/wids.example.com`);
  await world.until('others.example.com', isEstablished);
  assert.equal((await send(world, 'GET', '/apis/example.com/v1/namespaces/default/others')).status, 200);
});

test('a definition takes its instances with it', async (context) => {
  const world = await serve(context);
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, schema));
  await world.until('wids.example.com', isEstablished);
  await send(world, 'POST', path, wid('a', { spec: { size: 1 } }));
  const deleted = await send(world, 'DELETE', `${definitions}/wids.example.com?propagationPolicy=Foreground`);
  assert.deepEqual(deleted.body.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io']);
  assert.match(
    conditionOf(deleted.body as unknown as CustomResourceDefinition, 'Terminating'),
    /^True InstanceDeletionPending/,
  );
  for (let turn = 0; turn < 2000; turn++) {
    if ((await send(world, 'GET', `${definitions}/wids.example.com`)).status === 404) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await send(world, 'GET', `${definitions}/wids.example.com`)).status, 404);
  assert.equal((await send(world, 'GET', path)).status, 404);
});

test('versions are converted by their name, and deprecated ones say what to use', async (context) => {
  const world = await serve(context);
  const crd = definition({ kind: 'Wid', plural: 'wids' }, schema);
  const { versions } = crd['spec'] as { versions: JsonObject[] };
  versions.push({
    name: 'v1beta1',
    served: true,
    storage: false,
    deprecated: true,
    schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  });
  await world.api.create(crd);
  await world.until('wids.example.com', isEstablished);
  await send(world, 'POST', path, wid('a', { spec: { size: 1 } }));
  const old = await send(world, 'GET', '/apis/example.com/v1beta1/namespaces/default/wids/a');
  assert.equal(old.body.apiVersion, 'example.com/v1beta1');
  assert.deepEqual(old.headers['warning'], ['299 - "example.com/v1beta1 Wid is deprecated; use example.com/v1 Wid"']);
});

test('while a definition goes nothing of it is created, and its scales are read by their paths', async (context) => {
  const world = await serve(context);
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.n' };
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, schema, { subresources: { scale } }));
  await world.until('wids.example.com', isEstablished);
  await send(world, 'POST', path, wid('a', { spec: { size: 0 } }));
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const table = await world.api.request('GET', `${path}/a/scale`, undefined, accept);
  const [row] = table.body['rows'] as { cells: unknown[] }[];
  assert.deepEqual(row?.cells.slice(0, 3), ['a', null, 0]);
  const merge = 'application/merge-patch+json';
  const negative = await send(world, 'PATCH', `${path}/a/scale`, { spec: { replicas: -1 } }, merge);
  assert.match(String(negative.body['message']), /\.spec\.size: Invalid value: -1: should be a non-negative integer/);
  await send(world, 'PATCH', `${path}/a`, { metadata: { finalizers: ['a.b/c'] } }, merge);
  await send(world, 'DELETE', `${definitions}/wids.example.com`);
  await world.until('wids.example.com', (crd) => conditionOf(crd, 'Terminating').includes('InProgress'));
  let late = await send(world, 'POST', path, wid('b', { spec: { size: 1 } }));
  for (let turn = 0; late.status === 201 && turn < 100; turn++) {
    late = await send(world, 'POST', path, wid(`b${turn}`, { spec: { size: 1 } }));
  }
  assert.match(
    String(late.body['message']),
    /^wids\.example\.com "b\d*" is forbidden: create not allowed while custom resource definition is terminating$/,
  );
});

test('rules that were broken before are told of as warnings', async (context) => {
  const world = await serve(context);
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, { ...schema, properties: {} }));
  await world.until('wids.example.com', isEstablished);
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const versionsOf = (inner: JsonObject): JsonObject => ({
    spec: { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: inner } }] },
  });
  const merge = 'application/merge-patch+json';
  await send(world, 'PATCH', `${definitions}/wids.example.com`, versionsOf(open), merge);
  const created = await send(world, 'POST', path, wid('a', { spec: { size: 7 } }));
  assert.equal(created.status, 201, created.text);
  await send(world, 'PATCH', `${definitions}/wids.example.com`, versionsOf(schema), merge);
  let labelled = await send(world, 'PATCH', `${path}/a`, { metadata: { labels: { a: 'b' } } }, merge);
  for (let turn = 0; labelled.headers['warning'] === undefined && turn < 100; turn++) {
    labelled = await send(world, 'PATCH', `${path}/a`, { metadata: { labels: { a: `${turn}` } } }, merge);
  }
  assert.deepEqual([labelled.status, labelled.headers['warning']], [200, ['299 - "spec: Invalid value: not seven"']]);
});

test('nobody owns fields of an object that does not fit its schema, and numbers or texts have no fields', async (context) => {
  const world = await serve(context);
  const properties: JsonObject = {
    spec: { type: 'object', properties: { either: { 'x-kubernetes-int-or-string': true } } },
    status: { type: 'object', properties: { phase: { type: 'string' } } },
  };
  const typed = { type: 'object', properties };
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, typed, { subresources: { status: {} } }));
  await world.until('wids.example.com', isEstablished);
  const managers = async (name: string, rest: JsonObject): Promise<number> => {
    const created = await send(world, 'POST', path, wid(name, rest));
    assert.equal(created.status, 201, created.text);
    return ((created.body['metadata'] as JsonObject)['managedFields'] as unknown[] | undefined)?.length ?? 0;
  };
  assert.equal(await managers('a', { spec: { either: 1 }, status: { phase: 'x' } }), 1);
  assert.equal(await managers('b', { spec: { either: 1 }, status: { phase: 1 } }), 0);
  const refused = await send(world, 'POST', path, wid('c', { spec: { either: { a: 1 } } }));
  assert.equal(refused.status, 422);
  assert.deepEqual(refused.headers['warning'], ['299 - "unknown field \\"spec.either.a\\""']);
});

test('what a request to custom resources does is what its URL says, as the real server reads it', async (context) => {
  const world = await serve(context);
  await world.api.create(definition({ kind: 'Wid', plural: 'wids' }, schema, { subresources: { status: {} } }));
  await world.until('wids.example.com', isEstablished);
  const root = '/apis/example.com/v1';
  const unsupported = (verb: string): string => `${verb} is not supported on resources of kind "wids.example.com"`;
  const page = '404 page not found\n';
  const cases: readonly (readonly [method: string, at: string, status: number, message?: string])[] = [
    // The old form to watch by watches, whatever the method: that is what authorizers were asked for.
    ['DELETE', `${root}/watch/namespaces/default/wids/a?timeoutSeconds=1`, 200],
    ['POST', `${root}/watch/namespaces/default/wids?timeoutSeconds=1`, 200],
    ['GET', `${root}/watch/wids/a?timeoutSeconds=1`, 200],
    ['DELETE', `${root}/proxy/namespaces/default/wids/a`, 405, unsupported('proxy')],
    ['GET', `${root}/watch/namespaces/default/wids/a/status`, 405, unsupported('watch')],
    ['OPTIONS', path, 405, unsupported('')],
    ['POST', `${path}/a/status`, 405, unsupported('create')],
    ['DELETE', `${path}/a/status`, 405, unsupported('delete')],
    ['HEAD', path, 200],
    ['HEAD', `${path}/b`, 404, 'wids.example.com "b" not found'],
    ['PUT', path, 400, 'name must be provided'],
    ['GET', `${path}/a/zork`, 404, 'wids.example.com "a" not found'],
    ['GET', `${path}//a`, 404, 'wids.example.com "" not found'],
    ['GET', `${path}/a/status/x`, 200],
    ['GET', `${root}/wids`, 200],
    ['DELETE', `${root}/wids`, 404, page],
    ['GET', `${root}/wids/a`, 404, page],
  ];
  // A name at the end of the path of a creation is nobody's.
  const created = await send(world, 'POST', `${path}/zork`, wid('a', { spec: { size: 1 } }));
  assert.equal(created.status, 201, created.text);
  for (const [method, at, status, message] of cases) {
    const isWatch = at.includes('/watch/') && status === 200;
    if (isWatch) {
      const stop = new AbortController();
      const opened = await world.api.server.handle({ method, path: at, headers: {}, signal: stop.signal });
      stop.abort();
      assert.equal(opened.status, status, `${method} ${at}`);
      continue;
    }
    const answer = await send(world, method, at);
    assert.equal(answer.status, status, `${method} ${at}: ${answer.text}`);
    if (message !== undefined) assert.equal(answer.body['message'] ?? answer.text, message, `${method} ${at}`);
  }
  const kept = await send(world, 'GET', `${path}/a`);
  assert.equal(kept.status, 200);
  const patch = await send(world, 'PATCH', path, {}, 'application/merge-patch+json');
  assert.equal(patch.body['message'], 'name must be provided');
});

void test('columns are read by any JSONPath, as kubectl reads them', async (context) => {
  const world = await serve(context);
  const { api } = world;
  const paths: readonly (readonly [string, string, unknown])[] = [
    ['.spec.l[*].k', 'string', 'a'],
    ['.spec.l[-1:].k', 'string', 'b'],
    ['.spec.l[?(@.v>1)].k', 'string', 'b'],
    [".spec.m['a.b']", 'string', null],
    ['.spec.m.a\\.b', 'string', 'c'],
    ['.spec.l[5].v', 'integer', null],
    ['.spec.l', 'string', '[{"k":"a","v":1},{"k":"b","v":2}]'],
    ['.spec.times.empty', 'date', '<unknown>'],
    ['.spec.times.zero', 'date', '<unknown>'],
    ['.spec.times.oldest', 'date', '292y'],
    ['.spec.times.share', 'date', '<invalid>'],
    ['.spec.times.day', 'date', '<invalid>'],
    ['.spec.times.lower', 'date', '<invalid>'],
    ['.spec.times.none', 'date', null],
    ['.spec.times', 'date', null],
  ];
  const additionalPrinterColumns = paths.map(([jsonPath, type], index) => ({ name: `C${index}`, type, jsonPath }));
  const open: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const wids = definition({ plural: 'wids', kind: 'Wid' }, open, { additionalPrinterColumns });
  assert.equal((await api.request('POST', definitions, wids)).status, 201);
  const gizmos = definition({ plural: 'gizmos', kind: 'Gizmo' }, open, {
    additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: '.spec[' }],
  });
  await api.request('POST', definitions, gizmos);
  await world.until('wids.example.com', isEstablished);
  await world.until('gizmos.example.com', isEstablished);
  const l = [
    { k: 'a', v: 1 },
    { k: 'b', v: 2 },
  ];
  const times = {
    empty: '',
    zero: '0001-01-01T00:00:00Z',
    oldest: '0002-01-01T00:00:00Z',
    share: '5%',
    day: '2020-02-30T00:00:00Z',
    lower: '2020-01-01t00:00:00z',
  };
  await api.request('POST', path, wid('w', { spec: { l, m: { 'a.b': 'c' }, times } }));
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const table = await api.request('GET', path, undefined, accept);
  const [row] = table.body['rows'] as { cells: unknown[] }[];
  assert.deepEqual(
    row?.cells.slice(1),
    paths.map(([, , cell]) => cell),
  );
  const fallback = await api.request('GET', path.replace('wids', 'gizmos'), undefined, accept);
  const columns = fallback.body['columnDefinitions'] as { name: string }[];
  assert.deepEqual(
    columns.map(({ name }) => name),
    ['Name', 'Age'],
  );
});

void test('metadata of objects within objects is checked, and finalizers that others may have are warned of', async (context) => {
  const world = await serve(context);
  const { api } = world;
  const embedded = {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  };
  const whole: JsonObject = { type: 'object', properties: { emb: embedded } };
  await api.request('POST', definitions, definition({ plural: 'wids', kind: 'Wid' }, whole));
  await world.until('wids.example.com', isEstablished);
  const pod = (metadata: JsonValue): JsonObject => wid('w', { emb: { apiVersion: 'v1', kind: 'Pod', metadata } });
  const message = async (body: JsonObject): Promise<unknown> => (await api.request('POST', path, body)).body['message'];
  assert.match(
    String(await message(pod({ labels: { 'a b': '' } }))),
    /is invalid: emb\.metadata\.labels: Invalid value: "a b"/,
  );
  assert.equal(
    await message(pod('x')),
    'Wid in version "v1" cannot be handled as a Wid: emb.metadata: Invalid value: "x": json: cannot unmarshal string into Go value of type v1.ObjectMeta',
  );
  const warned = await api.request('POST', path, {
    ...wid('w', {}),
    metadata: { name: 'w', finalizers: ['bad', 'x.y', 'x.y/z'] },
  });
  const warning = (name: string, path: string): string =>
    `299 - "metadata.finalizers: \\"${name}\\": prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers"`;
  assert.deepEqual([warned.headers['warning']].flat(), [warning('bad', ''), warning('x.y', ' including a path (/)')]);
  const emptied = await api.request(
    'PATCH',
    `${definitions}/wids.example.com/status`,
    Buffer.from(JSON.stringify({ status: { storedVersions: [] } })),
    { 'content-type': 'application/merge-patch+json' },
  );
  assert.deepEqual((emptied.body['status'] as JsonObject)['storedVersions'], ['v1']);
});

const json = 'application/json';
const protobuf = 'application/vnd.kubernetes.protobuf';
const form = (mediaType: string, as: string): string => `${mediaType};as=${as};g=meta.k8s.io;v=v1`;
const lists = 'PartialObjectMetadataList';

/** What a real 1.36 server answered: Go's clients ask for protobuf and, where there is none, for JSON. */
const accepted: readonly (readonly [method: string, at: string, accept: string, status: number, type: string])[] = [
  ['GET', path, `${protobuf},${json}`, 200, json],
  ['GET', path, protobuf, 406, protobuf],
  ['GET', `${path}/x`, `${protobuf},${json}`, 200, json],
  ['GET', `${path}/x`, protobuf, 406, protobuf],
  ['GET', `${path}/none`, protobuf, 406, protobuf],
  ['GET', path, form(protobuf, lists), 200, protobuf],
  ['GET', `${path}/x`, form(protobuf, 'PartialObjectMetadata'), 200, protobuf],
  ['GET', path, `${form(protobuf, 'Table')},${json}`, 200, json],
  ['DELETE', `${path}/none`, protobuf, 406, protobuf],
  ['DELETE', path, protobuf, 406, protobuf],
  ['DELETE', path, form(protobuf, lists), 200, protobuf],
  ['DELETE', path, `${form(protobuf, lists)},${form(json, lists)},${json}`, 200, protobuf],
  ['DELETE', path, form(protobuf, 'PartialObjectMetadata'), 406, json],
  ['DELETE', path, `${protobuf},${json}`, 200, json],
];

test('custom objects come in JSON to those who would rather have protobuf, their metadata in protobuf', async (context) => {
  const world = await serve(context);
  const { api } = world;
  await api.request('POST', definitions, definition({ plural: 'wids', kind: 'Wid' }, { type: 'object' }));
  await world.until('wids.example.com', isEstablished);
  for (const [method, at, accept, status, type] of accepted) {
    await api.request('POST', path, wid('x', {}));
    const answer = await api.request(method, at, undefined, { accept });
    assert.equal(answer.status, status, `${method} ${at} ${accept}`);
    assert.equal(answer.headers['content-type'], type, `${method} ${at} ${accept}`);
  }
});

test('what the server has of its own is not hidden by a definition of the same group and version', async (context) => {
  const world = await serve(context);
  const { api } = world;
  const { metadata, ...rest } = definition({ plural: 'foos', kind: 'Foo' }, { type: 'object' });
  const group = 'networking.k8s.io';
  const version = { served: true, schema: { openAPIV3Schema: { type: 'object' } } };
  await api.create({
    ...rest,
    metadata: {
      ...metadata,
      name: `foos.${group}`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, test-only' },
    },
    spec: {
      ...(rest['spec'] as JsonObject),
      group,
      versions: [
        { ...version, name: 'v1', storage: true },
        { ...version, name: 'v7', storage: false },
      ],
    },
  });
  await world.until(`foos.${group}`, isEstablished);
  // The version that is its own alone is served.
  for (let turn = 0; turn < 2000; turn++) {
    if ((await api.request('GET', `/apis/${group}/v7/foos`)).status === 200) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await api.request('GET', `/apis/${group}/v7/foos`)).status, 200);
  assert.equal((await api.request('GET', `/apis/${group}/v1/foos`)).status, 404);
  assert.equal((await api.request('GET', `/apis/${group}/v1/networkpolicies`)).status, 200);
});

// 9007199254740993 is the first whole number that no floating point number is; bounds are rounded to one, values not.
test('documents of OpenAPI tell whole numbers beyond 2^53', async (context) => {
  const input = { resources: [], types: builtInTypes(), documentation: () => undefined, version: '1.36' };
  const world = await serve(context, { routes: [createOpenApiRoute(renderedOpenApi(input, () => ''))] });
  const schema = '{"type":"integer","maximum":9223372036854775807,"enum":[9007199254740993]}';
  const body = JSON.stringify(
    definition({ plural: 'sums', kind: 'Sum' }, { type: 'object', properties: { size: { type: 'X' } } }),
  ).replace('{"type":"X"}', schema);
  assert.equal((await world.api.request('POST', definitions, body)).status, 201);
  await world.until('sums.example.com', isEstablished);
  const size = async (target: string): Promise<string | undefined> => {
    const { text } = await world.api.request('GET', target);
    return /"size":({[^{}]*})/.exec(text)?.[1];
  };
  const rounded = '"maximum":9223372036854776000';
  const [v3, v2] = [await size('/openapi/v3/apis/example.com/v1'), await size('/openapi/v2')];
  assert.ok(v3?.includes(rounded) && v3.includes('[9007199254740993]'), v3);
  assert.ok(v2?.includes(rounded) && v2.includes('[9007199254740992]'), v2);
});

test('without a status of its own a status counts as a change of generation', async (context) => {
  const world = await serve(context);
  const { api } = world;
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  for (const [plural, kind, version] of [
    ['bares', 'Bare', {}],
    ['owns', 'Own', { subresources: { status: {} } }],
  ] as const) {
    await api.create(definition({ plural, kind }, open, version));
    await world.until(`${plural}.example.com`, isEstablished);
    const object = { apiVersion: 'example.com/v1', kind, metadata: { name: 'x' }, spec: { a: 1 } };
    const path = `/apis/example.com/v1/namespaces/default/${plural}`;
    assert.equal((await api.request('POST', path, object)).status, 201);
    const generation = async (change: object): Promise<unknown> => {
      const headers = { 'content-type': 'application/merge-patch+json' };
      const answer = await api.request('PATCH', `${path}/x?dryRun=All`, Buffer.from(JSON.stringify(change)), headers);
      return answer.body.metadata.generation;
    };
    assert.equal(await generation({ status: { ready: true } }), kind === 'Bare' ? 2 : 1);
    assert.equal(await generation({ metadata: { labels: { a: 'b' } } }), 1);
    assert.equal(await generation({ spec: { a: 2 } }), 2);
  }
});
