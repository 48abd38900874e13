import { formatGoFloat } from './go-float.ts';
import { looksLikeBase60, looksLikeTime, resolvePlainScalar } from './yaml-scalar.ts';

/** A value that YAML as Kubernetes writes it has no form for. */
export class YamlWriteError extends Error {}

/** A line is folded at the first space behind this column. */
const foldColumn = 80;
/** A longer key stands on a line of its own, behind a question mark. */
const longestSimpleKey = 128;

/**
 * Writes a value as sigs.k8s.io/yaml does, byte for byte: keys sorted, two spaces, lists not indented, literal blocks
 * for text of several lines, quotes where the text would be read as something else, long text folded after column 80.
 * @throws YamlWriteError for text with control characters, with the real words.
 */
export function stringifyYaml(value: unknown): string {
  return new YamlWriter().write(value);
}

function isContainer(value: unknown): value is unknown[] | Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isEmpty(value: unknown[] | Record<string, unknown>): boolean {
  return Array.isArray(value) ? value.length === 0 : Object.values(value).every((item) => item === undefined);
}

type ScalarStyle = 'plain' | 'single' | 'double' | 'literal';

class YamlWriter {
  /** The lines that are whole. Text is added to the last line alone: what is looked at stays short, however long the whole is. */
  readonly #lines: string[] = [];
  #line = '';
  #column = 0;
  /** Nothing but spaces and indicators stands on the line so far. */
  #isFresh = true;

  write(value: unknown): string {
    this.#node(value, -2, false);
    if (this.#column > 0) this.#break();
    return this.#lines.join('');
  }

  #put(text: string): void {
    this.#line += text;
    this.#column += lengthInRunes(text);
  }

