import assert from 'node:assert/strict';
import { generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import test from 'node:test';
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

const x509 = await import('reflect-metadata').then(() => import('@peculiar/x509'));
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;

/** A PKCS 10 request, PEM, made by the library itself: names are a list of sets of attributes. */
async function makeRequest(
  name: Record<string, string[]>[],
  algorithm: typeof ecdsa | typeof rsa = ecdsa,
  dnsNames: readonly string[] = [],
): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = dnsNames.map((value) => ({ type: 'dns' as const, value }));
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: algorithm,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  return made.toString('pem');
}

test('a signing request becomes a certificate of its subject, key, names and usages', async () => {
  const authority = await createCertificateAuthority('test-ca', now);
  for (const algorithm of [ecdsa, rsa]) {
    const pem = await makeRequest([{ O: ['system:nodes'] }, { CN: ['system:node:a'] }], algorithm, ['a.local']);
    assert.deepEqual(await parseCertificateRequest(pem), {
      commonName: 'system:node:a',
      organizations: ['system:nodes'],
      dnsNames: ['a.local'],
      ipAddresses: [],
    });
    const signed = await signCertificateRequest(authority, pem, {
      usages: ['digital signature', 'server auth', 'client auth'],
      now,
      expirationSeconds: 3600,
    });
    const identity = readCertificate(signed);
    assert.equal(identity.commonName, 'system:node:a');
    assert.deepEqual(identity.organizations, ['system:nodes']);
    assert.deepEqual(identity.extendedUsages, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    assert.equal(identity.notAfter, now + 3_600_000);
    assert.equal(identity.certificate.ca, false);
    assert.equal(identity.certificate.checkHost('a.local'), 'a.local');
    assert.equal(identity.certificate.publicKey.asymmetricKeyType, algorithm === rsa ? 'rsa' : 'ec');
    assert.equal(identity.certificate.verify(new X509Certificate(authority.certificate).publicKey), true);
  }
});

test('a certificate does not outlive its authority', async () => {
  const authority = await createCertificateAuthority('test-ca', now);
  const pem = await makeRequest([{ CN: ['a'] }]);
  const signed = await signCertificateRequest(authority, pem, {
    usages: ['client auth'],
    now,
    expirationSeconds: 20 * 365 * 86_400,
  });
  assert.equal(readCertificate(signed).notAfter, readCertificate(authority.certificate).notAfter);
});

test('a request that was changed after it was signed is refused', async () => {
  const authority = await createCertificateAuthority('test-ca', now);
  const der = Buffer.from((await makeRequest([{ CN: ['alice'] }])).replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der.write('mally', der.indexOf('alice'));
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  assert.equal((await parseCertificateRequest(forged)).commonName, 'mally');
  await assert.rejects(
    signCertificateRequest(authority, forged, { usages: ['client auth'], now, expirationSeconds: 60 }),
    /signature/,
  );
});

test('names mean the same when asked for, when signed and when read, whatever they contain', async () => {
  const authority = await createCertificateAuthority('test-ca', now);
  const cases: [name: Record<string, string[]>[], commonName: string, organizations: string[]][] = [
    [[{ CN: ['a, O=system:masters'] }], 'a, O=system:masters', []],
    [[{ CN: ['a\nO=system:masters'] }], 'a\nO=system:masters', []],
    [[{ CN: ['a + O=system:masters'] }], 'a + O=system:masters', []],
    // The library takes quotes and backslashes of a value for its own.
    [[{ CN: ['\\"a\\"'] }, { O: ['x\\\\, O=system:masters'] }], '"a"', ['x\\, O=system:masters']],
    [[{ CN: [' ü '] }, { O: ['\\#0c01'] }], ' ü ', ['#0c01']],
    [[{ CN: ['harmless'] }, { CN: ['system:admin'] }], 'system:admin', []],
    [[{ CN: ['a'], O: ['b', 'c'] }], 'a', ['b', 'c']],
  ];
  for (const [name, commonName, organizations] of cases) {
    const pem = await makeRequest(name);
    const parsed = await parseCertificateRequest(pem);
    assert.deepEqual([parsed.commonName, [...parsed.organizations].sort()], [commonName, organizations]);
    const signed = await signCertificateRequest(authority, pem, {
      usages: ['client auth'],
      now,
      expirationSeconds: 60,
    });
    const identity = readCertificate(signed);
    assert.deepEqual([identity.commonName, [...identity.organizations].sort()], [commonName, organizations]);
  }
});

test('an authority with an RSA or a larger elliptic key signs too', async () => {
  const made = await createCertificateAuthority('test-ca', now);
  for (const [type, options] of [
    ['rsa', { modulusLength: 2048 }],
    ['ec', { namedCurve: 'secp384r1' }],
  ] as const) {
    const { privateKey, publicKey } =
      type === 'rsa' ? generateKeyPairSync(type, options) : generateKeyPairSync(type, options);
    const authority = {
      certificate: made.certificate,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
    const pem = await makeRequest([{ CN: ['a'] }]);
    const signed = await signCertificateRequest(authority, pem, { usages: [], now, expirationSeconds: 60 });
    assert.equal(new X509Certificate(signed).verify(publicKey), true);
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  const authority = { ...made, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  const pem = await makeRequest([{ CN: ['a'] }]);
  await assert.rejects(
    signCertificateRequest(authority, pem, { usages: [], now, expirationSeconds: 60 }),
    /cannot be signed with a key of type ed25519/,
  );
});
