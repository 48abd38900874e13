import type { JsonObject } from '../../apimachinery/json.ts';
import type { CommandContext, FlagValues } from '../../cli/command.ts';
import {
  encodeCredentials,
  keychainAccount,
  keychainExec,
  type KeptCredentials,
} from '../../kubeconfig/keychain-credentials.ts';
import { defaultFile, writeEntry } from '../../kubeconfig/kubeconfig-changes.ts';
import type { Kubeconfig, KubeconfigPlaces } from '../../kubeconfig/kubeconfig.ts';
import { openKeychain } from '../credential-helper.ts';
import { absolute, missingFile } from './config-places.ts';

/** Fields of a user that say who one is; the keychain takes their place. */
const credentialFields = [
  'auth-provider',
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'exec',
  'password',
  'token',
  'tokenFile',
  'username',
];

/**
 * Puts the credentials that the flags give into the system keychain, and into the kubeconfig how to get them. What
 * cannot be kept changes nothing; a kubeconfig that cannot be written leaves nothing in the keychain.
 * @throws CommandError, KeychainError
 */
export async function keepInKeychain(
  name: string,
  value: JsonObject,
  flags: FlagValues,
  { places, kubeconfig }: { readonly places: KubeconfigPlaces; readonly kubeconfig: Kubeconfig },
  context: CommandContext,
): Promise<void> {
  const file = kubeconfig.users.get(name)?.file ?? (await defaultFile(context.files, places));
  const account = keychainAccount(name, file);
  const secret = encodeCredentials(await givenCredentials(flags, context));
  const keychain = await openKeychain(context);
  const before = await keychain.read(account);
  await keychain.write(account, secret);
  for (const field of credentialFields) delete value[field];
  value['exec'] = keychainExec(account);
  try {
    await writeEntry(context.files, places, 'users', name, value);
  } catch (error) {
    if (before === undefined) await keychain.remove(account);
    else await keychain.write(account, before);
    throw error;
  }
}

async function givenCredentials(flags: FlagValues, context: CommandContext): Promise<KeptCredentials> {
  const token = flags.string('token');
  const fromFile = async (name: string): Promise<string> => {
    const path = flags.string(name);
    try {
      return Buffer.from(await context.files.readFile(absolute(context, path))).toString('utf8');
    } catch (error) {
      throw missingFile(name, path, error);
    }
  };
  if (flags.string('client-key') === '') return { token };
  const clientCertificate = await fromFile('client-certificate');
  const clientKey = await fromFile('client-key');
  return { ...(token === '' ? {} : { token }), clientCertificate, clientKey };
}
