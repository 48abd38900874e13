import assert from 'node:assert/strict';
import test from 'node:test';
import { IndexSet } from '../../../src/control-plane/controller-manager/job-indexes.ts';

const texts: readonly { readonly text: string; readonly completions: number; readonly written: string }[] = [
  { text: '', completions: 5, written: '' },
  { text: '0', completions: 5, written: '0' },
  { text: '0,1', completions: 5, written: '0,1' },
  { text: '0-1', completions: 5, written: '0,1' },
  { text: '0,1,2', completions: 5, written: '0-2' },
  { text: '1,3-5,7', completions: 10, written: '1,3-5,7' },
  { text: '1,3-9', completions: 5, written: '1,3,4' },
  { text: '7', completions: 5, written: '' },
  { text: '1,x,3-y,4', completions: 5, written: '1,4' },
  { text: '3,1', completions: 5, written: '1,3' },
];

for (const { text, completions, written } of texts) {
  test(`${JSON.stringify(text)} below ${completions} is ${JSON.stringify(written)}`, () => {
    assert.equal(IndexSet.parse(text, completions).format(), written);
  });
}

const pairs: readonly {
  readonly left: string;
  readonly right: string;
  readonly union: string;
  readonly shared: number;
}[] = [
  { left: '', right: '1-3', union: '1-3', shared: 0 },
  { left: '0-2', right: '3-5', union: '0-5', shared: 0 },
  { left: '0-5', right: '2,4', union: '0-5', shared: 2 },
  { left: '0,2,4,6', right: '1-5', union: '0-6', shared: 2 },
  { left: '0-3,6-9', right: '2-7', union: '0-9', shared: 4 },
  { left: '1-3', right: '1-3', union: '1-3', shared: 3 },
];

for (const { left, right, union, shared } of pairs) {
  test(`${left || 'nothing'} and ${right}`, () => {
    const [one, other] = [IndexSet.parse(left, 20), IndexSet.parse(right, 20)];
    assert.equal(one.union(other).format(), union);
    assert.equal(other.union(one).format(), union);
    assert.equal(one.countShared(other), shared);
    assert.equal(other.countShared(one), shared);
  });
}

test('what is missing, from the lowest on', () => {
  const set = IndexSet.of([1, 2, 5]);
  assert.deepEqual(set.missing(10, 8), [0, 3, 4, 6, 7]);
  assert.deepEqual(set.missing(2, 8), [0, 3]);
  assert.deepEqual(set.missing(10, 2), [0]);
  assert.deepEqual(IndexSet.of([]).missing(2, 100_000), [0, 1]);
  assert.equal(set.size, 3);
  assert.ok(set.has(5) && !set.has(3));
});
