import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { openBox, sealBox } from './salsa-box.ts';

/** Makes a value unreadable for who only has the store. */
export interface ValueCipher {
  /** @param key of the value in the store, which some bind the value to */
  encrypt(value: Uint8Array, key: string): Uint8Array;
  /** @throws Error for what was not made by this cipher with this key, or was not prepared for */
  decrypt(value: Uint8Array, key: string): Uint8Array;
  /** Gets what decrypting a value needs from elsewhere; undefined where it is at hand, or can never be had. */
  prepare?(value: Uint8Array): Promise<void> | undefined;
  /** Whether it would be encrypted in another way now. */
  isStale?(value: Uint8Array): boolean;
}

const tooShort = 'the stored data was shorter than the required size';
const blockBytes = 16;

function aesBits(secret: Uint8Array): 128 | 192 | 256 {
  return secret.byteLength === 16 ? 128 : secret.byteLength === 24 ? 192 : 256;
}

/** AES in CBC mode: initialization vector, then blocks padded as PKCS 7 has it. @param secret 16, 24 or 32 bytes */
export function aesCbcCipher(secret: Uint8Array): ValueCipher {
  const algorithm = `aes-${aesBits(secret)}-cbc`;
  return {
    encrypt(value) {
      const vector = randomBytes(blockBytes);
      const cipher = createCipheriv(algorithm, secret, vector);
      return Buffer.concat([vector, cipher.update(value), cipher.final()]);
    },
    decrypt(value) {
      if (value.byteLength < blockBytes) throw new Error(tooShort);
      if (value.byteLength % blockBytes !== 0) {
        throw new Error('the stored data is not a multiple of the block size');
      }
      const cipher = createDecipheriv(algorithm, secret, value.subarray(0, blockBytes));
      try {
        return Buffer.concat([cipher.update(value.subarray(blockBytes)), cipher.final()]);
      } catch {
        throw new Error('invalid padding on input');
      }
    },
  };
}

const nonceBytes = 12;

/** AES in Galois/Counter mode: nonce, hidden value, tag; bound to the value's key. @param secret 16, 24 or 32 bytes */
export function aesGcmCipher(secret: Uint8Array): ValueCipher {
  const algorithm = `aes-${aesBits(secret)}-gcm` as const;
  return {
    encrypt(value, key) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, secret, nonce);
      cipher.setAAD(Buffer.from(key));
      return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    },
    decrypt(value, key) {
      if (value.byteLength < nonceBytes + blockBytes) throw new Error(tooShort);
      const cipher = createDecipheriv(algorithm, secret, value.subarray(0, nonceBytes));
      cipher.setAAD(Buffer.from(key));
      cipher.setAuthTag(value.subarray(-blockBytes));
      try {
        return Buffer.concat([cipher.update(value.subarray(nonceBytes, -blockBytes)), cipher.final()]);
      } catch {
        throw new Error('cipher: message authentication failed');
      }
    },
  };
}

/** XSalsa20 and Poly1305, as NaCl's secretbox. @param secret 32 bytes */
export function secretboxCipher(secret: Uint8Array): ValueCipher {
  return {
    encrypt: (value) => sealBox(secret, value),
    decrypt(value) {
      const opened = openBox(secret, value);
      if (opened === undefined) throw new Error('output array was not large enough for encryption');
      return opened;
    },
  };
}
