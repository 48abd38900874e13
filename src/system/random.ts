/** Where chance comes from; tests hand in a seeded one. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A version 4 UUID. */
  uuid(): string;
}

/** The machine's own randomness. */
export const systemRandom: Random = {
  // The global is loaded when it is first used; few commands need chance.
  next: () => Buffer.from(crypto.getRandomValues(new Uint8Array(6))).readUIntBE(0, 6) / 2 ** 48,
  uuid: () => crypto.randomUUID(),
};

/** A repeatable sequence (mulberry32) for tests. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    uuid: () => {
      const hex = Array.from({ length: 32 }, () => Math.floor(next() * 16).toString(16));
      hex[12] = '4';
      hex[16] = '89ab'[Math.floor(next() * 4)] ?? '8';
      const text = hex.join('');
      return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
    },
  };
}

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** The random tail of generated names: letters and digits that spell no words, as Kubernetes uses them. */
export function nameSuffix(random: Random, length = 5): string {
  let suffix = '';
  for (let index = 0; index < length; index++) {
    suffix += suffixAlphabet[Math.floor(random.next() * suffixAlphabet.length)] ?? 'x';
  }
  return suffix;
}
