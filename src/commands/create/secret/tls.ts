import { isAbsolute, join } from 'node:path';
import { checkTlsKeyPair, TlsKeyPairError } from '../../../apimachinery/tls-key-pair.ts';
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

/** @throws CommandError when certificate and key do not belong together. */
function checkPair(certificate: string, key: string): void {
  try {
    checkTlsKeyPair(certificate, key);
  } catch (error) {
    throw error instanceof TlsKeyPairError ? new CommandError(error.message) : error;
  }
}
