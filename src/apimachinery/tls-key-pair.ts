import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type PemBlock, pemBlocks } from './pem-blocks.ts';

/** Why a certificate and a key are no pair, as Go's crypto/tls says it. */
export class TlsKeyPairError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TlsKeyPairError';
  }
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
