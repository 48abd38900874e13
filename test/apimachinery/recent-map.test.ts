import assert from 'node:assert/strict';
import test from 'node:test';
import { RecentMap } from '../../src/apimachinery/recent-map.ts';

test('a map with little room drops what was set longest ago', () => {
  const dropped: number[] = [];
  const map = new RecentMap<string, number>(2, (value) => dropped.push(value));
  map.set('a', 1).set('b', 2).set('a', 3).set('c', 4);
  assert.deepEqual(
    [...map],
    [
      ['a', 3],
      ['c', 4],
    ],
  );
  assert.deepEqual(dropped, [2]);
});
