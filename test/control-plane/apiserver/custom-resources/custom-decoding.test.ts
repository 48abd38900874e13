import assert from 'node:assert/strict';
import test from 'node:test';
import { builtInSchemas } from '../../../../src/api/registry.ts';
import { decodeCustomObject } from '../../../../src/control-plane/apiserver/custom-resources/custom-decoding.ts';

test('unknown fields: those of the metadata, of the schema, and of the metadata of resources within', () => {
  const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true };
  const schema = { type: 'object', properties: { spec: { type: 'object', properties: { z: {}, a: embedded } } } };
  const inner = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', odd: 1 }, data: {} };
  const value = {
    apiVersion: 'example.com/v1',
    kind: 'Foo',
    top: 1,
    metadata: { name: 'n', zodd: 1, odd: 1 },
    spec: { z: 1, b: 2, a: inner },
  };
  const { unknownFields } = decodeCustomObject(value, schema, builtInSchemas);
  assert.deepEqual(unknownFields, [
    'metadata.odd',
    'metadata.zodd',
    'spec.a.data',
    'spec.b',
    'top',
    'spec.a.metadata.odd',
  ]);
});
