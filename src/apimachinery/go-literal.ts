/** What the letters of simple escapes stand for. */
export const escapedCharacters: Readonly<Record<string, string>> = {
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
      bytes.push(...Buffer.from(escapedCharacters[name] ?? name));
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
