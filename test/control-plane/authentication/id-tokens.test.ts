import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import type { HttpHeaders, HttpRequest, Transport } from '../../../src/apimachinery/http.ts';
import { DistributedClaims } from '../../../src/control-plane/authentication/distributed-claims.ts';
import { IdTokenVerifier } from '../../../src/control-plane/authentication/id-token-verifier.ts';
import { IdentityProvider } from '../../../src/control-plane/authentication/identity-provider.ts';
import { signingAlgorithms } from '../../../src/control-plane/authentication/json-web-keys.ts';
import { ProviderRequests } from '../../../src/control-plane/authentication/provider-requests.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';

const issuer = 'https://op.example';
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k' };

interface Page {
  readonly status?: number;
  readonly type?: string;
  readonly text: string;
  readonly headers?: HttpHeaders;
}

/** A provider whose pages can change, and what was asked of it. */
function world(pages: Record<string, Page>) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const answer = async ({ path, headers }: HttpRequest): ReturnType<Transport['send']> => {
    asked.push(`${path} ${String(headers['authorization'] ?? '')}`.trim());
    const {
      status = 200,
      type = 'application/json',
      text,
      headers: more = {},
    } = pages[path] ?? { status: 404, text: '' };
    return Promise.resolve({ status, headers: { 'content-type': type, ...more }, body: Buffer.from(text) });
  };
  const connect = (): Transport => ({ send: answer, close: () => Promise.resolve() });
  const requests = new ProviderRequests({ connect, clock });
  const verifierOf = (name: string, audiences: readonly string[] = ['app']): IdTokenVerifier =>
    new IdTokenVerifier({
      issuer: name,
      audiences,
      algorithms: signingAlgorithms,
      provider: new IdentityProvider({ issuer: name, requests, clock, onError: () => undefined }),
      clock,
    });
  return { clock, asked, requests, verifierOf, pages };
}

function provider(): Record<string, Page> {
  return {
    '/.well-known/openid-configuration': { text: JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }) },
    '/keys': { text: JSON.stringify({ keys: [jwk] }) },
  };
}

