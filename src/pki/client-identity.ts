import { X509Certificate } from 'node:crypto';

/** Who a client certificate speaks for. */
export interface CertificateIdentity {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Object identifiers of the extended key usages. */
  readonly extendedUsages: readonly string[];
  readonly certificate: X509Certificate;
}

/** Reads a certificate, DER or PEM, with nothing but node:crypto. @throws Error for what is none. */
export function readCertificate(data: Uint8Array | string): CertificateIdentity {
  const certificate = new X509Certificate(data);
  const subject = certificate.subject.split('\n');
  const field = (name: string): string[] =>
    subject.filter((line) => line.startsWith(`${name}=`)).map((line) => unescapeName(line.slice(name.length + 1)));
  return {
    commonName: field('CN').at(-1) ?? '',
    organizations: field('O'),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    extendedUsages: certificate.keyUsage ?? [],
    certificate,
  };
}

function unescapeName(text: string): string {
  return text.replaceAll(/\\([,+"\\<>;=#])/g, '$1');
}
