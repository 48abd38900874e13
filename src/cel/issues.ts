/** Something wrong with an expression at a place in it. */
export interface CelIssue {
  /** Offset in code points. */
  readonly offset: number;
  readonly message: string;
}

/** An expression's text, addressed by code points. */
export class CelSource {
  readonly text: string;
  readonly characters: readonly string[];

  constructor(text: string) {
    this.text = text;
    this.characters = Array.from(text);
  }

  /** Line from 1 and column from 0. */
  position(offset: number): { readonly line: number; readonly column: number } {
    let line = 1;
    let start = 0;
    for (let index = 0; index < Math.min(offset, this.characters.length); index++) {
      if (this.characters[index] !== '\n') continue;
      line++;
      start = index + 1;
    }
    return { line, column: offset - start };
  }
}

const maxReported = 100;
const maxSnippet = 16_384;

/** An expression that cannot be used, with what is wrong in it. */
export class CelCompileError extends Error {
  readonly issues: readonly CelIssue[];

  constructor(source: CelSource, issues: readonly CelIssue[]) {
    super(formatIssues(source, issues));
    this.name = 'CelCompileError';
    this.issues = issues;
  }
}

/** All issues in the order of their places, each with the line it is about. */
export function formatIssues(source: CelSource, issues: readonly CelIssue[]): string {
  const lines = source.text.split('\n');
  const shown = issues
    .slice(0, maxReported)
    .map((issue) => ({ issue, place: source.position(issue.offset) }))
    .toSorted(({ place: left }, { place: right }) => left.line - right.line || left.column - right.column)
    .map(({ issue, place }) => {
      // An offset before the text marks an issue with the whole of it.
      const at = issue.offset < 0 ? { line: -1, column: -1 } : place;
      // Nothing is at the first character of nothing.
      if (source.text === '') return `ERROR: <input>:1:0: ${issue.message}`;
      const head = `ERROR: <input>:${at.line}:${at.column + 1}: ${issue.message}`;
      const line = issue.offset < 0 ? undefined : lines[at.line - 1];
      if (line === undefined || line.length > maxSnippet) return head;
      return `${head}\n | ${line.replaceAll('\t', ' ')}\n | ${pointer(line, at.column)}`;
    });
  if (issues.length > maxReported) shown.push(`${issues.length - maxReported} more errors were truncated`);
  return shown.join('\n');
}

/** Dots up to the column and a mark there; wide ones below characters of more than a byte. */
function pointer(line: string, column: number): string {
  const characters = Array.from(line);
  const dots = characters
    .slice(0, column)
    .map((character) => ((character.codePointAt(0) ?? 0) > 0x7f ? '\uff0e' : '.'));
  const mark = (characters[column]?.codePointAt(0) ?? 0) > 0x7f ? '\uff3e' : '^';
  return `${dots.join('')}${mark}`;
}
