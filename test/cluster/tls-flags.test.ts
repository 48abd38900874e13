import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { listeningOptions } from '../../src/cluster/listening-flags.ts';
import { tlsLimits } from '../../src/cluster/tls-flags.ts';
import { listen } from '../../src/control-plane/apiserver/listen.ts';
import { createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { systemClock } from '../../src/system/clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';

test('what is said of TLS is refused in the words of kube-apiserver', () => {
  for (const [flag, value, message] of [
    ['tls-min-version', 'foo', 'unknown tls version "foo"'],
    ['tls-cipher-suites', 'foo', "Cipher suite foo not supported or doesn't exist"],
    ['tls-curve-preferences', '99999', 'curve preference 99999 is out of range (must be 1-65535)'],
  ] as const) {
    assert.throws(() => tlsLimits(new Map([[flag, value]])), new ComponentArgumentError(message));
  }
});

test('versions, suites and protocols are those that the flags say', async () => {
  const now = systemClock.now();
  const authority = await createCertificateAuthority('ca', now);
  const subject = { commonName: 'server' };
  const pair = await issueCertificate(authority, { subject, usage: 'server', dnsNames: ['localhost'], now });
  const agreed = async (flags: readonly (readonly [string, string])[], asked: ConnectionOptions): Promise<string> => {
    const listener = await listen({
      handle: () => Promise.resolve({ status: 200, headers: {}, body: Buffer.from('ok') }),
      tls: { certificate: pair.certificate, key: pair.privateKey },
      ...listeningOptions(new Map(flags), seededRandom(1)),
      clock: new FakeClock(),
      log: silentLogger,
    });
    const { port } = listener;
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...asked });
    const failed = once(socket, 'error').then(() => 'refused');
    const done = once(socket, 'secureConnect').then(
      () => `${socket.getProtocol()} ${socket.getCipher().standardName} ${String(socket.alpnProtocol)}`,
      () => 'refused',
    );
    const result = await Promise.race([failed, done]);
    socket.destroy();
    await listener.close();
    return result;
  };
  const both = { ALPNProtocols: ['h2', 'http/1.1'] };
  const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384';
  const old = { ...both, maxVersion: 'TLSv1.2' } as const;
  assert.match(await agreed([], both), /^TLSv1\.3 \S+ h2$/);
  assert.match(await agreed([['disable-http2-serving', 'true']], both), /^TLSv1\.3 \S+ http\/1\.1$/);
  assert.equal(await agreed([['tls-min-version', 'VersionTLS13']], old), 'refused');
  assert.match(
    await agreed([['tls-cipher-suites', suite]], old),
    /^TLSv1\.2 TLS_ECDHE_\w+_WITH_AES_256_GCM_SHA384 h2$/,
  );
  assert.match(await agreed([['tls-curve-preferences', '23']], both), /^TLSv1\.3/);
});
