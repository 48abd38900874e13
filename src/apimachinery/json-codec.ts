import { isJsonObject, type JsonObject, type JsonValue, keepText, setOwn } from './json.ts';
import { loneOctet, textOfOctets } from './octets.ts';
import { exactInteger } from './yaml-scalar.ts';

/** Text that is not JSON. `message` reads as Go's encoding/json words it. */
export class JsonSyntaxError extends Error {
  /** Offset in characters where it went wrong. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'JsonSyntaxError';
    this.offset = offset;
  }
}

export interface ParseJsonOptions {
  /** Told of every key that stands twice in one object, with the path to it. */
  readonly onDuplicateKey?: (path: readonly (string | number)[]) => void;
  /** Told of every member of an object or array before it is read: its path and the offset of its key or value. */
  readonly onMember?: (path: readonly (string | number)[], offset: number) => void;
  /** Told of every number with its literal and the path to it. */
  readonly onNumber?: (path: readonly (string | number)[], literal: string) => void;
  /** The value of a key that stands twice goes on top of the earlier one, as Go reads into a struct that is there. */
  readonly mergesDuplicates?: boolean;
  /** The first value of a key that stands twice stays. */
  readonly keepsFirst?: boolean;
  /** Numbers that no double holds are infinite, for who knows whether anybody reads them. */
  readonly keepsInfinity?: boolean;
  /** Whether the object at a path is raw, so that its text is kept with it (see `keptText`). */
  readonly keepsText?: (path: readonly (string | number)[]) => boolean;
  /** Deepest nesting accepted; 10,000 as Go's decoder when absent. */
  readonly maxDepth?: number;
}

/**
 * A number of sixteen digits or with a large exponent may not fit a double; `__proto__` must become an own key; half of
 * a pair of surrogates is no character.
 */
const needsCare = /(?:^|[\s:,[])-?(?:\d{16}|\d[\d.]*e\+?\d{3})|"__proto__"|\\u005f|\\ud[89a-f]/i;
const decoder = new TextDecoder('utf-8', { ignoreBOM: false });

/**
 * Reads JSON; integers beyond 2^53 become bigint, beyond 64 bits floating point as Kubernetes keeps them. Invalid UTF-8 is replaced as Go does.
 * @throws JsonSyntaxError with the text of Go's decoder.
 */
export function parseJson(input: string | Uint8Array, options: ParseJsonOptions = {}): JsonValue {
  const text = typeof input === 'string' ? input : decoder.decode(input);
  if (
    options.onDuplicateKey === undefined &&
    options.onMember === undefined &&
    options.onNumber === undefined &&
    options.keepsText === undefined &&
    options.mergesDuplicates !== true &&
    options.keepsFirst !== true &&
    options.maxDepth === undefined &&
    !needsCare.test(text)
  ) {
    try {
      return JSON.parse(text) as JsonValue;
    } catch {
      // The careful parser below says it in Go's words.
    }
  }
  try {
    return new JsonReader(text, options).readDocument();
  } catch (error) {
    const isOctet = error instanceof JsonSyntaxError && text[error.offset] === '\ufffd' && typeof input !== 'string';
    if (!isOctet) throw error;
    // What is no UTF-8 is told as the octet it is.
    return new JsonReader(textOfOctets(Buffer.from(input).toString('latin1')), options).readDocument();
  }
}

/** What Go's decoder says of a number that no double holds. */
export function unreadableNumber(literal: string): string {
  return `json: cannot unmarshal number ${literal} into Go value of type float64`;
}

/** One value read from a place in a text. */
export interface JsonPrefix {
  readonly value: JsonValue;
  /** Offset in characters behind the value. */
  readonly end: number;
}

/**
 * Reads the first JSON value at or after an offset, as a decoder of a stream does; what follows it is not looked at.
 * @returns undefined when only white space is left. @throws JsonSyntaxError
 */
export function parseJsonPrefix(text: string, from: number, options: ParseJsonOptions = {}): JsonPrefix | undefined {
  return new JsonReader(text, options, from).readPrefix();
}

/** The paths of the keys that stand twice in one object. @throws JsonSyntaxError */
export function findDuplicateKeys(text: string | Uint8Array): (readonly (string | number)[])[] {
  const paths: (readonly (string | number)[])[] = [];
  parseJson(text, { onDuplicateKey: (path) => void paths.push(path) });
  return paths;
}

/** Line and column, both from 1, of an offset in a text. */
export function textPosition(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** Writes compact JSON; bigint as digits; keys that are undefined are left out. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return stringifyWithBigInt(value);
  }
}

