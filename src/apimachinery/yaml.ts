import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE_PLAIN, YAMLException } from 'js-yaml';
import { isJsonObject, type JsonObject, type JsonValue, setOwn } from './json.ts';
import { resolvePlainScalar } from './yaml-scalar.ts';

export { resolvePlainScalar } from './yaml-scalar.ts';
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
