import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE_PLAIN, YAMLException } from 'js-yaml';
import { isJsonObject, type JsonObject, type JsonValue, setOwn } from './json.ts';

/** Where something stands in a text; both count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** YAML that cannot be read. `message` is the reason with its line, as the real decoder words it. */
export class YamlError extends Error {
  readonly position: TextPosition | undefined;
  /** The line of the text it happened on. */
  readonly sourceLine: string;

  constructor(message: string, position: TextPosition | undefined, sourceLine: string) {
    super(message);
    this.name = 'YamlError';
    this.position = position;
    this.sourceLine = sourceLine;
  }
}

/** One document of a YAML stream. */
export interface YamlDocument {
  /** null for an empty document. */
  readonly value: JsonValue;
  /** Where the value at a path stands (its key, for a member of an object); the nearest known one above it otherwise. */
  positionOf(path: readonly (string | number)[]): TextPosition;
}

export interface ParseYamlOptions {
  /**
   * Told of every key that stands twice in one map (`line 5: key "name" already set in map`), the later one winning;
   * without it such a key is an error.
   */
  readonly onDuplicateKey?: (message: string) => void;
}

/** Reads one document as Kubernetes reads it (YAML 1.1 through sigs.k8s.io/yaml). @throws YamlError */
export function parseYaml(text: string, options: ParseYamlOptions = {}): JsonValue {
  const documents = parseYamlDocuments(text, options);
  return documents[0]?.value ?? null;
}

/**
 * Reads a stream of documents: YAML 1.1 booleans, octals and nulls, duplicate keys an error, merge keys, integers
 * beyond 2^53 exact, keys that are no strings turned into their text. @throws YamlError
 */
export function parseYamlDocuments(text: string, options: ParseYamlOptions = {}): YamlDocument[] {
  let events: Event[];
  try {
    events = parseEvents(text, { maxDepth: 1000 });
  } catch (error) {
    throw asYamlError(error, text);
  }
  return new DocumentReader(text, events, options).read();
}

function asYamlError(error: unknown, text: string): unknown {
  if (!(error instanceof YAMLException)) return error;
  const mark = error.mark as { line?: number; column?: number } | undefined;
  if (mark?.line === undefined) return new YamlError(`yaml: ${error.reason}`, undefined, '');
  const position = { line: mark.line + 1, column: (mark.column ?? 0) + 1 };
  return new YamlError(`yaml: line ${position.line}: ${error.reason}`, position, lineOf(text, position.line));
}

function lineOf(text: string, line: number): string {
  return text.split('\n')[line - 1] ?? '';
}

/** A value with where it stands and where its members stand. */
interface Located {
  readonly value: JsonValue;
  readonly offset: number;
  readonly members: ReadonlyMap<string | number, Located> | undefined;
  /** Offsets of the keys of an object. */
  readonly keyOffsets?: ReadonlyMap<string, number>;
  /** Text of a plain scalar, for keys. */
  readonly scalarText?: string;
  readonly isMergeKey?: boolean;
}

class DocumentReader {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #options: ParseYamlOptions;
  readonly #lineStarts: number[] = [0];
  #index = 0;
  #anchors = new Map<string, Located>();
  #aliasWork = 0;

  constructor(text: string, events: readonly Event[], options: ParseYamlOptions) {
    this.#text = text;
    this.#events = events;
    this.#options = options;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
  }

  read(): YamlDocument[] {
    const documents: YamlDocument[] = [];
    while (this.#index < this.#events.length) {
      const event = this.#next();
      if (event.type !== EVENT_ID.DOCUMENT) throw new Error('the YAML event stream is out of order');
      this.#anchors = new Map();
      const isEmpty = this.#events[this.#index]?.type === EVENT_ID.POP;
      const root: Located = isEmpty ? { value: null, offset: 0, members: undefined } : this.#node();
      this.#index++;
      documents.push({ value: root.value, positionOf: (path) => this.#positionOf(root, path) });
    }
    return documents;
  }

  #next(): Event {
    const event = this.#events[this.#index++];
    if (event === undefined) throw new Error('the YAML event stream ended early');
    return event;
  }

  #position(offset: number): TextPosition {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  #positionOf(root: Located, path: readonly (string | number)[]): TextPosition {
    let current = root;
    let offset = root.offset;
    for (const step of path) {
      const member = current.members?.get(step);
      if (member === undefined) break;
      offset = (typeof step === 'string' ? current.keyOffsets?.get(step) : undefined) ?? member.offset;
      current = member;
    }
    return this.#position(offset);
  }

