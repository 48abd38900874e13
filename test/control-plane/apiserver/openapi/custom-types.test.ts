import assert from 'node:assert/strict';
import test from 'node:test';
import type { JsonObject } from '../../../../src/apimachinery/json.ts';
import { renderCustomList, renderCustomType } from '../../../../src/control-plane/apiserver/openapi/custom-types.ts';
import type { OpenApiVersion } from '../../../../src/control-plane/apiserver/openapi/schema-rendering.ts';

const gvk = { group: 'shop.example.com', version: 'v1', kind: 'Order' };
const about = { group: 'shop.example.com', kind: 'Order', version: 'v1' };
const text = (name: string): string => `about ${name.slice(name.lastIndexOf('.') + 1)}`;

function typeOf(schema: JsonObject | undefined, selectableFields: readonly string[] = []) {
  return { schema, listKind: 'Orders', plural: 'orders', selectableFields };
}

/** The type of a `spec` as both versions publish it. */
function published(spec: JsonObject, version: OpenApiVersion): unknown {
  const schema = { type: 'object', properties: { spec } };
  const rendered = renderCustomType(typeOf(schema), gvk, version, text);
  return (rendered['properties'] as JsonObject)['spec'];
}

void test('a type has what every object has, with its documentation', () => {
  const schema = { type: 'object', description: 'An order.', properties: { spec: { type: 'object' } } };
  const apiVersion = { description: 'about apiVersion', type: 'string' };
  const kind = { description: 'about kind', type: 'string' };
  const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
  assert.deepEqual(renderCustomType(typeOf(schema), gvk, 'v2', text), {
    type: 'object',
    description: 'An order.',
    properties: {
      spec: { type: 'object' },
      metadata: { description: 'about metadata', $ref: `#/definitions/${objectMeta}` },
      apiVersion,
      kind,
    },
    'x-kubernetes-group-version-kind': [about],
  });
  const v3 = renderCustomType(typeOf(schema, ['spec.city']), gvk, 'v3', text);
  assert.deepEqual((v3['properties'] as JsonObject)['metadata'], {
    description: 'about metadata',
    allOf: [{ $ref: `#/components/schemas/${objectMeta}` }],
  });
  assert.deepEqual(v3['x-kubernetes-selectable-fields'], [{ fieldPath: 'spec.city' }]);
});

void test('a type without a schema, or one that Swagger 2.0 cannot tell, is any object', () => {
  const bare = { type: 'object', 'x-kubernetes-group-version-kind': [about] };
  assert.deepEqual(renderCustomType(typeOf(undefined), gvk, 'v3', text), bare);
  const open = { type: 'object', description: 'Open.', 'x-kubernetes-preserve-unknown-fields': true };
  assert.deepEqual(renderCustomType(typeOf(open), gvk, 'v2', text), bare);
  assert.equal(renderCustomType(typeOf(open), gvk, 'v3', text)['description'], 'Open.');
});

void test('a list names its items and the plural', () => {
  const list = renderCustomList(typeOf(undefined), gvk, 'com.example.shop.v1.Order', 'v2', text);
  assert.equal(list['description'], 'Orders is a list of Order');
  const { items, metadata } = list['properties'] as JsonObject;
  assert.deepEqual((items as JsonObject)['items'], { $ref: '#/definitions/com.example.shop.v1.Order' });
  assert.match((items as JsonObject)['description'] as string, /^List of orders\. /);
  assert.equal((metadata as JsonObject)['$ref'], '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta');
  assert.deepEqual(list['x-kubernetes-group-version-kind'], [{ ...about, kind: 'Orders' }]);
});

const either = [{ type: 'integer' }, { type: 'string' }];
const intOrString = 'x-kubernetes-int-or-string';
const preserve = 'x-kubernetes-preserve-unknown-fields';
const embedded = 'x-kubernetes-embedded-resource';

