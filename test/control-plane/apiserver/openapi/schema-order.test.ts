import assert from 'node:assert/strict';
import test from 'node:test';
import type { JsonObject } from '../../../../src/apimachinery/json.ts';
import { inOrderOfKeywords } from '../../../../src/control-plane/apiserver/openapi/schema-order.ts';

/** Each as the real server (1.36) publishes it. */
const cases: readonly { readonly name: string; readonly declared: JsonObject; readonly published: string }[] = [
  {
    name: 'the description is before the type, what is required before the fields, which are sorted',
    declared: { type: 'object', properties: { b: { type: 'string', description: 'B' }, a: {} }, required: ['b', 'a'] },
    published: '{"type":"object","required":["b","a"],"properties":{"a":{},"b":{"description":"B","type":"string"}}}',
  },
  {
    name: 'extensions are last, by name',
    declared: {
      'x-kubernetes-preserve-unknown-fields': true,
      'x-kubernetes-map-type': 'atomic',
      type: 'object',
    },
    published: '{"type":"object","x-kubernetes-map-type":"atomic","x-kubernetes-preserve-unknown-fields":true}',
  },
  {
    name: 'limits, alternatives and schemas within',
    declared: {
      type: 'array',
      minItems: 1,
      maxItems: 2,
      format: 'f',
      anyOf: [{ required: ['x'], description: 'D' }],
      allOf: [{ not: { pattern: 'p', maxLength: 2 } }],
      items: { additionalProperties: { type: 'integer', nullable: true, default: 1, minimum: 0, maximum: 3 } },
    },
    published:
      '{"type":"array","format":"f","maxItems":2,"minItems":1,"items":{"additionalProperties":' +
      '{"type":"integer","nullable":true,"default":1,"maximum":3,"minimum":0}},' +
      '"allOf":[{"not":{"maxLength":2,"pattern":"p"}}],"anyOf":[{"description":"D","required":["x"]}]}',
  },
  {
    name: 'values are sorted, rules are not',
    declared: {
      default: { b: 1, a: [{ d: 1, c: 2 }] },
      'x-kubernetes-validations': [{ message: 'm', rule: 'r' }],
      example: { z: 1, y: 2 },
      externalDocs: { url: 'u', description: 'd' },
    },
    published:
      '{"default":{"a":[{"c":2,"d":1}],"b":1},"externalDocs":{"description":"d","url":"u"},"example":{"y":2,"z":1},' +
      '"x-kubernetes-validations":[{"rule":"r","message":"m"}]}',
  },
];

for (const { name, declared, published } of cases) {
  void test(name, () => {
    assert.equal(JSON.stringify(inOrderOfKeywords(declared, 'v3')), published);
  });
}

void test('rules are sorted in Swagger 2.0', () => {
  const declared = { 'x-kubernetes-validations': [{ rule: 'r', message: 'm' }] };
  const published = '{"x-kubernetes-validations":[{"message":"m","rule":"r"}]}';
  assert.equal(JSON.stringify(inOrderOfKeywords(declared, 'v2')), published);
});
