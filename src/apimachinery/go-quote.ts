import { loneOctet } from './octets.ts';

/** What Go's short escapes stand for, and how they are written. */
export const goShortEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
};

/** What Go counts as printable (strconv.IsPrint): letters, marks, numbers, punctuation, symbols and the one space. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Whether nothing in a text needs more than quotes around it: most names. */
const plain = /^[\w.:/@+=,;!?()[\]{}<>*&%$#'|~^ -]*$/;

/** A string as Go's %q shows it. */
export function goQuote(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  return quoteGoText(text, '"');
}

/**
 * A text in quotes as strconv.Quote (with `"`) and strconv.QuoteRune (with `'`) write it: what cannot be printed is
 * escaped. @param isAscii whether everything beyond ASCII is escaped, too
 */
export function quoteGoText(text: string, quote: '"' | "'", isAscii = false): string {
  let quoted: string = quote;
  for (const char of text) quoted += char === quote ? `\\${char}` : (goShortEscapes[char] ?? shown(char, isAscii));
  return quoted + quote;
}

function shown(char: string, isAscii: boolean): string {
  const octet = loneOctet(char);
  if (octet !== undefined) return `\\x${octet.toString(16)}`;
  const code = char.codePointAt(0) ?? 0;
  return printable.test(char) && (code < 0x80 || !isAscii) ? char : escaped(code);
}

function escaped(code: number): string {
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}