const now = new FakeClock().now() / 1000;
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(claims: object, header: object = {}, signed?: string): string {
  const input = `${encode({ alg: 'ES256', kid: 'k', ...header })}.${encode(claims)}`;
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' as const };
  return `${input}.${signed ?? sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

const good = { iss: issuer, aud: 'app', sub: 'kim', exp: now + 60 };

async function problemOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => 'none',
    (error: unknown) => (error as Error).message,
  );
}

const algorithmList = `[${signingAlgorithms.map((name) => `"${name}"`).join(' ')}]`;
const unsupported = `oidc: id token signed with unsupported algorithm, expected ${algorithmList} got`;
const unsigned = 'failed to verify signature: failed to verify id token signature';
const field = (kind: string, name: string, type: string): string =>
  `oidc: failed to unmarshal claims: json: cannot unmarshal ${kind} into Go struct field ${name} of type ${type}`;

// What the real server said of the same tokens.
const refusals: readonly [string, string][] = [
  [token(good), 'none'],
  [token({ ...good, aud: ['x', 'app'] }), 'none'],
  [token({ ...good, exp: String(now + 60) }), 'none'],
  [token({ ...good, sub: null, nbf: null }), 'none'],
  [token({ ...good, nbf: now + 59 }), 'none'],
  [token(good, { kid: undefined }), 'none'],
  [`${token(good)}\n`, 'none'],
  [
    token({ ...good, nbf: now + 61 }),
    'oidc: current time 2026-01-01 00:00:00 +0000 UTC before the nbf (not before) time: 2026-01-01 00:01:01 +0000 UTC',
  ],
  [token({ ...good, exp: now - 1 }), 'oidc: token is expired (Token Expiry: 2025-12-31 23:59:59 +0000 UTC)'],
  [token({ ...good, exp: undefined }), 'oidc: token is expired (Token Expiry: 0001-01-01 00:00:00 +0000 UTC)'],
  [token({ ...good, exp: 1e300 }), 'oidc: token is expired (Token Expiry: 292277026596-12-04 15:30:08 +0000 UTC)'],
  [
    token({ ...good, exp: 'x' }),
    'oidc: failed to unmarshal claims: json: invalid number literal, trying to unmarshal "\\"x\\"" into Number',
  ],
  [token({ ...good, iat: null }), 'oidc: failed to unmarshal claims: strconv.ParseFloat: parsing "": invalid syntax'],
  [token({ ...good, exp: true }), field('bool', 'idToken.exp', 'json.Number')],
  [token({ ...good, sub: 5 }), field('number', 'idToken.sub', 'string')],
  [token({ ...good, aud: 5 }), field('number', 'idToken.aud', '[]string')],
  [token({ ...good, aud: [5] }), field('number', 'idToken.aud', 'string')],
  [token({ ...good, aud: null }), 'oidc: expected audience "app" got [""]'],
  [token({ ...good, aud: 'other' }), 'oidc: expected audience "app" got ["other"]'],
  [token({ ...good, aud: undefined }), 'oidc: expected audience "app" got []'],
  [
    token({ ...good, iss: 'https://other.example' }),
    'oidc: id token issued by a different provider, expected "https://op.example" got "https://other.example"',
  ],
  [token(good, { alg: 'none' }, ''), `${unsupported} "none"`],
  [token(good, { alg: undefined }), `${unsupported} ""`],
  [
    token(good, { alg: 5 }),
    'oidc: malformed jwt: failed to unmarshal algorithm: json: cannot unmarshal number into Go value of type string: "5"',
  ],
  [
    token(good, { kid: 5 }),
    'oidc: malformed jwt: failed to unmarshal key ID: json: cannot unmarshal number into Go value of type string: "5"',
  ],
  [token(good, { kid: 'other' }), unsigned],
  [token(good, { crit: ['x'] }), unsigned],
  [token(good, { crit: ['b64'], b64: false }), unsigned],
  [token(good, {}, ''), unsigned],
  [token(good, {}, '!!!'), 'oidc: malformed jwt: illegal base64 data at input byte 0'],
  [
    token(good, { jwk: { kty: 'oct', k: 'AAAA' } }),
    'oidc: malformed jwt: go-jose/go-jose: invalid embedded jwk, must be public key',
  ],
  [token(good, { jwk }), 'none'],
  [
    `W10.${encode(good)}.AAAA`,
    'oidc: malformed jwt: json: cannot unmarshal array into Go value of type jose.rawHeader',
  ],
  [token({ ...good, _claim_names: 'x' }), field('string', 'idToken._claim_names', 'map[string]string')],
  [token({ ...good, _claim_names: { groups: 5 } }), field('number', 'idToken._claim_names', 'string')],
  [token({ ...good, _claim_names: { groups: 'x' } }), 'oidc: source does not exist'],
  [
    token({ ...good, _claim_sources: { x: { endpoint: 5 } } }),
    field('number', 'claimSource._claim_sources.endpoint', 'string'),
  ],
];

test('tokens hold or are refused in the words of the real server', async () => {
  const { verifierOf, asked } = world(provider());
  const verifier = verifierOf(issuer);
  await verifier.provider.tried();
  for (const [text, expected] of refusals) assert.equal(await problemOf(verifier.verify(text)), expected, text);
  assert.deepEqual(new Set(asked), new Set(['/.well-known/openid-configuration', '/keys']));
  const several = verifierOf(issuer, ['two', 'one']);
  await several.provider.tried();
  const problem = await problemOf(several.verify(token(good)));
  assert.equal(problem, 'oidc: expected audience in ["one" "two"] got ["app"]');
});

test('the public key is no secret to make signatures with', async () => {
  const { verifierOf } = world(provider());
  const verifier = verifierOf(issuer);
  await verifier.provider.tried();
  const input = `${encode({ alg: 'HS256', kid: 'k' })}.${encode(good)}`;
  const secret = publicKey.export({ format: 'pem', type: 'spki' });
  const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  assert.equal(await problemOf(verifier.verify(forged)), `${unsupported} "HS256"`);
});

test('what is wrong with the keys is told', async () => {
  const cases: readonly [Page, string][] = [
    [{ status: 500, text: 'broken' }, 'oidc: get keys failed: 500 Internal Server Error broken'],
    [
      { text: '{"keys": 5}' },
      'oidc: failed to decode keys: got Content-Type = application/json, but could not unmarshal as JSON: json: cannot unmarshal number into Go struct field JSONWebKeySet.keys of type []jose.JSONWebKey {"keys": 5}',
    ],
    [
      { type: 'text/html', text: '<html>' },
      `oidc: failed to decode keys: expected Content-Type = application/json, got "text/html": invalid character '<' looking for beginning of value <html>`,
    ],
    [
      { text: '{"keys":[{"kty":"x"}]}' },
      `oidc: failed to decode keys: got Content-Type = application/json, but could not unmarshal as JSON: go-jose/go-jose: unknown json web key type 'x' {"keys":[{"kty":"x"}]}`,
    ],
  ];
  for (const [page, expected] of cases) {
    const { verifierOf } = world({ ...provider(), '/keys': page });
    const verifier = verifierOf(issuer);
    await verifier.provider.tried();
    const problem = await problemOf(verifier.verify(token(good)));
    assert.equal(problem, `failed to verify signature: fetching keys ${expected}`);
  }
});

test('keys that may be kept are not asked for again', async () => {
  const { verifierOf, pages, asked, clock } = world(provider());
  pages['/keys'] = { text: JSON.stringify({ keys: [] }), headers: { 'cache-control': 'public, max-age=100' } };
  const verifier = verifierOf(issuer);
  await verifier.provider.tried();
  const keysAsked = (): number => asked.filter((path) => path === '/keys').length;
  const late = token({ ...good, exp: now + 1000 });
  for (const [seconds, times] of [
    [0, 1],
    [69, 1],
    [2, 2],
  ] as const) {
    await clock.advance(seconds * 1000);
    assert.equal(await problemOf(verifier.verify(late)), unsigned);
    assert.equal(keysAsked(), times, `${seconds}`);
  }
});

test('claims that others have are asked for', async () => {
  const { verifierOf, requests, pages, asked } = world(provider());
  const verifier = verifierOf(issuer);
  const others = new DistributedClaims({ claim: 'groups', requests, verifierOf: (name) => verifierOf(name) });
  await verifier.provider.tried();
  const expand = async (names: unknown, sources: unknown, more: object = {}): Promise<unknown> => {
    const held = await verifier.verify(token({ ...good, _claim_names: names, _claim_sources: sources, ...more }));
    return (await others.expand(held))['groups'];
  };
  const from = (path: string, more: object = {}): object => ({ s: { endpoint: `${issuer}${path}`, ...more } });
  const names = { groups: 's' };
  pages['/ok'] = { type: 'application/jwt', text: `${token({ ...good, groups: ['a', 'b'] })}\n` };
  pages['/none'] = { text: token(good) };
  pages['/late'] = { text: token({ ...good, exp: now - 1, groups: [] }) };
  pages['/words'] = { text: 'words' };
  pages['/json'] = { text: '{"groups":[]}' };
  pages['/broken'] = { status: 500, text: '' };
  pages['/moved'] = { status: 302, text: '', headers: { location: '/ok' } };
  const waiting = `verifying untrusted issuer ${issuer} failed: verifier not initialized for issuer: "${issuer}"`;
  assert.equal(await problemOf(expand(names, from('/ok'))), waiting, 'the keys are only looked for now');
  assert.deepEqual(await expand(names, from('/ok')), ['a', 'b']);
  assert.deepEqual(await expand(names, from('/moved', { access_token: 'secret' })), ['a', 'b']);
  assert.ok(asked.includes('/moved Bearer secret'));
  assert.deepEqual(await expand(names, from('/ok'), { groups: ['own'] }), ['own']);
  assert.equal(await expand(names, { s: {} }), undefined);
  assert.equal(await expand({ roles: 's' }, from('/ok')), undefined);
  const getting = 'while getting distributed claim "groups": ';
  const unread = (path: string, why: string): string =>
    `getting untrusted issuer from endpoint ${issuer}${path} failed for claim "groups": ${why}`;
  const problems: readonly [unknown, unknown, string][] = [
    [{}, undefined, 'oidc: no claim sources'],
    [names, from('/none'), `jwt returned by distributed claim endpoint "${issuer}/none" did not contain claim: groups`],
    [
      names,
      from('/late'),
      'verify distributed claim token: oidc: token is expired (Token Expiry: 2025-12-31 23:59:59 +0000 UTC)',
    ],
    [names, from('/words'), unread('/words', 'malformed token')],
    [names, from('/json'), unread('/json', 'token is not compact JWT')],
    [names, from('/broken'), `${getting}error while getting distributed claim JWT: 500 Internal Server Error`],
    [names, { s: { endpoint: '::x' } }, `${getting}while calling ::x: parse "::x": missing protocol scheme`],
    [names, { s: { endpoint: '/x' } }, `${getting}Get "/x": unsupported protocol scheme ""`],
  ];
  for (const [named, sources, expected] of problems) assert.equal(await problemOf(expand(named, sources)), expected);
});
