/** A word whose variables are filled in when it is used; several words or none where an unquoted one says so. */
export interface Word {
  expand(lookUp: (name: string) => string): string[];
}

/** `NAME=value … words … redirections`. */
export interface SimpleCommand {
  readonly assignments: readonly { readonly name: string; readonly value: Word }[];
  readonly words: readonly Word[];
  readonly redirections: readonly {
    readonly operator: '<' | '>' | '>>' | '>&';
    /** 2 for standard error. */
    readonly descriptor: number;
    readonly target: Word;
  }[];
}

export type Pipeline = readonly SimpleCommand[];

/** A pipeline and the operator before it. */
export interface ListItem {
  readonly operator: ';' | '&&' | '||';
  readonly pipeline: Pipeline;
}

/** What this shell does not understand. */
export class ShellSyntaxError extends Error {}

type Token = { readonly kind: 'operator'; readonly text: string } | { readonly kind: 'word'; readonly parts: Part[] };

interface Part {
  readonly text: string;
  readonly quoted: boolean;
  /** The text is the name of a variable. */
  readonly isVariable: boolean;
}

const reserved = new Set([
  'if',
  'then',
  'else',
  'fi',
  'for',
  'while',
  'until',
  'do',
  'done',
  'case',
  'esac',
  'function',
  '{',
  '}',
  'trap',
  'read',
  'set',
]);

/** Whether this shell understands a script. */
export function isKnownScript(script: string): boolean {
  try {
    parseScript(script);
    return true;
  } catch (error) {
    if (error instanceof ShellSyntaxError) return false;
    throw error;
  }
}

/** Reads a whole script. @throws ShellSyntaxError */
export function parseScript(script: string): readonly ListItem[] {
  const items: ListItem[] = [];
  let operator: ListItem['operator'] = ';';
  let pipeline: SimpleCommand[] = [];
  let command = newCommand();
  let expectsCommand = false;
  const endCommand = (): void => {
    if (command.words.length + command.assignments.length + command.redirections.length > 0) pipeline.push(command);
    else if (expectsCommand) throw new ShellSyntaxError('syntax error: unexpected operator');
    command = newCommand();
    expectsCommand = false;
  };
  const endPipeline = (): void => {
    endCommand();
    if (pipeline.length > 0) items.push({ operator, pipeline });
    pipeline = [];
  };
  const tokens = tokenize(script);
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    if (token.kind === 'word') {
      addWord(command, token.parts);
    } else if (token.text === '|') {
      endCommand();
      expectsCommand = true;
    } else if (token.text === ';' || token.text === '&&' || token.text === '||') {
      endPipeline();
      operator = token.text;
      expectsCommand = token.text !== ';';
    } else {
      const [, descriptor, sign] = /^([12]?)(.*)$/.exec(token.text) ?? [];
      const target = tokens[++at];
      if (target?.kind !== 'word') throw new ShellSyntaxError('syntax error: unexpected redirection');
      command.redirections.push({
        operator: sign as '<' | '>' | '>>' | '>&',
        descriptor: descriptor === '2' ? 2 : 1,
        target: wordOf(target.parts),
      });
    }
  }
  endPipeline();
  return items;
}

interface OpenCommand extends SimpleCommand {
  readonly assignments: { name: string; value: Word }[];
  readonly words: Word[];
  readonly redirections: SimpleCommand['redirections'][number][];
}

function newCommand(): OpenCommand {
  return { assignments: [], words: [], redirections: [] };
}

function addWord(command: OpenCommand, parts: Part[]): void {
  const [first] = parts;
  if (command.words.length === 0 && first !== undefined && !first.quoted && !first.isVariable) {
    if (parts.length === 1 && reserved.has(first.text)) {
      throw new ShellSyntaxError(`${first.text}: this simulated shell does not know it`);
    }
    const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(first.text);
    if (assignment !== null) {
      const value = [{ ...first, text: assignment[2] ?? '' }, ...parts.slice(1)].map((part) => ({
        ...part,
        quoted: true,
      }));
      command.assignments.push({ name: assignment[1] ?? '', value: wordOf(value) });
      return;
    }
  }
  command.words.push(wordOf(parts));
}

/** An unquoted variable is split at blanks, and is nothing when it is empty. */
function wordOf(parts: readonly Part[]): Word {
  return {
    expand(lookUp) {
      const words: string[] = [];
      let current: string | undefined;
      for (const part of parts) {
        const text = part.isVariable ? lookUp(part.text) : part.text;
        if (!part.isVariable || part.quoted) {
          current = (current ?? '') + text;
          continue;
        }
        const pieces = text.split(/\s+/);
        for (const [index, piece] of pieces.entries()) {
          if (index > 0 && current !== undefined) {
            words.push(current);
            current = undefined;
          }
          if (piece !== '') current = (current ?? '') + piece;
        }
      }
      if (current !== undefined) words.push(current);
      return words;
    },
  };
}

const operatorPattern = /^(?:&&|\|\||\||;|\n|[12]?>&|[12]?>>|[12]?>|<(?!<))/;

function tokenize(script: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < script.length) {
    const rest = script.slice(at);
    const blank = /^(?:[ \t\r]+|\\\n|#[^\n]*)/.exec(rest);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const operator = operatorPattern.exec(rest);
    if (operator !== null) {
      tokens.push({ kind: 'operator', text: operator[0] === '\n' ? ';' : operator[0] });
      at += operator[0].length;
      continue;
    }
    const { parts, length } = readWord(rest);
    tokens.push({ kind: 'word', parts });
    at += length;
  }
  return tokens;
}

function readWord(text: string): { parts: Part[]; length: number } {
  const parts: Part[] = [];
  let at = 0;
  let quote = '';
  const add = (piece: string, isVariable = false): void => {
    parts.push({ text: piece, quoted: quote !== '', isVariable });
  };
  while (at < text.length) {
    const char = text[at] ?? '';
    if (quote === '' && /[\s;|<>]/.test(char)) break;
    if (quote === '' && char === '&') {
      if (text[at + 1] === '&') break;
      throw new ShellSyntaxError('&: this simulated shell runs nothing in the background');
    }
    if ((quote === '' && /[()`*?]/.test(char)) || (quote !== "'" && char === '`')) {
      throw new ShellSyntaxError(`${char}: this simulated shell does not know it`);
    }
    if (char === "'" || char === '"') {
      if (quote === '') {
        quote = char;
        add('');
        at++;
        continue;
      }
      if (quote === char) {
        quote = '';
        at++;
        continue;
      }
    }
    if (char === '\\' && quote !== "'") {
      add(text[at + 1] ?? '');
      at += 2;
      continue;
    }
    if (char === '$' && quote !== "'") {
      const variable = /^\$(?:\{(\w+|\?)\}|([A-Za-z_]\w*|[?$]))/.exec(text.slice(at));
      if (variable !== null) {
        add(variable[1] ?? variable[2] ?? '', true);
        at += variable[0].length;
        continue;
      }
      if (/^\$[({]/.test(text.slice(at))) throw new ShellSyntaxError('$: this simulated shell does not know it');
    }
    add(char);
    at++;
  }
  if (quote !== '') throw new ShellSyntaxError('syntax error: unterminated quoted string');
  return { parts: joined(parts), length: at };
}

/** Neighbours of one kind together, so that `NAME=` is seen whole. */
function joined(parts: readonly Part[]): Part[] {
  const result: Part[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (last !== undefined && !part.isVariable && !last.isVariable && last.quoted === part.quoted) {
      result[result.length - 1] = { ...last, text: last.text + part.text };
    } else {
      result.push(part);
    }
  }
  return result;
}
