/** What a request for a certificate says of its owner. */
export interface CertificateRequest {
  readonly subject: {
    readonly commonName: string;
    readonly serialNumber: string;
    readonly organization: readonly string[];
    readonly organizationalUnit: readonly string[];
    readonly country: readonly string[];
    readonly locality: readonly string[];
    readonly province: readonly string[];
    readonly streetAddress: readonly string[];
    readonly postalCode: readonly string[];
  };
  readonly names: {
    readonly dns: readonly string[];
    readonly email: readonly string[];
    readonly uris: readonly string[];
    readonly ips: readonly string[];
  };
}

/** A request that cannot be read. */
export class CertificateRequestError extends Error {
  constructor(reason: string) {
    super(`Error parsing CSR: ${reason}`);
    this.name = 'CertificateRequestError';
  }
}

/** A value of ASN.1's DER: its tag's octet and its content. */
interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
}

const malformed = (): CertificateRequestError => new CertificateRequestError('x509: malformed certificate request');

/**
 * Reads the subject and the alternative names of a PKCS #10 request (RFC 2986) in PEM, without a library for
 * certificates, which would cost more than everything else that `describe` does.
 * @throws CertificateRequestError
 */
export function readCertificateRequest(pem: Buffer): CertificateRequest {
  const text = pem.toString('latin1');
  const block = /-----BEGIN ([^-]+)-----\s([\s\S]*?)-----END \1-----/.exec(text);
  if (block?.[1] !== 'CERTIFICATE REQUEST') {
    throw new CertificateRequestError('PEM block type must be CERTIFICATE REQUEST');
  }
  const body = (block[2] ?? '').replace(/^(?:[\w-]+: .*\n)+\n/, '');
  const [request] = valuesOf(Buffer.from(body, 'base64'));
  const [info] = request === undefined ? [] : valuesOf(request.content);
  const [, name, , attributes] = info === undefined ? [] : valuesOf(info.content);
  if (name === undefined) throw malformed();
  return { subject: subjectOf(name), names: alternativeNames(attributes) };
}

function valuesOf(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? -1;
    at += 2;
    if (length > 0x80) {
      const size = length - 0x80;
      if (size > 4 || at + size > bytes.length) throw malformed();
      length = bytes.readUIntBE(at, size);
      at += size;
    }
    if (length < 0 || length === 0x80 || at + length > bytes.length) throw malformed();
    values.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return values;
}

/** `2.5.4.3`. */
function objectIdentifier({ content }: DerValue): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    arc = arc * 128 + (octet & 0x7f);
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

function subjectOf(name: DerValue): CertificateRequest['subject'] {
  const attributes = valuesOf(name.content)
    .flatMap(({ content }) => valuesOf(content))
    .map(({ content }) => {
      const [type, value] = valuesOf(content);
      if (type === undefined || value === undefined) throw malformed();
      return { type: objectIdentifier(type), value: stringOf(value) };
    });
  const all = (arc: number): string[] =>
    attributes.filter(({ type }) => type === `2.5.4.${arc}`).map(({ value }) => value);
  return {
    commonName: all(3).at(-1) ?? '',
    serialNumber: all(5).at(-1) ?? '',
    organization: all(10),
    organizationalUnit: all(11),
    country: all(6),
    locality: all(7),
    province: all(8),
    streetAddress: all(9),
    postalCode: all(17),
  };
}

const bmpString = 0x1e;

function stringOf({ tag, content }: DerValue): string {
  return tag === bmpString ? Buffer.from(content).swap16().toString('utf16le') : content.toString('utf8');
}

const extensionRequest = '1.2.840.113549.1.9.14';
const subjectAlternativeName = '2.5.29.17';

function alternativeNames(attributes: DerValue | undefined): CertificateRequest['names'] {
  const extensions = (attributes === undefined ? [] : valuesOf(attributes.content)).flatMap(({ content }) => {
    const [type, values] = valuesOf(content);
    if (type === undefined || values === undefined || objectIdentifier(type) !== extensionRequest) return [];
    return valuesOf(values.content).flatMap((list) => valuesOf(list.content));
  });
  const names = extensions.flatMap(({ content }) => {
    const parts = valuesOf(content);
    const [type] = parts;
    const octets = parts.at(-1);
    if (type === undefined || octets === undefined || objectIdentifier(type) !== subjectAlternativeName) return [];
    return valuesOf(octets.content).flatMap((list) => valuesOf(list.content));
  });
  const texts = (choice: number): string[] =>
    names.filter(({ tag }) => (tag & 0x1f) === choice).map(({ content }) => content.toString('utf8'));
  const addresses = names.filter(({ tag }) => (tag & 0x1f) === 7);
  return { email: texts(1), dns: texts(2), uris: texts(6), ips: addresses.map(({ content }) => addressOf(content)) };
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  if (bytes.length !== 16) throw malformed();
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  // The URL parser writes addresses as RFC 5952 has it.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
