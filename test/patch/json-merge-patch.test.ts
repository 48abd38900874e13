import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject, JsonValue } from '../../src/apimachinery/json.ts';
import {
  applyJsonMergePatch,
  createJsonMergePatch,
  createThreeWayJsonMergePatch,
  mergePatchesConflict,
} from '../../src/patch/json-merge-patch.ts';
import { identityUnchanged, PatchPreconditionError } from '../../src/patch/patch-precondition.ts';

/** The examples of RFC 7386, appendix A: document, patch, result. */
const rfc: readonly (readonly [JsonValue, JsonValue, JsonValue])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

void describe('applying merge patches', () => {
  const cases: readonly (readonly [string, JsonValue, JsonValue, string])[] = [
    [
      'sorts what it merges or brings',
      { z: 1, b: { y: 1, x: 2 } },
      { c: { n: 1, m: 2 } },
      '{"b":{"y":1,"x":2},"c":{"m":2,"n":1},"z":1}',
    ],
    ['takes the nulls out of objects in lists', { l: [1] }, { l: [{ b: null, a: 1 }, null] }, '{"l":[{"a":1},null]}'],
    [
      'leaves a list that takes the place of an object',
      { l: { a: 1 } },
      { l: [{ b: null, a: 1 }] },
      '{"l":[{"b":null,"a":1}]}',
    ],
  ];
  for (const [name, document, patch, text] of cases) {
    void it(name, () => {
      assert.equal(JSON.stringify(applyJsonMergePatch(document, patch)), text);
    });
  }
});

void describe('JSON merge patch', () => {
  for (const [document, patch, result] of rfc) {
    void it(`${JSON.stringify(document)} + ${JSON.stringify(patch)}`, () => {
      assert.deepEqual(applyJsonMergePatch(document, patch), result);
    });
  }

  void it('is made from two documents so that it leads from one to the other', () => {
    const from = { a: 1, b: { c: [1], d: 2, e: 3 }, g: 1 };
    const to = { a: 1, b: { c: [2], d: 2 }, f: { x: 1 } };
    const patch = createJsonMergePatch(from, to);
    assert.deepEqual(patch, { b: { c: [2], e: null }, f: { x: 1 }, g: null });
    assert.deepEqual(applyJsonMergePatch(from, patch), to);
  });
});

void describe('three-way JSON merge patch', () => {
  const object = (spec: JsonObject): JsonObject => ({ apiVersion: 'x/v1', metadata: { name: 'a' }, spec });
  const cases: readonly (readonly [string, JsonObject, JsonObject, JsonObject, JsonObject])[] = [
    ['nothing to do', { a: 1 }, { a: 1 }, { a: 1, s: 2 }, {}],
    [
      'change, removal, and what others added',
      { a: 1, b: 1 },
      { a: 2 },
      { a: 1, b: 1, s: 3 },
      { spec: { a: 2, b: null } },
    ],
    ['lists are replaced', { l: [1] }, { l: [1, 2] }, { l: [1] }, { spec: { l: [1, 2] } }],
    ['an empty map is a value', {}, { m: {} }, {}, { spec: { m: {} } }],
    ['drift is put right', { a: 1 }, { a: 1 }, { a: 5 }, { spec: { a: 1 } }],
  ];
  for (const [name, original, modified, current, patch] of cases) {
    void it(name, () => {
      assert.deepEqual(createThreeWayJsonMergePatch(object(original), object(modified), object(current)), patch);
    });
  }

  void it('checks what must not change', () => {
    const renamed = { ...object({}), metadata: { name: 'b' } };
    assert.throws(
      () => createThreeWayJsonMergePatch(object({}), renamed, object({}), identityUnchanged),
      PatchPreconditionError,
    );
  });

  void it('knows conflicts', () => {
    assert.equal(mergePatchesConflict({ a: 1, b: { c: 1 } }, { b: { d: 2 } }), false);
    assert.equal(mergePatchesConflict({ a: 1 }, { a: 2 }), true);
    assert.equal(mergePatchesConflict({ a: { b: 1 } }, { a: null }), true);
    assert.equal(mergePatchesConflict({ a: [1, 2] }, { a: [1] }), true);
  });
});
