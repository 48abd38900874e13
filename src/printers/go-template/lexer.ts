import { goQuote } from '../../apimachinery/field-error.ts';
import { unicodeName } from '../../apimachinery/jsonpath-parser.ts';

/** A template that cannot be read or executed; the text is Go's. */
export class GoTemplateError extends Error {
  /** What the template said before the error. */
  output = '';
}

export type TokenType =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'dot'
  | 'nil'
  | 'bool'
  | 'number'
  | 'string'
  | 'rawString'
  | 'char'
  | 'assign'
  | 'declare'
  | 'pipe'
  | 'leftParen'
  | 'rightParen'
  | 'punctuation'
  | 'error'
  | 'eof';

export interface Token {
  readonly type: TokenType;
  readonly text: string;
  readonly position: number;
  readonly line: number;
}

const keywords = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with']);

/** A token as messages show it. */
export function describeToken(token: Token): string {
  if (token.type === 'eof') return 'EOF';
  if (token.type === 'error') return token.text;
  if (token.type === 'keyword' || token.type === 'dot' || token.type === 'nil') return `<${token.text}>`;
  const chars = Array.from(token.text);
  return chars.length > 10 ? `${goQuote(chars.slice(0, 10).join(''))}...` : goQuote(token.text);
}

/** Splits a template into tokens; the last one is the end or an error. */
export function tokenize(input: string): Token[] {
  return new Lexer(input).run();
}

class Lexer {
  readonly #input: string;
  readonly #tokens: Token[] = [];
  #position = 0;
  #line = 1;
  #parens = 0;

  constructor(input: string) {
    this.#input = input;
  }

  run(): Token[] {
    while (this.#text() && this.#action());
    return this.#tokens;
  }

  #emit(type: TokenType, end: number): void {
    const text = this.#input.slice(this.#position, end);
    this.#tokens.push({ type, text, position: this.#position, line: this.#line });
    this.#skipTo(end);
  }

  #skipTo(end: number): void {
    for (let at = this.#position; at < end; at++) if (this.#input[at] === '\n') this.#line++;
    this.#position = end;
  }

