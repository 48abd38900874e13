import assert from 'node:assert/strict';
import test from 'node:test';
import { legacyClaims } from '../../../src/api/core/v1/legacy-token.ts';
import type { Secret, ServiceAccount } from '../../../src/api/types/core-v1.ts';
import { ServiceAccountTokenAuthority } from '../../../src/control-plane/authentication/service-account-token.ts';
import { generateRsaKeyPair } from '../../../src/pki/key-pair.ts';
import { TokenKey } from '../../../src/pki/token-key.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';

const signingKey = generateRsaKeyPair().privateKey;
const key = new TokenKey(signingKey);
const api = 'https://kubernetes.default.svc.cluster.local';
const clock = new FakeClock();
const today = new Date(clock.now()).toISOString().slice(0, 10);
const authority = new ServiceAccountTokenAuthority({
  issuer: api,
  signingKey,
  apiAudiences: [api],
  clock,
  random: seededRandom(1),
});
const claims = legacyClaims('ns', { name: 'robot', uid: 'u1' }, 'robot-token');
const good = key.sign({ ...claims });

interface World {
  readonly secret?: Partial<Secret['metadata']> | null;
  readonly token?: string;
  readonly account?: Partial<ServiceAccount['metadata']> | null;
}

/** Checks a token where things are as told; the days that were noted come with the answer. */
async function check(token: string, world: World = {}, audiences: readonly string[] = [api]) {
  const days: string[] = [];
  const data = { token: Buffer.from(world.token ?? token).toString('base64') };
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'ns', name: 'robot-token', ...world.secret },
    data,
  };
  const account: ServiceAccount = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { uid: 'u1', ...world.account },
  };
  const checked = await authority.check(token, audiences, {
    find: () => Promise.resolve(undefined),
    legacy: {
      secret: () => Promise.resolve(world.secret === null ? undefined : secret),
      account: () => Promise.resolve(world.account === null ? undefined : account),
      markUsed: (_secret, day) => {
        days.push(day);
        return Promise.resolve();
      },
    },
  });
  return { checked, days };
}

test('the token of a secret speaks for its account, for the API server, and its use is noted once a day', async () => {
  const { checked, days } = await check(good);
  const groups = ['system:serviceaccounts', 'system:serviceaccounts:ns'];
  const user = { username: 'system:serviceaccount:ns:robot', uid: 'u1', groups, extra: {} };
  const annotations = {
    'authentication.k8s.io/legacy-token': 'system:serviceaccount:ns:robot',
    'authentication.k8s.io/legacy-token-manual-secret': 'robot-token',
  };
  assert.deepEqual(checked, { user, audiences: [api], notes: { annotations } });
  assert.deepEqual(days, [today]);
  const labels = { 'kubernetes.io/legacy-token-last-used': today };
  assert.deepEqual((await check(good, { secret: { labels } })).days, []);
});

test('where nobody looks after such tokens they are not known', async () => {
  const unknown = { find: () => Promise.resolve({ uid: 'u1' }) };
  assert.equal(await authority.check(good, [api], unknown), undefined);
});

const time = '2026-01-01T00:00:00Z';
const bad: readonly (readonly [string, string, World, string])[] = [
  ['of a secret that is gone', good, { secret: null }, 'Token has been invalidated'],
  ['of a secret that is going', good, { secret: { deletionTimestamp: time } }, 'Token has been invalidated'],
  ['that is not in the secret', good, { token: 'another' }, "Token does not match server's copy"],
  ['of an account that is gone', good, { account: null }, 'serviceaccounts "robot" not found'],
  [
    'of an account that is going',
    good,
    { account: { deletionTimestamp: time } },
    'ServiceAccount ns/robot has been deleted',
  ],
  ['of an earlier account', good, { account: { uid: 'u2' } }, 'ServiceAccount UID (u2) does not match claim (u1)'],
  [
    'that was marked',
    good,
    { secret: { labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' } } },
    "the token in secret ns/robot-token for service account ns/robot has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the 'kubernetes.io/legacy-token-invalid-since' label from the secret to temporarily allow use of this token",
  ],
  ['for another name', key.sign({ ...claims, sub: 'system:serviceaccount:ns:root' }), {}, 'sub claim is invalid'],
  [
    'that names no secret',
    key.sign({ ...claims, 'kubernetes.io/serviceaccount/secret.name': '' }),
    {},
    'secretName claim is missing',
  ],
  [
    'of another key',
    new TokenKey(generateRsaKeyPair().privateKey).sign({ ...claims }),
    {},
    'invalid signature, no keys found',
  ],
];

for (const [title, token, world, message] of bad) {
  test(`a lasting token ${title} does not hold`, async () => {
    await assert.rejects(check(token, world), { message });
  });
}

test('the token of a secret is for the API server alone', async () => {
  await assert.rejects(check(good, {}, ['vault']), {
    message: `token audiences ["${api}"] is invalid for the target audiences ["vault"]`,
  });
});
