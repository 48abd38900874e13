import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isAbsolute, join } from 'node:path';
import { type CommandContext, CommandError } from '../../../cli/command.ts';
import { systemReasonOrMessage } from '../../../system/file-errors.ts';
import { createFromFlags } from '../create-from-flags.ts';
import { appendHashFlag } from '../source-flags.ts';
import { SecretContent, secrets } from './secret-object.ts';

/** `create secret tls`. */
export const createTlsSecretCommand = createFromFlags({
  path: ['create', 'secret', 'tls'],
  usage: 'NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]',
  short: 'Create a TLS secret',
  long: 'Create a secret with a certificate and its private key, both in PEM; they must belong together.',
  examples: '  # A pair of files\n  kubectl create secret tls web --cert=web.crt --key=web.key',
  flags: [
    appendHashFlag,
    { name: 'cert', type: 'string', default: '', description: 'File with the certificate' },
    { name: 'key', type: 'string', default: '', description: 'File with the private key' },
  ],
  resource: secrets,
  namespaced: true,
  failure: 'failed to create secret ',
  prepare({ name, flags, context }) {
    const certificateFile = flags.string('cert');
    const keyFile = flags.string('key');
    if (certificateFile === '' || keyFile === '') throw new CommandError('key and cert must be specified');
    return async () => {
      const certificate = await read(certificateFile, context);
      const key = await read(keyFile, context);
      checkPair(Buffer.from(certificate).toString('latin1'), Buffer.from(key).toString('latin1'));
      const content = new SecretContent();
      content.add('tls.crt', certificate);
      content.add('tls.key', key);
      return content.toObject(name, 'kubernetes.io/tls', flags.bool('append-hash'));
    };
  },
});

async function read(path: string, { files, cwd }: CommandContext): Promise<Uint8Array> {
  try {
    return await files.readFile(isAbsolute(path) ? path : join(cwd, path));
  } catch (error) {
    throw new CommandError(`Cannot read file ${path}, open ${path}: ${systemReasonOrMessage(error)}`);
  }
}

interface PemBlock {
  readonly type: string;
  readonly text: string;
}

function pemBlocks(text: string): PemBlock[] {
  const pattern = /-----BEGIN ([^\n-]+)-----\r?\n[\s\S]*?-----END \1-----/g;
  return [...text.matchAll(pattern)].map(([block, type = '']) => ({ type, text: block }));
}

/** Whether certificate and key belong together, in the words of Go's crypto/tls. @throws CommandError */
function checkPair(certificateText: string, keyText: string): void {
  const certificate = new X509Certificate(certificateBlock(certificateText).text);
  const key = privateKey(keyBlock(keyText).text);
  if (certificate.publicKey.asymmetricKeyType !== key.asymmetricKeyType) {
    throw new CommandError('tls: private key type does not match public key type');
  }
  if (!certificate.checkPrivateKey(key)) throw new CommandError('tls: private key does not match public key');
}

function certificateBlock(text: string): PemBlock {
  const blocks = pemBlocks(text);
  const found = blocks.find(({ type }) => type === 'CERTIFICATE');
  if (found !== undefined) return found;
  const types = blocks.map(({ type }) => type);
  if (types.length === 0) throw new CommandError('tls: failed to find any PEM data in certificate input');
  if (types.length === 1 && types[0]?.endsWith('PRIVATE KEY') === true) {
    throw new CommandError(
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    );
  }
  throw new CommandError(
    `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${types.join(' ')}]`,
  );
}

function keyBlock(text: string): PemBlock {
  const blocks = pemBlocks(text);
  const found = blocks.find(({ type }) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY'));
  if (found !== undefined) return found;
  const types = blocks.map(({ type }) => type);
  if (types.length === 0) throw new CommandError('tls: failed to find any PEM data in key input');
  if (types.length === 1 && types[0] === 'CERTIFICATE') {
    throw new CommandError('tls: found a certificate rather than a key in the PEM for the private key');
  }
  throw new CommandError(
    `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${types.join(' ')}]`,
  );
}

function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CommandError('tls: failed to parse private key');
  }
}