  #fail(offset: number, reason: string): never {
    const position = this.#position(offset);
    throw new YamlError(`yaml: line ${position.line}: ${reason}`, position, lineOf(this.#text, position.line));
  }

  #node(): Located {
    const event = this.#next();
    switch (event.type) {
      case EVENT_ID.ALIAS: {
        const name = this.#text.slice(event.anchorStart, event.anchorEnd);
        const target = this.#anchors.get(name);
        if (target === undefined) return this.#fail(event.anchorStart, `unknown anchor '${name}' referenced`);
        this.#aliasWork += sizeOf(target.value);
        if (this.#aliasWork > 4_000_000) this.#fail(event.anchorStart, 'document contains excessive aliasing');
        return target;
      }
      case EVENT_ID.SCALAR:
        return this.#anchored(event, this.#scalar(event));
      case EVENT_ID.SEQUENCE:
        return this.#anchored(event, this.#sequence(event.start));
      case EVENT_ID.MAPPING:
        return this.#anchored(event, this.#mapping(event.start));
      default:
        throw new Error('the YAML event stream is out of order');
    }
  }

  #anchored(event: { anchorStart: number; anchorEnd: number }, located: Located): Located {
    if (event.anchorStart >= 0) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), located);
    return located;
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): Located {
    const text = getScalarValue(this.#text, event);
    const isPlain = event.style === SCALAR_STYLE_PLAIN;
    const tag = event.tagStart < 0 ? '' : this.#text.slice(event.tagStart, event.tagEnd);
    let value: JsonValue = isPlain && tag === '' ? resolvePlainScalar(text) : text;
    if (tag !== '' && tag !== '!' && !tag.endsWith('str')) value = this.#tagged(tag, text, event.valueStart);
    return {
      value,
      offset: event.valueStart,
      members: undefined,
      scalarText: text,
      isMergeKey: isPlain && text === '<<' && tag === '',
    };
  }

  #tagged(tag: string, text: string, offset: number): JsonValue {
    if (tag.endsWith('binary')) return Buffer.from(text, 'base64').toString('latin1');
    const value = resolvePlainScalar(text);
    const matches =
      (tag.endsWith('!int') && (typeof value === 'number' || typeof value === 'bigint')) ||
      (tag.endsWith('!float') && typeof value === 'number') ||
      (tag.endsWith('!bool') && typeof value === 'boolean') ||
      (tag.endsWith('!null') && value === null);
    if (!matches) this.#fail(offset, `cannot decode !!str \`${text}\` as a ${tag}`);
    return value;
  }

  #sequence(start: number): Located {
    const items: JsonValue[] = [];
    const members = new Map<string | number, Located>();
    while (this.#events[this.#index]?.type !== EVENT_ID.POP) {
      const item = this.#node();
      members.set(items.length, item);
      items.push(item.value);
    }
    this.#index++;
    return { value: items, offset: start, members };
  }

  #mapping(start: number): Located {
    const object: JsonObject = {};
    const members = new Map<string | number, Located>();
    const keyOffsets = new Map<string, number>();
    const merged: Located[] = [];
    while (this.#events[this.#index]?.type !== EVENT_ID.POP) {
      const key = this.#node();
      const value = this.#node();
      if (key.isMergeKey === true) {
        merged.push(...this.#mergeSources(value));
        continue;
      }
      const name = this.#keyText(key);
      if (keyOffsets.has(name) && this.#options.onDuplicateKey !== undefined) {
        const { line } = this.#position(key.offset);
        this.#options.onDuplicateKey(`line ${line}: key ${JSON.stringify(name)} already set in map`);
      } else if (keyOffsets.has(name)) {
        const first = this.#position(keyOffsets.get(name) ?? 0).line;
        this.#fail(key.offset, `mapping key ${JSON.stringify(name)} already defined at line ${first}`);
      }
      keyOffsets.set(name, key.offset);
      members.set(name, value);
      setOwn(object, name, value.value);
    }
    this.#index++;
    for (const source of merged) {
      for (const [name, member] of source.members ?? []) {
        if (members.has(name)) continue;
        members.set(name, member);
        setOwn(object, String(name), member.value);
      }
    }
    return { value: object, offset: start, members, keyOffsets };
  }

  #mergeSources(value: Located): Located[] {
    if (isJsonObject(value.value)) return [value];
    const items = Array.isArray(value.value) ? [...(value.members?.values() ?? [])] : [];
    if (items.length === 0 || items.some((item) => !isJsonObject(item.value))) {
      this.#fail(value.offset, 'map merge requires map or sequence of maps as the value');
    }
    return items;
  }

  #keyText(key: Located): string {
    const { value } = key;
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint') return `${value}`;
    if (value === null) return 'null';
    return this.#fail(key.offset, 'invalid map key: a map or a sequence cannot be one');
  }
}

