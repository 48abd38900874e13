import assert from 'node:assert/strict';
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { assembled, temporaryFolder, who } from '../support/assembled-server.ts';
import { jsonAnswer, loopbackServer, type LoopbackServer } from '../support/loopback-server.ts';

interface Key {
  readonly id: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function rsaKey(id: string): Key {
  return { id, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
}

function ecKey(id: string): Key {
  return { id, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
}

/** An OpenID provider on this machine; its keys can change. */
interface Provider extends LoopbackServer {
  keys: readonly Key[];
  /** Paths that were asked for. */
  readonly asked: string[];
}

async function provider(context: TestContext, folder: string, keys: readonly Key[]): Promise<Provider> {
  const asked: string[] = [];
  const server = await loopbackServer(context, folder, ({ path }) => {
    asked.push(path);
    if (path === '/.well-known/openid-configuration') {
      return jsonAnswer({ issuer: made.url, jwks_uri: `${made.url}/keys` });
    }
    if (path !== '/keys') return jsonAnswer({}, 404);
    return jsonAnswer({ keys: made.keys.map((key) => ({ ...key.publicKey.export({ format: 'jwk' }), kid: key.id })) });
  });
  const made: Provider = { ...server, keys, asked };
  return made;
}

const now = new FakeClock().now() / 1000;

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function token(key: Key, claims: object, alg = 'RS256', header: object = {}): string {
  const input = `${encode({ alg, kid: key.id, ...header })}.${encode(claims)}`;
  const padding = alg.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  const options = { key: key.privateKey, dsaEncoding: 'ieee-p1363' as const, ...padding };
  return `${input}.${sign(`sha${alg.slice(2)}`, Buffer.from(input), options).toString('base64url')}`;
}

test('tokens of an issuer speak for their users, forged ones for nobody', async (context) => {
  const folder = temporaryFolder(context);
  const [key, other] = [rsaKey('one'), rsaKey('one')];
  const op = await provider(context, folder, [key]);
  const cluster = await assembled(context, {
    'oidc-issuer-url': op.url,
    'oidc-client-id': 'kubernetes',
    'oidc-ca-file': op.authorityFile,
    'oidc-username-claim': 'name',
    'oidc-groups-claim': 'groups',
    'oidc-groups-prefix': 'oidc:',
    'oidc-required-claim': 'hd=example.org\ntier=gold',
  });
  const claims = {
    iss: op.url,
    aud: 'kubernetes',
    exp: now + 60,
    name: 'kim',
    groups: ['dev', 'ops'],
    hd: 'example.org',
    tier: 'gold',
    jti: 'x1',
  };
  assert.deepEqual(await who(cluster, token(key, claims)), {
    username: `${op.url}#kim`,
    groups: ['oidc:dev', 'oidc:ops', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': ['JTI=x1'] },
  });
  const lists = await who(cluster, token(key, { ...claims, aud: ['other', 'kubernetes'], groups: 'dev' }));
  assert.deepEqual(lists?.['groups'], ['oidc:dev', 'system:authenticated']);
  const [head = '', body = ''] = token(key, claims).split('.');
  const secret = key.publicKey.export({ format: 'pem', type: 'spki' });
  const hmacInput = `${encode({ alg: 'HS256', kid: 'one' })}.${body}`;
  const refused: Readonly<Record<string, string>> = {
    expired: token(key, { ...claims, exp: now - 1 }),
    'without an end': token(key, { ...claims, exp: undefined }),
    'not yet': token(key, { ...claims, nbf: now + 61 }),
    'for others': token(key, { ...claims, aud: 'others' }),
    'for nobody': token(key, { ...claims, aud: undefined }),
    'of another issuer': token(key, { ...claims, iss: `${op.url}/` }),
    'of another key': token(other, claims),
    changed: `${head}.${encode({ ...claims, name: 'admin' })}.${token(key, claims).split('.')[2] ?? ''}`,
    'without a signature': `${head}.${body}.`,
    'alg none': `${encode({ alg: 'none' })}.${body}.`,
    'alg HS256 with the public key': `${hmacInput}.${createHmac('sha256', secret).update(hmacInput).digest('base64url')}`,
    'another algorithm': token(key, claims, 'RS512'),
    'without the user': token(key, { ...claims, name: undefined }),
    'a user that is no text': token(key, { ...claims, name: 7 }),
    'groups that are no texts': token(key, { ...claims, groups: [1] }),
    'without a required claim': token(key, { ...claims, hd: undefined }),
    'another value of a required claim': token(key, { ...claims, tier: 'silver' }),
    'groups that somebody else has': token(key, { ...claims, groups: undefined, _claim_names: { groups: 'a' } }),
    'no token at all': 'a.b.c',
  };
  for (const [name, bad] of Object.entries(refused)) assert.equal(await who(cluster, bad), undefined, name);
  const later = await who(cluster, token(key, { ...claims, nbf: now + 59 }));
  assert.equal(later?.['username'], `${op.url}#kim`, 'clocks may differ');
});

test('names are prefixed as the flags say, and addresses must be verified', async (context) => {
  const folder = temporaryFolder(context);
  const key = rsaKey('one');
  const op = await provider(context, folder, [key]);
  const flags = { 'oidc-issuer-url': op.url, 'oidc-client-id': 'k', 'oidc-ca-file': op.authorityFile };
  const claims = { iss: op.url, aud: 'k', exp: now + 60, sub: 's', email: 'kim@example.org' };
  const cases: readonly [Record<string, string>, object, string | undefined][] = [
    [{}, {}, `${op.url}#s`],
    [{ 'oidc-username-prefix': '-' }, {}, 's'],
    [{ 'oidc-username-prefix': 'oidc:' }, {}, 'oidc:s'],
    [{ 'oidc-username-claim': 'email' }, {}, 'kim@example.org'],
    [{ 'oidc-username-claim': 'email' }, { email_verified: true }, 'kim@example.org'],
    [{ 'oidc-username-claim': 'email' }, { email_verified: false }, undefined],
    [{ 'oidc-username-claim': 'email' }, { email_verified: 'true' }, undefined],
  ];
  for (const [more, changed, username] of cases) {
    const cluster = await assembled(context, { ...flags, ...more });
    assert.equal((await who(cluster, token(key, { ...claims, ...changed })))?.['username'], username);
  }
});

function configuration(folder: string, jwt: readonly object[]): string {
  const path = join(folder, 'authentication.json');
  const config = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test('keys are asked for again when a token comes that none of them signed', async (context) => {
  const folder = temporaryFolder(context);
  const [first, second, ec] = [rsaKey('first'), rsaKey('second'), ecKey('ec')];
  const op = await provider(context, folder, [first, ec]);
  const issuer = { url: op.url, audiences: ['k'], certificateAuthority: op.authority.certificate };
  const username = { claim: 'sub', prefix: '' };
  const path = configuration(folder, [{ issuer, claimMappings: { username } }]);
  const cluster = await assembled(context, { 'authentication-config': path });
  const claims = { iss: op.url, aud: 'k', exp: now + 60, sub: 'kim' };
  const fetches = (): number => op.asked.filter((asked) => asked === '/keys').length;
  for (const algorithm of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
    assert.equal((await who(cluster, token(first, claims, algorithm)))?.['username'], 'kim', algorithm);
  }
  assert.equal((await who(cluster, token(ec, claims, 'ES256')))?.['username'], 'kim');
  assert.equal(fetches(), 1);
  assert.equal(await who(cluster, token(second, claims)), undefined);
  assert.equal(fetches(), 2);
  op.keys = [second];
  assert.equal((await who(cluster, token(second, claims)))?.['username'], 'kim');
  assert.equal(fetches(), 3);
  assert.equal(await who(cluster, token(first, { ...claims, jti: 'x' })), undefined, 'a key that was taken back');
});

test('several issuers, with claims mapped and checked by expressions', async (context) => {
  const folder = temporaryFolder(context);
  const key = rsaKey('one');
  const [a, b] = [await provider(context, folder, [key]), await provider(context, folder, [key])];
  const issuer = (op: Provider, audiences: readonly string[]): object => ({
    url: op.url,
    audiences,
    audienceMatchPolicy: 'MatchAny',
    certificateAuthority: op.authority.certificate,
  });
  const path = configuration(folder, [
    {
      issuer: issuer(a, ['k', 'l']),
      claimValidationRules: [
        { expression: 'claims.exp - claims.iat <= 3600.0', message: 'at most an hour' },
        { claim: 'hd', requiredValue: 'example.org' },
      ],
      claimMappings: {
        username: { expression: "'a:' + claims.sub" },
        groups: { expression: "claims.roles.split(',')" },
        uid: { expression: 'claims.id' },
        extra: [{ key: 'example.org/team', valueExpression: 'claims.?team.orValue("none")' }],
      },
      userValidationRules: [
        { expression: "!user.username.startsWith('a:system:')", message: 'no system users' },
        { expression: "user.groups.all(group, group != 'system:masters')", message: 'no masters' },
      ],
    },
    { issuer: issuer(b, ['k']), claimMappings: { username: { claim: 'sub', prefix: 'b:' } } },
  ]);
  const cluster = await assembled(context, { 'authentication-config': path });
  const claims = {
    iss: a.url,
    aud: 'l',
    iat: now,
    exp: now + 60,
    sub: 'kim',
    roles: 'dev,,ops',
    id: 'u',
    hd: 'example.org',
  };
  assert.deepEqual(await who(cluster, token(key, claims)), {
    username: 'a:kim',
    uid: 'u',
    groups: ['dev', 'ops', 'system:authenticated'],
    extra: { 'example.org/team': ['none'] },
  });
  assert.equal((await who(cluster, token(key, { ...claims, iss: b.url, aud: 'k' })))?.['username'], 'b:kim');
  const refused: Readonly<Record<string, object>> = {
    'too long': { exp: now + 3601 },
    'a rule about a claim that is not there': { iat: undefined },
    'a system user': { sub: 'system:admin' },
    'a master': { roles: 'system:masters' },
    'roles that are no text': { roles: 7 },
    'an empty uid that is no text': { id: 7 },
    'another domain': { hd: 'example.com' },
    'no team but a number': { team: 3 },
  };
  for (const [name, changed] of Object.entries(refused)) {
    assert.equal(await who(cluster, token(key, { ...claims, ...changed })), undefined, name);
  }
  configuration(folder, [{ issuer: issuer(b, ['k']), claimMappings: { username: { claim: 'sub', prefix: 'new:' } } }]);
  let username: unknown;
  for (let turn = 0; turn < 50 && username !== 'new:kim'; turn++) {
    await cluster.clock.advance(1000);
    username = (await who(cluster, token(key, { iss: b.url, aud: 'k', exp: now + 600, sub: 'kim' })))?.['username'];
  }
  assert.equal(username, 'new:kim', 'a changed file counts without a restart');
  assert.equal(await who(cluster, token(key, { ...claims, exp: now + 600 })), undefined);
});

test('a configuration that is wrong is refused field by field', async (context) => {
  const folder = temporaryFolder(context);
  const issuer = { url: 'https://op.example.org', audiences: ['k'] };
  const username = { claim: 'sub', prefix: '' };
  const good = { issuer, claimMappings: { username } };
  const cases: readonly [object, string][] = [
    [{ ...good, issuer: { ...issuer, url: '' } }, 'issuer.url: Required value'],
    [
      { ...good, issuer: { ...issuer, url: 'http://op.example.org' } },
      'issuer.url: Invalid value: "http://op.example.org": URL scheme must be https',
    ],
    ...(
      [
        ['https://a b', 'parse "https://a b": invalid character " " in host name'],
        ['https://a.b:x', 'parse "https://a.b:x": invalid port ":x" after host'],
        ['://', 'parse "://": missing protocol scheme'],
        ['a.b', 'URL scheme must be https'],
        ['https://u:p@a.b', 'URL must not contain a username or password'],
        ['https://a.b?x=1', 'URL must not contain a query'],
        ['https://a.b#x', 'URL must not contain a fragment'],
      ] as const
    ).map(([url, detail]): [object, string] => [
      { ...good, issuer: { ...issuer, url } },
      `issuer.url: Invalid value: "${url}": ${detail}`,
    ]),
    [
      { ...good, issuer: { ...issuer, discoveryURL: 'https://op.example.org/' } },
      'issuer.discoveryURL: Invalid value: "https://op.example.org/": discoveryURL must be different from URL',
    ],
    [
      { ...good, issuer: { ...issuer, audiences: ['a', 'b'] } },
      'issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
    ],
    [{ ...good, claimMappings: {} }, 'claimMappings.username: Required value: claim or expression is required'],
    [
      { ...good, claimMappings: { username: { claim: 'sub' } } },
      'claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing',
    ],
    [
      { ...good, claimMappings: { username: { expression: 'claims.email' } } },
      'claimMappings.username.expression: Invalid value: "claims.email": claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression',
    ],
    [
      { ...good, claimMappings: { username, extra: [{ key: 'a.k8s.io/b', valueExpression: '"x"' }] } },
      'claimMappings.extra[0].key: Invalid value: "a.k8s.io/b": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use',
    ],
    [
      { ...good, claimValidationRules: [{ expression: 'claims.hd' }] },
      'claimValidationRules[0].expression: Invalid value: "claims.hd": must evaluate to bool',
    ],
    [
      { ...good, userValidationRules: [{ expression: 'user.username' }] },
      'userValidationRules[0].expression: Invalid value: "user.username": must evaluate to bool',
    ],
  ];
  for (const [entry, problem] of cases) {
    const message = `invalid authentication configuration: jwt[0].${problem}`;
    const flags = { 'authentication-config': configuration(folder, [entry]) };
    await assert.rejects(assembled(context, flags), { message });
  }
  const own = { ...good, issuer: { ...issuer, url: 'https://kubernetes.default.svc.cluster.local' } };
  await assert.rejects(assembled(context, { 'authentication-config': configuration(folder, [own]) }), {
    message:
      'issuer.url: Invalid value: "https://kubernetes.default.svc.cluster.local": URL must not overlap with disallowed issuers: [https://kubernetes.default.svc.cluster.local]',
  });
  const missing = join(folder, 'none');
  const flagCases: readonly [Record<string, string>, string][] = [
    [
      { 'authentication-config': missing },
      `failed to load authentication configuration from file "${missing}": open ${missing}: no such file or directory`,
    ],
    [
      { 'oidc-issuer-url': 'https://op.example.org' },
      'oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set',
    ],
    [
      { 'authentication-config': configuration(folder, [good]), 'oidc-client-id': 'k' },
      'authentication-config file and oidc-* flags are mutually exclusive',
    ],
    [
      { 'oidc-issuer-url': 'https://op.example.org', 'oidc-client-id': 'k', 'oidc-signing-algs': 'HS256' },
      'oidc: unsupported signing alg: "HS256"',
    ],
  ];
  for (const [flags, message] of flagCases) await assert.rejects(assembled(context, flags), { message });
});
