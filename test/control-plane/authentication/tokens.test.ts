import assert from 'node:assert/strict';
import test from 'node:test';
import type { Secret } from '../../../src/api/types/core-v1.ts';
import type { HttpRequest } from '../../../src/apimachinery/http.ts';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { notFound } from '../../../src/apimachinery/status.ts';
import { unionAuthenticator } from '../../../src/control-plane/authentication/authenticator.ts';
import { bootstrapTokens } from '../../../src/control-plane/authentication/bootstrap-token.ts';
import {
  serviceAccountTokens,
  ServiceAccountTokenAuthority,
  type TokenUseObserver,
} from '../../../src/control-plane/authentication/service-account-token.ts';
import {
  bearerTokenAuthenticator,
  forApiAudiences,
  unionTokens,
} from '../../../src/control-plane/authentication/token-checker.ts';
import { readTokenFile } from '../../../src/control-plane/authentication/token-file.ts';
import { answerTokenRequest, wholeTokenRequest } from '../../../src/control-plane/authentication/token-request.ts';
import { reviewSelf, reviewToken } from '../../../src/control-plane/authentication/token-review.ts';
import { generateKeyPair, generateRsaKeyPair } from '../../../src/pki/key-pair.ts';
import { TokenKey } from '../../../src/pki/token-key.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';

const audience = 'https://kubernetes.default.svc.cluster.local';
const clock = new FakeClock();
const bearer = (token: string): HttpRequest => ({
  method: 'GET',
  path: '/',
  headers: { authorization: `Bearer ${token}` },
});

function authorityWith(signingKey: string, observer?: TokenUseObserver, otherIssuers: readonly string[] = []) {
  return new ServiceAccountTokenAuthority({
    issuer: audience,
    otherIssuers,
    signingKey,
    ...(observer === undefined ? {} : { observer }),
    apiAudiences: [audience],
    clock,
    random: seededRandom(1),
  });
}

const ownKey = generateKeyPair();
const authority = authorityWith(ownKey.privateKey);
const seconds = (): number => Math.floor(clock.now() / 1000);

/** A token of the robot's with other claims, signed as it must be. */
function signed(claims: object): string {
  return new TokenKey(ownKey.privateKey).sign({ ...claimsOf(authority.issue(robot).token), ...claims });
}

const present: ReadonlyMap<string, { uid: string; goesAt?: number }> = new Map([
  ['ServiceAccount/ns/robot', { uid: 'u1' }],
  ['ServiceAccount/ns/going', { uid: 'u2', goesAt: -59_000 }],
  ['ServiceAccount/ns/went', { uid: 'u3', goesAt: -61_000 }],
  ['Pod/ns/p', { uid: 'pu' }],
  ['Pod/ns/went', { uid: 'pu', goesAt: -61_000 }],
  ['Node/ns/n', { uid: 'nu' }],
]);
const objects = {
  find: (kind: string, namespace: string, name: string) => {
    const found = present.get(`${kind}/${namespace}/${name}`);
    if (found?.goesAt === undefined) return Promise.resolve(found);
    return Promise.resolve({ ...found, goesAt: found.goesAt + clock.now() });
  },
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
  [
    'of another key',
    () => authorityWith(generateKeyPair().privateKey).issue(robot).token,
    /invalid signature, no keys found/,
  ],
  [
    'with other claims',
    () => {
      const [head, , signature] = authority.issue(robot).token.split('.');
      const claims = { ...claimsOf(authority.issue(robot).token), sub: 'root' };
      return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
    },
    /error in cryptographic primitive/,
  ],
  [
    'without a signature',
    () => {
      const head = Buffer.from('{"alg":"none"}').toString('base64url');
      return `${head}.${authority.issue(robot).token.split('.')[1] ?? ''}.`;
    },
    /error in cryptographic primitive/,
  ],
  ['that is over', () => authority.issue({ ...robot, expirationSeconds: -61 }).token, /expired/],
  ['for others', () => authority.issue({ ...robot, audiences: ['vault'] }).token, /audience/],
  [
    'of an account that is gone',
    () => authority.issue({ ...robot, uid: 'u0' }).token,
    /^Error: service account UID \(u1\) does not match claim \(u0\)$/,
  ],
  [
    'of a pod that is gone',
    () => authority.issue({ ...robot, bound: { kind: 'Pod', name: 'q', uid: 'x' } }).token,
    /invalidated/,
  ],
  [
    'without an account',
    () => authority.issue({ ...robot, name: '' }).token,
    /^Error: resource name may not be empty$/,
  ],
  [
    'of an account that went',
    () => authority.issue({ ...robot, name: 'went', uid: 'u3' }).token,
    /ns\/went has been deleted/,
  ],
  [
    'of a pod that went',
    () => authority.issue({ ...robot, bound: { kind: 'Pod', name: 'went', uid: 'pu' } }).token,
    /^Error: service account token has been invalidated$/,
  ],
  [
    'of an earlier pod',
    () => authority.issue({ ...robot, bound: { kind: 'Pod', name: 'p', uid: 'x' } }).token,
    /^Error: pod UID \(pu\) does not match service account pod ref claim \(x\)$/,
  ],
  [
    'of an earlier node',
    () => authority.issue({ ...robot, bound: { kind: 'Node', name: 'n', uid: 'x' } }).token,
    /^Error: node UID \(nu\) does not match service account node ref claim \(x\)$/,
  ],
  ['whose end is a text', () => signed({ exp: 'never' }), /expected number value to unmarshal NumericDate$/],
  ['that begins later', () => signed({ nbf: seconds() + 61 }), /^Error: service account token is not valid yet$/],
  [
    'that is made later',
    () => signed({ iat: seconds() + 61 }),
    /^Error: service account token is issued in the future$/,
  ],
];

