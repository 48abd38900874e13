import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder with those above it, as Go's os.MkdirAll does. Node's own recursive way never ends in file systems that
 * refuse a new folder with ENOENT, such as /proc.
 * @throws Error of Node, whose `path` is the folder that could not be made
 */
export function makeFolders(path: string, mode: number): void {
  const entry = entryOf(path);
  if (entry?.isDirectory() === true) return;
  if (entry !== undefined) throw notFolder(path);
  const parent = dirname(path);
  if (parent !== path) makeFolders(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another one may have made it meanwhile.
    if (entryOf(path)?.isDirectory() !== true) throw error;
  }
}

function entryOf(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // What cannot be looked at is told of when it is to be made.
    return undefined;
  }
}

function notFolder(path: string): Error {
  const message = `ENOTDIR: not a directory, mkdir '${path}'`;
  return Object.assign(new Error(message), { code: 'ENOTDIR', syscall: 'mkdir', path });
}
