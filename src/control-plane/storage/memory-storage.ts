import { SortedKeys } from './sorted-keys.ts';
import {
  CompactedError,
  FutureRevisionError,
  type RangeOptions,
  type RangeResult,
  type Storage,
  type StorageEvent,
  type StorageWatch,
  type StoredValue,
  type WatchHandlers,
  type WriteResult,
} from './storage.ts';

interface Watcher {
  readonly prefix: string;
  readonly handlers: WatchHandlers;
}

/** What an engine starts from. */
export interface InitialState {
  readonly revision: number;
  readonly compactRevision: number;
  readonly values: Iterable<StoredValue>;
  /** Events after the compaction, in revision order. */
  readonly events: readonly StorageEvent[];
}

/**
 * Makes a batch of changes last. Resolves when they are durable; a rejection means that none of them is.
 * Called with batches in revision order, one at a time.
 */
export type PersistBatch = (events: readonly StorageEvent[]) => Promise<void>;

/**
 * The engine behind both stores: all values in memory, a history since the last compaction, and writes that are shown
 * to readers and watchers once `persist` has made them last. Writes that come while a batch is under way wait and go
 * out together (group commit).
 */
export class MemoryStorage implements Storage {
  readonly #persist: PersistBatch | undefined;
  readonly #keys = new SortedKeys();
  readonly #values = new Map<string, StoredValue>();
  /** Watchers by prefix, so that an event looks at few of them. */
  readonly #watchers = new Map<string, Set<Watcher>>();
  #history: StorageEvent[] = [];
  #revision = 1;
  #compactRevision = 0;
  /** What keys hold once everything under way is durable; undefined is a deletion. */
  readonly #pendingValues = new Map<string, StoredValue | undefined>();
  #pending: PendingWrite[] = [];
  #nextRevision = 1;
  #flushing = false;
  #closed = false;

  constructor(initial?: InitialState, persist?: PersistBatch) {
    this.#persist = persist;
    if (initial === undefined) return;
    this.#revision = initial.revision;
    this.#nextRevision = initial.revision;
    this.#compactRevision = initial.compactRevision;
    this.#history = [...initial.events];
    for (const value of initial.values) {
      this.#values.set(value.key, value);
      this.#keys.add(value.key);
    }
  }

  currentRevision(): number {
    return this.#revision;
  }

  async get(key: string): Promise<StoredValue | undefined> {
    this.#checkOpen();
    return this.#values.get(key);
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    this.#checkOpen();
    const revision = options.revision ?? this.#revision;
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision < this.#compactRevision) throw new CompactedError(this.#compactRevision);
    const limit = options.limit ?? Infinity;
    const start = options.startKey ?? prefix;
    const all =
      revision === this.#revision ? this.#current(prefix, start) : this.#valuesAt(prefix, start, revision).values();
    const values: StoredValue[] = [];
    let remaining = 0;
    for (const value of all) {
      if (values.length < limit) values.push(value);
      else remaining++;
    }
    return { values, revision, remaining };
  }

  async count(prefix: string): Promise<number> {
    this.#checkOpen();
    let count = 0;
    for (const key of this.#keys.from(prefix)) {
      if (!key.startsWith(prefix)) break;
      count++;
    }
    return count;
  }

  put(key: string, value: Uint8Array, expectedRevision: number): Promise<WriteResult> {
    return this.#write(key, value, expectedRevision);
  }

  delete(key: string, expectedRevision: number): Promise<WriteResult> {
    return this.#write(key, undefined, expectedRevision);
  }

