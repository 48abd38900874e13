import { createCertificateAuthority, issueCertificate } from '../../src/pki/certificates.ts';

const now = Date.UTC(2026, 0, 1);

/** Certificates of two authorities, and one that is of none, in PEM. */
export async function testCertificates(): Promise<{ first: string; second: string; leaf: string }> {
  const first = await createCertificateAuthority('first', now);
  const second = await createCertificateAuthority('second', now);
  const leaf = await issueCertificate(first, { subject: { commonName: 'leaf' }, usage: 'client', now });
  return { first: first.certificate, second: second.certificate, leaf: leaf.certificate };
}
