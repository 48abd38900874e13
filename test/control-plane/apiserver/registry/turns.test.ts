import assert from 'node:assert/strict';
import test from 'node:test';
import { Turns } from '../../../../src/control-plane/apiserver/registry/turns.ts';
import { FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

test('turns come in order, for each thing by itself, and nobody waits for ever', async () => {
  const clock = new FakeClock();
  const turns = new Turns(clock);
  const taken: string[] = [];
  const take = async (key: string, who: string): Promise<() => void> => {
    const end = await turns.take(key);
    taken.push(who);
    return end;
  };
  const [first, second, third] = [take('a', 'first'), take('a', 'second'), take('a', 'third')];
  await take('b', 'other');
  (await first)();
  await settle(5);
  assert.deepEqual(taken, ['first', 'other', 'second']);
  await second;
  await clock.advance(2999);
  assert.equal(taken.includes('third'), false);
  await clock.advance(1);
  (await third)();
  assert.deepEqual(taken, ['first', 'other', 'second', 'third']);
});

test('many that patch one object at once do little more work than one after the other', async () => {
  let asked = 0;
  const api = await createTestApiServer({
    admission: {
      async mutate({ resource }) {
        if (resource.resource !== 'configmaps') return;
        asked++;
        await new Promise((resolve) => setImmediate(resolve));
      },
      validate: () => Promise.resolve(),
    },
  });
  const path = '/api/v1/namespaces/default/configmaps';
  await api.request('POST', path, { metadata: { name: 'a' } });
  asked = 0;
  const count = 40;
  const answers = await Promise.all(
    Array.from({ length: count }, (_none, index) =>
      api.request(
        'PATCH',
        `${path}/a`,
        { data: { [`k${index}`]: 'v' } },
        { 'content-type': 'application/merge-patch+json' },
      ),
    ),
  );
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  const { body } = await api.request('GET', `${path}/a`);
  assert.equal(Object.keys(body['data'] as object).length, count);
  assert.ok(asked <= 2 * count, `${asked}`);
  await api.close();
});
