import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** Why a certificate and a key are no pair, as Go's crypto/tls says it. */
export class TlsKeyPairError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TlsKeyPairError';
  }
}

interface PemBlock {
  readonly type: string;
  readonly text: string;
}

/** The blocks of a text; what is no base64 between its marks is none (RFC 7468). */
function pemBlocks(text: string): PemBlock[] {
  const pattern = /-----BEGIN ([^\n-]+)-----\r?\n([\s\S]*?)-----END \1-----/g;
  return [...text.matchAll(pattern)].flatMap(([block, type = '', body = '']) =>
    isBase64(withoutHeaders(body)) ? [{ type, text: block }] : [],
  );
}

/** `Name: value` in lines before the first that is none. */
function withoutHeaders(body: string): string {
  return body.replace(/^(?:[^\n]*:[^\n]*\n)+/, '');
}

function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text.replaceAll(/[ \t\r\n]/g, ''));
}

/** Whether certificate and key, both in PEM, belong together, in the words of Go's crypto/tls. @throws TlsKeyPairError */
export function checkTlsKeyPair(certificateText: string, keyText: string): void {
  // Both are looked for before either is read.
  const [certificatePem, keyPem] = [certificateBlock(certificateText).text, keyBlock(keyText).text];
  const certificate = readCertificate(certificatePem);
  const key = privateKey(keyPem);
  if (certificate.publicKey.asymmetricKeyType !== key.asymmetricKeyType) {
    throw new TlsKeyPairError('tls: private key type does not match public key type');
  }
  if (!certificate.checkPrivateKey(key)) throw new TlsKeyPairError('tls: private key does not match public key');
}

function certificateBlock(text: string): PemBlock {
  const blocks = pemBlocks(text);
  const found = blocks.find(({ type }) => type === 'CERTIFICATE');
  if (found !== undefined) return found;
  const types = blocks.map(({ type }) => type);
  if (types.length === 0) throw new TlsKeyPairError('tls: failed to find any PEM data in certificate input');
  if (types.length === 1 && types[0]?.endsWith('PRIVATE KEY') === true) {
    throw new TlsKeyPairError(
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    );
  }
  throw new TlsKeyPairError(
    `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${types.join(' ')}]`,
  );
}

function keyBlock(text: string): PemBlock {
  const blocks = pemBlocks(text);
  const found = blocks.find(({ type }) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY'));
  if (found !== undefined) return found;
  const types = blocks.map(({ type }) => type);
  if (types.length === 0) throw new TlsKeyPairError('tls: failed to find any PEM data in key input');
  if (types.length === 1 && types[0] === 'CERTIFICATE') {
    throw new TlsKeyPairError('tls: found a certificate rather than a key in the PEM for the private key');
  }
  throw new TlsKeyPairError(
    `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${types.join(' ')}]`,
  );
}

function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new TlsKeyPairError('tls: failed to parse private key');
  }
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new TlsKeyPairError('x509: malformed certificate');
  }
}
