import { dirname } from 'node:path';
import type { Client } from '../client/client.ts';
import type { FileSystem } from '../system/file-system.ts';

/** What the caches of a server's answers need. */
export interface CacheOptions {
  readonly client: Client;
  readonly files: FileSystem;
  /** `--cache-dir`, absolute. */
  readonly cacheFolder: string;
  /** The server's address: what is remembered is kept apart by it. */
  readonly server: string;
  /** How long the server is told that it has, as Go writes it: `32s`, or what --request-timeout says. */
  readonly timeout: string;
}

/** Writes a file of the cache, whole or not at all; a cache that cannot be written costs time, nothing else. */
export async function writeCacheFile(files: FileSystem, path: string, content: string | Uint8Array): Promise<void> {
  try {
    await files.makeFolder(dirname(path), 0o750);
    await files.writeFileAtomic(path, content, 0o660);
  } catch {
    // Not written, then.
  }
}

/** `127.0.0.1_6443`: a server's address as a folder's name. */
export function cacheFolderName(server: string): string {
  return server.replace(/^https?:\/\//, '').replaceAll(/[^\w.-]/g, '_');
}