function stringifyWithBigInt(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(stringifyWithBigInt).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const parts: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) parts.push(`${JSON.stringify(key)}:${stringifyWithBigInt(item)}`);
  }
  return `{${parts.join(',')}}`;
}

/** Writes compact JSON with the keys of every object sorted, as Go writes maps. */
export function stringifySorted(value: unknown): string {
  if (typeof value !== 'object' || value === null) return stringifyJson(value);
  if (Array.isArray(value)) return `[${value.map((item) => stringifySorted(item)).join(',')}]`;
  const parts: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const item = (value as Readonly<Record<string, unknown>>)[key];
    if (item !== undefined) parts.push(`${JSON.stringify(key)}:${stringifySorted(item)}`);
  }
  return `{${parts.join(',')}}`;
}

const htmlCharacters = ['<', '>', '&', '\u2028', '\u2029'];

/** Escapes in JSON text what could end a script element, and the two line ends of JavaScript, as Go does. */
export function escapeHtml(json: string): string {
  // Few texts have any of them, and looking for one character is much faster than a pattern.
  if (!htmlCharacters.some((character) => json.includes(character))) return json;
  return json.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Lays compact JSON out in lines, two spaces a level, as Go does. */
export function indentJson(json: string): string {
  let text = '';
  let indent = '\n';
  for (const [token = ''] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[{][\]}]|[^"[\]{},:]+|[^"]/g)) {
    if (token === '{' || token === '[') {
      indent += '  ';
      text += token + indent;
    } else if (token === '}' || token === ']') {
      indent = indent.slice(0, -2);
      text += indent + token;
    } else if (token === ',') text += token + indent;
    else text += token === ':' ? ': ' : token;
  }
  return text;
}

const encoder = new TextEncoder();

/** The first byte of a character, as Go shows it in single quotes. */
function quoteByte(char: string): string {
  if (char === "'") return `'\\''`;
  const byte = loneOctet(char) ?? encoder.encode(char)[0] ?? 0;
  const named = { 7: 'a', 8: 'b', 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r', 92: '\\' }[byte];
  if (named !== undefined) return `'\\${named}'`;
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, '0')}'`;
  if (byte >= 0x80 && (byte <= 0xa0 || byte === 0xad)) return `'\\u00${byte.toString(16)}'`;
  return `'${String.fromCharCode(byte)}'`;
}

const whitespace = new Set([' ', '\t', '\n', '\r']);
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Objects keep what the later one does not have, lists item by item; anything else is replaced. */
function mergedOver(earlier: JsonValue, later: JsonValue): JsonValue {
  if (later === null) return earlier;
  if (Array.isArray(later)) {
    if (!Array.isArray(earlier)) return later;
    return later.map((item, index) => {
      const before = earlier[index];
      return before === undefined ? item : mergedOver(before, item);
    });
  }
  if (!isJsonObject(later) || !isJsonObject(earlier)) return later;
  const merged: JsonObject = { ...earlier };
  for (const [key, item] of Object.entries(later)) {
    const before = Object.hasOwn(merged, key) ? merged[key] : undefined;
    setOwn(merged, key, before === undefined ? item : mergedOver(before, item));
  }
  return merged;
}

