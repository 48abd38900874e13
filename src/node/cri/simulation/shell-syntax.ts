import {
  type ListItem,
  type Pipeline,
  type Redirection,
  type Script,
  type ShellCommand,
  ShellSyntaxError,
  type Word,
} from './shell-grammar.ts';
import { documentWord, readWord, type WordSource } from './shell-words.ts';

const reserved = new Set(['if', 'then', 'elif', 'else', 'fi', 'for', 'while', 'until', 'do', 'done', 'case', 'esac']);
const closing = new Set(['then', 'elif', 'else', 'fi', 'do', 'done', 'esac', '}']);

/** Reads a whole script, of the language of POSIX's `sh` with `[[`. @throws ShellSyntaxError */
export function parseScript(script: string): Script {
  const parser = new ShellParser(script);
  const items = parser.list();
  parser.expectEnd();
  return items;
}

interface PendingDocument {
  readonly end: string;
  readonly literal: boolean;
  readonly strip: boolean;
  readonly place: { target: Word };
}

class ShellParser implements WordSource {
  readonly text: string;
  at = 0;
  readonly #documents: PendingDocument[] = [];

  constructor(text: string) {
    this.text = text;
  }

  parse(script: string): Script {
    return parseScript(script);
  }

  readSubstitution(): Script {
    const script = this.list();
    this.#expect(')');
    return script;
  }

  expectEnd(): void {
    this.#blanks(true);
    if (this.at < this.text.length) this.#unexpected();
  }

  /** Pipelines, until something comes that ends a list. */
  list(): Script {
    const items: ListItem[] = [];
    let operator: ListItem['operator'] = ';';
    for (;;) {
      this.#blanks(true);
      if (this.#atListEnd()) {
        if (operator !== ';') throw new ShellSyntaxError('syntax error: unexpected end of list');
        return items;
      }
      const pipeline = this.#pipeline();
      this.#blanks(false);
      const sign = /^(?:&&|\|\||;;|;|&|\n)/.exec(this.text.slice(this.at))?.[0];
      items.push({ operator, pipeline, background: sign === '&' });
      operator = sign === '&&' || sign === '||' ? sign : ';';
      if (sign === undefined || sign === ';;') return items;
      if (sign !== '\n') this.at += sign.length;
    }
  }

  #atListEnd(): boolean {
    if (this.at >= this.text.length || this.text[this.at] === ')' || this.text.startsWith(';;', this.at)) return true;
    return closing.has(this.#peekWord());
  }

