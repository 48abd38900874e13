import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import {
  createCertificateAuthority,
  issueCertificate,
  parseCertificateRequest,
  signCertificateRequest,
} from '../../src/pki/certificates.ts';
import { readCertificate } from '../../src/pki/client-identity.ts';

const now = Date.UTC(2026, 10, 24);
const request = `-----BEGIN CERTIFICATE REQUEST-----
REQUEST
-----END CERTIFICATE REQUEST-----`;

test('a client certificate says who it is for', async () => {
  const authority = await createCertificateAuthority('test-ca', now);
  const client = await issueCertificate(authority, {
    subject: { commonName: 'alice, of the "dev" team', organizations: ['dev', 'system:masters'] },
    usage: 'client',
    now,
  });
  const identity = readCertificate(client.certificate);
  assert.equal(identity.commonName, 'alice, of the "dev" team');
  assert.deepEqual(identity.organizations, ['dev', 'system:masters']);
  assert.deepEqual(identity.extendedUsages, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(identity.certificate.verify(new X509Certificate(authority.certificate).publicKey), true);
  assert.ok(identity.notBefore <= now && identity.notAfter >= now + 364 * 86_400_000);
});

test('a serving certificate holds for its names and addresses', async () => {
  const authority = await createCertificateAuthority('test-ca', now);
  const server = await issueCertificate(authority, {
    subject: { commonName: 'kube-apiserver' },
    usage: 'server',
    dnsNames: ['localhost', 'kubernetes.default.svc'],
    ipAddresses: ['127.0.0.1', '10.0.0.1'],
    now,
  });
  const certificate = new X509Certificate(server.certificate);
  assert.equal(certificate.checkHost('kubernetes.default.svc'), 'kubernetes.default.svc');
  assert.equal(certificate.checkIP('10.0.0.1'), '10.0.0.1');
  assert.equal(certificate.checkHost('example.com'), undefined);
  assert.equal(new X509Certificate(authority.certificate).ca, true);
});

test('what is no certificate request is refused', async () => {
  await assert.rejects(parseCertificateRequest(request));
  const authority = await createCertificateAuthority('test-ca', now);
  await assert.rejects(signCertificateRequest(authority, 'nonsense', { usages: [], now, expirationSeconds: 60 }));
});
