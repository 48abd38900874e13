import { evaluateArithmetic } from './shell-arithmetic.ts';
import { type Script, ShellSyntaxError, type Word, type WordPart } from './shell-grammar.ts';
import type { MemoryFiles } from './memory-files.ts';
import { isPattern, matchingPaths, type PatternPiece, patternSource } from './shell-pattern.ts';

/** What the words of a shell are filled in from. */
export interface ExpansionSource {
  /** A variable, or one of `?`, `$`, `#`, `!` and the arguments by number; undefined when it is not set. */
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  /** `$@`. */
  arguments(): readonly string[];
  /** What a script writes. */
  outputOf(script: Script): Promise<string>;
  readonly files: MemoryFiles;
  readonly workingFolder: string;
}

/** The words that a word becomes: split at blanks, and the paths of patterns. @throws ShellSyntaxError */
export async function expandWord(word: Word, source: ExpansionSource): Promise<string[]> {
  const fields = await expandFields(word, source);
  return fields.flatMap((pieces) => {
    const paths = isPattern(pieces) ? matchingPaths(source.files, source.workingFolder, pieces) : [];
    return paths.length > 0 ? paths : [textOf(pieces)];
  });
}

/** A word as one text: of assignments, redirections and tests. @throws ShellSyntaxError */
export async function expandText(word: Word, source: ExpansionSource): Promise<string> {
  const pieces: string[] = [];
  for (const part of word) pieces.push((await valuesOf(part, source)).join(' '));
  return expandHome(word, pieces.join(''), source);
}

/** The regular expression of a word that is a pattern, without anchors. */
export async function expandPattern(word: Word, source: ExpansionSource): Promise<string> {
  const pieces: PatternPiece[] = [];
  for (const part of word) pieces.push({ text: (await valuesOf(part, source)).join(' '), quoted: part.quoted });
  return patternSource(pieces);
}

async function expandFields(word: Word, source: ExpansionSource): Promise<PatternPiece[][]> {
  const fields: PatternPiece[][] = [];
  let current: PatternPiece[] | undefined;
  const finish = (): void => {
    if (current !== undefined) fields.push(current);
    current = undefined;
  };
  for (const [at, part] of word.entries()) {
    const values = await valuesOf(part, source);
    if (part.kind === 'text') {
      const text = at === 0 ? expandHome(word, part.text, source) : part.text;
      (current ??= []).push({ text, quoted: part.quoted });
      continue;
    }
    for (const [index, value] of values.entries()) {
      if (index > 0) finish();
      if (part.quoted) {
        (current ??= []).push({ text: value, quoted: true });
        continue;
      }
      for (const [position, piece] of value.split(/[ \t\n]+/).entries()) {
        if (position > 0) finish();
        if (piece !== '') (current ??= []).push({ text: piece, quoted: false });
      }
    }
  }
  finish();
  return fields;
}

/** `~` at the beginning. */
function expandHome(word: Word, text: string, source: ExpansionSource): string {
  const [first] = word;
  if (first?.kind !== 'text' || first.quoted || !/^~(?:\/|$)/.test(first.text)) return text;
  return `${source.get('HOME') ?? '/root'}${text.slice(1)}`;
}

function textOf(pieces: readonly PatternPiece[]): string {
  return pieces.map(({ text }) => text).join('');
}

/** The texts of a part: one, but for `$@`. */
async function valuesOf(part: WordPart, source: ExpansionSource): Promise<readonly string[]> {
  switch (part.kind) {
    case 'text':
      return [part.text];
    case 'command':
      return [(await source.outputOf(part.script)).replace(/\n+$/, '')];
    case 'arithmetic': {
      const variables = {
        get: (name: string) => source.get(name) ?? '',
        set: (name: string, value: string) => source.set(name, value),
      };
      return [String(evaluateArithmetic(await expandText(part.expression, source), variables))];
    }
    default:
      if (part.name === '@' && part.operator === '') return source.arguments();
      return [await variableValue(part, source)];
  }
}

async function variableValue(
  { name, operator, argument }: Extract<WordPart, { kind: 'variable' }>,
  source: ExpansionSource,
): Promise<string> {
  const value = name === '*' || name === '@' ? source.arguments().join(' ') : source.get(name);
  const isMissing = operator.startsWith(':') ? value === undefined || value === '' : value === undefined;
  switch (operator) {
    case '':
      return value ?? '';
    case 'length':
      return String((value ?? '').length);
    case ':-':
    case '-':
      return isMissing ? expandText(argument, source) : (value ?? '');
    case ':=':
    case '=': {
      if (!isMissing) return value ?? '';
      const text = await expandText(argument, source);
      source.set(name, text);
      return text;
    }
    case ':?':
    case '?':
      if (isMissing) {
        const text = await expandText(argument, source);
        throw new ShellSyntaxError(`${name}: ${text === '' ? 'parameter not set' : text}`);
      }
      return value ?? '';
    case ':+':
    case '+':
      return isMissing ? '' : expandText(argument, source);
    default:
      return trim(value ?? '', operator, await expandPattern(argument, source));
  }
}

/** Without the shortest or longest beginning or end that a pattern fits. */
function trim(value: string, operator: '#' | '##' | '%' | '%%', pattern: string): string {
  const expression = new RegExp(`^(?:${pattern})$`);
  const cuts = Array.from({ length: value.length + 1 }, (_none, index) => index);
  const fromStart = operator.startsWith('#');
  const order = operator === '#' || operator === '%%' ? cuts : cuts.toReversed();
  for (const cut of order) {
    const tested = fromStart ? value.slice(0, cut) : value.slice(cut);
    if (expression.test(tested)) return fromStart ? value.slice(cut) : value.slice(0, cut);
  }
  return value;
}
