import { escapedCharacters } from '../apimachinery/go-literal.ts';

/** A string or bytes literal that cannot be read. */
export class LiteralError extends Error {}

const simpleEscapes: Readonly<Record<string, string>> = { ...escapedCharacters, '`': '`', '?': '?' };

/** The text of a string literal with its quotes. @throws LiteralError */
export function readStringLiteral(literal: string): string {
  let read = '';
  for (const part of parts(literal)) {
    if (typeof part === 'string') read += part;
    else {
      if (part.code > 0x10_ff_ff || (part.code >= 0xd8_00 && part.code <= 0xdf_ff)) {
        throw new LiteralError('invalid unicode code point');
      }
      read += String.fromCodePoint(part.code);
    }
  }
  return read;
}

/** The bytes of a bytes literal without its `b`: octal and hex escapes are bytes, the rest is UTF-8. @throws LiteralError */
export function readBytesLiteral(literal: string): Uint8Array {
  const read: number[] = [];
  const encoder = new TextEncoder();
  for (const part of parts(literal)) {
    if (typeof part === 'string') read.push(...encoder.encode(part));
    else if (part.isUnicode) throw new LiteralError('unable to unescape string');
    else read.push(part.code & 0xff);
  }
  return Uint8Array.from(read);
}

/** Plain text and escaped codes, one after the other. */
function* parts(literal: string): Generator<string | { readonly code: number; readonly isUnicode: boolean }> {
  const isRaw = /^[rR]/.test(literal);
  const quoted = (isRaw ? literal.slice(1) : literal).replaceAll(/\r\n?/g, '\n');
  const width = /^(?:"""|''')/.test(quoted) && quoted.length >= 6 ? 3 : 1;
  const inside = quoted.slice(width, quoted.length - width);
  if (isRaw) {
    yield inside;
    return;
  }
  const pattern = /\\(?:([0-3][0-7]{2})|[xX]([\da-fA-F]{2})|(?:u([\da-fA-F]{4})|U([\da-fA-F]{8}))|([^]))|[^\\]+/g;
  for (const [whole, octal, hex, short, long, simple] of inside.matchAll(pattern)) {
    if (octal !== undefined) yield { code: Number.parseInt(octal, 8), isUnicode: false };
    else if (hex !== undefined) yield { code: Number.parseInt(hex, 16), isUnicode: false };
    else if (short !== undefined || long !== undefined) {
      yield { code: Number.parseInt(short ?? long ?? '', 16), isUnicode: true };
    } else if (simple === undefined) yield whole;
    else {
      const meant = simpleEscapes[simple];
      if (meant === undefined) throw new LiteralError('unable to unescape string');
      yield meant;
    }
  }
}
