import assert from 'node:assert/strict';
import test from 'node:test';
import type { Secret } from '../../../src/api/types/core-v1.ts';
import type { HttpRequest } from '../../../src/apimachinery/http.ts';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { notFound } from '../../../src/apimachinery/status.ts';
import { unionAuthenticator } from '../../../src/control-plane/authentication/authenticator.ts';
import { bootstrapTokenAuthenticator } from '../../../src/control-plane/authentication/bootstrap-token.ts';
import {
  serviceAccountAuthenticator,
  ServiceAccountTokenAuthority,
} from '../../../src/control-plane/authentication/service-account-token.ts';
import { tokenFileAuthenticator } from '../../../src/control-plane/authentication/token-file.ts';
import { answerTokenRequest } from '../../../src/control-plane/authentication/token-request.ts';
import { reviewSelf, reviewToken } from '../../../src/control-plane/authentication/token-review.ts';
import { generateKeyPair, generateRsaKeyPair } from '../../../src/pki/key-pair.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';

const audience = 'https://kubernetes.default.svc.cluster.local';
const clock = new FakeClock();
const bearer = (token: string): HttpRequest => ({
  method: 'GET',
  path: '/',
  headers: { authorization: `Bearer ${token}` },
});

function authorityWith(signingKey: string) {
  return new ServiceAccountTokenAuthority({
    issuer: audience,
    signingKey,
    apiAudiences: [audience],
    clock,
    random: seededRandom(1),
  });
}

const authority = authorityWith(generateKeyPair().privateKey);
const objects = {
  serviceAccountUid: (namespace: string, name: string) =>
    Promise.resolve(namespace === 'ns' && name === 'robot' ? 'u1' : undefined),
  boundUid: (_kind: string, _namespace: string, name: string) => Promise.resolve(name === 'p' ? 'pu' : undefined),
};
const robot = { namespace: 'ns', name: 'robot', uid: 'u1', audiences: [audience], expirationSeconds: 600 };

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

for (const [name, key] of [
  ['EC', generateKeyPair()],
  ['RSA', generateRsaKeyPair()],
] as const) {
  test(`a token signed with an ${name} key is known again`, async () => {
    const own = authorityWith(key.privateKey);
    const { token } = own.issue({
      ...robot,
      bound: { kind: 'Pod', name: 'p', uid: 'pu' },
      node: { name: 'n', uid: 'nu' },
    });
    const found = await own.check(token, [audience], objects);
    assert.equal(found?.user.username, 'system:serviceaccount:ns:robot');
    assert.deepEqual(found.user.groups, ['system:serviceaccounts', 'system:serviceaccounts:ns']);
    assert.deepEqual(found.user.extra['authentication.kubernetes.io/pod-name'], ['p']);
    assert.deepEqual(found.user.extra['authentication.kubernetes.io/node-name'], ['n']);
  });
}

const bad: readonly (readonly [string, () => string, RegExp])[] = [
  ['of another key', () => authorityWith(generateKeyPair().privateKey).issue(robot).token, /invalid signature/],
  [
    'with other claims',
    () => {
      const [head, , signature] = authority.issue(robot).token.split('.');
      const claims = { ...claimsOf(authority.issue(robot).token), sub: 'root' };
      return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
    },
    /invalid signature/,
  ],
  [
    'without a signature',
    () => {
      const head = Buffer.from('{"alg":"none"}').toString('base64url');
      return `${head}.${authority.issue(robot).token.split('.')[1] ?? ''}.`;
    },
    /invalid signature/,
  ],
  ['that is over', () => authority.issue({ ...robot, expirationSeconds: -1 }).token, /expired/],
  ['for others', () => authority.issue({ ...robot, audiences: ['vault'] }).token, /audience/],
  ['of an account that is gone', () => authority.issue({ ...robot, uid: 'u0' }).token, /invalidated/],
  [
    'of a pod that is gone',
    () => authority.issue({ ...robot, bound: { kind: 'Pod', name: 'q', uid: 'x' } }).token,
    /invalidated/,
  ],
];

for (const [title, make, message] of bad) {
  test(`a token ${title} does not hold`, async () => {
    await assert.rejects(authority.check(make(), [audience], objects), message);
  });
}

const file = tokenFileAuthenticator('alice-token,alice,alice-uid,"dev,ops"\n\nbob-token,bob,7\n', 'tokens.csv');

