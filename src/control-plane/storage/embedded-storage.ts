import { ClassicLevel } from 'classic-level';
import { MemoryStorage } from './memory-storage.ts';
import type { Storage, StorageEvent, StoredValue } from './storage.ts';

/** A store that cannot be opened; the message names the directory and what to do. */
export class StorageOpenError extends Error {}

/** The part of LevelDB that the store uses; tests hand in one that fails. */
export interface LevelStore {
  batch(operations: readonly LevelOperation[], options: { readonly sync: boolean }): Promise<void>;
  iterator(options: { readonly gte: Uint8Array; readonly lt: Uint8Array }): {
    all(): Promise<[Uint8Array, Uint8Array][]>;
  };
  close(): Promise<void>;
}

export type LevelOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

/*
 * Layout of the database. Numbers are 8 bytes, big endian.
 *   m/format                      the layout's number
 *   m/compacted                   compact revision
 *   v/<key>                       create revision, mod revision, value
 *   e/<revision>                  one change: type, key, and whether the key was there before (with its value)
 */
const formatNumber = 1;
const formatKey = Buffer.from('m/format');
const compactedKey = Buffer.from('m/compacted');

/** How many changes are kept for watches that come back after a restart. */
const keptEvents = 5000;

/**
 * Opens the default store: everything in memory, every change in LevelDB and fsynced before it is acknowledged.
 * @param folder where the database lives; made when it is not there.
 * @throws StorageOpenError when another process has it open, it is of another format, or it is damaged.
 */
export async function openEmbeddedStorage(folder: string): Promise<Storage> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: true,
  });
  try {
    await level.open();
  } catch (error) {
    throw openError(folder, error);
  }
  return openOnLevel(folder, level);
}

function openError(folder: string, error: unknown): StorageOpenError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: string }).code ?? '';
  const text = cause instanceof Error ? cause.message : String(cause);
  if (code === 'LEVEL_LOCKED') {
    return new StorageOpenError(`the storage in ${folder} is in use by another process: stop that one first`);
  }
  if (code === 'LEVEL_CORRUPTION') {
    return new StorageOpenError(`the storage in ${folder} is damaged (${text}): restore it from a copy, or delete it`);
  }
  return new StorageOpenError(`the storage in ${folder} cannot be opened: ${text}`);
}

/** The store over an open database. */
export async function openOnLevel(folder: string, level: LevelStore): Promise<Storage> {
  try {
    const meta = new Map(
      (await level.iterator(prefixRange('m/')).all()).map(([key, value]) => [Buffer.from(key).toString(), value]),
    );
    await checkFormat(folder, level, meta.get('m/format'));
    const compacted = meta.get('m/compacted');
    const values = (await level.iterator(prefixRange('v/')).all()).map(([key, value]) => decodeValue(key, value));
    const events = decodeEvents(await level.iterator(prefixRange('e/')).all());
    const lastEvent = events.at(-1)?.revision ?? 1;
    const compactRevision = compacted === undefined ? 0 : readNumber(compacted, 0);
    const newest = values.reduce((highest, value) => Math.max(highest, value.modRevision), 1);
    const revision = Math.max(lastEvent, compactRevision, newest);
    return new EmbeddedStorage(level, { revision, compactRevision, values, events });
  } catch (error) {
    await level.close().catch(() => undefined);
    throw error instanceof StorageOpenError ? error : openError(folder, error);
  }
}

async function checkFormat(folder: string, level: LevelStore, stored: Uint8Array | undefined): Promise<void> {
  if (stored === undefined) {
    await level.batch([{ type: 'put', key: formatKey, value: numberBytes(formatNumber) }], { sync: true });
    return;
  }
  const found = readNumber(stored, 0);
  if (found === formatNumber) return;
  throw new StorageOpenError(`the storage in ${folder} has format ${found}, this version reads format ${formatNumber}`);
}

class EmbeddedStorage extends MemoryStorage {
  readonly #level: LevelStore;
  /** Revisions of the changes that are kept on disk. */
  #eventRevisions: number[];
  /** Changes up to here are not on disk any more. */
  #forgotten: number;

