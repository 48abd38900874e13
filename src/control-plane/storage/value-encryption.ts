import type { ValueCipher } from './value-ciphers.ts';
import { messageOf } from '../../apimachinery/error-message.ts';

/** How values are read and written that one provider knows. */
export interface EncryptionProvider {
  /** What its values start with, `k8s:enc:aescbc:v1:key1:`; nothing for values as they are. */
  readonly prefix: string;
  /** Undefined for values as they are. */
  readonly cipher?: ValueCipher;
}

/** A value as it is, and whether another provider than the first one wrote it. */
export interface DecryptedValue {
  readonly value: Uint8Array;
  readonly isStale: boolean;
}

const encryptedMark = Buffer.from('k8s:enc:');

function startsWith(value: Uint8Array, prefix: Uint8Array): boolean {
  return Buffer.compare(value.subarray(0, prefix.byteLength), prefix) === 0;
}

/** Providers in their order: the first one writes, all read (EncryptionConfiguration). */
export class ValueEncryption {
  readonly #providers: readonly { readonly prefix: Uint8Array; readonly cipher: ValueCipher | undefined }[];

  constructor(providers: readonly EncryptionProvider[]) {
    this.#providers = providers.map(({ prefix, cipher }) => ({ prefix: Buffer.from(prefix), cipher }));
  }

  encrypt(value: Uint8Array, key: string): Uint8Array {
    const [first] = this.#providers;
    return first?.cipher === undefined ? value : Buffer.concat([first.prefix, first.cipher.encrypt(value, key)]);
  }

  /** Gets what decrypting needs from elsewhere; undefined where it is at hand. It fails as decrypting would. */
  prepare(stored: Uint8Array): Promise<void> | undefined {
    const provider = this.#providers.find(({ prefix, cipher }) => cipher !== undefined && startsWith(stored, prefix));
    return provider?.cipher?.prepare?.(stored.subarray(provider.prefix.byteLength));
  }

  /** @throws Error when no provider can read it */
  decrypt(stored: Uint8Array, key: string): DecryptedValue {
    const isEncrypted = startsWith(stored, encryptedMark);
    const errors: string[] = [];
    for (const [index, { prefix, cipher }] of this.#providers.entries()) {
      if (cipher === undefined) {
        if (!isEncrypted) return { value: stored, isStale: index !== 0 };
        continue;
      }
      if (!startsWith(stored, prefix)) continue;
      try {
        const encrypted = stored.subarray(prefix.byteLength);
        const value = cipher.decrypt(encrypted, key);
        return { value, isStale: index !== 0 || cipher.isStale?.(encrypted) === true };
      } catch (error) {
        errors.push(messageOf(error));
      }
    }
    throw new Error(errors.length === 0 ? 'no matching prefix found' : errors.join(', '));
  }
}