test('a token file is read as it is written, and of several lines with one token the last counts', async () => {
  const known = tokenFileAuthenticator(
    'a,ann,1,"dev, ""ops"", system:masters"\r\na,bob,2,\n,nobody,3\n#c,cat,4,"x\ny"\nd,dan,5',
    'tokens.csv',
  );
  const who = async (token: string): Promise<unknown> => {
    const user = await known.authenticate(bearer(token));
    return [user?.username, user?.groups];
  };
  assert.deepEqual(await who('a'), ['bob', ['']]);
  assert.deepEqual(await who('#c'), ['cat', ['x\ny']]);
  assert.deepEqual(await who('d'), ['dan', []]);
  const groups = tokenFileAuthenticator('a,ann,1,"dev, ""ops"", system:masters"', 't').authenticate(bearer('a'));
  assert.deepEqual((await groups)?.groups, ['dev', ' "ops"', ' system:masters']);
  const wrong: Readonly<Record<string, string>> = {
    'a,b': "token file 'tokens.csv' must have at least 3 columns (token, user name, user uid), found 2",
    '# a comment': "token file 'tokens.csv' must have at least 3 columns (token, user name, user uid), found 1",
    'a,b"c,d': 'parse error on line 1, column 4: bare " in non-quoted-field',
    'x,y,z\na,"b"c,d': 'parse error on line 2, column 5: extraneous or missing " in quoted-field',
  };
  for (const [text, message] of Object.entries(wrong)) {
    assert.throws(() => tokenFileAuthenticator(text, 'tokens.csv'), { message }, text);
  }
});

test('one that knows the user is enough, and whoever is known is authenticated', async () => {
  const union = unionAuthenticator([file, serviceAccountAuthenticator(authority, [audience], objects)]);
  const alice = await union.authenticate(bearer('alice-token'));
  assert.deepEqual(alice, {
    username: 'alice',
    uid: 'alice-uid',
    groups: ['dev', 'ops', 'system:authenticated'],
    extra: {},
  });
  assert.equal((await union.authenticate(bearer(authority.issue(robot).token)))?.uid, 'u1');
  assert.equal(await union.authenticate({ method: 'GET', path: '/', headers: {} }), undefined);
  await assert.rejects(union.authenticate(bearer('zork')), { message: 'Unauthorized' });
});

const review = (token: string, audiences?: readonly string[]): Unstructured => ({
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenReview',
  metadata: {},
  spec: { token, ...(audiences === undefined ? {} : { audiences }) },
});
const reviewing = { authenticators: [file], authority, objects, apiAudiences: [audience] };

test('a review tells whose token it is and for whom', async () => {
  const answer = await reviewToken(review('bob-token'), reviewing);
  const user = { username: 'bob', uid: '7', groups: ['system:authenticated'] };
  assert.deepEqual(answer['status'], { authenticated: true, user, audiences: [audience] });
  const vault = authority.issue({ ...robot, audiences: ['a', 'b'] }).token;
  const status = (await reviewToken(review(vault, ['b']), reviewing))['status'] as Record<string, unknown>;
  assert.deepEqual([status['authenticated'], status['audiences']], [true, ['b']]);
  const others = (await reviewToken(review(vault), reviewing))['status'];
  assert.deepEqual(others, { user: {}, error: 'token audiences do not match' });
  assert.deepEqual((await reviewToken(review('zork'), reviewing))['status'], {
    user: {},
    error: 'invalid bearer token',
  });
  assert.deepEqual((await reviewToken(review('bob-token', ['vault']), reviewing))['status'], {
    user: {},
    error: 'invalid bearer token',
  });
  await assert.rejects(reviewToken(review(''), reviewing), {
    message: 'token is required for TokenReview in authentication',
  });
});

test('a self review shows the user as the server sees it', () => {
  const user = { username: 'ann', uid: '', groups: ['g'], extra: { k: ['v'] } };
  const object = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };
  assert.deepEqual(reviewSelf(object, user, 0)['status'], {
    userInfo: { username: 'ann', groups: ['g'], extra: { k: ['v'] } },
  });
});