function sizeOf(value: JsonValue): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), 1);
  if (isJsonObject(value)) return Object.values(value).reduce<number>((sum, item) => sum + sizeOf(item), 1);
  return 1;
}

const booleans: Readonly<Record<string, boolean>> = Object.fromEntries(
  [
    ['y', 'yes', 'on', 'true'].map((word): [string, boolean] => [word, true]),
    ['n', 'no', 'off', 'false'].map((word): [string, boolean] => [word, false]),
  ].flatMap((list) =>
    list.flatMap(([word, value]): [string, boolean][] => [
      [word, value],
      [word.toUpperCase(), value],
      [`${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`, value],
    ]),
  ),
);

const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);

/** What a plain scalar means: go-yaml v2's resolution, as sigs.k8s.io/yaml uses it. */
export function resolvePlainScalar(text: string): JsonValue {
  if (nulls.has(text)) return null;
  const boolean = Object.hasOwn(booleans, text) ? booleans[text] : undefined;
  if (boolean !== undefined) return boolean;
  const first = text[0] ?? '';
  if (!/[-+.0-9]/.test(first)) return text;
  return resolveNumber(text) ?? text;
}

function resolveNumber(text: string): JsonValue | undefined {
  const plain = text.replaceAll('_', '');
  const integer = /^([-+]?)(0x[0-9a-fA-F]+|0b[01]+|0o[0-7]+|0[0-7]+|0|[1-9]\d*)$/.exec(plain);
  if (integer !== null) {
    const [, sign, digits = ''] = integer;
    const isOldOctal = /^0[0-7]+$/.test(digits);
    const size = BigInt(isOldOctal ? `0o${digits.slice(1)}` : digits);
    const value = sign === '-' ? -size : size;
    const asNumber = Number(value);
    if (Number.isSafeInteger(asNumber)) return Object.is(asNumber, -0) ? 0 : asNumber;
    // Beyond 64 bits it is a floating point number.
    return value >= -(2n ** 63n) && value < 2n ** 64n ? value : asNumber;
  }
  if (/^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(plain)) {
    const value = Number(plain);
    return Number.isFinite(value) ? value : undefined;
  }
  return undefined;
}

/**
 * Writes a value as sigs.k8s.io/yaml does: keys sorted, two spaces, lists not indented, literal blocks for text of
 * several lines, quotes where the text would be read as something else.
 */
export function stringifyYaml(value: unknown): string {
  if (isContainer(value) && !isEmpty(value)) {
    const lines: string[] = [];
    writeBlock(value, 0, lines);
    return `${lines.join('\n')}\n`;
  }
  return `${inlineValue(value, 0)}\n`;
}

function isContainer(value: unknown): value is unknown[] | Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isEmpty(value: unknown[] | Record<string, unknown>): boolean {
  return Array.isArray(value) ? value.length === 0 : Object.values(value).every((item) => item === undefined);
}

function sortedEntries(object: Record<string, unknown>): [string, unknown][] {
  return Object.entries(object)
    .filter(([, item]) => item !== undefined)
    .sort(([left], [right]) => compareYamlKeys(left, right));
}