for (const [title, make, message] of bad) {
  test(`a token ${title} does not hold`, async () => {
    await assert.rejects(authority.check(make(), [audience], objects), message);
  });
}

for (const [title, make] of [
  ['that begins within a minute', () => signed({ nbf: seconds() + 59, iat: seconds() + 59 })],
  ['that ended within a minute', () => signed({ exp: seconds() - 59 })],
  ['without an end', () => signed({ exp: undefined })],
  ['that names no audience', () => signed({ aud: undefined })],
  ['whose audience is a text', () => signed({ aud: audience })],
  ['of an account that goes', () => authority.issue({ ...robot, name: 'going', uid: 'u2' }).token],
] as const) {
  test(`a token ${title} holds`, async () => {
    assert.deepEqual((await authority.check(make(), [audience], objects))?.audiences, [audience]);
  });
}

test('what is known of tokens that are used is told', async () => {
  const used: string[] = [];
  const observed = authorityWith(ownKey.privateKey, { used: (kind) => used.push(kind) });
  const notesOf = async (claims: object) => (await observed.check(signed(claims), [audience], objects))?.notes;
  const about = claimsOf(authority.issue(robot).token)['kubernetes.io'] as object;
  assert.equal(await notesOf({ 'kubernetes.io': { ...about, warnafter: seconds() + 1 } }), undefined);
  assert.deepEqual(await notesOf({ 'kubernetes.io': { ...about, warnafter: seconds() - 10 } }), {
    annotations: {
      'authentication.k8s.io/stale-token':
        'subject: system:serviceaccount:ns:robot, seconds after warning threshold: 10',
    },
  });
  assert.deepEqual(await notesOf({ aud: [] }), {
    annotations: { 'authentication.k8s.io/legacy-token': 'system:serviceaccount:ns:robot' },
  });
  assert.deepEqual(used, ['valid', 'stale', 'legacy']);
});

test('tokens of other issuers are taken where they are named', async () => {
  const token = signed({ iss: 'https://before' });
  assert.equal(await authority.check(token, [audience], objects), undefined);
  const both = authorityWith(ownKey.privateKey, undefined, ['https://before']);
  assert.equal((await both.check(token, [audience], objects))?.user.uid, 'u1');
});

const file = readTokenFile('alice-token,alice,alice-uid,"dev,ops"\n\nbob-token,bob,7\n', 'tokens.csv');
const tokens = unionTokens([forApiAudiences(file, [audience]), serviceAccountTokens(authority, objects)]);

test('a token file is read as it is written, and of several lines with one token the last counts', async () => {
  const known = readTokenFile(
    'a,ann,1,"dev, ""ops"", system:masters"\r\na,bob,2,\n,nobody,3\n#c,cat,4,"x\ny"\nd,dan,5',
    'tokens.csv',
  );
  const who = async (token: string): Promise<unknown> => {
    const user = await known.userOf(token);
    return [user?.username, user?.groups];
  };
  assert.deepEqual(await who('a'), ['bob', ['']]);
  assert.deepEqual(await who('#c'), ['cat', ['x\ny']]);
  assert.deepEqual(await who('d'), ['dan', []]);
  const groups = readTokenFile('a,ann,1,"dev, ""ops"", system:masters"', 't').userOf('a');
  assert.deepEqual((await groups)?.groups, ['dev', ' "ops"', ' system:masters']);
  const wrong: Readonly<Record<string, string>> = {
    'a,b': "token file 'tokens.csv' must have at least 3 columns (token, user name, user uid), found 2",
    '# a comment': "token file 'tokens.csv' must have at least 3 columns (token, user name, user uid), found 1",
    'a,b"c,d': 'parse error on line 1, column 4: bare " in non-quoted-field',
    'x,y,z\na,"b"c,d': 'parse error on line 2, column 5: extraneous or missing " in quoted-field',
  };
  for (const [text, message] of Object.entries(wrong)) {
    assert.throws(() => readTokenFile(text, 'tokens.csv'), { message }, text);
  }
});

