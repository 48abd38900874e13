import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HttpHeaders } from '../../src/apimachinery/http.ts';
import { test, type TestContext } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { createCertificateAuthority, issueCertificate, type CertificatePair } from '../../src/pki/certificates.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { type AssembledCluster, assembled, temporaryFolder } from '../support/assembled-server.ts';
import { reviewServer } from '../support/loopback-server.ts';

const whoami = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

/** Who the server takes a request for; the status where it takes it for nobody. */
async function who(
  { send }: AssembledCluster,
  headers: HttpHeaders,
  certificate?: CertificatePair,
): Promise<object | number> {
  const raw = certificate === undefined ? [] : [new X509Certificate(certificate.certificate).raw];
  const answer = await send({
    method: 'POST',
    path: whoami,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(review)),
    peer: { address: '127.0.0.1', certificates: raw },
  });
  if (answer.status !== 201) return answer.status;
  const { extra: _extra, ...user } = (answer.body['status'] as { userInfo: JsonObject }).userInfo;
  return user;
}

interface TokenQuestion {
  readonly token: string;
  readonly audiences?: readonly string[];
}

test('a webhook knows tokens, and is remembered for its time', async (context) => {
  const folder = temporaryFolder(context);
  const { kubeconfig, asked } = await reviewServer(context, folder, ({ spec }) => {
    const { token, audiences = [] } = spec as unknown as TokenQuestion;
    if (token === 'broken') return { status: { authenticated: false, error: 'the directory is away' } };
    if (token === 'other') return { status: { authenticated: true, user: { username: 'o' }, audiences: ['other'] } };
    if (token !== 'known') return { status: { authenticated: false } };
    const user = { username: 'kim', uid: '7', groups: ['dev'], extra: { team: ['a'] } };
    return { status: { authenticated: true, user, audiences } };
  });
  const cluster = await assembled(context, {
    'authentication-token-webhook-config-file': kubeconfig,
    'authentication-token-webhook-version': 'v1',
    'authentication-token-webhook-cache-ttl': '10s',
    'authorization-mode': 'AlwaysAllow',
  });
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  const kim = { username: 'kim', uid: '7', groups: ['dev', 'system:authenticated'] };
  const cases: readonly [string, number, object | number, number][] = [
    // token, seconds that pass first, who it is, questions so far
    ['known', 0, kim, 1],
    ['known', 9, kim, 1],
    ['known', 1, kim, 2],
    ['unknown', 0, 401, 3],
    ['unknown', 0, 401, 3],
    ['broken', 0, 401, 4],
    ['broken', 0, 401, 5],
    ['other', 0, 401, 6],
  ];
  for (const [token, seconds, expected, questions] of cases) {
    await cluster.clock.advance(seconds * 1000);
    assert.deepEqual(await who(cluster, bearer(token)), expected, token);
    assert.equal(asked.length, questions, token);
  }
  assert.deepEqual(asked[0]?.review, {
    kind: 'TokenReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {},
    spec: { token: 'known', audiences: ['https://kubernetes.default.svc.cluster.local'] },
    status: { user: {} },
  });
  // Those who are known without it are not asked about.
  assert.deepEqual(await who(cluster, bearer('ann-token')), {
    username: 'ann',
    uid: '2',
    groups: ['system:authenticated'],
  });
  assert.equal(asked.length, 6);
  const question = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: 'other', audiences: ['other'] },
  };
  const answer = await cluster.as('admin-token', 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', question);
  assert.deepEqual(answer.body['status'], {
    authenticated: true,
    user: { username: 'o', groups: ['system:authenticated'] },
    audiences: ['other'],
  });
});