/** What the real server (1.36) makes of the same declarations. */
const cases: readonly { name: string; declared: JsonObject; v2: JsonObject; v3: JsonObject }[] = [
  {
    name: 'validation stays, what says nothing goes',
    declared: { type: 'string', pattern: '^a', minLength: 0, format: '', uniqueItems: false, enum: [] },
    v2: { type: 'string', pattern: '^a', minLength: 0 },
    v3: { type: 'string', pattern: '^a', minLength: 0 },
  },
  {
    name: 'whole numbers beyond 2^53 are rounded in Swagger 2.0 only',
    declared: { type: 'integer', enum: [9007199254740993n, 1], example: { at: [9007199254740993n] } },
    v2: { type: 'integer', enum: [9007199254740992, 1], example: { at: [9007199254740992] } },
    v3: { type: 'integer', enum: [9007199254740993n, 1], example: { at: [9007199254740993n] } },
  },
  {
    name: 'enumerated values are not told again in the description',
    declared: { type: 'string', description: 'How.', enum: ['a', 'b'] },
    v2: { type: 'string', description: 'How.', enum: ['a', 'b'] },
    v3: { type: 'string', description: 'How.', enum: ['a', 'b'] },
  },
  {
    name: 'defaults are for OpenAPI 3, false ones too',
    declared: { type: 'boolean', default: false },
    v2: { type: 'boolean' },
    v3: { type: 'boolean', default: false },
  },
  {
    name: 'a nullable value has no type in Swagger 2.0',
    declared: { type: 'object', nullable: true, properties: { a: { type: 'string' } } },
    v2: {},
    v3: { type: 'object', nullable: true, properties: { a: { type: 'string' } } },
  },
  {
    name: 'a nullable field is not required in Swagger 2.0',
    declared: { type: 'object', required: ['a', 'b'], properties: { a: { nullable: true }, b: { type: 'string' } } },
    v2: { type: 'object', required: ['b'], properties: { a: {}, b: { type: 'string' } } },
    v3: { type: 'object', required: ['a', 'b'], properties: { a: { nullable: true }, b: { type: 'string' } } },
  },
  {
    name: 'what may hold anything has neither type nor fields in Swagger 2.0',
    declared: { type: 'object', [preserve]: true, properties: { a: { type: 'string' } } },
    v2: { [preserve]: true },
    v3: { type: 'object', [preserve]: true, properties: { a: { type: 'string' } } },
  },
  {
    name: 'alternatives are for OpenAPI 3',
    declared: { type: 'object', oneOf: [{ required: ['a'] }], not: { required: ['b'] } },
    v2: { type: 'object' },
    v3: { type: 'object', oneOf: [{ required: ['a'] }], not: { required: ['b'] } },
  },
  {
    name: 'a number or text says so in words of OpenAPI 3',
    declared: { [intOrString]: true },
    v2: { [intOrString]: true },
    v3: { [intOrString]: true, anyOf: either },
  },
  {
    name: 'once is enough',
    declared: { [intOrString]: true, allOf: [{ anyOf: either }, { anyOf: [{ minimum: 1 }] }] },
    v2: { [intOrString]: true },
    v3: { [intOrString]: true, allOf: [{ anyOf: either }, { anyOf: [{ minimum: 1 }] }] },
  },
  {
    name: 'alternatives of its own move over',
    declared: { [intOrString]: true, anyOf: [{ minimum: 1 }, { pattern: '%$' }] },
    v2: { [intOrString]: true },
    v3: { [intOrString]: true, anyOf: [{ minimum: 1 }, { pattern: '%$' }], allOf: [{ anyOf: either }] },
  },
  {
    name: 'maps of anything',
    declared: { type: 'object', additionalProperties: true },
    v2: { type: 'object', additionalProperties: true },
    v3: { type: 'object', additionalProperties: true },
  },
  {
    name: 'an embedded object that may hold anything has no fields of its own in Swagger 2.0',
    declared: { type: 'object', [embedded]: true, [preserve]: true },
    v2: { [embedded]: true, [preserve]: true },
    v3: {
      type: 'object',
      [embedded]: true,
      [preserve]: true,
      required: ['kind', 'apiVersion'],
      properties: {
        apiVersion: { description: 'about apiVersion', type: 'string' },
        kind: { description: 'about kind', type: 'string' },
        metadata: {
          description: 'about metadata',
          allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }],
        },
      },
    },
  },
];

void test('a declared schema as the two versions publish it', async (t) => {
  for (const { name, declared, v2, v3 } of cases) {
    await t.test(name, () => {
      assert.deepEqual(published(declared, 'v2'), v2);
      assert.deepEqual(published(declared, 'v3'), v3);
    });
  }
});