  /** The bare word here, of those that the shell takes for its own. */
  #peekWord(): string {
    return /^(?:[a-z]+|[{}!])(?=[\s;|&<>()]|$)/.exec(this.text.slice(this.at))?.[0] ?? '';
  }

  #pipeline(): Pipeline {
    let negated = false;
    while (this.#peekWord() === '!') {
      negated = !negated;
      this.at++;
      this.#blanks(false);
    }
    const commands = [this.#command()];
    for (;;) {
      this.#blanks(false);
      if (this.text[this.at] !== '|' || this.text[this.at + 1] === '|') return { negated, commands };
      this.at++;
      this.#blanks(true);
      commands.push(this.#command());
    }
  }

  #command(): ShellCommand {
    const word = this.#peekWord();
    const form = this.text[this.at] === '(' ? '(' : word;
    switch (form) {
      case 'if':
        return this.#compound(this.#if());
      case 'while':
      case 'until': {
        this.#take(form);
        const condition = this.#body();
        const body = this.#doGroup();
        return this.#compound({ kind: 'loop', until: form === 'until', condition, body });
      }
      case 'for':
        return this.#compound(this.#for());
      case 'case':
        return this.#compound(this.#case());
      case '{': {
        this.#take('{');
        const body = this.#body();
        this.#expectWord('}');
        return this.#compound({ kind: 'group', body });
      }
      case '(': {
        this.at++;
        const body = this.list();
        this.#expect(')');
        return this.#compound({ kind: 'subshell', body });
      }
      default:
        if (closing.has(word)) this.#unexpected();
        return this.#simple();
    }
  }

  #if(): Compound {
    const branches: { condition: Script; body: Script }[] = [];
    let otherwise: Script = [];
    this.#take('if');
    for (;;) {
      const condition = this.#body();
      this.#expectWord('then');
      branches.push({ condition, body: this.#body() });
      this.#blanks(true);
      const next = this.#peekWord();
      if (next === 'elif') {
        this.#take('elif');
        continue;
      }
      if (next === 'else') {
        this.#take('else');
        otherwise = this.#body();
      }
      this.#expectWord('fi');
      return { kind: 'if', branches, otherwise };
    }
  }

  #for(): Compound {
    this.#take('for');
    this.#blanks(false);
    const name = /^[A-Za-z_]\w*/.exec(this.text.slice(this.at))?.[0];
    if (name === undefined) this.#unexpected();
    this.at += name.length;
    this.#blanks(true);
    let words: Word[] | undefined;
    if (this.#peekWord() === 'in') {
      this.#take('in');
      words = this.#words();
    }
    return { kind: 'for', name, words, body: this.#doGroup() };
  }

  #case(): Compound {
    this.#take('case');
    this.#blanks(false);
    const word = readWord(this);
    this.#expectWord('in');
    const branches: { patterns: Word[]; body: Script }[] = [];
    for (;;) {
      this.#blanks(true);
      if (this.#peekWord() === 'esac') break;
      if (this.text[this.at] === '(') this.at++;
      const patterns: Word[] = [];
      do {
        if (this.text[this.at] === '|') this.at++;
        this.#blanks(false);
        patterns.push(readWord(this));
        this.#blanks(false);
      } while (this.text[this.at] === '|');
      this.#expect(')');
      const body = this.list();
      branches.push({ patterns, body });
      this.#blanks(true);
      if (this.text.startsWith(';;', this.at)) this.at += 2;
    }
    this.#expectWord('esac');
    return { kind: 'case', word, branches };
  }

  #doGroup(): Script {
    this.#blanks(true);
    if (this.text[this.at] === ';') this.at++;
    this.#expectWord('do');
    const body = this.#body();
    this.#expectWord('done');
    return body;
  }

  /** A list that must not be empty. */
  #body(): Script {
    const script = this.list();
    if (script.length === 0) this.#unexpected();
    return script;
  }

  #compound(form: Compound): ShellCommand {
    const redirections: Redirection[] = [];
    for (;;) {
      this.#blanks(false);
      const redirection = this.#redirection();
      if (redirection === undefined) return { ...form, redirections };
      redirections.push(redirection);
    }
  }

  #simple(): ShellCommand {
    const [assignments, words, redirections]: [{ name: string; value: Word }[], Word[], Redirection[]] = [[], [], []];
    for (;;) {
      this.#blanks(false);
      const redirection = this.#redirection();
      if (redirection !== undefined) {
        redirections.push(redirection);
        continue;
      }
      const isTest = words.length > 0 && this.#firstText(words) === '[[';
      const assignment = words.length === 0 ? /^([A-Za-z_]\w*)=/.exec(this.text.slice(this.at)) : null;
      if (assignment !== null) {
        this.at += assignment[0].length;
        assignments.push({ name: assignment[1] ?? '', value: readWord(this) });
        continue;
      }
      const sign = isTest ? /^(?:&&|\|\||[()])/.exec(this.text.slice(this.at))?.[0] : undefined;
      if (sign !== undefined) {
        this.at += sign.length;
        words.push([{ kind: 'text', text: sign, quoted: true }]);
        continue;
      }
      const start = this.at;
      const word = readWord(this);
      if (this.at === start) break;
      const definition = words.length === 0 && assignments.length === 0 ? this.#function(start) : undefined;
      if (definition !== undefined) return definition;
      words.push(word);
      if (isTest && this.#textOf(word) === ']]') break;
    }
    if (words.length + assignments.length + redirections.length === 0) this.#unexpected();
    return { kind: 'simple', assignments, words, redirections };
  }

  /** `name() command`, when the word that was just read is the name. */
  #function(start: number): ShellCommand | undefined {
    const name = this.text.slice(start, this.at);
    const brackets = /^\s*\(\s*\)/.exec(this.text.slice(this.at))?.[0];
    if (brackets === undefined || !/^[A-Za-z_]\w*$/.test(name) || reserved.has(name)) return undefined;
    this.at += brackets.length;
    this.#blanks(true);
    return { kind: 'function', name, body: this.#command(), redirections: [] };
  }

  #words(): Word[] {
    const words: Word[] = [];
    for (;;) {
      this.#blanks(false);
      const start = this.at;
      const word = readWord(this);
      if (this.at === start) return words;
      words.push(word);
    }
  }

  #redirection(): Redirection | undefined {
    const [whole, digit, sign, minus] = /^([012]?)(>>|>&|<<(?!<)(-?)|>|<(?!<))/.exec(this.text.slice(this.at)) ?? [];
    if (whole === undefined || sign === undefined) return undefined;
    this.at += whole.length;
    this.#blanks(false);
    const start = this.at;
    const target = readWord(this);
    if (this.at === start) this.#unexpected();
    const descriptor = digit === '' ? (sign.startsWith('<') ? 0 : 1) : Number(digit);
    if (!sign.startsWith('<<')) return { operator: sign as Redirection['operator'], descriptor, target };
    const written = this.text.slice(start, this.at);
    const place: { operator: '<<'; descriptor: number; target: Word } = { operator: '<<', descriptor, target: [] };
    const end = this.#textOf(target);
    this.#documents.push({ end, literal: written !== end, strip: minus === '-', place });
    return place;
  }

  #textOf(word: Word): string {
    return word.map((part) => (part.kind === 'text' ? part.text : '\0')).join('');
  }

  #firstText(words: readonly Word[]): string {
    return this.#textOf(words[0] ?? []);
  }

  /** Blanks, comments and (where they mean nothing) line ends; after a line end the documents that were announced. */
  #blanks(lines: boolean): void {
    for (;;) {
      const blank = /^(?:[ \t\r]|\\\n)+|^#[^\n]*/.exec(this.text.slice(this.at))?.[0];
      if (blank !== undefined) this.at += blank.length;
      else if (this.text[this.at] === '\n' && (lines || this.#documents.length > 0)) {
        this.at++;
        const hadDocuments = this.#documents.length > 0;
        for (const document of this.#documents.splice(0)) this.#readDocument(document);
        // The line end that the documents began with still ends the command.
        if (hadDocuments && !lines) {
          if (this.text[this.at - 1] === '\n') this.at--;
          return;
        }
      } else return;
    }
  }

  #readDocument({ end, literal, strip, place }: PendingDocument): void {
    const lines: string[] = [];
    for (;;) {
      if (this.at >= this.text.length) break;
      const next = this.text.indexOf('\n', this.at);
      const raw = this.text.slice(this.at, next < 0 ? undefined : next);
      this.at = next < 0 ? this.text.length : next + 1;
      const line = strip ? raw.replace(/^\t+/, '') : raw;
      if (line === end) break;
      lines.push(`${line}\n`);
    }
    const text = lines.join('');
    place.target = literal ? [{ kind: 'text', text, quoted: true }] : documentWord(new ShellParser(text));
  }

  #take(word: string): void {
    this.at += word.length;
  }

  #expectWord(word: string): void {
    this.#blanks(true);
    if (this.#peekWord() !== word) this.#unexpected(word);
    this.#take(word);
  }

  #expect(sign: string): void {
    this.#blanks(true);
    if (this.text[this.at] !== sign) this.#unexpected(sign);
    this.at++;
  }

  #unexpected(expecting?: string): never {
    const here = /^(?:\w+|[^\s\w])/.exec(this.text.slice(this.at))?.[0] ?? 'end of file';
    const suffix = expecting === undefined ? '' : ` (expecting "${expecting}")`;
    const what = here === 'end of file' ? here : `"${here}"`;
    throw new ShellSyntaxError(`syntax error: unexpected ${what}${suffix}`);
  }
}

/** A form of the shell before what comes after it is known. */
type Compound = ShellCommand extends infer Form ? (Form extends unknown ? Omit<Form, 'redirections'> : never) : never;
