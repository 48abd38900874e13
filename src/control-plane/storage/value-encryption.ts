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

/** That a value was encrypted or decrypted, or could not be. */
export interface Transformation {
  readonly direction: 'to_storage' | 'from_storage';
  /** What the value starts with: that of the sort of encryption, then that of the key. */
  readonly prefixes: readonly string[];
  readonly isWell: boolean;
}

const encryptedMark = Buffer.from('k8s:enc:');

function startsWith(value: Uint8Array, prefix: Uint8Array): boolean {
  return Buffer.compare(value.subarray(0, prefix.byteLength), prefix) === 0;
}

/** Providers in their order: the first one writes, all read (EncryptionConfiguration). */
export class ValueEncryption {
  readonly #providers: readonly KnownProvider[];

  constructor(providers: readonly EncryptionProvider[]) {
    this.#providers = providers.map(({ prefix, cipher }) => ({
      prefix: Buffer.from(prefix),
      cipher,
      prefixes: prefixesOf(prefix),
    }));
  }

  /** @param observe is told what was done */
  encrypt(value: Uint8Array, key: string, observe?: (done: Transformation) => void): Uint8Array {
    const [first] = this.#providers;
    const encrypted =
      first?.cipher === undefined ? value : Buffer.concat([first.prefix, first.cipher.encrypt(value, key)]);
    observe?.({ direction: 'to_storage', prefixes: first?.prefixes ?? [''], isWell: true });
    return encrypted;
  }

  /** Gets what decrypting needs from elsewhere; undefined where it is at hand. It fails as decrypting would. */
  prepare(stored: Uint8Array): Promise<void> | undefined {
    const provider = this.#providers.find(({ prefix, cipher }) => cipher !== undefined && startsWith(stored, prefix));
    return provider?.cipher?.prepare?.(stored.subarray(provider.prefix.byteLength));
  }

  /**
   * @param observe is told what was done
   * @throws Error when no provider can read it
   */
  decrypt(stored: Uint8Array, key: string, observe?: (done: Transformation) => void): DecryptedValue {
    const isEncrypted = startsWith(stored, encryptedMark);
    const errors: string[] = [];
    const direction = 'from_storage';
    for (const [index, { prefix, prefixes, cipher }] of this.#providers.entries()) {
      if (cipher === undefined) {
        if (isEncrypted) continue;
        observe?.({ direction, prefixes: ['identity'], isWell: true });
        return { value: stored, isStale: index !== 0 };
      }
      if (!startsWith(stored, prefix)) continue;
      try {
        const encrypted = stored.subarray(prefix.byteLength);
        const value = cipher.decrypt(encrypted, key);
        observe?.({ direction, prefixes, isWell: true });
        return { value, isStale: index !== 0 || cipher.isStale?.(encrypted) === true };
      } catch (error) {
        observe?.({ direction, prefixes, isWell: false });
        errors.push(messageOf(error));
      }
    }
    if (errors.length > 0) throw new Error(errors.join(', '));
    observe?.({ direction, prefixes: ['unknown'], isWell: false });
    throw new Error('no matching prefix found');
  }
}

interface KnownProvider {
  readonly prefix: Uint8Array;
  readonly prefixes: readonly string[];
  readonly cipher: ValueCipher | undefined;
}

/** Keys of a file are told by a second prefix; those of a service are not. */
function prefixesOf(prefix: string): readonly string[] {
  const [, kind, key] = /^(k8s:enc:(?!kms:)[^:]+:v1:)(.+)$/.exec(prefix) ?? [];
  return kind === undefined || key === undefined ? [prefix] : [kind, key];
}
