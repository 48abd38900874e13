import { unquoteGo } from './go-literal.ts';

/** A place in an array selector, `[start:end:step]`. */
interface ArrayParameter {
  readonly known: boolean;
  readonly value: number;
  /** Came of a lone index, so that it ends right behind that. */
  readonly derived?: boolean;
}

export type JsonPathNode =
  | { readonly type: 'list'; readonly nodes: JsonPathNode[] }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'identifier'; readonly name: string }
  | { readonly type: 'array'; readonly parameters: readonly [ArrayParameter, ArrayParameter, ArrayParameter] }
  | {
      readonly type: 'filter';
      readonly left: JsonPathNode;
      readonly right: JsonPathNode | undefined;
      readonly operator: string;
    }
  | { readonly type: 'literal'; readonly value: number | boolean; readonly isFloat: boolean }
  | { readonly type: 'wildcard' }
  | { readonly type: 'recursive' }
  | { readonly type: 'union'; readonly members: readonly JsonPathNode[] };

/** A template that cannot be read, or not be applied to an object; the text is client-go's. */
export class JsonPathError extends Error {}

/** Reads a template of text with actions in braces. @returns its nodes. @throws JsonPathError */
export function parseJsonPathTemplate(template: string): JsonPathNode[] {
  return new JsonPathParser(template).parse();
}

function parseAction(text: string): JsonPathNode {
  const [first] = parseJsonPathTemplate(`{${text}}`);
  return first ?? { type: 'list', nodes: [] };
}

const end = '';
const isTerminator = (char: string): boolean => char === end || /[ \t\r\n.,[\]$@{}]/.test(char);
const isAlphanumeric = (char: string): boolean => /^[\p{L}\p{Nd}_]$/u.test(char);

class JsonPathParser {
  readonly #chars: readonly string[];
  #start = 0;
  #position = 0;

  constructor(template: string) {
    this.#chars = Array.from(template);
  }

  parse(): JsonPathNode[] {
    const root: JsonPathNode[] = [];
    while (this.#position < this.#chars.length) {
      if (this.#chars[this.#position] !== '{') {
        this.#position++;
        continue;
      }
      if (this.#position > this.#start) root.push({ type: 'text', text: this.#consume() });
      this.#position++;
      this.#consume();
      const nodes: JsonPathNode[] = [];
      root.push({ type: 'list', nodes });
      this.#action(nodes);
    }
    if (this.#position > this.#start) root.push({ type: 'text', text: this.#consume() });
    return root;
  }

  #consume(): string {
    const text = this.#chars.slice(this.#start, this.#position).join('');
    this.#start = this.#position;
    return text;
  }

  #next(): string {
    const char = this.#chars[this.#position];
    if (char === undefined) return end;
    this.#position++;
    return char;
  }

