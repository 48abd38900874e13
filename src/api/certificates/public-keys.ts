import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readHeader } from './v1/certificate-request-syntax.ts';

/** One value of DER: with its header, and its content alone. */
interface DerElement {
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

/** A certificate signing request as far as its key is concerned (RFC 2986). */
export interface KeyRequest {
  /** Undefined for a key of a kind that is not known. */
  readonly key: KeyObject | undefined;
  /** Whether it is signed by that key. */
  isSigned(): boolean;
}

/** What signatures are made of, by their object identifiers in hexadecimal; null for a key that knows it itself. */
const digests: Readonly<Record<string, string | null>> = {
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2b6570': null,
};

/** Reads a request in DER; undefined for what is none. */
export function readKeyRequest(der: Uint8Array): KeyRequest | undefined {
  try {
    const [request, ...trailing] = elementsOf(der);
    const [info, algorithm, signature] = elementsOf(request?.content ?? new Uint8Array());
    const [, , publicKey] = elementsOf(info?.content ?? new Uint8Array());
    const [identifier] = elementsOf(algorithm?.content ?? new Uint8Array());
    if (trailing.length > 0 || info === undefined || publicKey === undefined || signature === undefined)
      return undefined;
    if (identifier === undefined) return undefined;
    const digest = digests[Buffer.from(identifier.content).toString('hex')];
    const key = readPublicKey(publicKey.whole);
    return {
      key,
      isSigned: () =>
        key !== undefined && digest !== undefined && verifies(digest, info.whole, key, signature.content.subarray(1)),
    };
  } catch {
    return undefined;
  }
}

/** A public key in DER (SubjectPublicKeyInfo of RFC 5280); undefined for what is none, or of a kind that is not known. */
export function readPublicKey(der: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** Whether a text is signed as pods prove that they have a key: RSA by PSS, elliptic curves and RSA with SHA-256. */
export function provesPossession(key: KeyObject, text: string, signature: Uint8Array): boolean {
  const data = Buffer.from(text);
  if (key.asymmetricKeyType === 'ed25519') return verifies(null, data, key, signature);
  if (key.asymmetricKeyType === 'ec') return verifies('sha256', data, key, signature);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return verifies('sha256', data, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO }, signature);
}

function verifies(
  digest: string | null,
  data: Uint8Array,
  key: Parameters<typeof verify>[2],
  signature: Uint8Array,
): boolean {
  try {
    return verify(digest, data, key, signature);
  } catch {
    return false;
  }
}

/** @throws Error for bytes that are no DER */
function elementsOf(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const { start, length } = readHeader(bytes.subarray(at), 0);
    const end = at + start + length;
    if (end > bytes.length) throw new Error('a value that is cut off');
    elements.push({ whole: bytes.subarray(at, end), content: bytes.subarray(at + start, end) });
    at = end;
  }
  return elements;
}
