import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpResponse } from '../../../../src/apimachinery/http.ts';
import { FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

test('requests that take too long are answered with 504, watches are not', async () => {
  const clock = new FakeClock();
  let aborted = 0;
  const api = await createTestApiServer({
    clock,
    routes: [
      async (request) => {
        if (request.info.path !== '/slow') return undefined;
        request.signal().addEventListener('abort', () => aborted++);
        return new Promise(() => undefined);
      },
    ],
  });
  const cases: readonly (readonly [query: string, seconds: number])[] = [
    ['', 60],
    ['?timeout=5s', 5],
    ['?timeout=0s', 60],
    ['?timeout=10m', 60],
  ];
  for (const [query, seconds] of cases) {
    let isAnswered = false;
    const answer = api.request('GET', `/slow${query}`);
    void answer.then(() => (isAnswered = true));
    await clock.advance(seconds * 1000 - 1);
    assert.equal(isAnswered, false, query);
    await clock.advance(1);
    const { status, headers, body } = await answer;
    assert.equal(status, 504);
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
    assert.deepEqual(body, {
      metadata: {},
      status: 'Failure',
      message: 'Timeout: request did not complete within the allotted timeout',
      reason: 'Timeout',
      details: {},
      code: 504,
    });
  }
  assert.equal(aborted, cases.length);
  const wrong = await api.request('GET', '/api/v1/pods?timeout=soon');
  assert.equal(wrong.status, 400);
  assert.equal(wrong.body['message'], 'invalid timeout specified in the request URL - time: invalid duration "soon"');
  const watch = await api.open('/api/v1/pods?watch=true&timeout=1s');
  await clock.advance(61_000);
  await settle();
  assert.equal(watch.status, 200);
  await api.close();
});

test('an answer that comes after the time is over is not sent, and gives back what it took', async () => {
  const clock = new FakeClock();
  const ann = { username: 'ann', uid: '', groups: ['system:authenticated'], extra: {} };
  let give = (_answer: HttpResponse): void => assert.fail();
  const late = new Promise<HttpResponse>((resolve) => (give = resolve));
  const api = await createTestApiServer({
    clock,
    authenticator: { authenticate: () => Promise.resolve(ann) },
    inFlightLimits: { maxRequestsInFlight: 1, maxMutatingRequestsInFlight: 1 },
    routes: [(request) => (request.info.path === '/late' ? late : Promise.resolve(undefined))],
  });
  const answer = api.request('GET', '/late');
  await clock.advance(60_000);
  assert.equal((await answer).status, 504);
  const statusOf = async (): Promise<number> => (await api.request('GET', '/api/v1/namespaces')).status;
  assert.equal(await statusOf(), 429);
  async function* slices(): AsyncGenerator<Uint8Array> {
    for (;;) yield await Promise.resolve(Buffer.from('x'));
  }
  give({ status: 200, headers: {}, body: slices() });
  await settle();
  assert.equal(await statusOf(), 200);
  await api.close();
});
