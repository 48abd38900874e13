import type { CelIssue, CelSource } from './issues.ts';
import { characterCount } from './values.ts';

/** The kinds of tokens, in the order in which messages list them; names as messages show them. */
export const tokenOrder = [
  "'=='",
  "'!='",
  "'in'",
  "'<'",
  "'<='",
  "'>='",
  "'>'",
  "'&&'",
  "'||'",
  "'['",
  "']'",
  "'{'",
  "'}'",
  "'('",
  "')'",
  "'.'",
  "','",
  "'-'",
  "'!'",
  "'?'",
  "':'",
  "'+'",
  "'*'",
  "'/'",
  "'%'",
  "'true'",
  "'false'",
  "'null'",
  'NUM_FLOAT',
  'NUM_INT',
  'NUM_UINT',
  'STRING',
  'BYTES',
  'IDENTIFIER',
  'ESC_IDENTIFIER',
  '<EOF>',
] as const;

/** What a token is. */
export type TokenKind = (typeof tokenOrder)[number];

/** One token of an expression. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset in code points. */
  readonly offset: number;
}

const punctuation = /^(?:==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%])/;
const escape =
  String.raw`\\(?:[abfnrtv"'\\?` + '`' + String.raw`]|[0-3][0-7]{2}|[xX][\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8})`;
const text =
  `(?:"""(?:${escape}|[^\\\\])*?"""|'''(?:${escape}|[^\\\\])*?'''` +
  `|[rR]"""[^]*?"""|[rR]'''[^]*?'''` +
  `|"(?:${escape}|[^\\\\"\\n\\r])*"|'(?:${escape}|[^\\\\'\\n\\r])*'` +
  `|[rR]"[^"\\n\\r]*"|[rR]'[^'\\n\\r]*')`;

/** Tried in this order; the longest match wins, the first among equals. */
const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['NUM_FLOAT', /^(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/],
  ['NUM_INT', /^(?:0x[\da-fA-F]+|\d+)/],
  ['NUM_UINT', /^(?:0x[\da-fA-F]+|\d+)[uU]/],
  ['STRING', new RegExp(`^${text}`)],
  ['BYTES', new RegExp(`^[bB]${text}`)],
  ['IDENTIFIER', /^[A-Za-z_]\w*/],
  ['ESC_IDENTIFIER', /^`[\w.\-/ ]+`/],
];

const words: Readonly<Record<string, TokenKind>> = {
  in: "'in'",
  true: "'true'",
  false: "'false'",
  null: "'null'",
};

/** The tokens of an expression, ended by `<EOF>`; characters that start none are issues. */
export function tokenize(source: CelSource): { readonly tokens: Token[]; readonly issues: CelIssue[] } {
  const tokens: Token[] = [];
  const issues: CelIssue[] = [];
  let rest = source.text;
  let offset = 0;
  const advance = (length: number): void => {
    offset += characterCount(rest.slice(0, length));
    rest = rest.slice(length);
  };
  for (; rest.length > 0;) {
    const skipped = /^(?:[\t \r\n\f]+|\/\/[^\n]*)/.exec(rest)?.[0];
    if (skipped !== undefined) {
      advance(skipped.length);
      continue;
    }
    const token = matchToken(rest, offset);
    if (token !== undefined) {
      tokens.push(token);
      advance(token.text.length);
      continue;
    }
    const bad = unrecognized(rest);
    issues.push({ offset, message: `Syntax error: token recognition error at: '${showControl(bad)}'` });
    advance(bad.length);
  }
  tokens.push({ kind: '<EOF>', text: '<EOF>', offset });
  return { tokens, issues };
}

function matchToken(rest: string, offset: number): Token | undefined {
  let kind: TokenKind | undefined;
  let found = '';
  const symbol = punctuation.exec(rest)?.[0];
  if (symbol !== undefined) {
    kind = `'${symbol}'` as TokenKind;
    found = symbol;
  }
  for (const [candidate, pattern] of patterns) {
    const match = pattern.exec(rest)?.[0];
    if (match === undefined || match.length <= found.length) continue;
    kind = candidate === 'IDENTIFIER' && Object.hasOwn(words, match) ? words[match] : candidate;
    found = match;
  }
  return kind === undefined ? undefined : { kind, text: found, offset };
}

/** A backslash and what follows it, up to and with the character that makes it no escape; or up to the end. */
const badEscape =
  /^\\(?:[0-3][0-7]?(?:[^0-7]|$)|[xX][\da-fA-F]?(?:[^\da-fA-F]|$)|u[\da-fA-F]{0,3}(?:[^\da-fA-F]|$)|U[\da-fA-F]{0,7}(?:[^\da-fA-F]|$)|[^]?)/;
const goodEscape = new RegExp(`^${escape}`);

/** What is read of a string that has no end or an escape that is none; escapes of raw ones mean nothing. */
function unrecognizedString(rest: string, start: string, mark: string, isRaw: boolean): string {
  let read = start;
  for (let left = rest.slice(start.length); left !== ''; left = rest.slice(read.length)) {
    if (!isRaw && left.startsWith('\\')) {
      const good = goodEscape.exec(left)?.[0];
      read += good ?? badEscape.exec(left)?.[0] ?? '';
      if (good === undefined) return read;
      continue;
    }
    const [character = ''] = left;
    read += character;
    if (mark.length === 1 && (character === '\n' || character === '\r')) return read;
  }
  return read;
}

/** What the lexer reads before it gives up: up to and with the character that fits no token. */
function unrecognized(rest: string): string {
  const quote = /^(?:[bB]?([rR]?))("""|'''|"|')/.exec(rest);
  if (quote !== null) {
    const [start, raw, mark = ''] = quote;
    return unrecognizedString(rest, start, mark, raw !== '');
  }
  const [first = '', second = ''] = Array.from(rest);
  const backtick = /^`[\w.\-/ ]*[^]?/.exec(rest)?.[0];
  if (backtick !== undefined) return backtick;
  return first === '=' || first === '&' || first === '|' ? first + second : first;
}

function showControl(part: string): string {
  return part.replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r');
}