  #break(char = '\n'): void {
    this.#lines.push(this.#line, char);
    this.#line = '';
    this.#column = 0;
  }

  /** Goes to a column at the start of a line, on a new line unless the present one is still fresh up to there. */
  #lineTo(indent: number): void {
    if (!this.#isFresh || this.#column > indent) this.#break();
    if (this.#column < indent) this.#put(' '.repeat(indent - this.#column));
    this.#isFresh = true;
  }

  /** @param indent of the container that the value is in. */
  #node(value: unknown, indent: number, isMappingValue: boolean): void {
    if (!isContainer(value)) {
      this.#scalar(value, indent + 2 || 2);
    } else if (isEmpty(value)) {
      this.#inline(Array.isArray(value) ? '[]' : '{}');
    } else if (Array.isArray(value)) {
      this.#sequence(value, isMappingValue && !this.#isFresh ? indent : indent + 2);
    } else {
      this.#mapping(value, indent + 2);
    }
  }

  #inline(text: string): void {
    if (this.#column > 0 && !this.#line.endsWith(' ')) this.#put(' ');
    this.#put(text);
    this.#isFresh = false;
  }

  #sequence(items: readonly unknown[], indent: number): void {
    for (const item of items) {
      this.#lineTo(indent);
      this.#put('-');
      this.#node(item, indent, false);
    }
  }

  #mapping(object: Record<string, unknown>, indent: number): void {
    for (const [key, item] of sortedEntries(object)) {
      this.#lineTo(indent);
      const text = wellFormed(key);
      if (Buffer.byteLength(text) <= longestSimpleKey && !hasBreak.test(text)) {
        this.#textScalar(text, indent + 2, true);
        this.#put(':');
      } else {
        this.#put('?');
        this.#textScalar(text, indent + 2, false);
        this.#lineTo(indent);
        this.#put(':');
      }
      this.#node(item, indent, true);
    }
  }

  #scalar(value: unknown, indent: number): void {
    if (typeof value === 'string') this.#textScalar(foldNextLines(wellFormed(value)), indent, false);
    else this.#inline(otherScalar(value));
  }

  #textScalar(text: string, indent: number, isKey: boolean): void {
    if (controls.test(text)) throw new YamlWriteError('yaml: control characters are not allowed');
    if (!isKey || this.#column > 0) this.#inline('');
    const style = styleOf(text, isKey);
    if (style === 'literal') this.#literal(text, indent);
    else if (style === 'double') this.#doubleQuoted(text, indent, isKey);
    else if (style === 'single') this.#singleQuoted(text, indent, isKey);
    else this.#plain(text, indent, isKey);
    if (style !== 'literal') this.#isFresh = false;
  }

  #canFold(text: string, index: number, isKey: boolean): boolean {
    return !isKey && text[index] === ' ' && text[index - 1] !== ' ' && this.#column > foldColumn;
  }

  #fold(indent: number): void {
    this.#isFresh = false;
    this.#lineTo(indent);
  }

  #plain(text: string, indent: number, isKey: boolean): void {
    let start = 0;
    // Only spaces fold, and the rest goes in one piece.
    for (let space = text.indexOf(' '); space !== -1; space = text.indexOf(' ', start)) {
      this.#put(text.slice(start, space));
      if (this.#canFold(text, space, isKey) && text[space + 1] !== ' ') this.#fold(indent);
      else this.#put(' ');
      start = space + 1;
    }
    this.#put(text.slice(start));
  }

  #singleQuoted(text: string, indent: number, isKey: boolean): void {
    this.#put("'");
    let isAfterBreak = false;
    let index = 0;
    for (const char of text) {
      const isInside = index > 0 && index < text.length - 1;
      if (hasBreak.test(char)) {
        this.#break(char);
        isAfterBreak = true;
      } else {
        if (isAfterBreak) this.#put(' '.repeat(indent));
        isAfterBreak = false;
        if (isInside && this.#canFold(text, index, isKey) && text[index + 1] !== ' ') this.#fold(indent);
        else this.#put(char === "'" ? "''" : char);
      }
      index += char.length;
    }
    this.#put("'");
  }

  #doubleQuoted(text: string, indent: number, isKey: boolean): void {
    this.#put('"');
    // libyaml takes every character of a text that begins with a byte order mark for one.
    const isMarked = text.startsWith('\ufeff');
    let index = 0;
    for (const char of text) {
      const isInside = index > 0 && index < text.length - 1;
      if (isMarked) {
        this.#put(char === '\u00a0' ? '\\_' : (named[char] ?? codeEscape(char)));
      } else if (isInside && this.#canFold(text, index, isKey)) {
        this.#fold(indent);
        if (text[index + 1] === ' ') this.#put('\\');
      } else {
        this.#put(escaped(char));
      }
      index += char.length;
    }
    this.#put('"');
  }

  #literal(text: string, indent: number): void {
    let header = '|';
    if (/^[ \n\u2028\u2029]/.test(text)) header += '2';
    if (!endsInBreak.test(text)) header += '-';
    else if (/^.?$|[\n\u2028\u2029].$/su.test(text)) header += '+';
    this.#put(header);
    this.#break();
    this.#isFresh = true;
    for (const [, line = '', char = ''] of text.matchAll(/([^\r\n\x85\u2028\u2029]*)([\r\n\x85\u2028\u2029]?)/g)) {
      if (line !== '') {
        this.#lineTo(indent);
        this.#put(line);
        this.#isFresh = false;
      }
      if (char !== '') {
        this.#break(char);
        this.#isFresh = true;
      }
    }
  }
}

function otherScalar(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') {
    // It comes by way of JSON, which has such numbers whole; go-yaml reads them as uint64 where int64 is too small.
    return Number.isInteger(value) && value > -(2 ** 63) && value < 2 ** 64 ? `${value}` : formatGoFloat(value);
  }
  if (typeof value === 'boolean' || typeof value === 'bigint') return `${value}`;
  throw new YamlWriteError(`no YAML for a ${typeof value}`);
}

function lengthInRunes(text: string): number {
  return /[\ud800-\udbff]/.test(text) ? Array.from(text).length : text.length;
}

