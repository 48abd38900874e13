import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import { listen } from '../../src/control-plane/apiserver/listen.ts';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { assembled, temporaryFolder } from '../support/assembled-server.ts';

/** Bytes over TLS, as no decent client would send them. Users and refusals are those that the real server answered with. */
interface Wire {
  /** What comes until the server ends the connection. */
  readonly send: (lines: readonly string[], by?: CertificatePair, body?: string) => Promise<string>;
  /** Who the server takes a requestor for; the status instead when it does not say. */
  readonly who: (headers: readonly string[], by?: CertificatePair) => Promise<JsonObject | number>;
  readonly proxy: CertificatePair;
  readonly otherProxy: CertificatePair;
  readonly falseProxy: CertificatePair;
  readonly client: CertificatePair;
}

const review = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}';

async function wire(context: TestContext): Promise<Wire> {
  const folder = temporaryFolder(context);
  const now = new FakeClock().now();
  const [clients, proxies, strangers] = await Promise.all(
    ['clients', 'proxies', 'proxies'].map((name) => createCertificateAuthority(name, now)),
  );
  assert.ok(clients !== undefined && proxies !== undefined && strangers !== undefined);
  const file = (name: string, { certificate }: CertificatePair): string => {
    writeFileSync(join(folder, name), certificate);
    return join(folder, name);
  };
  const cluster = await assembled(context, {
    'client-ca-file': file('clients.crt', clients),
    'requestheader-client-ca-file': file('proxies.crt', proxies),
    'requestheader-allowed-names': 'front-proxy',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-uid-headers': 'X-Remote-Uid',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
  });
  const issued = (by: CertificatePair, commonName: string): Promise<CertificatePair> =>
    issueCertificate(by, { subject: { commonName }, usage: 'client', now: cluster.clock.now() });
  const { certificate, privateKey } = cluster.credentials.server;
  const listener = await listen({
    handle: cluster.api.server.handle,
    tls: { certificate, key: privateKey, clientAuthorities: cluster.api.clientAuthorities.current() },
    clock: cluster.clock,
    log: silentLogger,
  });
  context.after(() => listener.close());
  const send: Wire['send'] = (lines, by, body = '') =>
    new Promise((resolve, reject) => {
      let answer = '';
      const identity = by === undefined ? {} : { cert: by.certificate, key: by.privateKey };
      const options = { port: listener.port, host: '127.0.0.1', rejectUnauthorized: false, ...identity };
      const socket = connect(options, () => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => (answer += chunk));
      socket.on('end', () => resolve(answer));
      socket.on('error', reject);
    });
  return {
    send,
    async who(headers, by) {
      const head = ['POST /apis/authentication.k8s.io/v1/selfsubjectreviews HTTP/1.1', 'Host: localhost'];
      const rest = ['Content-Type: application/json', `Content-Length: ${review.length}`, 'Connection: close'];
      const answer = await send([...head, ...headers, ...rest], by, review);
      const status = Number(answer.split(' ')[1]);
      if (status !== 201) return status;
      const { status: said } = JSON.parse(answer.split('\r\n\r\n')[1] ?? '') as { status: { userInfo: JsonObject } };
      const { extra, ...user } = said.userInfo;
      return by === undefined ||
        extra === undefined ||
        'authentication.kubernetes.io/credential-id' in (extra as object)
        ? user
        : said.userInfo;
    },
    proxy: await issued(proxies, 'front-proxy'),
    otherProxy: await issued(proxies, 'other-proxy'),
    falseProxy: await issued(strangers, 'front-proxy'),
    client: await issued(clients, 'bob'),
  };
}

const eve = 'X-Remote-User: eve';
const known = (username: string, ...groups: readonly string[]): JsonObject => ({
  username,
  groups: [...groups, 'system:authenticated'],
});

