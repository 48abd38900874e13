const named: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** Reads a Go literal in double, single or back quotes; undefined for what is none. */
export function unquoteGo(literal: string): string | undefined {
  const quote = literal[0] ?? '';
  if (literal.length < 2 || literal.at(-1) !== quote) return undefined;
  const body = literal.slice(1, -1);
  if (quote === '`') return body.replaceAll('\r', '');
  const bytes: number[] = [];
  const pattern =
    /\\([abfnrtv\\'"])|\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\([0-7]{3})|([^\\])/suy;
  while (pattern.lastIndex < body.length) {
    const match = pattern.exec(body);
    if (match === null) return undefined;
    const [, name, hex, short, long, octal, plain] = match;
    if (name !== undefined) {
      if ((name === '"' || name === "'") && name !== quote) return undefined;
      bytes.push(...Buffer.from(named[name] ?? name));
    } else if (plain === quote) return undefined;
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff);
    else if (plain !== undefined) bytes.push(...Buffer.from(plain));
    else {
      const code = Number.parseInt(short ?? long ?? '', 16);
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
      bytes.push(...Buffer.from(String.fromCodePoint(code)));
    }
  }
  return Buffer.from(bytes).toString('utf8');
}

const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/**
 * A text in quotes as strconv.Quote (with `"`) and strconv.QuoteRune (with `'`) write it: what cannot be printed is
 * escaped. @param isAscii whether everything beyond ASCII is escaped, too
 */
export function quoteGoText(text: string, quote: '"' | "'", isAscii = false): string {
  return quote + Array.from(text, (char) => quotedChar(char, quote, isAscii)).join('') + quote;
}

function quotedChar(char: string, quote: string, isAscii: boolean): string {
  if (char === quote) return `\\${char}`;
  const named = escapes[char];
  if (named !== undefined) return named;
  const code = char.codePointAt(0) ?? 0;
  const isPrintable = char === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char);
  if (isPrintable && (code < 0x80 || !isAscii)) return char;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  const hex = code.toString(16);
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
