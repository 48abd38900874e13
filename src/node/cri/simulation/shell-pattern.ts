import type { MemoryFiles } from './memory-files.ts';

/** A piece of a pattern; what is quoted stands for itself. */
export interface PatternPiece {
  readonly text: string;
  readonly quoted: boolean;
}

/** Whether pieces are a pattern at all: an unquoted `*`, `?` or `[`. */
export function isPattern(pieces: readonly PatternPiece[]): boolean {
  return pieces.some(({ text, quoted }) => !quoted && /[*?[]/.test(text));
}

/** The regular expression of a shell pattern, without anchors. */
export function patternSource(pieces: readonly PatternPiece[], any = '[^]'): string {
  return pieces
    .map(({ text, quoted }) => {
      if (quoted) return escape(text);
      return text.replaceAll(/\[(!?)([^\]]+)\]|[^]/g, (whole, not: string | undefined, set: string | undefined) => {
        if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replaceAll('\\', '\\\\')}]`;
        if (whole === '*') return `${any}*`;
        return whole === '?' ? any : escape(whole);
      });
    })
    .join('');
}

/** The paths that a pattern names, sorted; none when there are none. */
export function matchingPaths(
  files: MemoryFiles,
  workingFolder: string,
  pieces: readonly PatternPiece[],
): readonly string[] {
  const segments = segmentsOf(pieces);
  const isAbsolute = segments[0]?.length === 0;
  let found = [isAbsolute ? '/' : ''];
  for (const [index, segment] of segments.entries()) {
    if (segment.length === 0) continue;
    const isLast = index === segments.length - 1;
    found = found.flatMap((base) => {
      const names = namesIn(files, base === '' ? workingFolder : base, segment);
      return names.map((name) => `${base}${name}${isLast ? '' : '/'}`);
    });
  }
  const exists = (path: string): boolean =>
    files.find(path.startsWith('/') ? path : `${workingFolder}/${path}`, true) !== undefined;
  return found.filter(exists).toSorted();
}

function segmentsOf(pieces: readonly PatternPiece[]): PatternPiece[][] {
  const segments: PatternPiece[][] = [[]];
  for (const { text, quoted } of pieces) {
    for (const [index, part] of text.split('/').entries()) {
      if (index > 0) segments.push([]);
      if (part !== '') segments.at(-1)?.push({ text: part, quoted });
    }
  }
  return segments;
}

function namesIn(files: MemoryFiles, folder: string, segment: readonly PatternPiece[]): string[] {
  if (!isPattern(segment)) return [segment.map(({ text }) => text).join('')];
  const node = files.find(folder);
  if (node?.kind !== 'folder') return [];
  const expression = new RegExp(`^${patternSource(segment)}$`);
  const showsHidden = segment[0]?.text.startsWith('.') === true;
  return [...node.entries.keys()].filter((name) => expression.test(name) && (showsHidden || !name.startsWith('.')));
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
