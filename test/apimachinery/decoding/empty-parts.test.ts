import assert from 'node:assert/strict';
import test from 'node:test';
import { builtInSchemas } from '../../../src/api/registry.ts';
import { forgetEmptyParts, withoutEmptyParts } from '../../../src/apimachinery/decoding/empty-parts.ts';
import { decodeTyped } from '../../../src/apimachinery/decoding/typed-decoder.ts';
import type { JsonObject } from '../../../src/apimachinery/json.ts';

const pod = 'io.k8s.api.core.v1.Pod';
const definition = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition';

/** A type, what came, as Go writes it as JSON, and as it is stored. */
const cases: readonly (readonly [type: string, given: JsonObject, written: JsonObject, stored: JsonObject])[] = [
  [
    pod,
    { metadata: { labels: {}, finalizers: [] }, spec: { nodeSelector: {}, volumes: [] } },
    { metadata: {}, spec: {} },
    { metadata: {}, spec: {} },
  ],
  [
    pod,
    {
      spec: { containers: [{ name: 'c', resources: { limits: {} }, env: [] }], volumes: [{ name: 'v', emptyDir: {} }] },
    },
    { spec: { containers: [{ name: 'c', resources: {} }], volumes: [{ name: 'v', emptyDir: {} }] } },
    { spec: { containers: [{ name: 'c', resources: {} }], volumes: [{ name: 'v', emptyDir: {} }] } },
  ],
  [
    'io.k8s.api.rbac.v1.Role',
    { metadata: { annotations: {} }, rules: [] },
    { metadata: {}, rules: [] },
    { metadata: {}, rules: null },
  ],
  [
    definition,
    {
      spec: {
        versions: [
          { schema: { openAPIV3Schema: { properties: { a: { items: { enum: [], not: {} } } }, required: [] } } },
        ],
      },
    },
    { spec: { versions: [{ schema: { openAPIV3Schema: { properties: { a: { items: { not: {} } } } } } }] } },
    { spec: { versions: [{ schema: { openAPIV3Schema: { properties: { a: { items: { not: {} } } } } } }] } },
  ],
];

test('empty lists and maps are left out where Go leaves them out', () => {
  for (const [type, given, written, stored] of cases) {
    const object = structuredClone(given);
    assert.deepEqual(withoutEmptyParts(object, type, builtInSchemas), written);
    assert.deepEqual(object, given, 'what is written is a copy');
    forgetEmptyParts(object, type, builtInSchemas);
    assert.deepEqual(object, stored);
  }
});

test('an object without empty parts is its own writing', () => {
  const object = { metadata: { labels: { a: 'b' } }, spec: { securityContext: {} } };
  assert.equal(withoutEmptyParts(object, pod, builtInSchemas), object);
});

test('reading keeps empty lists and maps when asked to', () => {
  for (const [type, given] of cases) {
    assert.deepEqual(decodeTyped(given, type, builtInSchemas, { keepsEmpty: true }).object, given);
  }
});
