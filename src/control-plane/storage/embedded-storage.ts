import { mkdir, readdir } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { messageOf } from '../../apimachinery/error-message.ts';
import { type Clock, systemClock } from '../../system/clock.ts';
import { compactedKey, LevelPersister, type LevelStore } from './level-persister.ts';
import { type InitialState, MemoryStorage } from './memory-storage.ts';
import type { Storage, StorageEvent, StoredValue } from './storage.ts';
import { decodeNumber, decodeRow, encodeNumber, rowsAfter } from './stored-row.ts';

/** A store that cannot be opened; the message names the directory and what to do. */
export class StorageOpenError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StorageOpenError';
  }
}

/** What an embedded store is handed. */
export interface EmbeddedStorageOptions {
  /** For the expiry of keys; the machine's own when absent. */
  readonly clock?: Clock;
}

/** The layout's number; see `stored-row.ts` and the keys below. */
const formatNumber = 2;
const readBytes = 1024 * 1024;
const formatKey = Buffer.from('m/format');
const metaRange = { gte: Buffer.from('m/'), lt: Buffer.from('m0') };

/**
 * Opens the default store: everything in memory, every change in LevelDB and fsynced before it is acknowledged. What is
 * kept is what etcd keeps: each key's newest change up to the last compaction, and all changes after it.
 * @param folder where the database lives; made (for its owner only) when it is not there.
 * @throws StorageOpenError when another process has it open, it is of another format, or it is damaged.
 */
export async function openEmbeddedStorage(folder: string, options: EmbeddedStorageOptions = {}): Promise<Storage> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const files = await readdir(folder);
    // LevelDB takes such a folder for a new one and would throw away what is in it.
    if (!files.includes('CURRENT') && files.some((file) => /^MANIFEST-|^\d+\.(?:ldb|sst|log)$/.test(file))) {
      throw damaged(folder, 'the file CURRENT is missing');
    }
  } catch (error) {
    throw openError(folder, error);
  }
  return openOnLevel(folder, () => openLevel(folder), options);
}

/**
 * The store over a database.
 * @param open opens the database: once now, and again after each failed write, because LevelDB cannot be trusted to
 *   write on after one.
 * @throws StorageOpenError
 */
export async function openOnLevel(
  folder: string,
  open: () => Promise<LevelStore>,
  options: EmbeddedStorageOptions = {},
): Promise<Storage> {
  let level: LevelStore | undefined;
  try {
    level = await open();
    const initial = await load(folder, level);
    const persister = new LevelPersister({ folder, open, level, durableRevision: initial.revision });
    return new MemoryStorage(options.clock ?? systemClock, initial, persister);
  } catch (error) {
    await level?.close().catch(() => undefined);
    throw openError(folder, error);
  }
}

async function openLevel(folder: string): Promise<LevelStore> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, { keyEncoding: 'view', valueEncoding: 'view' });
  await level.open();
  return {
    // Half the CPU time of a batch given as an array.
    batch: async (operations, options) => {
      const batch = level.batch();
      for (const operation of operations) {
        if (operation.type === 'put') batch.put(operation.key, operation.value);
        else batch.del(operation.key);
      }
      await batch.write(options);
    },
    // The default of 16 KB would take a trip to another thread for every few objects.
    rows: (range) => level.iterator({ ...range, highWaterMarkBytes: readBytes }).all(),
    close: () => level.close(),
  };
}

async function load(folder: string, level: LevelStore): Promise<InitialState> {
  const meta = new Map((await level.rows(metaRange)).map(([key, value]) => [Buffer.from(key).toString(), value]));
  const rows = await level.rows(rowsAfter(0));
  await checkFormat(folder, level, meta.get(formatKey.toString()), meta.size + rows.length === 0);
  const compactRevision = decodeNumber(meta.get(Buffer.from(compactedKey).toString()));
  const values = new Map<string, StoredValue>();
  const events: StorageEvent[] = [];
  let revision = Math.max(compactRevision, 1);
  for (const [key, bytes] of rows) {
    const row = decodeRow(key, bytes);
    if (row === undefined) throw damaged(folder, `the change after revision ${revision} cannot be read`);
    const previous = values.get(row.key);
    if (row.current === undefined) values.delete(row.key);
    else values.set(row.key, row.current);
    if (row.revision <= compactRevision) continue;
    if (row.revision !== revision + 1) throw damaged(folder, `the change of revision ${revision + 1} is missing`);
    revision = row.revision;
    events.push({
      type: row.current === undefined ? 'delete' : 'put',
      key: row.key,
      revision,
      ...(row.current === undefined ? {} : { current: row.current }),
      ...(previous === undefined ? {} : { previous }),
    });
  }
  return { revision, compactRevision, values: values.values(), events };
}

async function checkFormat(
  folder: string,
  level: LevelStore,
  stored: Uint8Array | undefined,
  isNew: boolean,
): Promise<void> {
  if (isNew) {
    await level.batch([{ type: 'put', key: formatKey, value: encodeNumber(formatNumber) }], { sync: true });
    return;
  }
  if (stored === undefined) throw damaged(folder, 'the format number is missing');
  const found = decodeNumber(stored);
  if (found === formatNumber) return;
  throw new StorageOpenError(
    `the storage in ${folder} has format ${found}, this version reads format ${formatNumber}: use the version that ` +
      'made it, or another directory',
  );
}

function damaged(folder: string, what: string, cause?: unknown): StorageOpenError {
  return new StorageOpenError(
    `the storage in ${folder} is damaged (${what}): restore the directory from a copy, or delete it to start anew`,
    cause,
  );
}

function openError(folder: string, error: unknown): StorageOpenError {
  if (error instanceof StorageOpenError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: string } | undefined)?.code ?? '';
  const text = messageOf(cause);
  if (code === 'LEVEL_LOCKED') {
    return new StorageOpenError(`the storage in ${folder} is in use by another process: stop that one first`, error);
  }
  if (code === 'LEVEL_CORRUPTION') return damaged(folder, text, error);
  return new StorageOpenError(`the storage in ${folder} cannot be opened: ${text}`, error);
}
