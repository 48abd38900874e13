import { isAbsolute, join, resolve } from 'node:path';
import type { FileSystem } from '../system/file-system.ts';

/** Where patterns are looked up. */
export interface PatternPlace {
  readonly files: FileSystem;
  readonly cwd: string;
}

/**
 * The files and folders whose names match a shell pattern (`*`, `?`, `[a-z]`, `\` before a character meant as itself),
 * as Go's path/filepath.Glob finds them: a star never crosses a slash, and names come sorted, folder by folder.
 * @returns undefined where the pattern is none
 */
export async function matchFilePattern(pattern: string, place: PatternPlace): Promise<readonly string[] | undefined> {
  const segments = pattern.split('/');
  const matchers = segments.map((segment) => (isPattern(segment) ? patternOf(segment) : 'literal'));
  if (matchers.includes(undefined)) return undefined;
  let found = [''];
  for (const [index, segment] of segments.entries()) {
    const matcher = matchers[index];
    const isLast = index === segments.length - 1;
    const next: string[] = [];
    for (const folder of found) {
      if (matcher instanceof RegExp) {
        for (const name of await namesIn(folder, place)) if (matcher.test(name)) next.push(`${folder}${name}`);
      } else if (!isLast || segment === '' || (await place.files.exists(absolute(`${folder}${segment}`, place.cwd)))) {
        next.push(`${folder}${segment}`);
      }
    }
    found = isLast ? next : next.map((path) => `${path}/`);
  }
  return found;
}

function isPattern(segment: string): boolean {
  return /[*?[\\]/.test(segment);
}

async function namesIn(folder: string, { files, cwd }: PatternPlace): Promise<readonly string[]> {
  const path = absolute(folder === '' ? '.' : folder, cwd);
  try {
    return (await files.stat(path)).isFolder ? await files.readFolder(path) : [];
  } catch {
    // What cannot be looked into has no matches.
    return [];
  }
}

function absolute(path: string, cwd: string): string {
  return isAbsolute(path) ? join(path) : resolve(cwd, path);
}

/** One segment as a regular expression; undefined for a class without an end or a backslash before nothing. */
function patternOf(segment: string): RegExp | undefined {
  const source = segment.replaceAll(/\\(.?)|\[\^?(?:\\.|[^\]\\])+\]|[*?]|[^\w\s]/gs, (part, escaped?: string) => {
    if (escaped !== undefined) return escaped === '' ? '\0' : literal(escaped);
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return `[${part.startsWith('[^') ? '^' : ''}${classOf(part)}]`;
    // What opens a class that never ends.
    return part === '[' ? '\0' : literal(part);
  });
  if (source.includes('\0')) return undefined;
  try {
    return new RegExp(`^${source}$`, 'su');
  } catch {
    return undefined;
  }
}

/** The inside of a class: characters and ranges, nothing else. */
function classOf(part: string): string {
  const inside = part.replace(/^\[\^?/, '').slice(0, -1);
  return inside.replaceAll(/\\(.)|[[^&]/gs, (char, escaped?: string) =>
    escaped === '-' ? '\\x2d' : literal(escaped ?? char),
  );
}

function literal(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}
