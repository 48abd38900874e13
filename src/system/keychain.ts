import type * as Keytar from 'keytar';

/** Secrets of a person, kept by the operating system: Keychain, Credential Manager, or the Secret Service of a desktop. */
export interface Keychain {
  /** @returns undefined where there is no secret of that name. @throws KeychainError */
  read(account: string): Promise<string | undefined>;
  /** Keeps a secret, in the place of the one of that name. @throws KeychainError */
  write(account: string, secret: string): Promise<void>;
  /** Nothing happens where there is none. @throws KeychainError */
  remove(account: string): Promise<void>;
}

/** A keychain that is not there, or does not do what it should; the message is what follows `error: `. */
export class KeychainError extends Error {}

/** What the program's secrets are filed under. */
const service = 'kubectl-ts';

/** The keychain of this system, through keytar, which is loaded for that alone. @throws KeychainError without it */
export async function systemKeychain(): Promise<Keychain> {
  let keytar: typeof Keytar;
  try {
    const loaded: typeof Keytar & { readonly default?: typeof Keytar } = await import('keytar');
    keytar = loaded.default ?? loaded;
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    throw new KeychainError(
      `the system keychain cannot be reached: the optional package keytar is not installed, or what it needs (libsecret on Linux) is missing: ${reason}`,
    );
  }
  const ask = async <T>(what: string, answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new KeychainError(`the system keychain did not ${what}: ${reason}`);
    }
  };
  return {
    read: async (account) => (await ask('answer', keytar.getPassword(service, account))) ?? undefined,
    write: (account, secret) => ask('keep the secret', keytar.setPassword(service, account, secret)),
    async remove(account) {
      await ask('remove the secret', keytar.deletePassword(service, account));
    },
  };
}