/** Half a surrogate pair is nothing that UTF-8 can hold; Go's decoders put U+FFFD there. */
function wellFormed(text: string): string {
  return text.replaceAll(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}

/**
 * The value passes through JSON, where Go leaves U+0085 unescaped; its YAML reader takes it for the end of a line, and
 * folds: one is a space, of several all but one are line feeds, and spaces around them go.
 */
function foldNextLines(text: string): string {
  if (!text.includes('\x85')) return text;
  return text.replaceAll(/ *\x85[ \x85]*/g, (breaks) => '\n'.repeat(breaks.split('\x85').length - 2) || ' ');
}

// The value passes through JSON, where Go leaves these unescaped and its YAML reader refuses them.
// eslint-disable-next-line no-control-regex -- control characters are the point
const controls = /[\x7f-\x84\x86-\x9f\ufffe\uffff]/;
// eslint-disable-next-line no-control-regex -- control characters are the point
const unprintable = /[\x00-\x09\x0b-\x1f\x85\ufeff]|[\ud800-\udbff]/;
const hasBreak = /[\r\n\x85\u2028\u2029]/;
const endsInBreak = /[\r\n\x85\u2028\u2029]$/;

/** How a text is written: libyaml's choice among what go-yaml asks for. */
function styleOf(text: string, isKey: boolean): ScalarStyle {
  const isMultiLine = hasBreak.test(text);
  const isSpecial = unprintable.test(text);
  const hasSpaceBeforeBreak = / [\r\n\x85\u2028\u2029]/.test(text);
  if (text.includes('\n')) {
    const allowsBlock = !isSpecial && !hasSpaceBeforeBreak && !text.endsWith(' ') && !isKey;
    return allowsBlock ? 'literal' : 'double';
  }
  if (readsAsOther(text)) return 'double';
  if (isSpecial || hasSpaceBeforeBreak || (isKey && isMultiLine)) return 'double';
  if (!isMultiLine && canBePlain(text)) return 'plain';
  return /[\r\n\x85\u2028\u2029] /.test(text) ? 'double' : 'single';
}

function readsAsOther(text: string): boolean {
  return typeof resolvePlainScalar(text) !== 'string' || looksLikeTime(text) || looksLikeBase60(text);
}

function canBePlain(text: string): boolean {
  if (text.startsWith(' ') || text.endsWith(' ')) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text)) return false;
  if (/^[-?:]([ \t]|$)/.test(text)) return false;
  if (text.startsWith('---') || text.startsWith('...')) return false;
  return !/:([ \t]|$)|[ \t]#/.test(text);
}

const named: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function escaped(char: string): string {
  const name = named[char];
  if (name !== undefined) return name;
  return unprintable.test(char) ? codeEscape(char) : char;
}

function codeEscape(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, width: number): string {
  return code.toString(16).toUpperCase().padStart(width, '0');
}

function sortedEntries(object: Record<string, unknown>): [string, unknown][] {
  return Object.entries(object)
    .filter(([, item]) => item !== undefined)
    .sort(([left], [right]) => compareYamlKeys(left, right));
}

const isLetter = (code: number): boolean =>
  code < 128 ? (code >= 65 && code <= 90) || (code >= 97 && code <= 122) : /\p{L}/u.test(String.fromCodePoint(code));
const isDigit = (code: number | undefined): boolean => code !== undefined && code >= 48 && code <= 57;

/** go-yaml's order of keys: runs of digits by their number, letters after other signs. */
export function compareYamlKeys(left: string, right: string): number {
  const a = Array.from(left, (char) => char.codePointAt(0) ?? 0);
  const b = Array.from(right, (char) => char.codePointAt(0) ?? 0);
  for (let index = 0; index < a.length && index < b.length; index++) {
    const x = a[index] ?? 0;
    const y = b[index] ?? 0;
    if (x === y) continue;
    const xIsLetter = isLetter(x);
    const yIsLetter = isLetter(y);
    if (xIsLetter && yIsLetter) return x - y;
    if (xIsLetter || yIsLetter) return xIsLetter ? 1 : -1;
    return compareNumbers(a, b, index) || x - y;
  }
  return a.length - b.length;
}

function compareNumbers(a: readonly number[], b: readonly number[], from: number): number {
  // A zero that follows other digits is part of their number.
  let prefix = '';
  if (a[from] === 48 || b[from] === 48) {
    for (let back = from - 1; back >= 0 && isDigit(a[back]); back--) if (a[back] !== 48) prefix = '1';
  }
  const aDigits = digitsFrom(a, from);
  const bDigits = digitsFrom(b, from);
  const aNumber = BigInt(`${prefix}${aDigits}` || '0');
  const bNumber = BigInt(`${prefix}${bDigits}` || '0');
  if (aNumber !== bNumber) return aNumber < bNumber ? -1 : 1;
  return aDigits.length - bDigits.length;
}

function digitsFrom(codes: readonly number[], from: number): string {
  let digits = '';
  for (let index = from; isDigit(codes[index]); index++) digits += String.fromCharCode(codes[index] ?? 48);
  return digits;
}
