import { X509Certificate } from 'node:crypto';

/** Who a client certificate speaks for. */
export interface CertificateIdentity {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** The users' uids that it names (Kubernetes' own attribute). */
  readonly uids: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Object identifiers of the extended key usages. */
  readonly extendedUsages: readonly string[];
  readonly certificate: X509Certificate;
}

const uidAttribute = '1.3.6.1.4.1.57683.2';

/** Reads a certificate, DER or PEM, with nothing but node:crypto. @throws Error for what is none. */
export function readCertificate(data: Uint8Array | string): CertificateIdentity {
  const certificate = new X509Certificate(data);
  // A line each; those of one set (RFC 5280, RelativeDistinguishedName) stand on one. A plus within a value is escaped.
  const subject = certificate.subject.split('\n').flatMap((line) => line.split(' + '));
  const field = (name: string): string[] =>
    subject.filter((line) => line.startsWith(`${name}=`)).map((line) => unescapeName(line.slice(name.length + 1)));
  return {
    commonName: field('CN').at(-1) ?? '',
    organizations: field('O'),
    uids: field(uidAttribute),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    extendedUsages: certificate.keyUsage ?? [],
    certificate,
  };
}

/** Undoes OpenSSL's escapes (RFC 2253): `\,` and, for control characters, `\0A`. */
function unescapeName(text: string): string {
  return text.replaceAll(/\\([0-9A-F]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped,
  );
}
