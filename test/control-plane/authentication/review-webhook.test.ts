import assert from 'node:assert/strict';
import test from 'node:test';
import { createInProcessTransport } from '../../../src/client/in-process-transport.ts';
import { createClient } from '../../../src/client/rest-client.ts';
import { ExpiringCache } from '../../../src/control-plane/authentication/expiring-cache.ts';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import { webhookTokens } from '../../../src/control-plane/authentication/webhook-token.ts';
import { reviewWebhook } from '../../../src/control-plane/authentication/review-webhook.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';

const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' };

test('a webhook is asked five times at most, and only where another time may help', async () => {
  const told = (reason: string, code: number): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Status', status: 'Failure', message: 'no', reason, code });
  const cases: readonly [number, number, string][] = [
    [500, 5, 'no'],
    [504, 5, 'no'],
    [429, 5, 'no'],
    [400, 1, 'no'],
    [403, 1, 'no'],
    [500, 5, told('Unheard', 500)],
    [500, 1, told('Forbidden', 500)],
    [422, 1, told('Unheard', 422)],
  ];
  for (const [status, times, text] of cases) {
    const clock = new FakeClock();
    let asked = 0;
    const transport = createInProcessTransport(() => {
      asked++;
      return Promise.resolve({ status, headers: { 'content-type': 'application/json' }, body: Buffer.from(text) });
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

test('a review of a token whose fields are of other types is refused', async () => {
  const answers: readonly [object, string][] = [
    [{ authenticated: 'yes' }, 'string into Go struct field TokenReviewStatus.status.authenticated of type bool'],
    [{ error: 5 }, 'number into Go struct field TokenReviewStatus.status.error of type string'],
    [{ user: 'kim' }, 'string into Go struct field TokenReviewStatus.status.user of type v1.UserInfo'],
    [{ user: { groups: [true] } }, 'bool into Go struct field UserInfo.status.user.groups of type string'],
    [{ user: { groups: 'dev' } }, 'string into Go struct field UserInfo.status.user.groups of type []string'],
  ];
  for (const [status, problem] of answers) {
    const tokens = webhookTokens({
      webhook: { ask: () => Promise.resolve({ status } as JsonObject) },
      version: 'v1',
      apiAudiences: ['api'],
      cacheMillis: 0,
      clock: new FakeClock(),
    });
    await assert.rejects(tokens.check('t', ['api']), { message: `json: cannot unmarshal ${problem}` });
  }
});