  #startsWith(text: string): boolean {
    return this.#chars.slice(this.#position, this.#position + text.length).join('') === text;
  }

  /** Reads up to the brace that closes the action. */
  #action(nodes: JsonPathNode[]): void {
    for (;;) {
      if (this.#startsWith('}')) {
        this.#position++;
        this.#consume();
        return;
      }
      if (this.#startsWith('[?(')) this.#filter(nodes);
      else if (this.#startsWith('..')) this.#recursive(nodes);
      else this.#step(nodes);
    }
  }

  #step(nodes: JsonPathNode[]): void {
    const char = this.#next();
    if (char === end || char === '\r' || char === '\n') throw new JsonPathError('unclosed action');
    if (char === ' ' || char === '@' || char === '$') this.#consume();
    else if (char === '[') this.#array(nodes);
    else if (char === '"' || char === "'") this.#quoted(nodes, char);
    else if (char === '.') this.#field(nodes);
    else if (/[-+0-9]/.test(char)) this.#number(nodes);
    else if (isAlphanumeric(char)) this.#identifier(nodes);
    else throw new JsonPathError(`unrecognized character in action: ${unicodeName(char)}`);
  }

  #recursive(nodes: JsonPathNode[]): void {
    if (nodes.at(-1)?.type === 'recursive') throw new JsonPathError('invalid multiple recursive descent');
    this.#position += 2;
    this.#consume();
    nodes.push({ type: 'recursive' });
    if (isAlphanumeric(this.#chars[this.#position] ?? end)) this.#field(nodes);
  }

  #identifier(nodes: JsonPathNode[]): void {
    while (!isTerminator(this.#chars[this.#position] ?? end)) this.#position++;
    const name = this.#consume();
    if (name === 'true' || name === 'false') nodes.push({ type: 'literal', value: name === 'true', isFloat: false });
    else nodes.push({ type: 'identifier', name });
  }

  #number(nodes: JsonPathNode[]): void {
    while (/^[.0-9]$/.test(this.#chars[this.#position] ?? end)) this.#position++;
    const text = this.#consume();
    if (/^[-+]?\d+$/.test(text)) nodes.push({ type: 'literal', value: Number(text), isFloat: false });
    else if (/^[-+]?(\d+\.\d*|\.\d+)$/.test(text)) nodes.push({ type: 'literal', value: Number(text), isFloat: true });
    else throw new JsonPathError(`cannot parse number ${text}`);
  }

  #field(nodes: JsonPathNode[]): void {
    this.#consume();
    for (let char = this.#next(); char !== end; char = this.#next()) {
      if (char === '\\') {
        this.#next();
      } else if (isTerminator(char)) {
        this.#position--;
        break;
      }
    }
    const text = this.#consume();
    nodes.push(text === '*' ? { type: 'wildcard' } : { type: 'field', name: text.replaceAll('\\', '') });
  }

  #quoted(nodes: JsonPathNode[], quote: string): void {
    for (;;) {
      const char = this.#next();
      if (char === end || char === '\n') throw new JsonPathError('unterminated quoted string');
      if (char === quote && this.#chars[this.#position - 2] !== '\\') break;
    }
    const text = this.#consume();
    nodes.push({ type: 'text', text: unquote(text) });
  }

  #array(nodes: JsonPathNode[]): void {
    for (;;) {
      const char = this.#next();
      if (char === end || char === '\n') throw new JsonPathError('unterminated array');
      if (char === ']') break;
    }
    let text = this.#consume().slice(1, -1);
    if (text === '*') text = ':';
    const members = text.split(',');
    if (members.length > 1) {
      nodes.push({ type: 'union', members: members.map((member) => parseAction(`[${trimSpaces(member)}]`)) });
      return;
    }
    const key = /^'([^']*)'$/.exec(text);
    if (key !== null) {
      const inner = parseAction(`.${key[1] ?? ''}`);
      if (inner.type === 'list') nodes.push(...inner.nodes);
      return;
    }
    nodes.push({ type: 'array', parameters: arrayParameters(text) });
  }

  #filter(nodes: JsonPathNode[]): void {
    this.#position += 3;
    this.#consume();
    let begin = false;
    let isOver = false;
    let pair = '';
    for (;;) {
      const char = this.#next();
      if (char === end || char === '\n') throw new JsonPathError('unterminated filter');
      if (char === '"' || char === "'") {
        if (!begin) {
          begin = true;
          pair = char;
        } else if (this.#chars[this.#position - 2] !== '\\' && char === pair) {
          isOver = true;
        }
      } else if (char === ')' && begin === isOver) {
        break;
      }
    }
    if (this.#next() !== ']') throw new JsonPathError('unclosed array expect ]');
    const text = this.#consume().slice(0, -2);
    const parts = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(text);
    if (parts === null) {
      nodes.push({ type: 'filter', left: parseAction(text), right: undefined, operator: 'exists' });
      return;
    }
    const [, left = '', operator = '', right = ''] = parts;
    nodes.push({ type: 'filter', left: parseAction(left), right: parseAction(right), operator });
  }
}

function trimSpaces(text: string): string {
  return text.replace(/^ +| +$/g, '');
}

function arrayParameters(text: string): [ArrayParameter, ArrayParameter, ArrayParameter] {
  const match = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text);
  if (match === null) throw new JsonPathError(`invalid array index ${text}`);
  const read = (part: string | undefined, isFirst: boolean): ArrayParameter => {
    const digits = isFirst ? (part ?? '') : (part ?? '').slice(1);
    if (digits === '') return { known: false, value: 0 };
    const isNumber = /\d/.test(digits) && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);
    if (!isNumber) throw new JsonPathError(`array index ${digits} is not a number`);
    return { known: true, value: Number(digits) };
  };
  const start = read(match[1], true);
  const stop = match[2] === undefined ? { known: true, value: start.value + 1, derived: true } : read(match[2], false);
  return [start, stop, read(match[3], false)];
}

/** @throws JsonPathError */
function unquote(text: string): string {
  const value = unquoteGo(text);
  if (value === undefined) throw new JsonPathError(`unquote string ${text} error invalid syntax`);
  return value;
}

/** `U+0023 '#'`, as Go's `%#U` shows a character. */
export function unicodeName(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char) ? `${name} '${char}'` : name;
}
