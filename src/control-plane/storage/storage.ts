/**
 * What the API server stores in: etcd's semantics, whatever is behind it. One revision counts all writes of the whole
 * store; a key holds bytes with the revision that created it and the one that last changed it.
 */
export interface StoredValue {
  readonly key: string;
  readonly value: Uint8Array;
  /** Revision of the write that created the key. */
  readonly createRevision: number;
  /** Revision of the last write. */
  readonly modRevision: number;
  /** When the store deletes the key by itself, in milliseconds since the epoch; absent when it stays. */
  readonly expiresAtMillis?: number;
  /** The value is kept in another way than new ones are, so that writing the same again makes a difference. */
  readonly isStale?: boolean;
}

/** What may go with a write. */
export interface PutOptions {
  /**
   * The key is deleted, as an ordinary event, this long after the write. A later write without it takes the expiry
   * away, as etcd does when a put names no lease.
   */
  readonly ttlSeconds?: number;
}

/** One change, in revision order. Writes of one transaction share a revision. */
export interface StorageEvent {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly revision: number;
  /** The new value; absent for a delete. */
  readonly current?: StoredValue;
  /** The value before; absent when the key was created. */
  readonly previous?: StoredValue;
}

/** What a range read gives. */
export interface RangeResult {
  /** Sorted by key. */
  readonly values: readonly StoredValue[];
  /** Revision the read saw. */
  readonly revision: number;
  /** How many keys of the range follow beyond the limit. */
  readonly remaining: number;
}

export interface RangeOptions {
  /** Read as of this revision; the newest when absent. */
  readonly revision?: number;
  /** At most this many values. */
  readonly limit?: number;
  /** Start at this key (inclusive) instead of the prefix's first. */
  readonly startKey?: string;
}

/** The outcome of a compare-and-swap. */
export type WriteResult =
  | {
      readonly ok: true;
      readonly revision: number;
      /** What reading gives of a put, when that is not what was put. */
      readonly readBack?: Uint8Array;
    }
  /** The key was at another revision; `current` is what it holds now. */
  | { readonly ok: false; readonly current: StoredValue | undefined };

/** Thrown for a revision older than the last compaction. */
export class CompactedError extends Error {
  readonly compactRevision: number;

  constructor(compactRevision: number) {
    super(`the required revision has been compacted: the oldest available is ${compactRevision}`);
    this.name = 'CompactedError';
    this.compactRevision = compactRevision;
  }
}

/** Thrown for a revision that is not reached yet. */
export class FutureRevisionError extends Error {
  readonly requestedRevision: number;
  readonly currentRevision: number;

  constructor(requested: number, currentRevision: number) {
    super(`revision ${requested} is in the future: the newest is ${currentRevision}`);
    this.name = 'FutureRevisionError';
    this.requestedRevision = requested;
    this.currentRevision = currentRevision;
  }
}

/**
 * Thrown when a write could not be made durable, a full disk for example. Nothing of it happened: readers and watchers
 * never see it, and it may be tried again.
 */
export class StorageWriteError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StorageWriteError';
  }
}

/** A watch in progress. */
export interface StorageWatch {
  /** Stops the deliveries. */
  close(): void;
  /** The newest revision whose changes have all been delivered; the store's when absent. */
  deliveredRevision?(): number;
}

export interface WatchHandlers {
  /** Events of one revision, in order, never split. Called synchronously, in revision order; must not throw. */
  onEvents(events: readonly StorageEvent[]): void;
  /** The watch ended: compaction overtook it, or the store failed or closed. */
  onEnd(error: Error | undefined): void;
}

export interface Storage {
  /** The newest revision that is durable and visible; grows by one with each write. */
  currentRevision(): number;

  /** One key; undefined when it does not exist. */
  get(key: string): Promise<StoredValue | undefined>;

  /** All keys that start with the prefix, in the order of their UTF-8 bytes. @throws CompactedError, FutureRevisionError */
  range(prefix: string, options?: RangeOptions): Promise<RangeResult>;

  /** How many keys start with the prefix. */
  count(prefix: string): Promise<number>;

  /** How many bytes what is stored takes: on disk where it is kept there, else those of the values. */
  size(): Promise<number>;

  /**
   * Writes when the key's modRevision equals `expectedRevision` (0: the key must not exist). Resolves after the write
   * is durable; watchers see it no earlier. The store keeps `value` itself: do not change it afterwards.
   * @throws StorageWriteError
   */
  put(key: string, value: Uint8Array, expectedRevision: number, options?: PutOptions): Promise<WriteResult>;

  /** Deletes when the key's modRevision equals `expectedRevision`. @throws StorageWriteError */
  delete(key: string, expectedRevision: number): Promise<WriteResult>;

  /**
   * Delivers every change of keys with the prefix after `fromRevision`, without gaps, then goes on live.
   * @throws CompactedError when changes after `fromRevision` are no longer all known.
   */
  watch(prefix: string, fromRevision: number, handlers: WatchHandlers): Promise<StorageWatch>;

  /** Forgets history up to and including the revision. */
  compact(revision: number): Promise<void>;

  /** Ends watches, flushes and releases files; later calls reject. */
  close(): Promise<void>;
}
