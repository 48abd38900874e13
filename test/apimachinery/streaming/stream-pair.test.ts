import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { streamPair } from '../../../src/apimachinery/streaming/stream-pair.ts';

void test('streams of a pair read what the other writes, and break alone', async () => {
  const [near, far] = streamPair();
  const errors: unknown[] = [];
  near.on('error', (error) => errors.push(error));
  far.on('error', () => undefined);
  near.resume();
  near.write('there');
  const [chunk] = (await once(far, 'data')) as [Buffer];
  assert.equal(chunk.toString(), 'there');
  far.destroy(new Error('broken'));
  for (let round = 0; round < 10; round++) await turn();
  assert.deepEqual([near.destroyed, near.readableEnded, errors], [false, false, []]);
});