  #fail(message: string): false {
    this.#tokens.push({ type: 'error', text: message, position: this.#position, line: this.#line });
    return false;
  }

  /** Text up to an action, its end trimmed where the action says so. */
  #text(): boolean {
    const open = this.#input.indexOf('{{', this.#position);
    let end = open < 0 ? this.#input.length : open;
    const isTrimming = open >= 0 && /^\{\{-[ \t\r\n]/.test(this.#input.slice(open, open + 4));
    if (isTrimming) while (end > this.#position && /[ \t\r\n]/.test(this.#input[end - 1] ?? '')) end--;
    if (end > this.#position) this.#emit('text', end);
    if (open < 0) {
      this.#emit('eof', this.#input.length);
      return false;
    }
    this.#skipTo(open);
    const after = open + (isTrimming ? 4 : 2);
    if (this.#input.startsWith('/*', after)) return this.#comment(after);
    this.#emit('left', open + 2);
    this.#skipTo(after);
    this.#parens = 0;
    return true;
  }

  #comment(start: number): boolean {
    const close = this.#input.indexOf('*/', start + 2);
    if (close < 0) return this.#fail('unclosed comment');
    const rest = this.#input.slice(close + 2);
    const end = /^(?:[ \t\r\n]-)?\}\}/.exec(rest)?.[0];
    if (end === undefined) return this.#fail('comment ends before closing delimiter');
    this.#skipTo(close + 2 + end.length);
    if (end.length > 2) this.#trimAfter();
    return this.#text();
  }

  #trimAfter(): void {
    const blank = /^[ \t\r\n]*/.exec(this.#input.slice(this.#position))?.[0].length ?? 0;
    this.#skipTo(this.#position + blank);
  }

  /** Tokens up to the end of an action. */
  #action(): boolean {
    for (;;) {
      const rest = this.#input.slice(this.#position);
      const trimmedEnd = /^[ \t\r\n]-\}\}/.test(rest);
      if (trimmedEnd || rest.startsWith('}}')) {
        if (this.#parens > 0) return this.#fail('unclosed left paren');
        if (trimmedEnd) this.#skipTo(this.#position + 2);
        this.#emit('right', this.#position + 2);
        if (trimmedEnd) this.#trimAfter();
        return true;
      }
      if (!this.#insideAction(rest)) return false;
    }
  }

  #insideAction(rest: string): boolean {
    const char = rest[0];
    if (char === undefined) return this.#fail('unclosed action');
    const space = /^[ \t\r\n]+?(?=[ \t\r\n]-\}\}|[^ \t\r\n]|$)/.exec(rest);
    if (space !== null) return this.#take('space', space[0].length);
    if (char === '=') return this.#take('assign', 1);
    if (rest.startsWith(':=')) return this.#take('declare', 2);
    if (char === ':') return this.#fail('expected :=');
    if (char === '|') return this.#take('pipe', 1);
    if (char === '"') return this.#quoted(rest, '"', 'string', 'unterminated quoted string');
    if (char === "'") return this.#quoted(rest, "'", 'char', 'unterminated character constant');
    if (char === '`') {
      const end = rest.indexOf('`', 1);
      return end < 0 ? this.#fail('unterminated raw quoted string') : this.#take('rawString', end + 1);
    }
    if (char === '$') return this.#word(rest, 'variable');
    if (char === '.' && !/^\.[0-9]/.test(rest)) return this.#word(rest, 'field');
    if (/^[-+]?[.0-9]/.test(rest) || char === '+' || char === '-') return this.#number(rest);
    if (char === '(') {
      this.#parens++;
      return this.#take('leftParen', 1);
    }
    if (char === ')') {
      if (--this.#parens < 0) return this.#fail('unexpected right paren');
      return this.#take('rightParen', 1);
    }
    if (/^[\p{L}\p{Nd}_]/u.test(rest)) return this.#identifier(rest);
    if (/^[\x20-\x7e]/.test(rest) && char !== '#') {
      if (/^[,]/.test(rest)) return this.#take('punctuation', 1);
    }
    if (/^[!-~]/.test(rest)) return this.#take('punctuation', 1);
    return this.#fail(`unrecognized character in action: ${unicodeName(Array.from(rest)[0] ?? '')}`);
  }

  #take(type: TokenType, length: number): true {
    this.#emit(type, this.#position + length);
    return true;
  }

  #quoted(rest: string, quote: string, type: TokenType, problem: string): boolean {
    for (let at = 1; at < rest.length; at++) {
      if (rest[at] === '\\' && rest[at + 1] !== '\n' && at + 1 < rest.length) at++;
      else if (rest[at] === '\n') break;
      else if (rest[at] === quote) return this.#take(type, at + 1);
    }
    return this.#fail(problem);
  }

  #terminated(rest: string, length: number): boolean {
    return length >= rest.length || /^[ \t\r\n.,|:()]|^\}\}/.test(rest.slice(length));
  }

  #badCharacter(rest: string, length: number): false {
    return this.#fail(`bad character ${unicodeName(Array.from(rest.slice(length))[0] ?? '')}`);
  }

  #word(rest: string, type: 'variable' | 'field'): boolean {
    const length = /^[.$][\p{L}\p{Nd}_]*/u.exec(rest)?.[0].length ?? 1;
    if (length === 1 && !this.#terminated(rest, 1)) return this.#badCharacter(rest, 1);
    if (length === 1 && type === 'field') return this.#take('dot', 1);
    if (!this.#terminated(rest, length)) return this.#badCharacter(rest, length);
    return this.#take(type, length);
  }

  #identifier(rest: string): boolean {
    const word = /^[\p{L}\p{Nd}_]+/u.exec(rest)?.[0] ?? '';
    if (!this.#terminated(rest, word.length)) return this.#badCharacter(rest, word.length);
    if (keywords.has(word)) return this.#take('keyword', word.length);
    if (word === 'nil') return this.#take('nil', word.length);
    if (word === 'true' || word === 'false') return this.#take('bool', word.length);
    return this.#take('identifier', word.length);
  }

  #number(rest: string): boolean {
    const shape =
      /^[-+]?(0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*([pP][-+]?[0-9_]+)?|0[oO][0-7_]+|0[bB][01_]+|[0-9_]*\.?[0-9_]*([eE][-+]?[0-9_]+)?)/;
    const length = shape.exec(rest)?.[0].length ?? 0;
    const next = rest.slice(length);
    if (/^[-+]/.test(next)) {
      // A complex number, which no value of JSON is.
      const second = shape.exec(next)?.[0] ?? '';
      return this.#fail(`bad number syntax: ${goQuote(rest.slice(0, length) + second)}`);
    }
    if (/^[\p{L}\p{Nd}_]/u.test(next)) {
      const bad = rest.slice(0, length + (Array.from(next)[0]?.length ?? 0));
      return this.#fail(`bad number syntax: ${goQuote(bad)}`);
    }
    return this.#take('number', length);
  }
}
