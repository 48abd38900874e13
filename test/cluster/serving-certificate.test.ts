import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { servingAuthorities, servingCertificate } from '../../src/cluster/serving-certificate.ts';
import { listen } from '../../src/control-plane/apiserver/listen.ts';
import { type CertificatePair, createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { temporaryFolder } from '../support/assembled-server.ts';

const clock = new FakeClock();
const now = clock.now();
const authority = await createCertificateAuthority('ca', now);

function pairFor(commonName: string): Promise<CertificatePair> {
  return issueCertificate(authority, { subject: { commonName }, usage: 'server', ipAddresses: ['127.0.0.1'], now });
}

const own = await pairFor('own');

/** The name in the certificate that the connection was made with, and the connection's own port. */
function shownTo(agent: Agent, port: number): Promise<{ readonly name: string; readonly localPort: number }> {
  return new Promise((resolve, reject) => {
    const request = get({ agent, host: '127.0.0.1', port, rejectUnauthorized: false }, (response) => {
      const socket = response.socket as TLSSocket;
      const seen = {
        name: socket.getPeerX509Certificate()?.subject ?? '',
        localPort: socket.localPort ?? 0,
      };
      response.resume();
      response.on('end', () => resolve(seen));
    });
    request.on('error', reject);
  });
}

test('a serving certificate whose files change is shown to new connections, and old ones live on', async (context) => {
  const folder = temporaryFolder(context);
  const files = { 'tls-cert-file': join(folder, 'tls.crt'), 'tls-private-key-file': join(folder, 'tls.key') };
  const put = (file: string, text: string): void => {
    // As tools do that renew certificates: whole, under the old name.
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  const [first, second] = [await pairFor('first'), await pairFor('second')];
  put(files['tls-cert-file'], first.certificate);
  put(files['tls-private-key-file'], first.privateKey);
  const errors: unknown[] = [];
  const log = { ...silentLogger, error: (_: string, fields?: object) => void errors.push(fields) };
  const shown = await servingCertificate({
    arguments: new Map(Object.entries(files)),
    own,
    files: nodeFileSystem,
    clock,
    log,
  });
  const { certificate, privateKey: key } = shown.initial;
  const listener = await listen({
    handle: () => Promise.resolve({ status: 200, headers: {}, body: Buffer.from('ok') }),
    tls: { certificate, key, clientAuthorities: authority.certificate },
    clock,
    log: silentLogger,
  });
  shown.follow((pair) => listener.setCertificate({ certificate: pair.certificate, key: pair.privateKey }));
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  const fresh = new Agent({ keepAlive: false, maxCachedSessions: 0 });
  context.after(async () => {
    shown.stop();
    kept.destroy();
    await listener.close();
  });
  const old = await shownTo(kept, listener.port);
  assert.equal(old.name, 'CN=first');

  const until = async (isSo: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 100 && !isSo(); turn++) {
      await clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(isSo());
  };
  let name: string = '';
  const isSecond = (): boolean => name === 'CN=second';
  const look = async (): Promise<void> => void (name = (await shownTo(fresh, listener.port)).name);
  put(files['tls-cert-file'], second.certificate);
  await until(() => errors.length > 0);
  assert.deepEqual((errors[0] as { error: string }).error, 'tls: private key does not match public key');
  await look();
  assert.equal(name, 'CN=first', 'half of a pair does not count');

  put(files['tls-private-key-file'], second.privateKey);
  for (let turn = 0; turn < 100 && !isSecond(); turn++) {
    await clock.advance(1000);
    await look();
  }
  assert.equal(name, 'CN=second');
  assert.equal((await shownTo(kept, listener.port)).localPort, old.localPort, 'the connection that was there');

  listener.setClientAuthorities(authority.certificate);
  await look();
  assert.equal(name, 'CN=second', 'other authorities of clients do not bring the old certificate back');
});

test('serving certificates that cannot be shown are told of at the start', async (context) => {
  const folder = temporaryFolder(context);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const { certificate, privateKey } = await pairFor('first');
  const [crt, key, other] = [file('a.crt', certificate), file('a.key', privateKey), file('b.key', own.privateKey)];
  const [nothing, word] = [file('empty', ''), file('word', 'certificate')];
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ 'tls-cert-file': crt }, 'missing filename for serving cert'],
    [{ 'tls-private-key-file': key }, 'missing filename for serving cert'],
    [{ 'tls-cert-file': crt, 'tls-private-key-file': other }, 'tls: private key does not match public key'],
    [
      { 'tls-cert-file': key, 'tls-private-key-file': key },
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    ],
    [
      { 'tls-cert-file': crt, 'tls-private-key-file': crt },
      'tls: found a certificate rather than a key in the PEM for the private key',
    ],
    [{ 'tls-cert-file': word, 'tls-private-key-file': key }, 'tls: failed to find any PEM data in certificate input'],
    [{ 'tls-cert-file': crt, 'tls-private-key-file': word }, 'tls: failed to find any PEM data in key input'],
    [
      { 'tls-cert-file': join(folder, 'none'), 'tls-private-key-file': key },
      `open ${join(folder, 'none')}: no such file or directory`,
    ],
    [
      { 'tls-cert-file': nothing, 'tls-private-key-file': key },
      `missing content for serving cert "serving-cert::${nothing}::${key}"`,
    ],
  ];
  const assembly = { own, files: nodeFileSystem, clock, log: silentLogger };
  for (const [flags, message] of cases) {
    await assert.rejects(servingCertificate({ arguments: new Map(Object.entries(flags)), ...assembly }), { message });
  }
  const none = await servingCertificate({ arguments: new Map(), ...assembly });
  assert.equal(new X509Certificate(none.initial.certificate).subject, 'CN=own');
});

test('the kubeconfig trusts whom the file of a certificate names beside it', async () => {
  const { certificate } = await pairFor('first');
  const other = await createCertificateAuthority('other', now);
  const subject = { commonName: 'second' };
  const second = await issueCertificate(other, { subject, usage: 'server', ipAddresses: ['127.0.0.1'], now });
  const named = await issueCertificate(authority, { subject, usage: 'server', dnsNames: ['example.org'], now });
  const authorities = (pem: string): string => servingAuthorities(pem, authority.certificate, '127.0.0.1', now);
  assert.equal(authorities(certificate), '');
  assert.equal(authorities(`${second.certificate}${other.certificate}`), other.certificate);
  assert.throws(() => authorities(second.certificate), {
    message:
      "--tls-cert-file: x509: certificate signed by unknown authority; put the certificate of its authority into the file too, the cluster's kubeconfig will name it",
  });
  assert.throws(() => authorities(named.certificate), {
    message: '--tls-cert-file: the certificate is not for 127.0.0.1, where this cluster is reached',
  });
});
