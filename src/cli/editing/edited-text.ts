import type { JsonValue } from '../../apimachinery/json.ts';
import { parseYaml } from '../../apimachinery/yaml.ts';
import { stringifyGoJson } from '../../apimachinery/go-json.ts';

/** Leaves out the lines that begin with `#`; those that begin with `#!` stay. */
export function withoutCommentLines(text: string): string {
  const lines = text.split('\n');
  return lines
    .flatMap((line, index) => {
      const isComment = /^\s*#(?!!)/.test(line);
      if (isComment) return [];
      return [index < lines.length - 1 ? `${line}\n` : line];
    })
    .join('');
}

/** The value of the text's first document, keys that stand twice taken as the last one says. @throws YamlError */
export function valueOf(text: string): JsonValue {
  return parseYaml(text, { onDuplicateKey: () => undefined });
}

/** What two texts have in common when nothing but their comments and layout differs. */
export function contentOf(text: string): string {
  try {
    return stringifyGoJson(valueOf(text));
  } catch {
    return withoutCommentLines(text);
  }
}

/** Whether anything but blanks and comments stands in it. */
export function hasContent(text: string): boolean {
  return text.split('\n').some((line) => line.trim() !== '' && !line.trim().startsWith('#'));
}

/** A text whose lines all begin with `#` once a `# ` stands before it. */
export function commentedLines(text: string): string {
  return text.replaceAll(/\n(?=[^#])/gs, '\n# ');
}

/** Lines as Windows ends them. */
export function withCarriageReturns(text: string): string {
  return text.replaceAll('\n', '\r\n');
}
