import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonValue } from '../../src/apimachinery/json.ts';
import { applyJsonPatch, JsonPatchError, type JsonPatchOperation } from '../../src/patch/json-patch.ts';

const document = {
  metadata: { name: 'c', finalizers: ['a', 'b'] },
  data: { a: '1' },
};

interface Case {
  readonly patch: readonly JsonPatchOperation[];
  /** The document afterwards, or only what became of one of its parts. */
  readonly gives?: JsonValue;
  readonly data?: JsonValue;
  readonly finalizers?: JsonValue;
  readonly fails?: string;
}

/** What kubectl 1.36.4 answered to `patch --local --type json`. */
const cases: readonly Case[] = [
  { patch: [{ op: 'add', path: '/metadata/finalizers/-', value: 'c' }], finalizers: ['a', 'b', 'c'] },
  { patch: [{ op: 'add', path: '/metadata/finalizers/2', value: 'c' }], finalizers: ['a', 'b', 'c'] },
  { patch: [{ op: 'add', path: '/metadata/finalizers/-1', value: 'c' }], finalizers: ['a', 'b', 'c'] },
  { patch: [{ op: 'add', path: '/metadata/finalizers/-3', value: 'c' }], finalizers: ['c', 'a', 'b'] },
  { patch: [{ op: 'add', path: '/metadata/finalizers/01', value: 'c' }], finalizers: ['a', 'c', 'b'] },
  { patch: [{ op: 'replace', path: '/metadata/finalizers/1', value: 'c' }], finalizers: ['a', 'c'] },
  { patch: [{ op: 'replace', path: '/metadata/finalizers/-1', value: 'c' }], finalizers: ['a', 'c'] },
  { patch: [{ op: 'remove', path: '/metadata/finalizers/-1' }], finalizers: ['a'] },
  { patch: [{ op: 'replace', path: '', value: { kind: 'z' } }], gives: { kind: 'z' } },
  { patch: [{ op: 'test', path: '/data/q' }], data: { a: '1' } },
  { patch: [{ op: 'move', from: '/data/a', path: '/data/b' }], data: { b: '1' } },
  { patch: [{ op: 'add', path: '/data/', value: 'q' }], data: { a: '1', '': 'q' } },
  { patch: [{ op: 'add', path: '/data/x~1y~0z', value: 'q' }], data: { a: '1', 'x/y~z': 'q' } },
  { patch: [{ op: 'add', path: '/data/__proto__', value: 'q' }], data: JSON.parse('{"a":"1","__proto__":"q"}') },
  {
    patch: [{ op: 'remove', path: '/data/zz' }],
    fails: "error in remove for path: '/data/zz': unable to remove nonexistent key: zz: missing value",
  },
  {
    patch: [{ op: 'remove', path: '/nope/zz' }],
    fails: 'remove operation does not apply: doc is missing path: "/nope/zz": missing value',
  },
  {
    patch: [{ op: 'remove', path: '/metadata/finalizers/5' }],
    fails:
      "error in remove for path: '/metadata/finalizers/5': Unable to access invalid index: 5: invalid index referenced",
  },
  {
    patch: [{ op: 'remove', path: '/metadata/finalizers/x' }],
    fails: `error in remove for path: '/metadata/finalizers/x': strconv.Atoi: parsing "x": invalid syntax`,
  },
  {
    patch: [{ op: 'add', path: '/metadata/finalizers/3', value: 'c' }],
    fails:
      "error in add for path: '/metadata/finalizers/3': Unable to access invalid index: 3: invalid index referenced",
  },
  {
    patch: [{ op: 'add', path: '/metadata/finalizers/-4', value: 'c' }],
    fails:
      "error in add for path: '/metadata/finalizers/-4': Unable to access invalid index: -4: invalid index referenced",
  },
  {
    patch: [{ op: 'add', path: '/data/deep/er', value: 'c' }],
    fails: 'add operation does not apply: doc is missing path: "/data/deep/er": missing value',
  },
  {
    patch: [{ op: 'add', path: '', value: {} }],
    fails: 'add operation does not apply: doc is missing path: "": missing value',
  },
  {
    patch: [{ op: 'replace', path: '/nope/zz', value: 'n' }],
    fails: 'replace operation does not apply: doc is missing path: /nope/zz: missing value',
  },
  {
    patch: [{ op: 'replace', path: '/metadata/finalizers/0/x', value: 'n' }],
    fails: 'replace operation does not apply: doc is missing path: /metadata/finalizers/0/x: missing value',
  },
  { patch: [{ op: 'test', path: '', value: { a: 1 } }], fails: 'testing value  failed: test failed' },
  { patch: [{ op: 'test', path: '/data/a', value: '2' }], fails: 'testing value /data/a failed: test failed' },
  { patch: [{ op: 'test', path: '/data/a' }], fails: 'testing value /data/a failed: test failed' },
  {
    patch: [{ op: 'test', path: '/nope/a', value: null }],
    fails: 'test operation does not apply: is missing path: /nope/a: missing value',
  },
  {
    patch: [{ op: 'test', path: '/metadata/finalizers/7', value: 1 }],
    fails:
      "error in test for path: '/metadata/finalizers/7': Unable to access invalid index: 7: invalid index referenced",
  },
  {
    patch: [{ op: 'move', from: '/data/q', path: '/data/b' }],
    fails: "error in move for path: 'q': unable to get nonexistent key: q: missing value",
  },
  {
    patch: [{ op: 'move', from: '/data/a', path: '/nope/b' }],
    fails: 'move operation does not apply: doc is missing destination path: /nope/b: missing value',
  },
  {
    patch: [{ op: 'copy', from: '/data/q', path: '/data/b' }],
    fails: "error in copy for from: '/data/q': unable to get nonexistent key: q: missing value",
  },
  {
    patch: [{ op: 'copy', from: '/metadata/finalizers/9', path: '/data/b' }],
    fails:
      "error in copy for from: '/metadata/finalizers/9': Unable to access invalid index: 9: invalid index referenced",
  },
  {
    patch: [{ op: 'zork', path: '/data/a' }],
    fails: 'invalid operation {"op":"zork","path":"/data/a"}: unsupported operation',
  },
  {
    patch: [{ path: '/data/a', value: 'x' }],
    fails: 'invalid operation {"path":"/data/a","value":"x"}: unsupported operation',
  },
  {
    patch: [{ value: 'x', op: 'add' }],
    fails:
      'invalid operation {"op":"add","value":"x"}: failed to decode \'path\': operation missing path field: missing value',
  },
  {
    patch: [{ op: 'add', path: '/data/v' }],
    fails:
      'invalid operation {"op":"add","path":"/data/v"}: failed to decode \'value\': operation, missing value field: missing value',
  },
  {
    patch: [{ op: 'copy', path: '/data/a' }],
    fails:
      'invalid operation {"op":"copy","path":"/data/a"}: failed to decode \'from\': operation, missing from field: missing value',
  },
];

