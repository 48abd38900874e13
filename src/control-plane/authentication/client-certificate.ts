import { X509Certificate } from 'node:crypto';
import { verifyChain } from '../../pki/certificate-chain.ts';
import { readCertificate } from '../../pki/client-identity.ts';
import type { Clock } from '../../system/clock.ts';
import type { Authenticator, UserInfo } from './authenticator.ts';

const clientAuthUsage = '1.3.6.1.5.5.7.3.2';
const maxRemembered = 1000;

/** A user, and from when until when every certificate that vouches for it is valid. */
interface KnownUser {
  readonly user: UserInfo;
  readonly notBefore: number;
  readonly notAfter: number;
  /** When the user's own certificate ends. */
  readonly ownEnd: number;
}

/**
 * X.509 client certificates: the common name is the user, the organizations are the groups.
 * @param authorities PEM of the authorities that clients may come from.
 * @param onUse is told, in seconds, how long a certificate that is used is good still
 */
export function clientCertificateAuthenticator(
  authorities: readonly string[],
  clock: Clock,
  onUse: (remainingSeconds: number) => void = () => undefined,
): Authenticator {
  const trusted = authorities.flatMap(readCertificateBundle);
  // Connections are kept, so that the same certificates come again and again, and clients come back.
  const ofConnections = new WeakMap<readonly Uint8Array[], KnownUser>();
  const known = new Map<string, KnownUser>();
  const userOf = (chain: readonly Uint8Array[], now: number): KnownUser => {
    const key = chain.map((der) => Buffer.from(der).toString('base64')).join();
    let entry = known.get(key);
    if (entry === undefined || !isGood(entry, now)) {
      entry = verify(chain, trusted, now);
      if (known.size >= maxRemembered) known.clear();
      known.set(key, entry);
    }
    ofConnections.set(chain, entry);
    return entry;
  };
  return {
    name: 'x509',
    async authenticate(request) {
      const chain = request.peer?.certificates ?? [];
      if (chain.length === 0) return undefined;
      const now = clock.now();
      let entry = ofConnections.get(chain);
      if (entry === undefined || !isGood(entry, now)) entry = userOf(chain, now);
      onUse((entry.ownEnd - now) / 1000);
      return entry.user;
    },
  };
}

function isGood({ notBefore, notAfter }: KnownUser, now: number): boolean {
  return now >= notBefore && now <= notAfter;
}

/** The certificates of a PEM bundle. @throws Error for one that cannot be read */
export function readCertificateBundle(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => new X509Certificate(pem));
}

function verify(chain: readonly Uint8Array[], trusted: readonly X509Certificate[], now: number): KnownUser {
  const [leaf = new Uint8Array(), ...others] = chain;
  const identity = readCertificate(leaf);
  const intermediates = others.map((der) => new X509Certificate(der));
  const { notBefore, notAfter } = verifyChain(identity.certificate, {
    intermediates,
    trusted,
    now,
    usage: clientAuthUsage,
  });
  if (identity.commonName === '') throw new Error('x509: the certificate has no common name');
  if (identity.uids.length > 1) throw new Error(`expected 1 UID, but found multiple: [${identity.uids.join(' ')}]`);
  const [uid] = identity.uids;
  if (uid === '') throw new Error('UID cannot be an empty string');
  const digest = identity.certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return {
    user: {
      username: identity.commonName,
      uid: uid ?? '',
      groups: identity.organizations,
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`] },
    },
    notBefore,
    notAfter,
    ownEnd: Date.parse(identity.certificate.validTo),
  };
}
