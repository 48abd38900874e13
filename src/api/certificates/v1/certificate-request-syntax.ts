import { pemBlocks } from '../../../apimachinery/pem-blocks.ts';

/** The header of a value of DER, as Go's encoding/asn1 shows it. */
interface Header {
  readonly class: number;
  readonly tag: number;
  readonly length: number;
  readonly isCompound: boolean;
  /** Where the content begins. */
  readonly start: number;
}

class Asn1Error extends Error {}

const structureError = (text: string): Asn1Error => new Asn1Error(`asn1: structure error: ${text}`);
const syntaxError = (text: string): Asn1Error => new Asn1Error(`asn1: syntax error: ${text}`);

/** What must stand where in a PKCS #10 request (RFC 2986), by the names of Go's types. */
interface Shape {
  readonly type: string;
  /** Undefined for anything. */
  readonly tag?: number;
  readonly fields?: readonly Shape[];
}

const algorithm: Shape = { type: 'AlgorithmIdentifier', tag: 16, fields: [{ type: 'ObjectIdentifier', tag: 6 }] };
const requestShape: Shape = {
  type: 'certificateRequest',
  tag: 16,
  fields: [
    {
      type: 'tbsCertificateRequest',
      tag: 16,
      fields: [
        { type: 'int', tag: 2 },
        { type: 'RawValue' },
        { type: 'publicKeyInfo', tag: 16, fields: [algorithm, { type: 'BitString', tag: 3 }] },
      ],
    },
    algorithm,
    { type: 'BitString', tag: 3 },
  ],
};

/**
 * What is wrong with a certificate signing request in PEM, in the words of the real server; empty when its structure is
 * that of one. Names, key and signature are not looked into.
 */
export function certificateRequestProblem(pem: string): string {
  const [block] = pemBlocks(pem);
  if (block?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  const { bytes } = block;
  try {
    const end = readShape(bytes, 0, requestShape);
    return end < bytes.length ? syntaxError('trailing data').message : '';
  } catch (error) {
    if (error instanceof Asn1Error) return error.message;
    throw error;
  }
}

/** @returns where the value ends. @throws Asn1Error */
function readShape(bytes: Uint8Array, at: number, { type, tag, fields }: Shape): number {
  if (at >= bytes.length) throw syntaxError('sequence truncated');
  const header = readHeader(bytes, at);
  const end = header.start + header.length;
  if (tag !== undefined && (header.class !== 0 || header.tag !== tag || header.isCompound !== (tag === 16))) {
    const { class: found, tag: number, length, isCompound } = header;
    const seen = `{class:${found} tag:${number} length:${length} isCompound:${isCompound}}`;
    const asked =
      '{optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false}';
    throw structureError(`tags don't match (${tag} vs ${seen}) ${asked} ${type} @${header.start}`);
  }
  if (end > bytes.length) throw syntaxError('data truncated');
  let inner = 0;
  const content = bytes.subarray(header.start, end);
  for (const field of fields ?? []) inner = readShape(content, inner, field);
  return end;
}

/** Reads the header of the value at a place. Tags of more than one octet are none that a request has. @throws Error */
export function readHeader(bytes: Uint8Array, at: number): Header {
  const octet = bytes[at] ?? 0;
  const facts = { class: octet >> 6, tag: octet & 0x1f, isCompound: (octet & 0x20) !== 0 };
  const first = bytes[at + 1];
  if (first === undefined) throw syntaxError('truncated tag or length');
  if (first < 0x80) return { ...facts, length: first, start: at + 2 };
  const count = first & 0x7f;
  if (count === 0) throw syntaxError('indefinite length found (not DER)');
  let length = 0;
  for (let index = 0; index < count; index++) {
    const byte = bytes[at + 2 + index];
    if (byte === undefined) throw syntaxError('truncated tag or length');
    if (length >= 1 << 23) throw structureError('length too large');
    length = length * 256 + byte;
    if (length === 0) throw structureError('superfluous leading zeros in length');
  }
  if (length < 0x80) throw structureError('non-minimal length');
  return { ...facts, length, start: at + 2 + count };
}
