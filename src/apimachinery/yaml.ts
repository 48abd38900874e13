import { EVENT_ID, type Event, SCALAR_STYLE_DOUBLE_QUOTED, SCALAR_STYLE_PLAIN } from 'js-yaml';
import { isJsonObject, type JsonObject, type JsonValue, setOwn } from './json.ts';
import { goQuote } from './field-error.ts';
import { formatGoFloat } from './go-float.ts';
import { readYamlEvents, scalarTextOf, type YamlEvents } from './yaml-events.ts';
import { readPlainYaml } from './yaml-plain-reader.ts';
import { looksLikeTime, maxInt64, resolvePlainScalar } from './yaml-scalar.ts';

export { resolvePlainScalar } from './yaml-scalar.ts';
export { stringifyKyaml } from './kyaml-writer.ts';
export { compareYamlKeys, stringifyYaml } from './yaml-writer.ts';

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
   * without it such a key is an error. The place is that of the later one, in the document.
   */
  readonly onDuplicateKey?: (message: string, place: TextPosition) => void;
  /** Integers beyond 63 bits that 64 hold stay exact, as on the way to JSON; floating point numbers otherwise. */
  readonly keepsUnsigned?: boolean;
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
  const value = readPlainYaml(text);
  if (value === undefined) return readDocuments(text, options);
  // Places are asked for where something is wrong with a document.
  let whole: YamlDocument | undefined;
  const positionOf: YamlDocument['positionOf'] = (path) => {
    whole ??= readDocuments(text, options)[0];
    return whole?.positionOf(path) ?? { line: 1, column: 1 };
  };
  return [{ value, positionOf }];
}

function readDocuments(text: string, options: ParseYamlOptions): YamlDocument[] {
  const read = readYamlEvents(text);
  if ('events' in read) return new DocumentReader(text, read, options).read();
  const { message, line, column } = read;
  if (line === undefined) throw new YamlError(message, undefined, '');
  throw new YamlError(message, { line, column }, lineOf(text, line));
}

function lineOf(text: string, line: number): string {
  return text.split('\n')[line - 1] ?? '';
}

/** A value with where it stands and where its members stand. */
interface Located {
  readonly value: JsonValue;
  readonly offset: number;
  readonly members: ReadonlyMap<string | number, Located> | undefined;
  /** How many nodes it takes to write it out. */
  readonly size: number;
  /** Offsets of the keys of an object. */
  readonly keyOffsets?: ReadonlyMap<string, number>;
  readonly isMergeKey?: boolean;
}

class DocumentReader {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #source: string;
  readonly #addedIndents: ReadonlyMap<number, number>;
  readonly #options: ParseYamlOptions;
  readonly #lineStarts: number[] = [0];
  #index = 0;
  #anchors = new Map<string, Located>();
  /** Anchors of collections that are being read. */
  readonly #open = new Set<string>();
  #nodes = 0;
  #aliasedNodes = 0;

