import { formatGoFloat } from './go-float.ts';
import { looksLikeTime } from './yaml-scalar.ts';

/**
 * Writes a value as KYAML without its `---` (KEP-5295): braces and brackets, keys bare where no reader of YAML could
 * misread them, values in double quotes, text of several lines folded to a line each. Members of a Map, which stands for
 * a struct, keep their order.
 */
export function stringifyKyaml(value: unknown, options: { readonly keepOrder?: boolean } = {}): string {
  return `${render(value, 0, options.keepOrder === true)}\n`;
}

function render(value: unknown, indent: number, keepOrder: boolean): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return quoted(value, indent + 1, value.includes('\n'));
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return `${value}`;
  if (typeof value !== 'object') throw new Error(`no KYAML for a ${typeof value}`);
  if (Array.isArray(value)) return renderList(value, indent, keepOrder);
  if (value instanceof Map) return renderMembers([...(value as ReadonlyMap<string, unknown>)], indent, keepOrder);
  return renderObject(value as Record<string, unknown>, indent, keepOrder);
}

/** Numbers stand as in JSON. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`no KYAML for ${formatGoFloat(value)}`);
  return `${value}`;
}

function renderList(items: readonly unknown[], indent: number, keepOrder: boolean): string {
  if (items.length === 0) return '[]';
  // Lists of containers alone open them on the line of the bracket.
  if (items.every((item) => typeof item === 'object' && item !== null)) {
    return `[${items.map((item) => render(item, indent, keepOrder)).join(', ')}]`;
  }
  const lines = items.map((item) => `${pad(indent + 1)}${render(item, indent + 1, keepOrder)},\n`);
  return `[\n${lines.join('')}${pad(indent)}]`;
}

function renderObject(object: Record<string, unknown>, indent: number, keepOrder: boolean): string {
  const keys = Object.keys(object).filter((key) => object[key] !== undefined);
  const members = (keepOrder ? keys : keys.sort(compareRunes)).map((key) => [key, object[key]] as const);
  return renderMembers(members, indent, keepOrder);
}

function renderMembers(members: readonly (readonly [string, unknown])[], indent: number, keepOrder: boolean): string {
  if (members.length === 0) return '{}';
  const lines = members.map(([key, value]) => {
    const name = needsQuotes(key) ? quoted(key, indent + 1, false, true) : key;
    return `${pad(indent + 1)}${name}: ${render(value, indent + 1, keepOrder)},\n`;
  });
  return `{\n${lines.join('')}${pad(indent)}}`;
}

/** Go sorts by bytes of UTF-8, which is the order of code points. */
function compareRunes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function pad(indent: number): string {
  return '  '.repeat(indent);
}

const named: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '\x85': '\\N',
  '\xa0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function quoted(text: string, indent: number, isFolded: boolean, isKey = false): string {
  let result = isFolded ? '"\\\n' : '"';
  for (const char of text) {
    if (result.endsWith('\n')) {
      // A blank at the start of a line would be dropped if it were not escaped; the others keep the alignment.
      result += `${pad(indent)}${isSpace(char) && char !== '\n' ? '\\' : ' '}`;
    }
    if (char === '\t') result += isKey ? '\\t' : char;
    else if (char === '\n') result += isFolded ? '\\n\\\n' : '\\n';
    else result += escaped(char);
  }
  if (!isFolded) return `${result}"`;
  return `${result.endsWith('\n') ? result : `${result}\\\n`}${pad(indent)}"`;
}

/** Go's idea of a space, which the byte order mark is none of. */
function isSpace(char: string): boolean {
  return char !== '\ufeff' && /\s|\x85/.test(char);
}

function escaped(char: string): string {
  if (char === '"' || char === '\\') return `\\${char}`;
  if (char === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char)) return char;
  const name = named[char];
  if (name !== undefined) return name;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0');
}

const guessedWords = new Set(
  'null ~ true t y yes on false f n no off 1 0 .inf -.inf +.inf .nan inf +inf -inf infinity +infinity -infinity nan'.split(
    ' ',
  ),
);

/** Whether a key could be taken for anything but text by some reader of YAML 1.1 or 1.2. */
function needsQuotes(text: string): boolean {
  if (guessedWords.has(text.toLowerCase()) || looksLikeNumber(text.replaceAll('_', '')) || looksLikeTime(text)) {
    return true;
  }
  if (/^[+-]?[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(text)) return true;
  return !/^[\p{L}\p{N}_]([\p{L}\p{N}_\-./]*[\p{L}\p{N}_])?$/u.test(text);
}

function looksLikeNumber(text: string): boolean {
  const prefixed = /^[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)$/.exec(text);
  if (prefixed !== null) return BigInt(prefixed[1] ?? '0') < 2n ** 63n;
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Number.isFinite(Number(text));
  return /^[-+]?0[xX][0-9a-fA-F.]+[pP][-+]?\d+$/.test(text);
}
