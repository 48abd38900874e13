import assert from 'node:assert/strict';
import test from 'node:test';
import { createInProcessTransport } from '../../../src/client/in-process-transport.ts';
import { createClient } from '../../../src/client/rest-client.ts';
import { ExpiringCache } from '../../../src/control-plane/authentication/expiring-cache.ts';
import { reviewWebhook } from '../../../src/control-plane/authentication/review-webhook.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';

const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' };

test('a webhook is asked five times at most, and only where another time may help', async () => {
  const cases: readonly [number, number][] = [
    [500, 5],
    [504, 5],
    [429, 5],
    [400, 1],
    [403, 1],
  ];
  for (const [status, times] of cases) {
    const clock = new FakeClock();
    let asked = 0;
    const transport = createInProcessTransport(() => {
      asked++;
      return Promise.resolve({ status, headers: {}, body: Buffer.from('no') });
    });
    const client = createClient({ transport, clock });
    const answer = reviewWebhook({ client, path: '/', clock, random: seededRandom(1) }).ask(review);
    const refused = assert.rejects(answer);
    await clock.advance(10_000);
    await refused;
    assert.equal(asked, times, String(status));
  }
});

test('answers are forgotten after their time, and the oldest when there are too many', async () => {
  const clock = new FakeClock();
  const cache = new ExpiringCache<number>(clock, 2);
  cache.set('a', 1, 1000);
  cache.set('b', 2, 2000);
  cache.set('never', 3, 0);
  assert.equal(cache.get('never'), undefined);
  assert.equal(cache.get('a'), 1);
  cache.set('c', 3, 2000);
  assert.equal(cache.get('b'), undefined, 'used longest ago');
  assert.equal(cache.get('a'), 1);
  await clock.advance(1000);
  assert.equal(cache.get('a'), undefined);
  assert.equal(cache.get('c'), 3);
});

const answers: readonly (readonly [string, string])[] = [
  ['', '0-length response with status code: 200 and content type: application/json'],
  ['{"kind":"Pod","apiVersion":"v1"}', 'converting (v1.Pod) to (v1.SubjectAccessReview): unknown conversion'],
  [
    '{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1beta1"}',
    'converting (v1beta1.SubjectAccessReview) to (v1.SubjectAccessReview): unknown conversion',
  ],
  [
    '{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v9"}',
    'no kind "SubjectAccessReview" is registered for version "authorization.k8s.io/v9" in scheme "k8s.io/client-go/kubernetes/scheme/register.go:82"',
  ],
];

/** What is made of a webhook's answer. */
function asked(text: string) {
  const body = Buffer.from(text);
  const headers = { 'content-type': 'application/json' };
  const transport = createInProcessTransport(() => Promise.resolve({ status: 200, headers, body }));
  const clock = new FakeClock();
  const client = createClient({ transport, clock });
  return reviewWebhook({ client, path: '/', clock, random: seededRandom(1) }).ask(review);
}

for (const [text, message] of answers) {
  test(`a webhook must not answer ${text === '' ? 'nothing' : text}`, async () => {
    await assert.rejects(asked(text), { message });
  });
}

test('an answer need not say again what it answers', async () => {
  assert.deepEqual(await asked('{"status":{"allowed":true}}'), { status: { allowed: true } });
});