  constructor(source: string, { events, text, addedIndents }: YamlEvents, options: ParseYamlOptions) {
    this.#source = source;
    this.#text = text;
    this.#addedIndents = addedIndents;
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
      const root: Located = isEmpty ? { value: null, offset: 0, members: undefined, size: 1 } : this.#node();
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
    const column = offset - (this.#lineStarts[low] ?? 0) - (this.#addedIndents.get(low) ?? 0);
    return { line: low + 1, column: column + 1 };
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

  #fail(offset: number, message: string): never {
    const position = this.#position(offset);
    throw new YamlError(message, position, lineOf(this.#source, position.line));
  }

  #node(isKey = false): Located {
    const event = this.#next();
    this.#nodes++;
    switch (event.type) {
      case EVENT_ID.ALIAS: {
        const name = this.#text.slice(event.anchorStart, event.anchorEnd);
        if (this.#open.has(name)) {
          const message = `yaml: anchor '${name}' value contains itself`;
          throw new YamlError(message, this.#position(event.anchorStart), '');
        }
        const target = this.#anchors.get(name);
        if (target === undefined) return this.#fail(event.anchorStart, `yaml: unknown anchor '${name}' referenced`);
        this.#nodes += target.size;
        this.#aliasedNodes += target.size;
        const isMuch = this.#aliasedNodes > 100 && this.#nodes > 1000;
        if (isMuch && this.#aliasedNodes / this.#nodes > allowedAliases(this.#nodes)) {
          this.#fail(event.anchorStart, 'yaml: document contains excessive aliasing');
        }
        return { ...target, size: target.size + 1 };
      }
      case EVENT_ID.SCALAR:
        return this.#anchored(event, this.#scalar(event, isKey));
      case EVENT_ID.SEQUENCE:
        return this.#collection(event, () => this.#sequence(event.start));
      case EVENT_ID.MAPPING:
        return this.#collection(event, () => this.#mapping(event.start));
      default:
        throw new Error('the YAML event stream is out of order');
    }
  }

  #collection(event: { anchorStart: number; anchorEnd: number }, read: () => Located): Located {
    const name = event.anchorStart < 0 ? '' : this.#text.slice(event.anchorStart, event.anchorEnd);
    if (name !== '') this.#open.add(name);
    const located = read();
    this.#open.delete(name);
    return this.#anchored(event, located);
  }

  #anchored(event: { anchorStart: number; anchorEnd: number }, located: Located): Located {
    if (event.anchorStart >= 0) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), located);
    return located;
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>, isKey: boolean): Located {
    if (event.style === SCALAR_STYLE_DOUBLE_QUOTED) this.#checkEscapes(event.valueStart, event.valueEnd);
    const text = scalarTextOf(this.#text, event);
    const isPlain = event.style === SCALAR_STYLE_PLAIN;
    const tag = event.tagStart < 0 ? '' : this.#text.slice(event.tagStart, event.tagEnd);
    let value: JsonValue = isPlain && tag === '' ? resolvePlainScalar(text) : text;
    if (tag !== '') value = this.#tagged(tag, text, event.valueStart);
    if (typeof value === 'bigint' && value > maxInt64 && this.#options.keepsUnsigned !== true && !isKey) {
      value = Number(value);
    }
    if (typeof value === 'number' && !Number.isFinite(value) && !isKey) {
      this.#fail(event.valueStart, `json: unsupported value: ${formatGoFloat(value)}`);
    }
    return {
      value,
      offset: isQuoted(this.#text, event.valueStart) && !isPlain ? event.valueStart - 1 : event.valueStart,
      members: undefined,
      size: 1,
      isMergeKey: isPlain && text === '<<' && tag === '',
    };
  }

  /** Escapes that are YAML 1.2's alone, and halves of characters, are none to go-yaml. */
  #checkEscapes(start: number, end: number): void {
    for (const [escape, code] of this.#text.slice(start, end).matchAll(/\\(?:u(.{4})|U(.{8})|.)/gs)) {
      const at = start + this.#text.slice(start, end).indexOf(escape);
      const { line } = this.#position(at);
      const where = line === 1 ? '' : `line ${line}: `;
      if (escape === '\\/') this.#fail(at, `yaml: ${where}found unknown escape character`);
      const hex = code ?? escape.slice(2);
      const character = escape[1]?.toLowerCase() === 'u' ? Number.parseInt(hex, 16) : 0;
      if ((character >= 0xd800 && character <= 0xdfff) || character > 0x10ffff) {
        this.#fail(at, `yaml: ${where}found invalid Unicode character escape code`);
      }
    }
  }

  /** A tag that is none of YAML's own says nothing, as in go-yaml. */
  #tagged(tag: string, text: string, offset: number): JsonValue {
    const name = /^(?:!!|!<tag:yaml\.org,2002:)([a-z]+)>?$/.exec(tag)?.[1] ?? '';
    if (name === 'binary') return this.#binary(text, offset);
    if (name === 'timestamp' && looksLikeTime(text)) return text;
    const matches = tagTypes[name];
    if (matches === undefined) return text;
    const value = resolvePlainScalar(text);
    if (!matches(value)) this.#fail(offset, `yaml: cannot decode !!str \`${text}\` as a !!${name}`);
    return value;
  }

  /** Bytes in base64, with its padding; lines may be broken. */
  #binary(text: string, offset: number): string {
    const digits = text.replaceAll(/[\r\n]/g, '');
    if (!/^(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?$/.test(digits) || digits.includes('_')) {
      this.#fail(offset, 'yaml: !!binary value contains invalid base64 data');
    }
    return Buffer.from(digits, 'base64').toString('utf8');
  }

  #sequence(start: number): Located {
    const items: JsonValue[] = [];
    const members = new Map<string | number, Located>();
    let size = 1;
    while (this.#events[this.#index]?.type !== EVENT_ID.POP) {
      const item = this.#node();
      members.set(items.length, item);
      items.push(item.value);
      size += item.size;
    }
    this.#index++;
    return { value: items, offset: start, members, size };
  }

  #mapping(start: number): Located {
    const object: JsonObject = {};
    const members = new Map<string | number, Located>();
    const keyOffsets = new Map<string, number>();
    // Keys of different types are different ones, although their texts are the same.
    const seen = new Set<string>();
    let size = 1;
    const set = (name: string, shown: string, offset: number, value: Located): void => {
      if (seen.has(shown)) this.#tellDuplicate(shown, offset, Math.max(offset, value.offset));
      seen.add(shown);
      keyOffsets.set(name, offset);
      members.set(name, value);
      setOwn(object, name, value.value);
    };
    while (this.#events[this.#index]?.type !== EVENT_ID.POP) {
      const key = this.#node(true);
      const value = this.#node();
      size += key.size + value.size;
      if (key.isMergeKey === true) {
        // The first of several sources wins, and what is merged wins over what stands before it.
        for (const source of this.#mergeSources(value).reverse()) {
          for (const [name, member] of source.members ?? []) {
            const text = String(name);
            set(text, goQuote(text), source.keyOffsets?.get(text) ?? member.offset, member);
          }
        }
        continue;
      }
      const name = this.#keyText(key, value);
      set(name, typeof key.value === 'string' ? goQuote(name) : name, key.offset, value);
    }
    this.#index++;
    return { value: object, offset: start, members, size, keyOffsets };
  }

  /** go-yaml tells the line that the value begins on. */
  #tellDuplicate(shown: string, offset: number, valueOffset: number): void {
    const place = this.#position(offset);
    const message = `line ${this.#position(valueOffset).line}: key ${shown} already set in map`;
    const { onDuplicateKey } = this.#options;
    if (onDuplicateKey === undefined) this.#fail(offset, `yaml: unmarshal errors:\n  ${message}`);
    onDuplicateKey(message, place);
  }

  #mergeSources(value: Located): Located[] {
    if (isJsonObject(value.value)) return [value];
    const items = Array.isArray(value.value) ? [...(value.members?.values() ?? [])] : [];
    if (items.length === 0 || items.some((item) => !isJsonObject(item.value))) {
      this.#fail(value.offset, 'yaml: map merge requires map or sequence of maps as the value');
    }
    return items;
  }

  #keyText(key: Located, value: Located): string {
    const name = key.value;
    if (typeof name === 'string') return name;
    if (typeof name === 'bigint' && name > maxInt64) {
      const shown = value.value === null ? '<nil>' : goSyntax(value.value);
      const message = `unsupported map key of type: uint64, key: 0x${name.toString(16)}, value: ${shown}`;
      return this.#fail(key.offset, message);
    }
    if (typeof name === 'boolean' || typeof name === 'bigint') return `${name}`;
    if (typeof name === 'number') return Number.isSafeInteger(name) ? `${name}` : formatGoFloat(Math.fround(name), 32);
    if (name === null) {
      this.#refuseColonAlone(value.offset);
      const shown = value.value === null ? '<nil>' : goSyntax(value.value);
      return this.#fail(key.offset, `unsupported map key of type: %!s(<nil>), key: <nil>, value: ${shown}`);
    }
    return this.#fail(key.offset, `yaml: invalid map key: ${goSyntax(name)}`);
  }

  /** A colon with nothing before it, which go-yaml does not read: only `?` says that a key is empty. */
  #refuseColonAlone(valueOffset: number): void {
    if (valueOffset <= 0) return;
    const at = this.#text.slice(0, valueOffset).replace(/["'\s]+$/, '').length - 1;
    const before = this.#text.slice(0, Math.max(at, 0));
    if (this.#text[at] !== ':' || /\?[^\S\n]*\n\s*$/.test(before)) return;
    // A key that is written out, such as ~ or null, is read.
    if (/[^\s{,?:-][^\S\n]*$/.test(before)) return;
    const line = before.split('\n').length - 1;
    const missing = /[{,]\s*$/.test(before) ? 'node content' : 'key';
    this.#fail(at, `yaml: ${line === 0 ? '' : `line ${line}: `}did not find expected ${missing}`);
  }
}

function isQuoted(text: string, start: number): boolean {
  return text[start - 1] === '"' || text[start - 1] === "'";
}

const tagTypes: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  int: (value) => typeof value === 'bigint' || Number.isInteger(value),
  float: (value) => typeof value === 'number' || typeof value === 'bigint',
  bool: (value) => typeof value === 'boolean',
  timestamp: () => false,
  null: (value) => value === null,
};

/** A value in Go's own syntax, as messages show it (`%#v`). */
function goSyntax(value: JsonValue): string {
  if (value === null) return 'interface {}(nil)';
  if (typeof value === 'string') return goQuote(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isJsonObject(value)) return `${value}`;
  const members = Object.entries(value).map(([name, item]) => `${goQuote(name)}:${goSyntax(item)}`);
  return `map[interface {}]interface {}{${members.join(', ')}}`;
}

/** Which part of so many nodes may come from aliases: nearly all of a few, a tenth of millions (as in go-yaml). */
function allowedAliases(nodes: number): number {
  const [few, many] = [400_000, 4_000_000];
  if (nodes <= few) return 0.99;
  return nodes >= many ? 0.1 : 0.99 - (0.89 * (nodes - few)) / (many - few);
}