void describe('JSON patch as kubectl applies it', () => {
  for (const { patch, gives, data, finalizers, fails } of cases) {
    void it(JSON.stringify(patch), () => {
      const apply = (): JsonValue => applyJsonPatch(structuredClone(document), patch, { as: 'kubectl' });
      if (fails !== undefined) {
        assert.throws(apply, (error) => error instanceof JsonPatchError && error.message === fails);
        return;
      }
      const expected = gives ?? {
        metadata: { ...document.metadata, ...(finalizers === undefined ? {} : { finalizers }) },
        data: data ?? document.data,
      };
      assert.deepEqual(apply(), expected);
    });
  }

  void it('tells a missing field apart, which kubectl words in its own way', () => {
    assert.throws(
      () => applyJsonPatch({ a: {} }, [{ op: 'replace', path: '/a/b', value: 1 }], { as: 'kubectl' }),
      (error) => error instanceof JsonPatchError && error.reason === 'missing' && error.path === '/a/b',
    );
  });
});

void describe('JSON patch as the API server applies it', () => {
  void it('replaces a key that is not there', () => {
    assert.deepEqual(applyJsonPatch({ a: {} }, [{ op: 'replace', path: '/a/b', value: 1 }]), { a: { b: 1 } });
  });

  void it('copies a key that is not there as null', () => {
    assert.deepEqual(applyJsonPatch({ data: { a: 1 } }, [{ op: 'copy', from: '/nope', path: '/data' }]), {
      data: null,
    });
  });

  void it('does not move a key that is not there', () => {
    assert.throws(() => applyJsonPatch({}, [{ op: 'move', from: '/a', path: '/b' }]), JsonPatchError);
  });

  const failures: readonly [operation: object, message: string][] = [
    [{ op: 'frob', path: '/a' }, 'Unexpected kind: frob'],
    [{ path: '/a' }, 'Unexpected kind: unknown'],
    [{ op: 'add', value: 1 }, 'add operation failed to decode path: missing value'],
    [
      { op: 'replace', value: 1 },
      'replace operation failed to decode path: operation missing path field: missing value',
    ],
    [{ op: 'move', path: '/a' }, 'move operation failed to decode from: operation, missing from field: missing value'],
    [
      { op: 'remove', path: '/data/zork' },
      "error in remove for path: '/data/zork': Unable to remove nonexistent key: zork: missing value",
    ],
    [
      { op: 'move', from: '/data/none', path: '/data/q' },
      "error in move for path: 'none': Unable to remove nonexistent key: none: missing value",
    ],
    [
      { op: 'add', path: '/list/x', value: 1 },
      `error in add for path: '/list/x': value was not a proper array index: 'x': strconv.Atoi: parsing "x": invalid syntax`,
    ],
  ];
  for (const [operation, message] of failures) {
    void it(`fails for ${JSON.stringify(operation)}`, () => {
      assert.throws(
        () => applyJsonPatch({ data: {}, list: [] }, [operation]),
        (error) => error instanceof JsonPatchError && error.message === message,
      );
    });
  }

  void it('takes a value that is not given for null', () => {
    assert.deepEqual(applyJsonPatch({ a: 1 }, [{ op: 'add', path: '/b' }]), { a: 1, b: null });
  });

  void it('looks at an operation when its turn comes', () => {
    const patch = [{ op: 'test', path: '/a', value: 2 }, { op: 'frob' }];
    assert.throws(
      () => applyJsonPatch({ a: 1 }, patch),
      (error) => error instanceof JsonPatchError && error.reason === 'test failed',
    );
  });

  void it('sorts the keys of what operations went through, and of nothing else', () => {
    const document = (): JsonValue => ({
      z: {
        n: 1,
        m: [
          { d: 1, c: 2 },
          { b: 1, a: { y: 1, x: 2 } },
        ],
      },
      k: { q: 1, p: 2 },
    });
    const keysAfter = (operation: JsonPatchOperation): string =>
      JSON.stringify(applyJsonPatch(document(), [operation]));
    assert.equal(
      keysAfter({ op: 'remove', path: '/z/n' }),
      '{"k":{"q":1,"p":2},"z":{"m":[{"d":1,"c":2},{"b":1,"a":{"y":1,"x":2}}]}}',
    );
    assert.equal(
      keysAfter({ op: 'copy', from: '/z/m/1', path: '/k' }),
      '{"k":{"b":1,"a":{"y":1,"x":2}},"z":{"m":[{"d":1,"c":2},{"b":1,"a":{"y":1,"x":2}}],"n":1}}',
    );
    assert.equal(
      keysAfter({ op: 'move', from: '/z/m/0/c', path: '/z/m/0' }),
      '{"k":{"q":1,"p":2},"z":{"m":[2,{"d":1},{"b":1,"a":{"y":1,"x":2}}],"n":1}}',
    );
    assert.equal(
      keysAfter({ op: 'test', path: '/z/m/1', value: { a: { x: 2, y: 1 }, b: 1 } }),
      '{"k":{"q":1,"p":2},"z":{"m":[{"d":1,"c":2},{"a":{"x":2,"y":1},"b":1}],"n":1}}',
    );
  });

  void it('keeps what is copied apart', () => {
    const result = applyJsonPatch({ a: { x: 1 } }, [
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/b/y', value: 2 },
    ]);
    assert.deepEqual(result, { a: { x: 1 }, b: { x: 1, y: 2 } });
  });
});

it('copies of copies are bounded where a server applies them: each doubles what is there', () => {
  const add: JsonPatchOperation = { op: 'add', path: '/data/a', value: 'x'.repeat(100) };
  const copies = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '/data', path: `/data/c${index}` }));
  assert.throws(
    () => applyJsonPatch({ data: {} }, [add, ...copies]),
    (error) =>
      error instanceof JsonPatchError &&
      /^Unable to complete the copy, the accumulated size increase of copy is \d+, exceeding the limit 3145728$/.test(
        error.message,
      ),
  );
  assert.doesNotThrow(() => applyJsonPatch({ data: {} }, [add, ...copies.slice(0, 10)]));
});