  async watch(prefix: string, fromRevision: number, handlers: WatchHandlers): Promise<StorageWatch> {
    this.#checkOpen();
    if (fromRevision < this.#compactRevision) throw new CompactedError(this.#compactRevision);
    const watcher: Watcher = { prefix, handlers };
    // Past and live are joined without a gap: nothing can be written between these two lines.
    for (const events of groupByRevision(this.#historyAfter(fromRevision), prefix)) handlers.onEvents(events);
    const group = this.#watchers.get(prefix) ?? new Set<Watcher>();
    group.add(watcher);
    this.#watchers.set(prefix, group);
    return {
      close: () => {
        group.delete(watcher);
        if (group.size === 0 && this.#watchers.get(prefix) === group) this.#watchers.delete(prefix);
      },
    };
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    if (revision <= this.#compactRevision) return;
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    this.#compactRevision = revision;
    this.#history = this.#historyAfter(revision);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#flushing) await new Promise((resolve) => setImmediate(resolve));
    for (const group of this.#watchers.values()) for (const watcher of group) watcher.handlers.onEnd(undefined);
    this.#watchers.clear();
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('the storage is closed');
  }

  *#current(prefix: string, start: string): Generator<StoredValue> {
    for (const key of this.#keys.from(start)) {
      if (!key.startsWith(prefix)) break;
      const value = this.#values.get(key);
      if (value !== undefined) yield value;
    }
  }

  /** The past: what is there now, with the changes since then taken back. */
  #valuesAt(prefix: string, start: string, revision: number): StoredValue[] {
    const values = new Map<string, StoredValue>();
    for (const value of this.#current(prefix, start)) values.set(value.key, value);
    const events = this.#historyAfter(revision);
    for (let index = events.length - 1; index >= 0; index--) {
      const event = events[index];
      if (event === undefined || !event.key.startsWith(prefix) || event.key < start) continue;
      if (event.previous === undefined) values.delete(event.key);
      else values.set(event.key, event.previous);
    }
    return [...values.values()].sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  #historyAfter(revision: number): StorageEvent[] {
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#history[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#history.slice(low);
  }

  #write(key: string, value: Uint8Array | undefined, expectedRevision: number): Promise<WriteResult> {
    if (this.#closed) return Promise.reject(new Error('the storage is closed'));
    const isPending = this.#pendingValues.has(key);
    const previous = isPending ? this.#pendingValues.get(key) : this.#values.get(key);
    if ((previous?.modRevision ?? 0) !== expectedRevision) return this.#refuse(key, previous, isPending);
    if (value === undefined && previous === undefined) {
      return Promise.resolve({ ok: true, revision: this.#revision });
    }
    const revision = ++this.#nextRevision;
    const current =
      value === undefined
        ? undefined
        : { key, value, createRevision: previous?.createRevision ?? revision, modRevision: revision };
    const event: StorageEvent = {
      type: value === undefined ? 'delete' : 'put',
      key,
      revision,
      ...(current === undefined ? {} : { current }),
      ...(previous === undefined ? {} : { previous }),
    };
    this.#pendingValues.set(key, current);
    return new Promise<WriteResult>((resolve, reject) => {
      this.#pending.push({ event, resolve: () => resolve({ ok: true, revision }), reject });
      if (!this.#flushing) void this.#flush();
    });
  }

  /** A write that lost against one that is not durable yet waits for it, so that what it is told is true. */
  async #refuse(key: string, previous: StoredValue | undefined, isPending: boolean): Promise<WriteResult> {
    if (isPending) await this.#settled();
    return { ok: false, current: isPending ? this.#values.get(key) : previous };
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#pending.push({ event: undefined, resolve, reject: () => resolve() });
      if (!this.#flushing) void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      const events = batch.flatMap((write) => (write.event === undefined ? [] : [write.event]));
      try {
        if (this.#persist !== undefined && events.length > 0) await this.#persist(events);
      } catch (error) {
        this.#fail(batch, error);
        continue;
      }
      for (const event of events) this.#apply(event);
      for (const write of batch) write.resolve();
      this.#publish(events);
    }
    this.#flushing = false;
  }

  /** Nothing of the batch happened; later writes were decided on top of it, so they did not happen either. */
  #fail(batch: readonly PendingWrite[], error: unknown): void {
    const reason = error instanceof Error ? error : new Error(String(error));
    const later = this.#pending;
    this.#pending = [];
    this.#pendingValues.clear();
    this.#nextRevision = this.#revision;
    for (const write of [...batch, ...later]) write.reject(reason);
  }

  #apply(event: StorageEvent): void {
    if (event.current === undefined) {
      this.#values.delete(event.key);
      this.#keys.remove(event.key);
    } else {
      if (event.previous === undefined) this.#keys.add(event.key);
      this.#values.set(event.key, event.current);
    }
    if (this.#pendingValues.get(event.key) === event.current) this.#pendingValues.delete(event.key);
    this.#revision = event.revision;
    this.#history.push(event);
  }

  #publish(events: readonly StorageEvent[]): void {
    for (const [prefix, group] of this.#watchers) {
      const matching = events.filter((event) => event.key.startsWith(prefix));
      if (matching.length === 0) continue;
      for (const single of groupByRevision(matching, prefix)) {
        for (const watcher of group) watcher.handlers.onEvents(single);
      }
    }
  }
}

interface PendingWrite {
  readonly event: StorageEvent | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

function groupByRevision(events: readonly StorageEvent[], prefix: string): StorageEvent[][] {
  const groups: StorageEvent[][] = [];
  for (const event of events) {
    if (!event.key.startsWith(prefix)) continue;
    const last = groups.at(-1);
    if (last?.[0]?.revision === event.revision) last.push(event);
    else groups.push([event]);
  }
  return groups;
}

/** A store that forgets everything with its process; for tests. */
export function createMemoryStorage(): Storage {
  return new MemoryStorage();
}
