import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrderedMap, utf8Less } from '../../../src/control-plane/storage/ordered-map.ts';
import { seededRandom } from '../../../src/system/random.ts';

void test('an ordered map agrees with a sorted array', () => {
  const random = seededRandom(7);
  const map = new OrderedMap<number>();
  const model = new Map<string, number>();
  for (let step = 0; step < 8000; step++) {
    const key = `/k/${Math.floor(random.next() * 3000)}`;
    if (random.next() < 0.7) {
      map.set(key, step);
      model.set(key, step);
    } else {
      assert.equal(map.delete(key), model.delete(key));
    }
  }
  const sorted = [...model].sort(([left], [right]) => (left < right ? -1 : 1));
  assert.equal(map.size, model.size);
  for (const [prefix, start] of [
    ['', ''],
    ['/k/', '/k/'],
    ['/k/2', '/k/2'],
    ['/k/2', '/k/25'],
    ['/k/', '/k/7'],
    ['/k/2', '/'],
    ['/k/9', '/l'],
    ['/x', '/x'],
  ] as const) {
    const expected = sorted.filter(([key]) => key.startsWith(prefix) && key >= start).map(([, value]) => value);
    assert.deepEqual([...map.values(prefix, start)], expected, `${prefix} from ${start}`);
    assert.deepEqual(map.slice(prefix, start, 7), expected.slice(0, 7));
    assert.deepEqual(map.slice(prefix, start, Infinity), expected);
    assert.equal(map.count(prefix, start), expected.length);
  }
  for (const [key] of sorted) map.delete(key);
  assert.equal(map.size, 0);
  assert.equal(map.count(''), 0);
  map.set('again', 1);
  assert.deepEqual([...map.values('')], [1]);
});

void test('keys compare as their UTF-8 bytes do', () => {
  const random = seededRandom(3);
  const codePoints = [0x2f, 0x61, 0xe4, 0x65e5, 0xd7ff, 0xe000, 0xffee, 0x10000, 0x1f600];
  const text = (): string =>
    Array.from({ length: Math.floor(random.next() * 4) }, () =>
      String.fromCodePoint(codePoints[Math.floor(random.next() * codePoints.length)] ?? 0x61),
    ).join('');
  for (let step = 0; step < 2000; step++) {
    const [left, right] = [text(), text()];
    const expected = Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0;
    assert.equal(utf8Less(left, right), expected, `${left} ${right}`);
  }
});
