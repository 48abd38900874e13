import assert from 'node:assert/strict';
import test from 'node:test';
import { builtInResources, builtInSchemas } from '../../src/api/registry.ts';
import { equalSemantic, mapFields } from '../../src/apimachinery/semantic-equality.ts';
import { resolveSchema, type Schema } from '../../src/apimachinery/schema.ts';

const cases: readonly (readonly [left: unknown, right: unknown, isEqual: boolean])[] = [
  [{ a: [] }, {}, true],
  [{}, { a: [] }, true],
  [{ a: null }, {}, true],
  [[], undefined, true],
  [{ labels: {} }, {}, true],
  [{ spec: { nodeSelector: {} } }, { spec: {} }, true],
  // An empty struct is not the same as none.
  [{ securityContext: {} }, {}, false],
  [{ emptyDir: {} }, { emptyDir: {} }, true],
  [{ capacity: {} }, {}, true],
  [{ deviceClassName: 'c', capacity: {} }, { deviceClassName: 'c' }, false],
  [{ kind: 'ConfigMap', data: {} }, { kind: 'ConfigMap' }, true],
  [{ revision: 1, data: {} }, { revision: 1 }, false],
  [{ provisioner: 'p', parameters: {} }, { provisioner: 'p' }, true],
  [{ driver: 'd', parameters: {} }, { driver: 'd' }, false],
  [{ sessionAffinity: 'None', selector: {} }, { sessionAffinity: 'None' }, true],
  [{ replicas: 1, selector: {} }, { replicas: 1 }, false],
  [{ a: [{ b: [] }] }, { a: [{}] }, true],
  [{ a: [1] }, { a: [] }, false],
  [{ a: 1 }, { a: 1n }, true],
  [{ a: 1 }, { a: '1' }, false],
  [{ a: '' }, {}, false],
  [{ a: 'b' }, { c: 'b' }, false],
];

test('empty lists and maps are the same as none', () => {
  for (const [left, right, isEqual] of cases) {
    assert.equal(equalSemantic(left, right), isEqual, JSON.stringify([left, right], bigintText));
    assert.equal(equalSemantic(right, left), isEqual);
  }
});

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value;
}

test('the fields that are only ever maps are known', () => {
  const seen = new Map<string, Set<'map' | 'other'>>();
  const visited = new Set<string>();
  const visit = (schema: Schema): void => {
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      const resolved = resolveSchema(property, builtInSchemas);
      const isMap = resolved.additionalProperties !== undefined && resolved.properties === undefined;
      if (resolved.type === 'object') seen.set(key, (seen.get(key) ?? new Set()).add(isMap ? 'map' : 'other'));
      for (const inner of [property, resolved.items, resolved.additionalProperties]) {
        if (inner?.ref === undefined || visited.has(inner.ref)) continue;
        visited.add(inner.ref);
        visit(resolveSchema(inner, builtInSchemas));
      }
    }
  };
  for (const { type } of builtInResources) visit(resolveSchema({ ref: type }, builtInSchemas));
  const onlyMaps = [...seen].filter(([, kinds]) => !kinds.has('other')).map(([key]) => key);
  assert.ok(onlyMaps.length > 20);
  assert.deepEqual(
    onlyMaps.filter((key) => !mapFields.has(key)),
    [],
  );
});
