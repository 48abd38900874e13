import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { builtInResources, builtInSchemas, builtInTypes } from '../../src/api/registry.ts';
import { parseTypes } from '../../src/api/type-language.ts';
import { resolveSchema, type Schema } from '../../src/apimachinery/schema.ts';
import { repositoryRoot } from '../support/golden.ts';

void describe('parseTypes', () => {
  const fieldCases: readonly (readonly [string, Schema])[] = [
    ['f: string', { type: 'string' }],
    ['f: int32=', { type: 'integer', format: 'int32', default: 0 }],
    ['f: bool=', { type: 'boolean', default: false }],
    ['f: string="TCP" enum(TCP, UDP)', { type: 'string', default: 'TCP', enum: ['TCP', 'UDP'] }],
    ['f: {string}', { type: 'object', additionalProperties: { type: 'string' } }],
    ['f: {bytes}', { type: 'object', additionalProperties: { type: 'string', format: 'byte' } }],
    [
      'f: [Port] map(a, b) merge(a)',
      {
        type: 'array',
        items: { ref: 'io.x.v1.Port' },
        listType: 'map',
        listMapKeys: ['a', 'b'],
        patchMergeKey: 'a',
        patchStrategy: 'merge',
      },
    ],
    ['f: [string=] set', { type: 'array', items: { type: 'string', default: '' }, listType: 'set' }],
    [
      'f: core.PodSpec= strategy(retainKeys)',
      { ref: 'io.k8s.api.core.v1.PodSpec', default: {}, patchStrategy: 'retainKeys' },
    ],
    [
      'f: [Volume] map(name) strategy(merge,retainKeys) merge(name)',
      {
        type: 'array',
        items: { ref: 'io.x.v1.Volume' },
        listType: 'map',
        listMapKeys: ['name'],
        patchMergeKey: 'name',
        patchStrategy: 'merge,retainKeys',
      },
    ],
    ['f: object atomic-map', { type: 'object', mapType: 'atomic' }],
    ['f: string enum("", A)', { type: 'string', enum: ['', 'A'] }],
  ];
  for (const [text, expected] of fieldCases) {
    void it(`reads ${text}`, () => {
      const [type] = parseTypes({ package: 'io.x.v1', text: `type T\n  ${text}\n` });
      assert.deepEqual(type?.schema.properties, { f: expected });
    });
  }

  void it('marks required fields and gives kinds their apiVersion', () => {
    const [type] = parseTypes({ package: 'io.x.v1', text: 'kind T\n  spec!: string\n' });
    assert.deepEqual(type, {
      name: 'io.x.v1.T',
      gvks: [],
      schema: {
        type: 'object',
        properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, spec: { type: 'string' } },
        required: ['spec'],
      },
    });
  });

  for (const text of ['thing T\n', 'type T\n  no colon\n', 'type T\n  f: string wrong(x)\n', 'scalar T nothing\n']) {
    void it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseTypes({ package: 'io.x.v1', text }), /cannot read/);
    });
  }
});

void describe('builtInTypes', () => {
  void it('has every type that another one refers to', () => {
    const missing: string[] = [];
    const visit = (schema: Schema): void => {
      if (schema.ref !== undefined && builtInSchemas.lookup(schema.ref) === undefined) missing.push(schema.ref);
      for (const inner of [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties]) {
        if (inner !== undefined) visit(inner);
      }
    };
    for (const type of builtInTypes().values()) visit(type.schema);
    assert.deepEqual(missing, []);
  });

  void it('has an object type with metadata for every resource', () => {
    for (const resource of builtInResources) {
      const schema = builtInSchemas.lookup(resource.type);
      assert.equal(schema?.type, 'object', resource.resource);
      const metadata = resolveSchema(schema?.properties?.['metadata'] ?? {}, builtInSchemas);
      assert.ok(metadata.properties?.['name'] !== undefined, resource.resource);
    }
  });

  void it('is written as TypeScript interfaces that are up to date', () => {
    const run = spawnSync(process.execPath, [join(repositoryRoot, 'scripts/generate-api-types.js'), '--check'], {
      encoding: 'utf8',
    });
    assert.equal(run.status, 0, run.stderr);
  });
});
