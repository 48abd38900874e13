import { createHmac, randomBytes } from 'node:crypto';
import { aesGcmCipher, type ValueCipher } from '../value-ciphers.ts';

const infoBytes = 32;

/** How long the seeds are that we make. */
export const seedBytes = 32;

/**
 * AES-GCM with a key of its own for each value: HKDF's expansion (RFC 5869) of the seed with 32 random bytes, which stand
 * before the value.
 */
export function derivedKeyCipher(seed: Uint8Array): ValueCipher {
  if (seed.byteLength < seedBytes) throw new Error(`invalid seed length ${seed.byteLength} used for key generation`);
  // One block of SHA-256 is all that a key needs.
  const cipherFor = (info: Uint8Array): ValueCipher =>
    aesGcmCipher(createHmac('sha256', seed).update(info).update(Uint8Array.of(1)).digest());
  return {
    encrypt(value, key) {
      const info = randomBytes(infoBytes);
      return Buffer.concat([info, cipherFor(info).encrypt(value, key)]);
    },
    decrypt(value, key) {
      if (value.byteLength < infoBytes) throw new Error('the stored data was shorter than the required size');
      return cipherFor(value.subarray(0, infoBytes)).decrypt(value.subarray(infoBytes), key);
    },
  };
}
