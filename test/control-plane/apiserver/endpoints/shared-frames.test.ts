import assert from 'node:assert/strict';
import test from 'node:test';
import { SharedFrames } from '../../../../src/control-plane/apiserver/endpoints/shared-frames.ts';
import type { StoredValue } from '../../../../src/control-plane/storage/storage.ts';

function valueOf(revision: number): StoredValue {
  const key = `/registry/configmaps/default/c${revision}`;
  return { key, value: new Uint8Array(), modRevision: revision, createRevision: revision };
}

const values = [1, 2, 3, 4].map(valueOf);

/** Which of the values there are frames of. */
function kept(frames: SharedFrames, form: string): number[] {
  return values.filter((value) => frames.get(value, form) !== undefined).map(({ modRevision }) => modRevision);
}

test('the frames of the values that came first go when there are too many', () => {
  const frames = new SharedFrames({ values: 2, bytes: 1000 });
  for (const value of values) frames.set(value, 'json', Buffer.alloc(1));
  assert.deepEqual(kept(frames, 'json'), [3, 4]);
});

test('they go when they are too large together, in all forms of a value', () => {
  const frames = new SharedFrames({ values: 10, bytes: 100 });
  for (const value of values.slice(0, 3)) frames.set(value, 'json', Buffer.alloc(30));
  assert.deepEqual(kept(frames, 'json'), [1, 2, 3]);
  frames.set(values[2] ?? assert.fail(), 'yaml', Buffer.alloc(30));
  assert.deepEqual([kept(frames, 'json'), kept(frames, 'yaml')], [[2, 3], [3]]);
  // What stands in the place of another one counts once.
  for (let time = 0; time < 5; time++) frames.set(values[2] ?? assert.fail(), 'yaml', Buffer.alloc(30));
  assert.deepEqual(kept(frames, 'json'), [2, 3]);
  frames.set(values[3] ?? assert.fail(), 'json', Buffer.alloc(101));
  assert.deepEqual(kept(frames, 'json'), []);
  frames.set(values[0] ?? assert.fail(), 'json', Buffer.alloc(100));
  assert.deepEqual(kept(frames, 'json'), [1]);
});
