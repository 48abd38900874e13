import { randomBytes, timingSafeEqual } from 'node:crypto';

/** XSalsa20 and Poly1305 as NaCl's crypto_secretbox joins them; node:crypto has neither. */

const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;
const nonceBytes = 24;
const tagBytes = 16;
/** How many bytes of the first block are the key of the tag. */
const tagKeyBytes = 32;

/** The sixteen words of a block: constants on the diagonal, key and input between them. */
function initialState(key: Uint32Array, input: Uint32Array): Uint32Array {
  const state = new Uint32Array(16);
  constants.forEach((word, index) => (state[index * 5] = word));
  state.set(key.subarray(0, 4), 1);
  state.set(input, 6);
  state.set(key.subarray(4, 8), 11);
  return state;
}

/** A double round: columns, then rows, of which each is a column's pattern moved on. */
const quarters: readonly (readonly [number, number, number, number])[] = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
];

function mix(state: Uint32Array): void {
  const add = (target: number, left: number, right: number, bits: number): void => {
    const sum = ((state[left] ?? 0) + (state[right] ?? 0)) >>> 0;
    state[target] = (state[target] ?? 0) ^ ((sum << bits) | (sum >>> (32 - bits)));
  };
  for (let round = 0; round < 10; round++) {
    for (const [a, b, c, d] of quarters) {
      add(b, a, d, 7);
      add(c, b, a, 9);
      add(d, c, b, 13);
      add(a, d, c, 18);
    }
  }
}

function words(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getUint32(index * 4, true));
}

/** The key that the first sixteen bytes of a long nonce make. */
function derivedKey(key: Uint8Array, nonce: Uint8Array): Uint32Array {
  const state = initialState(words(key), words(nonce));
  mix(state);
  return Uint32Array.from([0, 5, 10, 15, 6, 7, 8, 9], (index) => state[index] ?? 0);
}

/** Bytes to hide others with, as many as asked for. */
function keyStream(key: Uint8Array, nonce: Uint8Array, length: number): Uint8Array {
  const inner = derivedKey(key, nonce.subarray(0, 16));
  const input = new Uint32Array(4);
  input.set(words(nonce.subarray(16)));
  const blocks = Math.ceil(length / 64);
  const stream = new Uint8Array(blocks * 64);
  const view = new DataView(stream.buffer);
  for (let block = 0; block < blocks; block++) {
    input[2] = block;
    const start = initialState(inner, input);
    const mixed = start.slice();
    mix(mixed);
    for (let index = 0; index < 16; index++) {
      view.setUint32(block * 64 + index * 4, ((mixed[index] ?? 0) + (start[index] ?? 0)) >>> 0, true);
    }
  }
  return stream.subarray(0, length);
}

const prime = (1n << 130n) - 5n;

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);
}

/** Poly1305 (RFC 8439, 2.5). */
function tagOf(key: Uint8Array, message: Uint8Array): Uint8Array {
  const r = littleEndian(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let start = 0; start < message.byteLength; start += 16) {
    const block = message.subarray(start, start + 16);
    sum = ((sum + littleEndian(block) + (1n << BigInt(block.byteLength * 8))) * r) % prime;
  }
  const tag = (sum + littleEndian(key.subarray(16, 32))) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}

function hide(message: Uint8Array, stream: Uint8Array): Uint8Array {
  return message.map((byte, index) => byte ^ (stream[index] ?? 0));
}

/** Seals a message: nonce, tag and what it became. @param key 32 bytes @param nonce 24 bytes, never the same twice */
export function sealBox(key: Uint8Array, message: Uint8Array, nonce: Uint8Array = randomBytes(nonceBytes)): Uint8Array {
  const stream = keyStream(key, nonce, tagKeyBytes + message.byteLength);
  const hidden = hide(message, stream.subarray(tagKeyBytes));
  return Buffer.concat([nonce, tagOf(stream.subarray(0, tagKeyBytes), hidden), hidden]);
}

/** The message of a sealed box; undefined when it was sealed with another key, or changed. @throws Error when too short */
export function openBox(key: Uint8Array, box: Uint8Array): Uint8Array | undefined {
  if (box.byteLength < nonceBytes + tagBytes) throw new Error('the stored data was shorter than the required size');
  const hidden = box.subarray(nonceBytes + tagBytes);
  const stream = keyStream(key, box.subarray(0, nonceBytes), tagKeyBytes + hidden.byteLength);
  const tag = tagOf(stream.subarray(0, tagKeyBytes), hidden);
  if (!timingSafeEqual(tag, box.subarray(nonceBytes, nonceBytes + tagBytes))) return undefined;
  return hide(hidden, stream.subarray(tagKeyBytes));
}
