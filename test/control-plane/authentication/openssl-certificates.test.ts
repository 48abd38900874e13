import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { HttpRequest } from '../../../src/apimachinery/http.ts';
import { clientCertificateAuthenticator } from '../../../src/control-plane/authentication/client-certificate.ts';
import { parseCertificateRequest } from '../../../src/pki/certificates.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const skip = hasOpenssl ? false : 'openssl is not on this machine';

/** Certificates made by somebody else's program, in a folder that is gone after the test. */
class Openssl {
  readonly folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-openssl-'));

  run(...args: readonly string[]): void {
    const { status, stderr } = spawnSync('openssl', args, { cwd: this.folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  authority(name: string): string {
    this.run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
    this.run(
      'req',
      '-x509',
      '-new',
      '-key',
      `${name}.key`,
      '-subj',
      `/CN=${name}`,
      '-days',
      '30',
      '-out',
      `${name}.pem`,
    );
    return this.read(`${name}.pem`);
  }

  request(name: string, subject: string, algorithm: 'rsa:2048' | 'ec'): string {
    if (algorithm === 'ec') this.run('ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-out', `${name}.key`);
    else this.run('genrsa', '-out', `${name}.key`, '2048');
    this.run('req', '-new', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`);
    return this.read(`${name}.csr`);
  }

  signed(name: string, by: string, usage: string, days = '10'): HttpRequest {
    writeFileSync(join(this.folder, 'extensions'), `extendedKeyUsage=${usage}\n`);
    const authority = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', days];
    this.run('x509', '-req', '-in', `${name}.csr`, ...authority, '-extfile', 'extensions', '-out', `${name}.pem`);
    const der = new Uint8Array(new X509Certificate(this.read(`${name}.pem`)).raw);
    return { method: 'GET', path: '/', headers: {}, peer: { address: '127.0.0.1', certificates: [der] } };
  }
}

test('certificates that openssl made name user and groups, or do not hold', { skip }, async (context) => {
  const openssl = new Openssl();
  context.after(() => rmSync(openssl.folder, { recursive: true, force: true }));
  const authority = openssl.authority('ca');
  openssl.authority('stranger');
  // These certificates count from the moment that they are made.
  const made = Date.parse(new X509Certificate(authority).validFrom);
  const today = clientCertificateAuthenticator([authority], new FakeClock(made + 3_600_000));
  const later = clientCertificateAuthenticator([authority], new FakeClock(made + 11 * 86_400_000));
  for (const algorithm of ['rsa:2048', 'ec'] as const) {
    const request = openssl.request('ann', '/O=dev/O=ops/CN=ann', algorithm);
    const { commonName, organizations } = await parseCertificateRequest(request);
    assert.deepEqual([commonName, organizations.toSorted()], ['ann', ['dev', 'ops']]);
    const ann = openssl.signed('ann', 'ca', 'clientAuth');
    const user = await today.authenticate(ann);
    assert.deepEqual([user?.username, user?.groups.toSorted()], ['ann', ['dev', 'ops']]);
    await assert.rejects(later.authenticate(ann), /expired or is not yet valid/);
    await assert.rejects(today.authenticate(openssl.signed('ann', 'stranger', 'clientAuth')), /unknown authority/);
    await assert.rejects(today.authenticate(openssl.signed('ann', 'ca', 'serverAuth')), /incompatible key usage/);
  }
});

test('who signs with its own name only is nobody', { skip }, async (context) => {
  const openssl = new Openssl();
  context.after(() => rmSync(openssl.folder, { recursive: true, force: true }));
  const authority = openssl.authority('ca');
  // The same name, another key.
  const impostor = openssl.authority('ca');
  assert.notEqual(authority, impostor);
  openssl.request('eve', '/O=system:masters/CN=eve', 'ec');
  const eve = openssl.signed('eve', 'ca', 'clientAuth');
  const made = Date.parse(new X509Certificate(authority).validFrom);
  const today = clientCertificateAuthenticator([authority], new FakeClock(made + 3_600_000));
  await assert.rejects(today.authenticate(eve), /unknown authority|certificate/);
});