  constructor(level: LevelStore, initial: ConstructorParameters<typeof MemoryStorage>[0]) {
    super(initial, (events) => this.#store(events));
    this.#level = level;
    this.#eventRevisions = (initial?.events ?? []).map((event) => event.revision);
    this.#forgotten = initial?.compactRevision ?? 0;
  }

  override async compact(revision: number): Promise<void> {
    await super.compact(revision);
    const gone = this.#eventRevisions.filter((kept) => kept <= revision);
    this.#eventRevisions = this.#eventRevisions.filter((kept) => kept > revision);
    this.#forgotten = Math.max(this.#forgotten, revision);
    await this.#level.batch(
      [
        { type: 'put', key: compactedKey, value: numberBytes(this.#forgotten) },
        ...gone.map((old): LevelOperation => ({ type: 'del', key: eventKey(old) })),
      ],
      { sync: false },
    );
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#level.close();
  }

  async #store(events: readonly StorageEvent[]): Promise<void> {
    const operations: LevelOperation[] = [];
    for (const event of events) {
      operations.push({ type: 'put', key: eventKey(event.revision), value: encodeEvent(event) });
      const key = Buffer.from(`v/${event.key}`);
      if (event.current === undefined) operations.push({ type: 'del', key });
      else operations.push({ type: 'put', key, value: encodeValue(event.current) });
    }
    const dropped = this.#eventRevisions.slice(
      0,
      Math.max(0, this.#eventRevisions.length + events.length - keptEvents),
    );
    const forgotten = Math.max(this.#forgotten, dropped.at(-1) ?? 0);
    if (dropped.length > 0) {
      for (const revision of dropped) operations.push({ type: 'del', key: eventKey(revision) });
      operations.push({ type: 'put', key: compactedKey, value: numberBytes(forgotten) });
    }
    await this.#level.batch(operations, { sync: true });
    this.#forgotten = forgotten;
    this.#eventRevisions = [...this.#eventRevisions.slice(dropped.length), ...events.map((event) => event.revision)];
  }
}

function prefixRange(prefix: string): { gte: Uint8Array; lt: Uint8Array } {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return { gte: Buffer.from(prefix), lt: end };
}

function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function readNumber(bytes: Uint8Array, offset: number): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset));
}

function eventKey(revision: number): Buffer {
  return Buffer.concat([Buffer.from('e/'), numberBytes(revision)]);
}

function encodeValue(value: StoredValue): Buffer {
  return Buffer.concat([numberBytes(value.createRevision), numberBytes(value.modRevision), value.value]);
}

function decodeValue(key: Uint8Array, bytes: Uint8Array): StoredValue {
  return {
    key: Buffer.from(key).toString().slice(2),
    createRevision: readNumber(bytes, 0),
    modRevision: readNumber(bytes, 8),
    // A copy of its own: the batch that LevelDB handed out is one large buffer.
    value: Uint8Array.prototype.slice.call(bytes, 16),
  };
}

/** Key length, key, flags, then the present ones of current and previous: length, value. */
function encodeEvent(event: StorageEvent): Buffer {
  const key = Buffer.from(event.key);
  const parts: Uint8Array[] = [numberBytes(key.length), key];
  for (const value of [event.current, event.previous]) {
    const bytes = value === undefined ? undefined : encodeValue(value);
    parts.push(numberBytes(bytes?.length ?? 0));
    if (bytes !== undefined) parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function decodeEvents(rows: readonly [Uint8Array, Uint8Array][]): StorageEvent[] {
  return rows.map(([rowKey, bytes]) => {
    let offset = 0;
    const take = (): Uint8Array => {
      const length = readNumber(bytes, offset);
      const part = bytes.subarray(offset + 8, offset + 8 + length);
      offset += 8 + length;
      return part;
    };
    const keyBytes = take();
    const storedKey = Buffer.concat([Buffer.from('v/'), keyBytes]);
    const currentBytes = take();
    const previousBytes = take();
    const current = currentBytes.length === 0 ? undefined : decodeValue(storedKey, currentBytes);
    const previous = previousBytes.length === 0 ? undefined : decodeValue(storedKey, previousBytes);
    return {
      type: current === undefined ? 'delete' : 'put',
      key: Buffer.from(keyBytes).toString(),
      revision: readNumber(rowKey, 2),
      ...(current === undefined ? {} : { current }),
      ...(previous === undefined ? {} : { previous }),
    };
  });
}