class JsonReader {
  readonly #text: string;
  readonly #options: ParseJsonOptions;
  readonly #path: (string | number)[] = [];
  readonly #maxDepth: number;
  #position = 0;
  #depth = 0;

  constructor(text: string, options: ParseJsonOptions, from = 0) {
    this.#text = text;
    this.#position = from;
    this.#options = options;
    this.#maxDepth = options.maxDepth ?? 10_000;
  }

  readDocument(): JsonValue {
    const value = this.#valueOrTooDeep();
    this.#skip();
    if (this.#position < this.#text.length) this.#fail('after top-level value');
    return value;
  }

  /** Nesting that our stack does not hold is too deep, too. */
  #valueOrTooDeep(): JsonValue {
    try {
      return this.#value('looking for beginning of value');
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return this.#fail('exceeded max depth');
    }
  }

  readPrefix(): JsonPrefix | undefined {
    this.#skip();
    if (this.#position >= this.#text.length) return undefined;
    return { value: this.#value('looking for beginning of value'), end: this.#position };
  }

  #skip(): void {
    while (whitespace.has(this.#text[this.#position] ?? '')) this.#position++;
  }

  #fail(where: string): never {
    // What ends within a word, a number or an escape is told there, with a space for the end.
    const char = this.#text[this.#position] ?? (/(?<!string )literal|escape/.test(where) ? ' ' : undefined);
    if (char === undefined) throw new JsonSyntaxError('unexpected end of JSON input', this.#position);
    throw new JsonSyntaxError(`invalid character ${quoteByte(char)} ${where}`, this.#position);
  }

  #value(where: string): JsonValue {
    this.#skip();
    const char = this.#text[this.#position];
    if (char === '{') return this.#object();
    if (char === '[') return this.#array();
    if (char === '"') return this.#string();
    if (char === 't') return this.#literal('true', true);
    if (char === 'f') return this.#literal('false', false);
    if (char === 'n') return this.#literal('null', null);
    if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) return this.#number();
    return this.#fail(where);
  }

  #enter(): void {
    if (++this.#depth > this.#maxDepth) this.#fail('exceeded max depth');
    this.#position++;
  }

  #object(): JsonObject {
    this.#enter();
    const object: JsonObject = {};
    this.#skip();
    if (this.#text[this.#position] === '}') {
      this.#position++;
      this.#depth--;
      return object;
    }
    for (;;) {
      this.#skip();
      const keyOffset = this.#position;
      if (this.#text[keyOffset] !== '"') this.#fail('looking for beginning of object key string');
      const key = this.#string();
      this.#skip();
      if (this.#text[this.#position] !== ':') this.#fail('after object key');
      this.#position++;
      this.#path.push(key);
      this.#options.onMember?.(this.#path, keyOffset);
      const isTwice = Object.hasOwn(object, key);
      if (isTwice) this.#options.onDuplicateKey?.([...this.#path]);
      this.#skip();
      const start = this.#position;
      const value = this.#value('looking for beginning of value');
      if (isJsonObject(value) && this.#options.keepsText?.(this.#path) === true) this.#keepText(value, start);
      const earlier = isTwice && this.#options.mergesDuplicates === true ? object[key] : undefined;
      const isKept = isTwice && this.#options.keepsFirst === true;
      if (!isKept) setOwn(object, key, earlier === undefined ? value : mergedOver(earlier, value));
      this.#path.pop();
      this.#skip();
      const next = this.#text[this.#position];
      if (next !== ',' && next !== '}') this.#fail('after object key:value pair');
      this.#position++;
      if (next === '}') break;
    }
    this.#depth--;
    return object;
  }

  #keepText(value: JsonObject, start: number): void {
    const text = this.#text.slice(start, this.#position);
    if (text !== stringifyJson(value)) keepText(value, text);
  }

  #array(): JsonValue[] {
    this.#enter();
    const array: JsonValue[] = [];
    this.#skip();
    if (this.#text[this.#position] === ']') {
      this.#position++;
      this.#depth--;
      return array;
    }
    for (;;) {
      this.#skip();
      this.#path.push(array.length);
      this.#options.onMember?.(this.#path, this.#position);
      const start = this.#position;
      const item = this.#value('looking for beginning of value');
      if (isJsonObject(item) && this.#options.keepsText?.(this.#path) === true) this.#keepText(item, start);
      array.push(item);
      this.#path.pop();
      this.#skip();
      const next = this.#text[this.#position];
      if (next !== ',' && next !== ']') this.#fail('after array element');
      this.#position++;
      if (next === ']') break;
    }
    this.#depth--;
    return array;
  }

  #literal<T extends JsonValue>(word: string, value: T): T {
    for (let index = 0; index < word.length; index++) {
      if (this.#text[this.#position] !== word[index]) {
        this.#fail(
          index === 0 ? 'looking for beginning of value' : `in literal ${word} (expecting '${word[index] ?? ''}')`,
        );
      }
      this.#position++;
    }
    return value;
  }

  #number(): number | bigint {
    const start = this.#position;
    const digits = (where: string): void => {
      const char = this.#text[this.#position];
      if (char === undefined || char < '0' || char > '9') this.#fail(where);
      while (/[0-9]/.test(this.#text[this.#position] ?? '')) this.#position++;
    };
    if (this.#text[this.#position] === '-') this.#position++;
    if (this.#text[this.#position] === '0') this.#position++;
    else digits('in numeric literal');
    let isInteger = true;
    if (this.#text[this.#position] === '.') {
      isInteger = false;
      this.#position++;
      digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#text[this.#position] ?? '')) {
      isInteger = false;
      this.#position++;
      if (/[+-]/.test(this.#text[this.#position] ?? '')) this.#position++;
      digits('in exponent of numeric literal');
    }
    const literal = this.#text.slice(start, this.#position);
    this.#options.onNumber?.(this.#path, literal);
    const value = Number(literal);
    if (!Number.isFinite(value)) {
      if (this.#options.keepsInfinity === true) return value;
      throw new JsonSyntaxError(unreadableNumber(literal), start);
    }
    if (!isInteger || Number.isSafeInteger(value)) return Object.is(value, -0) ? 0 : value;
    return exactInteger(BigInt(literal));
  }

  #string(): string {
    this.#position++;
    let result = '';
    let chunkStart = this.#position;
    for (;;) {
      const char = this.#text[this.#position];
      if (char === undefined) this.#fail('in string literal');
      if (char === '"') break;
      if (char < ' ') this.#fail('in string literal');
      if (char !== '\\') {
        this.#position++;
        continue;
      }
      result += this.#text.slice(chunkStart, this.#position) + this.#escape();
      chunkStart = this.#position;
    }
    result += this.#text.slice(chunkStart, this.#position);
    this.#position++;
    return result;
  }

  #escape(): string {
    this.#position++;
    const char = this.#text[this.#position];
    if (char === 'u') {
      const hex = this.#text.slice(this.#position + 1, this.#position + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) {
        this.#position += 1 + (/^[0-9a-fA-F]*/.exec(hex)?.[0].length ?? 0);
        this.#fail('in \\u hexadecimal character escape');
      }
      this.#position += 5;
      return this.#character(Number.parseInt(hex, 16));
    }
    const plain = escapes[char ?? ''];
    if (plain === undefined) this.#fail('in string escape code');
    this.#position++;
    return plain;
  }

  /** A code unit, with the one after it when they are a pair; half a pair is replaced. */
  #character(unit: number): string {
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const [, low = ''] = /^\\u(d[c-f][0-9a-f]{2})/i.exec(this.#text.slice(this.#position, this.#position + 6)) ?? [];
    if (unit >= 0xdc00 || low === '') return '\ufffd';
    this.#position += 6;
    return String.fromCharCode(unit, Number.parseInt(low, 16));
  }
}
