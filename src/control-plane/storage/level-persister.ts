import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Persister } from './memory-storage.ts';
import { type StorageEvent, StorageWriteError } from './storage.ts';
import { encodeNumber, encodeRow, revisionOfRow, rowKey, rowsAfter } from './stored-row.ts';
import { messageOf } from '../../apimachinery/error-message.ts';

/** The part of LevelDB that the store uses; tests hand in one that fails. */
export interface LevelStore {
  /** All of the operations or none. */
  batch(operations: readonly LevelOperation[], options: { readonly sync: boolean }): Promise<void>;
  /** Everything from `gte` on and before `lt`, in order. */
  rows(range: { readonly gte: Uint8Array; readonly lt: Uint8Array }): Promise<[Uint8Array, Uint8Array][]>;
  close(): Promise<void>;
}

/** One change of a batch. */
export type LevelOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

/** Where the compact revision is kept. */
export const compactedKey: Uint8Array = Buffer.from('m/compacted');

/**
 * Writes changes to LevelDB. After a write that failed LevelDB's log may end in half a record, and what is written
 * behind it could be lost at the next start; also, whether the failed write is in the log is not known. So the database
 * is closed and opened again (which starts a new log), and what was refused is taken out of it, before any other write.
 */
export class LevelPersister implements Persister {
  readonly #folder: string;
  readonly #open: () => Promise<LevelStore>;
  /** Undefined while it has to be opened again. */
  #level: LevelStore | undefined;
  #durableRevision: number;
  /** The changes of the batch that failed, by revision. */
  #refused = new Map<number, Uint8Array>();

  constructor(options: {
    readonly folder: string;
    readonly open: () => Promise<LevelStore>;
    readonly level: LevelStore;
    readonly durableRevision: number;
  }) {
    this.#folder = options.folder;
    this.#open = options.open;
    this.#level = options.level;
    this.#durableRevision = options.durableRevision;
  }

  async write(events: readonly StorageEvent[]): Promise<void> {
    const rows = new Map(events.map((event) => [event.revision, encodeRow(event)]));
    const operations = [...rows].map(([revision, value]): LevelOperation => ({
      type: 'put',
      key: rowKey(revision),
      value,
    }));
    await this.#run(operations, true, rows);
    this.#durableRevision = events.at(-1)?.revision ?? this.#durableRevision;
  }

  async compact(revision: number, events: readonly StorageEvent[]): Promise<void> {
    const operations: LevelOperation[] = [{ type: 'put', key: compactedKey, value: encodeNumber(revision) }];
    for (const event of events) {
      if (event.previous !== undefined) operations.push({ type: 'del', key: rowKey(event.previous.modRevision) });
      if (event.type === 'delete') operations.push({ type: 'del', key: rowKey(event.revision) });
    }
    // Need not survive a crash by itself: it is in the log before the next write that must.
    await this.#run(operations, false, new Map());
  }

  async size(): Promise<number> {
    const sizes = (await readdir(this.#folder)).map((name) =>
      // A file of the database may go at any time, when its rows have been moved to another.
      stat(join(this.#folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async close(): Promise<void> {
    await this.#level?.close();
  }

  async #run(operations: readonly LevelOperation[], sync: boolean, rows: Map<number, Uint8Array>): Promise<void> {
    try {
      this.#level ??= await this.#reopen();
    } catch (error) {
      throw this.#writeError(error);
    }
    const level = this.#level;
    try {
      await level.batch(operations, { sync });
    } catch (error) {
      this.#level = undefined;
      this.#refused = rows;
      await level.close().catch(() => undefined);
      // At once, so that a refused write is gone even when the process dies next; if it fails, the next write tries.
      this.#level = await this.#reopen().catch(() => undefined);
      throw this.#writeError(error);
    }
  }

  async #reopen(): Promise<LevelStore> {
    const level = await this.#open();
    try {
      const beyond = await level.rows(rowsAfter(this.#durableRevision));
      for (const [key, value] of beyond) {
        const refused = this.#refused.get(revisionOfRow(key));
        if (refused === undefined || Buffer.compare(refused, value) !== 0) {
          throw new Error('another process has written to it: start again');
        }
      }
      if (beyond.length > 0) {
        await level.batch(
          beyond.map(([key]) => ({ type: 'del', key })),
          { sync: true },
        );
      }
      this.#refused.clear();
      return level;
    } catch (error) {
      await level.close().catch(() => undefined);
      throw error;
    }
  }

  #writeError(error: unknown): StorageWriteError {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const text = messageOf(cause);
    return new StorageWriteError(
      `the storage in ${this.#folder} cannot write (${text}): the change was not made`,
      error,
    );
  }
}
