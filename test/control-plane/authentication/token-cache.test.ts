import assert from 'node:assert/strict';
import test from 'node:test';
import { cachedTokenChecker } from '../../../src/control-plane/authentication/token-cache.ts';
import type { CheckedToken } from '../../../src/control-plane/authentication/token-checker.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';

const checked: CheckedToken = { user: { username: 'ann', uid: '', groups: [], extra: {} }, audiences: ['api'] };

/** A cache over those who know the token `good`, and what was told of it. */
function start() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const told: string[] = [];
  const cache = cachedTokenChecker({
    tokens: {
      check: async (token) => {
        asked.push(token);
        await Promise.resolve();
        if (token === 'broken') throw new Error('cannot tell');
        return token === 'good' ? checked : undefined;
      },
    },
    successMillis: 10_000,
    secret: 's',
    clock,
    observer: {
      asked: (isHit) => told.push(isHit ? 'hit' : 'miss'),
      waiting: () => undefined,
      fetching: () => undefined,
      fetched: (isWell) => told.push(isWell ? 'ok' : 'error'),
    },
  });
  return { clock, asked, told, cache };
}

test('a token that holds is known for ten seconds', async () => {
  const { clock, asked, told, cache } = start();
  for (const millis of [0, 9_999, 1]) {
    await clock.advance(millis);
    assert.equal(await cache.check('good', ['api']), checked);
  }
  assert.deepEqual(asked, ['good', 'good']);
  assert.deepEqual(told, ['ok', 'miss', 'hit', 'ok', 'miss']);
});

test('for other audiences it is asked about again, and what does not hold each time', async () => {
  const { asked, told, cache } = start();
  await cache.check('good', ['api']);
  await cache.check('good', ['api', 'vault']);
  for (const _ of [1, 2]) {
    assert.equal(await cache.check('bad', ['api']), undefined);
    await assert.rejects(cache.check('broken', ['api']), { message: 'cannot tell' });
  }
  assert.deepEqual(asked, ['good', 'good', 'bad', 'broken', 'bad', 'broken']);
  assert.deepEqual(
    told.filter((word) => word === 'error'),
    ['error', 'error'],
  );
});

test('who comes while a token is looked at waits for the same answer', async () => {
  const { asked, told, cache } = start();
  assert.deepEqual(await Promise.all([cache.check('good', ['api']), cache.check('good', ['api'])]), [checked, checked]);
  assert.deepEqual(asked, ['good']);
  assert.deepEqual(told, ['ok', 'miss', 'miss']);
});
