import { type CommandContext, CommandError, defineCommand, UsageError } from '../cli/command.ts';
import { execCredential } from '../kubeconfig/keychain-credentials.ts';
import type { Keychain } from '../system/keychain.ts';

/** `credential-helper`: hands out what the keychain keeps, as a credential plugin that any kubectl can run (KEP-541). */
export const credentialHelperCommand = defineCommand<{ readonly account: string }>({
  path: ['credential-helper'],
  usage: 'ACCOUNT',
  short: 'Hand out credentials from the system keychain to kubectl',
  long: 'Print the credentials that config set-credentials --keychain has kept, in the form that kubectl reads from a credential plugin. A kubeconfig calls it; nobody needs to.',
  examples: '  kubectl-ts credential-helper admin@0123456789ab',
  hidden: true,
  flags: [],
  toOptions(args) {
    const [account, ...others] = args;
    if (account === undefined || others.length > 0) throw new UsageError('the name of one account is needed');
    return { account };
  },
  async run({ account }, context) {
    const apiVersion = askedVersion(context.env['KUBERNETES_EXEC_INFO'] ?? '');
    const secret = await (await openKeychain(context)).read(account);
    if (secret === undefined) {
      throw new CommandError(
        `the system keychain has no credentials for ${JSON.stringify(account)}: give them again with kubectl-ts config set-credentials --keychain`,
      );
    }
    context.streams.out.write(`${JSON.stringify(execCredential(secret, apiVersion))}\n`);
  },
});

/** The keychain of the program's world. @throws CommandError where it has none, KeychainError */
export async function openKeychain({ keychain }: CommandContext): Promise<Keychain> {
  if (keychain === undefined) throw new CommandError('there is no keychain here');
  return keychain();
}

/** The version that a client asks in (KUBERNETES_EXEC_INFO); v1 where it does not say. */
function askedVersion(info: string): string {
  const usual = 'client.authentication.k8s.io/v1';
  try {
    const asked: unknown = info === '' ? {} : JSON.parse(info);
    const version = typeof asked === 'object' && asked !== null ? (asked as { apiVersion?: unknown }).apiVersion : '';
    return version === 'client.authentication.k8s.io/v1beta1' ? version : usual;
  } catch {
    return usual;
  }
}