const stored: Readonly<Record<string, object>> = {
  'serviceaccounts/robot': { metadata: { name: 'robot', namespace: 'ns', uid: 'u1' } },
  'pods/p': { metadata: { name: 'p', uid: 'pu' }, spec: { serviceAccountName: 'robot', nodeName: 'n' } },
  'pods/other': { metadata: { name: 'other', uid: 'x' }, spec: { serviceAccountName: 'default' } },
};
const requestOptions = {
  authority,
  apiAudiences: [audience],
  clock,
  get: <T>(resource: string, _namespace: string, name: string): Promise<T> => {
    const found = stored[`${resource}/${name}`];
    return found === undefined ? Promise.reject(notFound({ group: '', resource }, name)) : Promise.resolve(found as T);
  },
};
const warnings: string[] = [];
const request = (spec: object, name = 'robot', metadata: object = {}) =>
  answerTokenRequest(
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata, spec },
    { namespace: 'ns', name, dryRun: false, warn: (text) => warnings.push(text) },
    requestOptions,
  );
const boundTo = (kind: string, name: string, uid = '') => ({ boundObjectRef: { apiVersion: 'v1', kind, name, uid } });

const refusals: readonly (readonly [string, () => Promise<unknown>, string])[] = [
  [
    'too short a time',
    () => request({ expirationSeconds: 60 }),
    'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
  ],
  ['an account that is not there', () => request({}, 'nope'), 'serviceaccounts "nope" not found'],
  ['a pod that is not there', () => request(boundTo('Pod', 'nope')), 'pods "nope" not found'],
  [
    'something else',
    () => request(boundTo('ConfigMap', 'x')),
    'cannot bind token to object of type /v1, Kind=ConfigMap',
  ],
  [
    "another account's pod",
    () => request(boundTo('Pod', 'other')),
    'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
  ],
  [
    'another name',
    () => request({}, 'robot', { name: 'x' }),
    'TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: Invalid value: "x": must match the service account name if specified',
  ],
];

for (const [title, attempt, message] of refusals) {
  test(`no token for ${title}`, async () => {
    await assert.rejects(attempt(), { message });
  });
}

test('a token request is answered with a token', async () => {
  const answer = await request({ expirationSeconds: 700, ...boundTo('Pod', 'p') });
  const { token, expirationTimestamp } = answer['status'] as { token: string; expirationTimestamp: string };
  assert.equal(Date.parse(expirationTimestamp), Math.floor(clock.now() / 1000) * 1000 + 700_000);
  const claims = claimsOf(token)['kubernetes.io'] as Record<string, unknown>;
  assert.deepEqual(claims['pod'], { name: 'p', uid: 'pu' });
  // The node is gone; its name is told all the same.
  assert.deepEqual(claims['node'], { name: 'n' });
  assert.equal(answer.metadata.uid, 'u1');
});

test('what pods ask for lasts a year and is reported after an hour', async () => {
  const answer = await request({ expirationSeconds: 3607, ...boundTo('Pod', 'p') });
  const claims = claimsOf((answer['status'] as { token: string }).token);
  const now = Math.floor(clock.now() / 1000);
  assert.equal(claims['exp'], now + 365 * 24 * 3600);
  assert.equal((claims['kubernetes.io'] as Record<string, unknown>)['warnafter'], now + 3607);
});

const encode = (data: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
const good = {
  'token-id': 'abcdef',
  'token-secret': '0123456789abcdef',
  'usage-bootstrap-authentication': 'true',
  'auth-extra-groups': 'system:bootstrappers:worker',
};

function bootstrap(data: Readonly<Record<string, string>>, type = 'bootstrap.kubernetes.io/token') {
  const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: {}, type, data: encode(data) };
  const secretOf = (name: string) => Promise.resolve(name === 'bootstrap-token-abcdef' ? secret : undefined);
  return bootstrapTokenAuthenticator(secretOf, clock).authenticate(bearer('abcdef.0123456789abcdef'));
}

test('a bootstrap token is a node to be', async () => {
  assert.deepEqual(await bootstrap(good), {
    username: 'system:bootstrap:abcdef',
    uid: '',
    groups: ['system:bootstrappers', 'system:bootstrappers:worker'],
    extra: {},
  });
  const other = bootstrapTokenAuthenticator(() => Promise.resolve(undefined), clock);
  assert.equal(await other.authenticate(bearer('something-else')), undefined);
});

for (const [title, change] of [
  ['another secret', { 'token-secret': 'x' }],
  ['no right to authenticate', { 'usage-bootstrap-authentication': 'false' }],
  ['an end that is past', { expiration: '1971-01-01T00:00:00Z' }],
  ['a group of others', { 'auth-extra-groups': 'system:masters' }],
] as const) {
  test(`a bootstrap token with ${title} does not hold`, async () => {
    await assert.rejects(bootstrap({ ...good, ...change }));
  });
}