test('users with passwords, as until 1.18', async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, 'passwords.csv');
  writeFileSync(path, 'se:cret,eve,9,"dev,ops"\nother,mallory,10\n');
  const basic = (text: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(text).toString('base64')}`,
  });
  const cluster = await assembled(context, { 'basic-auth-file': path });
  const eve = { username: 'eve', uid: '9', groups: ['dev', 'ops', 'system:authenticated'] };
  const cases: readonly [string, object | number][] = [
    ['eve:se:cret', eve],
    ['eve:other', 401],
    ['nobody:se:cret', 401],
    ['eve', 401],
    [':', 401],
  ];
  for (const [text, expected] of cases) assert.deepEqual(await who(cluster, basic(text)), expected, text);
  const refusal = { method: 'GET', path: '/api', headers: { authorization: 'Bearer zork' } };
  const challenged = (await cluster.api.server.handle(refusal)).headers['www-authenticate'];
  assert.equal(challenged, 'Basic realm="kubernetes-master"');
  const without = await assembled(context);
  assert.equal((await without.api.server.handle(refusal)).headers['www-authenticate'], undefined);
  assert.deepEqual(await who(without, basic('eve:se:cret')), 403, 'off by default, so that it is anonymous');
});

/** An authority and certificates that it, or another one, made. */
async function authority(folder: string, name: string): Promise<{ pair: CertificatePair; file: string }> {
  const pair = await createCertificateAuthority(name, new FakeClock().now());
  const file = join(folder, `${name}.crt`);
  writeFileSync(file, pair.certificate);
  return { pair, file };
}

function client(of: CertificatePair, commonName: string): Promise<CertificatePair> {
  return issueCertificate(of, { subject: { commonName }, usage: 'client', now: new FakeClock().now() });
}

test('a proxy that is known by its certificate names users in headers, nobody else does', async (context) => {
  const folder = temporaryFolder(context);
  const [proxies, others] = [await authority(folder, 'proxies'), await authority(folder, 'others')];
  const cluster = await assembled(context, {
    'requestheader-client-ca-file': proxies.file,
    'requestheader-allowed-names': 'front-proxy',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-uid-headers': 'X-Remote-Uid',
  });
  const headers = {
    'x-remote-user': 'zoe',
    'x-remote-group': ['dev', 'ops'],
    'x-remote-uid': '3',
    'x-remote-extra-a': 'b',
  };
  const zoe = { username: 'zoe', uid: '3', groups: ['dev', 'ops', 'system:authenticated'] };
  const own = await client(cluster.credentials.authority, 'front-proxy');
  const cases: readonly [string, CertificatePair | undefined, object | number][] = [
    ['the proxy', await client(proxies.pair, 'front-proxy'), zoe],
    ['another name', await client(proxies.pair, 'intruder'), 401],
    ['another authority', await client(others.pair, 'front-proxy'), 401],
    ['a client of the cluster', own, { username: 'front-proxy', groups: ['system:authenticated'] }],
    ['no certificate', undefined, 403],
  ];
  for (const [name, certificate, expected] of cases) {
    assert.deepEqual(await who(cluster, headers, certificate), expected, name);
  }
});

test('the authorities of clients are read again when their file changes', async (context) => {
  const folder = temporaryFolder(context);
  const [first, second] = [await authority(folder, 'first'), await authority(folder, 'second')];
  const path = join(folder, 'clients.crt');
  writeFileSync(path, first.pair.certificate);
  const cluster = await assembled(context, { 'client-ca-file': path });
  const [old, later] = [await client(first.pair, 'old'), await client(second.pair, 'later')];
  const known = (name: string): object => ({ username: name, groups: ['system:authenticated'] });
  assert.deepEqual(await who(cluster, {}, old), known('old'));
  assert.equal(await who(cluster, {}, later), 401);
  const told: string[] = [];
  cluster.api.clientAuthorities.onChange((pem) => told.push(pem));
  for (const content of ['no certificate', second.pair.certificate]) {
    writeFileSync(path, content);
    for (let turn = 0; turn < 50 && (await who(cluster, {}, later)) === 401; turn++) await cluster.clock.advance(1000);
  }
  assert.deepEqual(await who(cluster, {}, later), known('later'));
  assert.equal(await who(cluster, {}, old), 401);
  assert.equal(told.length, 1);
  assert.ok(told[0]?.includes(second.pair.certificate) && !told[0].includes(first.pair.certificate));
});

function anonymousConfiguration(folder: string, anonymous: object): string {
  const path = join(folder, 'authentication.yaml');
  const config = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', anonymous };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test('who comes without credentials may be kept to some paths', async (context) => {
  const folder = temporaryFolder(context);
  const conditions = [{ path: '/livez' }, { path: '/readyz' }];
  const cases: readonly [Record<string, string>, Record<string, number>][] = [
    [{}, { '/livez': 200, '/version': 200, '/api/v1/pods': 403 }],
    [{ 'anonymous-auth': 'false' }, { '/livez': 401, '/version': 401, '/api/v1/pods': 401 }],
    [
      { 'anonymous-auth': 'true', 'authorization-mode': 'RBAC,AlwaysAllow' },
      { '/livez': 401, '/version': 401, '/api/v1/pods': 401 },
    ],
    [
      { 'authentication-config': anonymousConfiguration(folder, { enabled: true, conditions }) },
      { '/livez': 200, '/readyz': 200, '/livez/ping': 401, '/version': 401, '/livez/../version': 401 },
    ],
  ];
  for (const [flags, paths] of cases) {
    const { as } = await assembled(context, flags);
    for (const [path, status] of Object.entries(paths)) assert.equal((await as('', 'GET', path)).status, status, path);
  }
});

async function refusal(context: TestContext, flags: Record<string, string>): Promise<string> {
  return assembled(context, flags).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

test('flags that cannot be are told as the real server tells them', async (context) => {
  const folder = temporaryFolder(context);
  const proxies = await authority(folder, 'proxies');
  const both = anonymousConfiguration(folder, { enabled: true });
  const cases: readonly [Record<string, string>, string][] = [
    [
      { 'authentication-config': both, 'anonymous-auth': 'true' },
      'anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    ],
    [
      { 'anonymous-auth': 'maybe' },
      'invalid argument "maybe" for "--anonymous-auth" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [
      { 'requestheader-client-ca-file': proxies.file, 'client-ca-file': proxies.file },
      '--requestheader-client-ca-file and --client-ca-file contain overlapping certificates; --requestheader-allowed-names must be specified to ensure regular client certificates cannot set authenticating proxy headers for arbitrary users',
    ],
    [
      { 'requestheader-uid-headers': 'X-Other' },
      '--requestheader-uid-headers is set without specifying the standard X-Remote-Uid header - API aggregation will not work',
    ],
    [{ 'client-ca-file': join(folder, 'none') }, `open ${join(folder, 'none')}: no such file or directory`],
  ];
  for (const [flags, message] of cases) assert.equal(await refusal(context, flags), message);
  const path = anonymousConfiguration(folder, { enabled: false, conditions: [{ path: '/x' }] });
  assert.equal(
    await refusal(context, { 'authentication-config': path }),
    'invalid authentication configuration: anonymous.conditions: Invalid value: [{"Path":"/x"}]: enabled should be set to true when conditions are defined',
  );
});