test('headers of an authenticating proxy count when they come from one, as they were written', async (context) => {
  const { who, proxy, otherProxy, falseProxy, client } = await wire(context);
  const headers = [eve, 'X-Remote-Group: system:masters'];
  assert.deepEqual(await who(headers, proxy), known('eve', 'system:masters'));
  assert.equal(await who(headers, otherProxy), 401);
  assert.equal(await who(headers, falseProxy), 401);
  assert.deepEqual(await who(headers, client), known('bob'));
  assert.equal(await who(headers), 403, 'as for anybody without a name');
  const cases: readonly (readonly [readonly string[], JsonObject | number])[] = [
    [[eve, 'X-Remote-Group: a, system:masters'], known('eve', 'a, system:masters')],
    [[eve, 'X-Remote-Group: a', 'X-Remote-Group: b, c'], known('eve', 'a', 'b, c')],
    [[eve, 'X-Remote-Group: '], known('eve')],
    [[eve, 'X-Remote-User: mallory'], known('eve')],
    [['X-Remote-User: ', eve], 401],
    [['X-Remote-Group: system:masters'], 401],
    [['X_Remote_User: eve'], 401],
    [[eve, 'X-Remote-Uid: 7', 'X-Remote-Uid: 8'], { ...known('eve'), uid: '7' }],
    [
      [eve, 'X-Remote-Extra-Scopes: view', 'X-Remote-Extra-Scopes: edit, x'],
      { ...known('eve'), extra: { scopes: ['view', 'edit, x'] } },
    ],
    [[eve, 'X-Remote-Extra-Acme.com%2Fp: q'], { ...known('eve'), extra: { 'acme.com/p': ['q'] } }],
    // The connection's own headers are listed for neighbours; what stands there does not take a user away.
    [[eve, 'Connection: X-Remote-User'], known('eve')],
    [[`X-Remote-User: ${Buffer.from('üser').toString('latin1')}`], known('üser')],
    [[eve, 'Authorization: Bearer ann-token'], known('eve')],
  ];
  for (const [lines, expected] of cases) {
    const got = await who(lines, proxy);
    assert.deepEqual(got, expected, lines.join(' / '));
  }
});

test('of several Authorization headers the first counts, and nothing else is one', async (context) => {
  const { who, client } = await wire(context);
  const ann = { ...known('ann'), uid: '2' };
  const bearer = (token: string): string => `Authorization: Bearer ${token}`;
  const socket = 'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.YW5uLXRva2Vu';
  const cases: readonly (readonly [readonly string[], JsonObject | number])[] = [
    [[bearer('ann-token')], ann],
    [[bearer('ann-token'), bearer('admin-token')], ann],
    [[bearer('nobody'), bearer('admin-token')], 401],
    [['Authorization: ', bearer('admin-token')], 403],
    [[bearer('ann-token, Bearer admin-token')], 401],
    [['Authorization: Basic YTpi'], 403],
    [['Authorization: admin-token'], 403],
    [['Authorization : Bearer admin-token'], 400],
    [['Proxy-Authorization: Bearer admin-token'], 403],
    [['Cookie: token=admin-token'], 403],
    [['X-Forwarded-Access-Token: admin-token'], 403],
    [[`${bearer('admin-token')}\0`], 400],
    [[socket], 403],
    [['Upgrade: websocket', `${socket}, x`], 403],
  ];
  for (const [lines, expected] of cases) assert.deepEqual(await who(lines), expected, lines.join(' / '));
  // A certificate that holds comes first.
  assert.deepEqual(await who([bearer('nobody')], client), known('bob'));
});

test('a request cannot hide another one', async (context) => {
  const { send } = await wire(context);
  const head = [
    'POST /api/v1/namespaces/default/configmaps HTTP/1.1',
    'Host: localhost',
    'Authorization: Bearer ann-token',
  ];
  const hidden = 'GET /api/v1/secrets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer admin-token\r\n\r\n';
  const chunked = `0\r\n\r\n${hidden}`;
  for (const lines of [
    ['Transfer-Encoding: chunked', `Content-Length: ${chunked.length}`],
    [`Content-Length: ${chunked.length}`, 'Transfer-Encoding: chunked'],
    ['Content-Length: 4', `Content-Length: ${chunked.length}`],
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding : chunked'],
    ['Content-Length: +4'],
    ['Content-Length: 0x4'],
  ]) {
    const answer = await send([...head, ...lines], undefined, chunked);
    assert.match(answer, /^HTTP\/1\.1 (400|501) /, lines.join(' / '));
    assert.doesNotMatch(answer, /SecretList/, lines.join(' / '));
    assert.equal(answer.split('HTTP/1.1 ').length, 2, `one answer: ${lines.join(' / ')}: ${answer}`);
  }
});

test('a connection ends after the request that says so, whatever the method', async (context) => {
  const { send } = await wire(context);
  const token = 'Authorization: Bearer ann-token';
  for (const method of ['GET', 'DELETE', 'ZORK', 'CONNECT']) {
    const lines = [
      `${method} /api/v1/namespaces/default/secrets/x HTTP/1.1`,
      'Host: localhost',
      token,
      'Connection: close',
    ];
    assert.match(await send(lines), /^HTTP\/1\.1 403 /, method);
  }
  // Proxies are asked so; the host in it does not count.
  const whole = ['GET https://elsewhere/api/v1/secrets HTTP/1.1', 'Host: localhost', token, 'Connection: close'];
  assert.match(await send(whole), /^HTTP\/1\.1 403 [^]*cannot list resource \\"secrets\\"/);
});
