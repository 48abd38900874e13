import { type JsonObject, type JsonValue, setOwn } from './json.ts';
import { maxInt64, resolvePlainScalar } from './yaml-scalar.ts';

/** Not in the form that is read here; the whole reader takes it. */
class NotPlain extends Error {}

const mostDepth = 100;
/** A key that needs no quotes, and what stands behind it. */
const member = /^([A-Za-z][\w./-]*):(?: +(.*))?$/;
const item = /^(-(?: +|$))(.*)$/;
/** A scalar with the comment behind it: in double quotes, in single ones, or words of which none starts a comment. */
const scalar = /^(?:"([^"\\]*)"|'([^']*)'|([\w./+-][^ ]*(?: +[^ #][^ ]*)*))(?: +#.*)?$/;
/** A scalar in a flow collection, with a key before it in one of mappings, up to what separates it from the next. */
const flowItem = /(?:([A-Za-z][\w./-]*): +)?(?:"([^"\\]*)"|'([^']*)'|(-{0,2}[\w.+][\w./+=-]*)) *(?:, *|$)/y;

/**
 * Reads the YAML that people and programs write most: one document of block mappings and sequences in ASCII, with
 * scalars of one line, literal blocks, and flow collections of scalars on one line. It takes a third of the time of the
 * whole reader, which is asked for everything else and for everything that is wrong.
 * @returns what the whole reader would return, or undefined for a text that is not of this form.
 */
export function readPlainYaml(text: string): JsonValue | undefined {
  if (/[^\n -~]/.test(text)) return undefined;
  const reader = new PlainReader(text);
  try {
    return reader.readDocument();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class PlainReader {
  readonly #lines: readonly string[];
  #next = 0;
  /** The line that is looked at, without what it is indented by; undefined behind the last. */
  #body: string | undefined;
  #indent = 0;
  #depth = 0;

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  readDocument(): JsonValue {
    this.#advance();
    if (this.#body === '---') this.#advance();
    const value = this.#block(0);
    if (this.#body !== undefined) throw new NotPlain();
    return value;
  }

  /** Goes to the next line that has more than a comment. */
  #advance(): void {
    const lines = this.#lines;
    while (this.#next < lines.length) {
      const line = lines[this.#next++] ?? '';
      const body = line.trimStart();
      if (body === '' || body.startsWith('#')) continue;
      this.#body = body;
      this.#indent = line.length - body.length;
      return;
    }
    this.#body = undefined;
    this.#indent = -1;
  }

  /** A collection whose lines are indented by as much as the one that is looked at, and at least by `least`. */
  #block(least: number): JsonValue {
    const body = this.#body;
    if (body === undefined || this.#indent < least || ++this.#depth > mostDepth) throw new NotPlain();
    const value = item.test(body) ? this.#sequence(this.#indent) : this.#mapping(this.#indent);
    this.#depth--;
    return value;
  }

  #mapping(indent: number): JsonObject {
    const object: JsonObject = {};
    while (this.#indent === indent) {
      const match = member.exec(this.#body ?? '');
      // A sequence at the same indentation is over too; where nothing waits for it the text is wrong.
      if (match === null) throw new NotPlain();
      const [, key = '', rest = ''] = match;
      addMember(object, key, this.#value(rest, indent, indent));
    }
    if (this.#indent > indent) throw new NotPlain();
    return object;
  }

  #sequence(indent: number): JsonValue[] {
    const items: JsonValue[] = [];
    while (this.#indent === indent) {
      const match = item.exec(this.#body ?? '');
      if (match === null) break;
      const [, dash = '', rest = ''] = match;
      if (member.test(rest) || item.test(rest)) {
        this.#body = rest;
        this.#indent = indent + dash.length;
        items.push(this.#block(0));
      } else items.push(this.#value(rest, indent, indent + 1));
    }
    if (this.#indent > indent) throw new NotPlain();
    return items;
  }

  /**
   * The value behind a key or a dash.
   * @param indent of the collection that it is in.
   * @param sequenceIndent the least that a sequence on the next lines is indented by.
   */
  #value(rest: string, indent: number, sequenceIndent: number): JsonValue {
    if (rest === '' || rest.startsWith('#')) {
      this.#advance();
      const isSequence = this.#indent >= sequenceIndent && item.test(this.#body ?? '');
      return this.#indent > indent || isSequence ? this.#block(sequenceIndent) : null;
    }
    const first = rest.charAt(0);
    if (first === '|') return this.#literal(rest, indent);
    const value = first === '{' || first === '[' ? flowValue(rest) : scalarValue(rest);
    this.#advance();
    // More of a scalar of several lines, or wrong.
    if (this.#indent > indent) throw new NotPlain();
    return value;
  }

  #literal(header: string, indent: number): string {
    if (header !== '|' && header !== '|-') throw new NotPlain();
    const lines = this.#lines;
    const first = lines[this.#next] ?? '';
    const width = first.length - first.trimStart().length;
    if (first.trimStart() === '' || width <= indent) throw new NotPlain();
    const content: string[] = [];
    // How many lines there are without the empty ones at the end.
    let filled = 0;
    for (; this.#next < lines.length; this.#next++) {
      const line = lines[this.#next] ?? '';
      const body = line.trimStart();
      const lineIndent = line.length - body.length;
      if (body !== '' && lineIndent < width) {
        if (lineIndent > indent) throw new NotPlain();
        break;
      }
      content.push(line.slice(width));
      if (line.length > width) filled = content.length;
    }
    // The text may end with a line that nothing ends.
    const isCutOff = this.#next === lines.length && filled === content.length;
    this.#advance();
    return content.slice(0, filled).join('\n') + (header === '|-' || isCutOff ? '' : '\n');
  }
}

function scalarValue(text: string): JsonValue {
  const match = scalar.exec(text);
  if (match === null) throw new NotPlain();
  return quotedOrPlain(match[1] ?? match[2], match[3]);
}

function quotedOrPlain(quoted: string | undefined, plain: string | undefined): JsonValue {
  if (quoted !== undefined) return quoted;
  if (plain === undefined || /^-(?: |$)|:(?: |$)/.test(plain)) throw new NotPlain();
  const value = resolvePlainScalar(plain);
  const isPlain = typeof value === 'number' ? Number.isFinite(value) : typeof value !== 'bigint' || value <= maxInt64;
  if (!isPlain) throw new NotPlain();
  return value;
}

/** A key that stands twice is wrong; one that is no text is written otherwise than it is read. */
function addMember(object: JsonObject, key: string, value: JsonValue): void {
  if (Object.hasOwn(object, key) || typeof resolvePlainScalar(key) !== 'string') throw new NotPlain();
  setOwn(object, key, value);
}

/** A flow collection of scalars. */
function flowValue(text: string): JsonValue {
  const isMapping = text.startsWith('{');
  const inner = text.slice(1, -1).trim();
  if (!text.endsWith(isMapping ? '}' : ']') || inner.endsWith(',')) throw new NotPlain();
  const object: JsonObject = {};
  const items: JsonValue[] = [];
  flowItem.lastIndex = 0;
  while (flowItem.lastIndex < inner.length) {
    const match = flowItem.exec(inner);
    if (match === null || (match[1] !== undefined) !== isMapping) throw new NotPlain();
    const value = quotedOrPlain(match[2] ?? match[3], match[4]);
    if (isMapping) addMember(object, match[1] ?? '', value);
    else items.push(value);
  }
  return isMapping ? object : items;
}
