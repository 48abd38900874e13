import { posix } from 'node:path';
import { CommandError } from '../../cli/command.ts';

/** `[[NAMESPACE/]POD:]PATH`. */
export interface FileSpec {
  /** Empty for that of the flags. */
  readonly namespace: string;
  /** Empty for a local path. */
  readonly pod: string;
  readonly path: string;
}

const mismatch = 'filespec must match the canonical format: [[namespace/]pod:]file/path';

/** @throws CommandError */
export function parseFileSpec(text: string): FileSpec {
  const colon = text.indexOf(':');
  if (colon === 0) throw new CommandError(mismatch);
  if (colon < 0) return { namespace: '', pod: '', path: withoutTrailingSlash(text) };
  const [first = '', second, ...more] = text.slice(0, colon).split('/');
  if (more.length > 0) throw new CommandError(mismatch);
  const path = remotePath(text.slice(colon + 1));
  return second === undefined ? { namespace: '', pod: first, path } : { namespace: first, pod: second, path };
}

/** A path in a container: always with slashes, none at its end. */
export function remotePath(text: string): string {
  return withoutTrailingSlash(text).replaceAll('\\', '/');
}

function withoutTrailingSlash(text: string): string {
  return text !== '/' && text.endsWith('/') ? text.slice(0, -1) : text;
}

/** What the names in an archive of a remote path begin with: tar leaves out what would lead above the root. */
export function archivePrefix(path: string): string {
  const clean = posix.normalize(path.replace(/^[/\\]+/, '') === '' ? '.' : path.replace(/^[/\\]+/, ''));
  return withoutShortcuts(withoutTrailingSlash(clean));
}

/** Without `../` at the beginning. */
export function withoutShortcuts(path: string): string {
  let rest = path;
  while (rest.startsWith('../')) rest = rest.slice(3);
  if (rest === '.' || rest === '..') rest = '';
  return rest.startsWith('/') ? rest.slice(1) : rest;
}
