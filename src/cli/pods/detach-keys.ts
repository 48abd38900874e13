import { CommandError } from '../command.ts';

/** The bytes that a sequence of keys sends. */
export type DetachKeys = readonly number[];

/** Reads `ctrl-p,ctrl-q` or `a,b`: letters, `ctrl-` and a letter or one of @[\]^_. @throws CommandError */
export function parseDetachKeys(text: string): DetachKeys {
  return text.split(',').map((key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
    if (control === undefined) throw new CommandError(`could not bind detach keys: Unknown character: '${key}'`);
    return control.toUpperCase().charCodeAt(0) & 0x1f;
  });
}

/** What is typed, until the keys come one after the other; they are kept back as long as they may be the sequence. */
export async function* untilDetached(chunks: AsyncIterable<Uint8Array>, keys: DetachKeys): AsyncGenerator<Uint8Array> {
  let matched = 0;
  for await (const chunk of chunks) {
    const passed: number[] = [];
    for (const byte of chunk) {
      if (byte === keys[matched]) {
        matched++;
        if (matched === keys.length) {
          if (passed.length > 0) yield Uint8Array.from(passed);
          return;
        }
        continue;
      }
      passed.push(...keys.slice(0, matched));
      matched = byte === keys[0] ? 1 : 0;
      if (matched === 0) passed.push(byte);
    }
    if (passed.length > 0) yield Uint8Array.from(passed);
  }
}
