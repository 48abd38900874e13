import { createPrivateKey, generateKeyPairSync, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import type * as X509 from '@peculiar/x509';

// The library wants the polyfill first.
await import('reflect-metadata');
const x509 = await import('@peculiar/x509');

/** A certificate with its key, of any sort: as authorities make them, and as nobody should. */
export interface MadeCertificate {
  readonly pem: string;
  readonly der: Uint8Array;
  readonly privateKey: string;
  readonly keys: CryptoKeyPair;
  readonly subject: string;
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

export interface CertificateWishes {
  /** `CN=ann, O=dev` */
  readonly subject: string;
  /** Who signs; itself when absent. */
  readonly by?: MadeCertificate;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions?: readonly X509.Extension[];
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Extensions that tests ask for. */
export const extensions = {
  authority: (pathLength?: number): X509.Extension => new x509.BasicConstraintsExtension(true, pathLength, true),
  noAuthority: (): X509.Extension => new x509.BasicConstraintsExtension(false, undefined, true),
  keyUsage: (flag: 'keyCertSign' | 'digitalSignature'): X509.Extension =>
    new x509.KeyUsagesExtension(x509.KeyUsageFlags[flag], true),
  usages: (...ids: readonly string[]): X509.Extension => new x509.ExtendedKeyUsageExtension([...ids]),
  dnsName: (value: string): X509.Extension => new x509.SubjectAlternativeNameExtension([{ type: 'dns', value }]),
  /** One of which nothing is known but its name. @param hex its value in DER */
  other: (id: string, isCritical: boolean, hex: string): X509.Extension =>
    new x509.Extension(id, isCritical, Buffer.from(hex, 'hex')),
};

/** Makes a certificate. */
export async function makeCertificate(wishes: CertificateWishes): Promise<MadeCertificate> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = {
    publicKey: await webcrypto.subtle.importKey(
      'spki',
      publicKey.export({ type: 'spki', format: 'der' }),
      algorithm,
      true,
      ['verify'],
    ),
    privateKey: await webcrypto.subtle.importKey(
      'pkcs8',
      privateKey.export({ type: 'pkcs8', format: 'der' }),
      algorithm,
      true,
      ['sign'],
    ),
  };
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: String(Math.trunc(wishes.notAfter / 1000)),
    subject: wishes.subject,
    issuer: wishes.by?.subject ?? wishes.subject,
    notBefore: new Date(wishes.notBefore),
    notAfter: new Date(wishes.notAfter),
    publicKey: keys.publicKey,
    signingKey: wishes.by?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [...(wishes.extensions ?? [])],
  });
  const pem = `${certificate.toString('pem')}\n`;
  return {
    pem,
    der: new Uint8Array(new NodeCertificate(pem).raw),
    privateKey: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))
      .export({ type: 'pkcs8', format: 'pem' })
      .toString(),
    keys,
    subject: wishes.subject,
  };
}
