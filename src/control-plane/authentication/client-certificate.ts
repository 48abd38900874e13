import { X509Certificate } from 'node:crypto';
import { readCertificate } from '../../pki/client-identity.ts';
import type { Clock } from '../../system/clock.ts';
import type { Authenticator, UserInfo } from './authenticator.ts';

const clientAuthUsage = '1.3.6.1.5.5.7.3.2';
const anyUsage = '2.5.29.37.0';
const maxRemembered = 1000;

/**
 * X.509 client certificates: the common name is the user, the organizations are the groups.
 * @param authorities PEM of the authorities that clients may come from.
 */
export function clientCertificateAuthenticator(authorities: readonly string[], clock: Clock): Authenticator {
  const trusted = authorities.flatMap(readCertificateBundle);
  // Connections are kept, so that the same certificate comes again and again.
  const known = new Map<string, { readonly user: UserInfo; readonly notBefore: number; readonly notAfter: number }>();
  return {
    name: 'x509',
    async authenticate(request) {
      const leaf = request.peer?.certificates[0];
      if (leaf === undefined) return undefined;
      const key = Buffer.from(leaf).toString('base64');
      let entry = known.get(key);
      if (entry === undefined) {
        entry = verify(leaf, request.peer?.certificates.slice(1) ?? [], trusted);
        if (known.size >= maxRemembered) known.clear();
        known.set(key, entry);
      }
      const now = clock.now();
      if (now < entry.notBefore || now > entry.notAfter) {
        throw new Error('x509: certificate has expired or is not yet valid');
      }
      return entry.user;
    },
  };
}

/** The certificates of a PEM bundle. @throws Error for one that cannot be read */
export function readCertificateBundle(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => new X509Certificate(pem));
}

function verify(
  leaf: Uint8Array,
  intermediates: readonly Uint8Array[],
  trusted: readonly X509Certificate[],
): { user: UserInfo; notBefore: number; notAfter: number } {
  const identity = readCertificate(leaf);
  if (
    !chainsTo(
      identity.certificate,
      intermediates.map((der) => new X509Certificate(der)),
      trusted,
      0,
    )
  ) {
    throw new Error('x509: certificate signed by unknown authority');
  }
  const usages = identity.extendedUsages;
  if (usages.length > 0 && !usages.includes(clientAuthUsage) && !usages.includes(anyUsage)) {
    throw new Error('x509: certificate specifies an incompatible key usage');
  }
  if (identity.commonName === '') throw new Error('x509: the certificate has no common name');
  const { notBefore, notAfter } = identity;
  return {
    user: {
      username: identity.commonName,
      uid: '',
      groups: identity.organizations,
      extra: {
        'authentication.kubernetes.io/credential-id': [
          `X509SHA256=${identity.certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`,
        ],
      },
    },
    notBefore,
    notAfter,
  };
}

function chainsTo(
  certificate: X509Certificate,
  intermediates: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  depth: number,
): boolean {
  const signedBy = (authority: X509Certificate): boolean =>
    certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  if (trusted.some(signedBy)) return true;
  if (depth >= 5) return false;
  return intermediates.some(
    (authority) => authority.ca && signedBy(authority) && chainsTo(authority, intermediates, trusted, depth + 1),
  );
}
