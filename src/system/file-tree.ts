import { createReadStream } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { makeFolders } from './make-folders.ts';

/** What stands at a path, links not followed. */
export interface TreeEntry {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly modifiedMillis: number;
}

/** What is at a path itself. @throws Error of Node, with `code` */
export async function entryAt(path: string): Promise<TreeEntry> {
  const found = await lstat(path);
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'other';
  return { kind, size: found.size, mode: found.mode & 0o777, modifiedMillis: found.mtimeMs };
}

/** Names in a folder, sorted. */
export async function namesIn(path: string): Promise<readonly string[]> {
  return (await readdir(path)).sort();
}

/** Where a link leads. */
export function linkTarget(path: string): Promise<string> {
  return readlink(path);
}

/** A file piece by piece, at most `size` bytes of it. */
export async function* fileChunks(path: string, size: number): AsyncGenerator<Uint8Array> {
  if (size > 0) yield* createReadStream(path, { end: size - 1 }) as AsyncIterable<Uint8Array>;
}

/** Makes a folder with those above it. @throws Error of Node, whose `path` is the folder that could not be made */
export function ensureFolder(path: string): void {
  makeFolders(path, 0o755);
}

/** Writes a file anew, piece by piece; with the mode that the user's mask leaves of 0666. */
export async function writeChunks(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w', 0o666);
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}