test('one that knows the user is enough, and whoever is known is authenticated', async () => {
  const union = unionAuthenticator([bearerTokenAuthenticator(tokens, [audience])]);
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
const reviewing = { tokens, apiAudiences: [audience], allowAnonymous: () => true };

test('a review tells whose token it is and for whom', async () => {
  const answer = await reviewToken(review('bob-token'), reviewing);
  const user = { username: 'bob', uid: '7', groups: ['system:authenticated'] };
  assert.deepEqual(answer['status'], { authenticated: true, user, audiences: [audience] });
  const vault = authority.issue({ ...robot, audiences: ['a', 'b'] }).token;
  const status = (await reviewToken(review(vault, ['b']), reviewing))['status'] as Record<string, unknown>;
  assert.deepEqual([status['authenticated'], status['audiences']], [true, ['b']]);
  const others = (await reviewToken(review(vault), reviewing))['status'];
  assert.deepEqual(others, {
    user: {},
    error: `[invalid bearer token, token audiences ["a" "b"] is invalid for the target audiences ["${audience}"]]`,
  });
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

test('a request is checked when it is filled in, before there is a token', async () => {
  const seen: unknown[] = [];
  const place = {
    namespace: 'ns',
    name: 'robot',
    dryRun: false,
    warn: (text: string) => void warnings.push(text),
    validate: (filledIn: unknown) => {
      seen.push(filledIn);
      return Promise.reject(new Error('no'));
    },
  };
  const object = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: {} };
  await assert.rejects(answerTokenRequest(object, place, requestOptions), { message: 'no' });
  const { metadata, ...rest } = seen[0] as { metadata: Record<string, unknown> };
  assert.deepEqual(Object.keys(metadata), ['name', 'namespace', 'uid', 'creationTimestamp']);
  assert.equal(metadata['name'], 'robot');
  assert.deepEqual(rest, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [audience], expirationSeconds: 3600, boundObjectRef: null },
    status: { token: '', expirationTimestamp: null },
  });
});

test('the audit log is told of a request as a whole, and by what name its token is known', async () => {
  const object = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {} };
  assert.deepEqual(wholeTokenRequest(object), {
    ...object,
    spec: { audiences: null, expirationSeconds: 3600, boundObjectRef: null },
    status: { token: '', expirationTimestamp: null },
  });
  const issued: string[] = [];
  const place = {
    namespace: 'ns',
    name: 'robot',
    dryRun: false,
    warn: () => undefined,
    issued: (credential: string) => void issued.push(credential),
  };
  const answer = await answerTokenRequest({ ...object, spec: {} }, place, requestOptions);
  const { token = '' } = answer['status'] as { token?: string };
  const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
  assert.deepEqual(issued, [`JTI=${jti}`]);
});

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
  return bootstrapTokens(secretOf, clock).userOf('abcdef.0123456789abcdef');
}

test('a bootstrap token is a node to be', async () => {
  assert.deepEqual(await bootstrap(good), {
    username: 'system:bootstrap:abcdef',
    uid: '',
    groups: ['system:bootstrappers', 'system:bootstrappers:worker'],
    extra: {},
  });
  const other = bootstrapTokens(() => Promise.resolve(undefined), clock);
  assert.equal(await other.userOf('something-else'), undefined);
});

for (const [title, change] of [
  ['another secret', { 'token-secret': 'x' }],
  ['no right to authenticate', { 'usage-bootstrap-authentication': 'false' }],
  ['an end that is past', { expiration: '1971-01-01T00:00:00Z' }],
  ['an end that is a day only', { expiration: '2971-01-01' }],
  ['spaces between groups', { 'auth-extra-groups': 'system:bootstrappers:a, system:bootstrappers:b' }],
  ['a group of others', { 'auth-extra-groups': 'system:masters' }],
] as const) {
  test(`a bootstrap token with ${title} does not hold`, async () => {
    assert.equal(await bootstrap({ ...good, ...change }), undefined);
  });
}
