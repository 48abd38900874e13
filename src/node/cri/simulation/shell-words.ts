import { type ExpansionOperator, type Script, ShellSyntaxError, type Word, type WordPart } from './shell-grammar.ts';

/** What ends a word outside quotes. */
const endOfWord = /[\s;|&<>()]/;
const operators: readonly ExpansionOperator[] = [':-', ':=', ':?', ':+', '##', '%%', '#', '%', '-', '=', '?', '+'];

/** Where a word is read from; the parser of scripts is one, so that `$(…)` can hold anything. */
export interface WordSource {
  readonly text: string;
  at: number;
  /** Reads a script up to the `)` that ends it, and that too. */
  readSubstitution(): Script;
  /** The script in back quotes. */
  parse(script: string): Script;
}

/** Reads one word; empty when there is none. @throws ShellSyntaxError */
export function readWord(source: WordSource): Word {
  return new WordReader(source).read((char) => endOfWord.test(char));
}

/** The text of a here-document whose end was not quoted: variables are filled in, quotes are text. */
export function documentWord(source: WordSource): Word {
  return new WordReader(source).readQuoted(undefined);
}

class WordReader {
  readonly #source: WordSource;
  readonly #parts: WordPart[] = [];

  constructor(source: WordSource) {
    this.#source = source;
  }

  read(ends: (char: string) => boolean): Word {
    const source = this.#source;
    while (source.at < source.text.length) {
      const char = source.text[source.at] ?? '';
      if (ends(char)) break;
      if (char === "'") this.#single();
      else if (char === '"') {
        source.at++;
        this.#add('', true);
        this.readQuoted('"');
      } else if (char === '\\') {
        const next = source.text[source.at + 1] ?? '';
        if (next !== '\n') this.#add(next, true);
        source.at += 2;
      } else if (char === '$' || char === '`') this.#expansion(false);
      else {
        this.#add(char, false);
        source.at++;
      }
    }
    return this.#parts;
  }

  /** Up to an end quote, which is taken too, or up to the end of the text. */
  readQuoted(end: string | undefined): Word {
    const source = this.#source;
    for (;;) {
      const char = source.text[source.at];
      if (char === undefined) {
        if (end !== undefined) throw new ShellSyntaxError('syntax error: unterminated quoted string');
        return this.#parts;
      }
      if (char === end) {
        source.at++;
        return this.#parts;
      }
      if (char === '\\') {
        const next = source.text[source.at + 1] ?? '';
        if (next !== '\n') this.#add('$`"\\'.includes(next) ? next : `\\${next}`, true);
        source.at += 2;
      } else if (char === '$' || char === '`') this.#expansion(true);
      else {
        this.#add(char, true);
        source.at++;
      }
    }
  }

  #single(): void {
    const { text, at } = this.#source;
    const end = text.indexOf("'", at + 1);
    if (end < 0) throw new ShellSyntaxError('syntax error: unterminated quoted string');
    this.#add(text.slice(at + 1, end), true);
    this.#source.at = end + 1;
  }

  #add(text: string, quoted: boolean): void {
    const last = this.#parts.at(-1);
    if (last?.kind === 'text' && last.quoted === quoted) {
      this.#parts[this.#parts.length - 1] = { kind: 'text', text: last.text + text, quoted };
    } else {
      this.#parts.push({ kind: 'text', text, quoted });
    }
  }

  #expansion(quoted: boolean): void {
    const source = this.#source;
    const rest = source.text.slice(source.at);
    if (rest.startsWith('`')) {
      const end = rest.indexOf('`', 1);
      if (end < 0) throw new ShellSyntaxError('syntax error: unterminated quoted string');
      source.at += end + 1;
      this.#parts.push({ kind: 'command', script: source.parse(rest.slice(1, end)), quoted });
    } else if (rest.startsWith('$((')) {
      source.at += 3;
      this.#parts.push({ kind: 'arithmetic', expression: this.#arithmetic(), quoted });
    } else if (rest.startsWith('$(')) {
      source.at += 2;
      this.#parts.push({ kind: 'command', script: source.readSubstitution(), quoted });
    } else if (rest.startsWith('${')) {
      this.#braces(quoted);
    } else {
      const name = /^\$([A-Za-z_]\w*|[0-9?$!#*@])/.exec(rest)?.[1];
      source.at += 1 + (name?.length ?? 0);
      if (name === undefined) this.#add('$', quoted);
      else this.#parts.push({ kind: 'variable', name, operator: '', argument: [], quoted });
    }
  }

  /** What is between `$((` and `))`. */
  #arithmetic(): Word {
    let depth = 0;
    const reader = new WordReader(this.#source);
    const word = reader.read((char) => {
      if (char === '(') depth++;
      if (char === ')') depth--;
      return depth < 0;
    });
    if (!this.#source.text.startsWith('))', this.#source.at)) throw new ShellSyntaxError("syntax error: missing '))'");
    this.#source.at += 2;
    return word;
  }

  #braces(quoted: boolean): void {
    const source = this.#source;
    const [whole = '', hash, name = ''] =
      /^\$\{(#(?=[\w@*]))?([A-Za-z_]\w*|[0-9]+|[?$!#*@])/.exec(source.text.slice(source.at)) ?? [];
    if (name === '') throw new ShellSyntaxError('syntax error: bad substitution');
    source.at += whole.length;
    const rest = source.text.slice(source.at);
    const operator = hash === undefined ? (operators.find((sign) => rest.startsWith(sign)) ?? '') : 'length';
    let argument: Word = [];
    if (operator !== '' && operator !== 'length') {
      source.at += operator.length;
      argument = new WordReader(source).read((char) => char === '}');
    }
    if (source.text[source.at] !== '}') throw new ShellSyntaxError('syntax error: bad substitution');
    source.at++;
    this.#parts.push({ kind: 'variable', name, operator, argument, quoted });
  }
}
