import type { YamlSyntaxProblem } from '../apimachinery/yaml-events.ts';

/**
 * A syntax error as go-yaml v3 words it. It tells where the thing began that is wrong, and not as version 2 where that
 * was found out: the open bracket or quote, or the list or map that goes on otherwise. What begins on the first line it
 * tells as version 2 does.
 */
export function problemMessage({ message, line }: YamlSyntaxProblem, text: string): string {
  const words = message.replace(/^yaml: (?:line \d+: )?/, '');
  const lines = text.split('\n');
  if (words === 'found unexpected end of stream') return told(words, openQuoteLine(lines), message);
  if (words.startsWith("did not find expected ',' or")) return told(words, openBracketLine(lines), message, 1);
  if (words.startsWith('found a tab character where an indentation')) {
    return line === undefined ? message : told(words, line - 1, message);
  }
  if (line !== undefined && /^did not find expected (key|'-' indicator)$/.test(words)) {
    const start = blockStart(lines, line - 1);
    const isList = /^\s*-(\s|$)/.test(lines[start] ?? '');
    const right = isList ? "did not find expected '-' indicator" : 'did not find expected key';
    return told(right, start + 1, message.replace(words, right), 1);
  }
  return message;
}

/** @param line from 1, 0 for unknown @param less what go-yaml counts less */
function told(words: string, line: number, otherwise: string, less = 0): string {
  return line > 1 ? `yaml: line ${line - less}: ${words}` : otherwise;
}

/** The line of the first quote that is never closed. */
function openQuoteLine(lines: readonly string[]): number {
  for (const [index, line] of lines.entries()) {
    const match = /(?:^\s*|[:,[{-]\s+|[[{])(["'])/.exec(line);
    if (match === null) continue;
    const from = match.index + match[0].length;
    const rest = [line.slice(from), ...lines.slice(index + 1)].join('\n');
    const closing = match[1] === '"' ? /^(?:[^"\\]|\\.)*"/s : /^(?:[^']|'')*'(?!')/s;
    if (!closing.test(rest)) return index + 1;
  }
  return 0;
}

/** The line of the innermost bracket that is never closed. */
function openBracketLine(lines: readonly string[]): number {
  const open: number[] = [];
  for (const [index, line] of lines.entries()) {
    for (const char of line.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '')) {
      if (char === '[' || char === '{') open.push(index + 1);
      else if (char === ']' || char === '}') open.pop();
    }
  }
  return open.at(-1) ?? 0;
}

/** Where the list or map begins, counted from 0, that a line should belong to. */
function blockStart(lines: readonly string[], at: number): number {
  const indentOf = (line: string): number => line.length - line.trimStart().length;
  const isContent = (line: string): boolean => line.trim() !== '' && !line.trimStart().startsWith('#');
  const own = indentOf(lines[at] ?? '');
  let start = at;
  let indent: number | undefined;
  for (let index = at - 1; index >= 0; index--) {
    const line = lines[index] ?? '';
    if (!isContent(line)) continue;
    const here = indentOf(line);
    if (indent === undefined && here <= own) indent = here;
    if (indent === undefined || here > indent) continue;
    if (here < indent) break;
    start = index;
  }
  return start;
}