/** go-yaml's order of keys: digits by their number, letters after other signs. */
export function compareYamlKeys(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  let inDigits = false;
  for (let index = 0; index < a.length && index < b.length; index++) {
    const x = a[index] ?? '';
    const y = b[index] ?? '';
    if (x === y) {
      inDigits = /\d/.test(x);
      continue;
    }
    const xIsLetter = /\p{L}/u.test(x);
    const yIsLetter = /\p{L}/u.test(y);
    if (xIsLetter && yIsLetter) return x < y ? -1 : 1;
    if (xIsLetter || yIsLetter) {
      if (inDigits) return xIsLetter ? -1 : 1;
      return yIsLetter ? -1 : 1;
    }
    const byNumber = compareDigits(a, b, index);
    if (byNumber !== 0) return byNumber;
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

function compareDigits(a: readonly string[], b: readonly string[], from: number): number {
  const isDigit = (char: string | undefined): boolean => char !== undefined && /\d/.test(char);
  if (a[from] === '0' || b[from] === '0') {
    for (let back = from - 1; back >= 0 && isDigit(a[back]); back--) {
      if (a[back] !== '0') return 0;
    }
  }
  let aEnd = from;
  let bEnd = from;
  while (isDigit(a[aEnd])) aEnd++;
  while (isDigit(b[bEnd])) bEnd++;
  const aNumber = BigInt(a.slice(from, aEnd).join('') || '0');
  const bNumber = BigInt(b.slice(from, bEnd).join('') || '0');
  if (aNumber !== bNumber) return aNumber < bNumber ? -1 : 1;
  return aEnd === bEnd ? 0 : aEnd - bEnd;
}

function writeBlock(value: unknown[] | Record<string, unknown>, indent: number, lines: string[]): void {
  const pad = ' '.repeat(indent);
  if (Array.isArray(value)) {
    for (const item of value) writeItem(item, pad, indent, lines);
    return;
  }
  for (const [key, item] of sortedEntries(value)) {
    const name = keyText(key);
    if (isContainer(item) && !isEmpty(item)) {
      lines.push(`${pad}${name}:`);
      writeBlock(item, Array.isArray(item) ? indent : indent + 2, lines);
    } else {
      lines.push(`${pad}${name}: ${inlineValue(item, indent + 2)}`);
    }
  }
}

function writeItem(item: unknown, pad: string, indent: number, lines: string[]): void {
  if (!isContainer(item) || isEmpty(item)) {
    lines.push(`${pad}- ${inlineValue(item, indent + 2)}`);
    return;
  }
  const nested: string[] = [];
  writeBlock(item, indent + 2, nested);
  nested[0] = `${pad}- ${(nested[0] ?? '').slice(indent + 2)}`;
  for (const line of nested) lines.push(line);
}

function keyText(key: string): string {
  // A key that is long or has line breaks cannot stand before its colon unquoted.
  return key.includes('\n') ? quoteDouble(key) : scalarText(key);
}

function inlineValue(value: unknown, indent: number): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return value.includes('\n') ? multiLineText(value, indent) : scalarText(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return `${value}`;
  return Array.isArray(value) ? '[]' : '{}';
}

function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return `${value}`;
  return value.toString().replace(/e([+-])(\d)$/, 'e$10$2');
}

const unprintable =
  /[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** A literal block where YAML allows one, else a double-quoted scalar. */
function multiLineText(text: string, indent: number): string {
  const canBeLiteral = !unprintable.test(text) && !/[\x85\u2028\u2029]/.test(text) && !/[ ]\n/.test(`${text}`);
  if (!canBeLiteral || text.endsWith(' ')) return quoteDouble(text);
  const body = text.replace(/\n+$/, '');
  const trailing = text.length - body.length;
  let header = '|';
  if (/^[ \n\t]/.test(text)) {
    if (text.startsWith('\t')) return quoteDouble(text);
    header += '2';
  }
  if (body === '') return trailing === 1 ? quoteDouble(text) : `${header}+${'\n'.repeat(trailing)}`.trimEnd();
  if (trailing === 0) header += '-';
  else if (trailing > 1) header += '+';
  const pad = ' '.repeat(indent);
  const lines = body.split('\n').map((line) => (line === '' ? '' : `${pad}${line}`));
  return [header, ...lines, ...Array.from({ length: Math.max(0, trailing - 1) }, () => '')].join('\n');
}

/** A scalar on one line: plain where it reads back as the same text. */
function scalarText(text: string): string {
  if (text === '') return '""';
  if (unprintable.test(text) || /[\x85\u2028\u2029\t]/.test(text)) return quoteDouble(text);
  if (typeof resolvePlainScalar(text) !== 'string' || looksLikeOther(text)) return `"${text}"`;
  if (canBePlain(text)) return text;
  return `'${text.replaceAll("'", "''")}'`;
}

/** Texts that other readers of YAML take for something else are put in double quotes by go-yaml. */
function looksLikeOther(text: string): boolean {
  if (text === '<<' || text === '=') return true;
  if (/^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(text)) return true;
  if (/^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/.test(text)) return true;
  return /^\d{4}-\d{1,2}-\d{1,2}($|[Tt ]\s*\d{1,2}:\d{1,2}:\d{1,2}(\.\d*)?\s*(Z|[-+]\d{1,2}(:\d{2})?)?$)/.test(text);
}

function canBePlain(text: string): boolean {
  if (/^[\s]|[\s]$/.test(text)) return false;
  if (/^[,[\]{}#&*!|>'"%@`]/.test(text)) return false;
  if (/^[-?:](\s|$)/.test(text)) return false;
  if (text.startsWith('---') || text.startsWith('...')) return false;
  return !/: |:$| #/.test(text);
}

const doubleQuoteEscapes: Readonly<Record<string, string>> = {
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

function quoteDouble(text: string): string {
  let quoted = '';
  for (const char of text) {
    const escape = doubleQuoteEscapes[char];
    if (escape !== undefined) quoted += escape;
    else if (unprintable.test(char)) {
      const code = char.codePointAt(0) ?? 0;
      quoted += code <= 0xff ? `\\x${hex(code, 2)}` : code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
    } else quoted += char;
  }
  return `"${quoted}"`;
}

function hex(code: number, width: number): string {
  return code.toString(16).toUpperCase().padStart(width, '0');
}
