import { type Clock, systemClock } from '../../system/clock.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { OrderedMap, partitionPoint, utf8Less } from './ordered-map.ts';
import {
  CompactedError,
  FutureRevisionError,
  type PutOptions,
  type RangeOptions,
  type RangeResult,
  type Storage,
  type StorageEvent,
  type StorageWatch,
  type StoredValue,
  type WatchHandlers,
  type WriteResult,
} from './storage.ts';
import { WatchHub } from './watch-hub.ts';
import { nextTurn } from '../../system/next-turn.ts';

/** What an engine starts from. */
export interface InitialState {
  readonly revision: number;
  readonly compactRevision: number;
  readonly values: Iterable<StoredValue>;
  /** Events after the compaction, in revision order. */
  readonly events: readonly StorageEvent[];
}

/** Makes changes last. Called for one thing at a time. */
export interface Persister {
  /** Resolves when all of the changes are durable; a rejection means that none of them is. In revision order. */
  write(events: readonly StorageEvent[]): Promise<void>;
  /** Forgets what was superseded up to the revision; `events` are the changes that leave the history. */
  compact(revision: number, events: readonly StorageEvent[]): Promise<void>;
  /** How many bytes the files take. */
  size(): Promise<number>;
  close(): Promise<void>;
}

/** One write that waits for its batch. */
interface QueuedWrite {
  readonly key: string;
  /** Absent to delete. */
  readonly value: Uint8Array | undefined;
  readonly expectedRevision: number;
  readonly expiresAtMillis: number | undefined;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (reason: unknown) => void;
}

/** What a batch decided for one write. */
interface Decision {
  readonly write: QueuedWrite;
  readonly result: WriteResult;
  /** Whether it rests on another write of the batch, or is one. */
  readonly dependsOnBatch: boolean;
}

interface Batch {
  readonly decisions: readonly Decision[];
  readonly events: readonly StorageEvent[];
}

interface QueuedCompaction {
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

const maxBatchWrites = 1000;
const maxBatchBytes = 4 * 1024 * 1024;

/**
 * The engine behind the memory and the embedded store: all values in memory, a history since the last compaction, and
 * writes that are shown to readers and watchers once the persister has made them last. Writes that come while a batch
 * is under way go out together with the next (group commit). A batch is decided when it starts, on durable state and
 * its own earlier writes, so one that fails leaves nothing to take back.
 */
export class MemoryStorage implements Storage {
  readonly #clock: Clock;
  readonly #persister: Persister | undefined;
  readonly #values = new OrderedMap<StoredValue>();
  readonly #watches = new WatchHub();
  readonly #expiries: ExpiryQueue;
  #history: StorageEvent[] = [];
  #revision = 1;
  #compactRevision = 0;
  #writes: QueuedWrite[] = [];
  #compactions: QueuedCompaction[] = [];
  /** Set while batches are under way. */
  #working: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(clock: Clock, initial?: InitialState, persister?: Persister) {
    this.#clock = clock;
    this.#persister = persister;
    this.#expiries = new ExpiryQueue(clock, (key, modRevision) => this.delete(key, modRevision));
    if (initial === undefined) return;
    this.#revision = initial.revision;
    this.#compactRevision = initial.compactRevision;
    this.#history = [...initial.events];
    for (const value of initial.values) {
      this.#values.set(value.key, value);
      this.#expiries.add(value);
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
    if (revision < this.#revision) return this.#rangeAt(prefix, start, limit, revision);
    const values = this.#values.slice(prefix, start, limit);
    return { values, revision, remaining: this.#values.count(prefix, start) - values.length };
  }

  async count(prefix: string): Promise<number> {
    this.#checkOpen();
    return this.#values.count(prefix);
  }

  async size(): Promise<number> {
    this.#checkOpen();
    if (this.#persister !== undefined) return this.#persister.size();
    let bytes = 0;
    for (const { key, value } of this.#values.values('')) bytes += key.length + value.byteLength;
    return bytes;
  }

  put(key: string, value: Uint8Array, expectedRevision: number, options: PutOptions = {}): Promise<WriteResult> {
    const { ttlSeconds } = options;
    const expiresAtMillis = ttlSeconds === undefined ? undefined : this.#clock.now() + ttlSeconds * 1000;
    return this.#write(key, ownBytes(value), expectedRevision, expiresAtMillis);
  }

  delete(key: string, expectedRevision: number): Promise<WriteResult> {
    return this.#write(key, undefined, expectedRevision, undefined);
  }

  async watch(prefix: string, fromRevision: number, handlers: WatchHandlers): Promise<StorageWatch> {
    this.#checkOpen();
    if (fromRevision < this.#compactRevision) throw new CompactedError(this.#compactRevision);
    let told = fromRevision;
    // A handler may write, and that write is part of the past by the time the next round looks.
    for (let past = this.#historyAfter(told); past.length > 0; past = this.#historyAfter(told)) {
      for (const event of past) {
        told = event.revision;
        if (event.key.startsWith(prefix)) handlers.onEvents([event]);
      }
    }
    // Past and live are joined without a gap: nothing is written between the last look and this line.
    return this.#watches.add(prefix, told, handlers);
  }

  compact(revision: number): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    if (revision > this.#revision) return Promise.reject(new FutureRevisionError(revision, this.#revision));
    return new Promise((resolve, reject) => {
      this.#compactions.push({ revision, resolve, reject });
      this.#start();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    this.#expiries.stop();
    while (this.#working !== undefined) await this.#working;
    this.#watches.end(undefined);
    await this.#persister?.close();
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  /** The past: what is there now, with the changes since then taken back. */
  #rangeAt(prefix: string, start: string, limit: number, revision: number): RangeResult {
    // What the changed keys held then; undefined when they were not there.
    const then = new Map<string, StoredValue | undefined>();
    for (const event of this.#historyAfter(revision)) {
      if (!event.key.startsWith(prefix) || utf8Less(event.key, start) || then.has(event.key)) continue;
      then.set(event.key, event.previous);
    }
    const gone: StoredValue[] = [];
    let total = this.#values.count(prefix, start);
    for (const [key, value] of then) {
      const isThere = this.#values.get(key) !== undefined;
      if (value !== undefined && !isThere) gone.push(value);
      total += (value === undefined ? 0 : 1) - (isThere ? 1 : 0);
    }
    gone.sort((left, right) => (utf8Less(left.key, right.key) ? -1 : 1));
    const values: StoredValue[] = [];
    let nextGone = 0;
    const takeGoneBefore = (key: string | undefined): void => {
      for (let value = gone[nextGone]; value !== undefined; value = gone[++nextGone]) {
        if (values.length >= limit || (key !== undefined && utf8Less(key, value.key))) return;
        values.push(value);
      }
    };
    for (const present of this.#values.values(prefix, start)) {
      takeGoneBefore(present.key);
      if (values.length >= limit) break;
      const value = then.has(present.key) ? then.get(present.key) : present;
      if (value !== undefined) values.push(value);
    }
    takeGoneBefore(undefined);
    return { values, revision, remaining: total - values.length };
  }

  #historyAfter(revision: number): StorageEvent[] {
    return this.#history.slice(partitionPoint(this.#history, (event) => event.revision <= revision));
  }

  #write(
    key: string,
    value: Uint8Array | undefined,
    expectedRevision: number,
    expiresAtMillis: number | undefined,
  ): Promise<WriteResult> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    if (/\p{Surrogate}/u.test(key))
      return Promise.reject(new TypeError(`the key ${JSON.stringify(key)} is not valid Unicode`));
    return new Promise((resolve, reject) => {
      this.#writes.push({ key, value, expectedRevision, expiresAtMillis, resolve, reject });
      this.#start();
    });
  }

  #start(): void {
    if (this.#working !== undefined) return;
    if (this.#persister === undefined) {
      // Nothing to wait for. A write that a watcher makes meanwhile is queued and follows.
      this.#working = Promise.resolve();
      while (this.#writes.length > 0 || this.#compactions.length > 0) {
        this.#commit(this.#decide(this.#writes.splice(0)));
        for (const compaction of this.#compactions.splice(0)) {
          this.#forget(compaction.revision);
          compaction.resolve();
        }
      }
      this.#working = undefined;
      return;
    }
    this.#working = this.#work(this.#persister).finally(() => {
      this.#working = undefined;
      if (this.#writes.length > 0 || this.#compactions.length > 0) this.#start();
    });
  }

  async #work(persister: Persister): Promise<void> {
    // Writes of the same turn belong together.
    await Promise.resolve();
    while (this.#writes.length > 0 || this.#compactions.length > 0) {
      await this.#commitWhenDurable(persister, this.#decide(this.#takeBatch()));
      for (const compaction of this.#compactions.splice(0)) await this.#compactNow(persister, compaction);
      // Whoever was just answered often writes again: let them join the next batch.
      await nextTurn();
    }
  }

  async #commitWhenDurable(persister: Persister, batch: Batch): Promise<void> {
    try {
      if (batch.events.length > 0) await persister.write(batch.events);
    } catch (error) {
      for (const { write, result, dependsOnBatch } of batch.decisions) {
        if (dependsOnBatch) write.reject(error);
        else write.resolve(result);
      }
      return;
    }
    this.#commit(batch);
  }

  #takeBatch(): QueuedWrite[] {
    let bytes = 0;
    let count = 0;
    for (const write of this.#writes) {
      bytes += write.value?.byteLength ?? 0;
      if (count > 0 && (bytes > maxBatchBytes || count >= maxBatchWrites)) break;
      count++;
    }
    return this.#writes.splice(0, count);
  }

  /** Compares and swaps, on top of what is durable and what the batch itself changes. */
  #decide(writes: readonly QueuedWrite[]): Batch {
    const changed = new Map<string, StoredValue | undefined>();
    const decisions: Decision[] = [];
    const events: StorageEvent[] = [];
    let revision = this.#revision;
    for (const write of writes) {
      const { key } = write;
      const inBatch = changed.has(key);
      const previous = inBatch ? changed.get(key) : this.#values.get(key);
      if ((previous?.modRevision ?? 0) !== write.expectedRevision) {
        decisions.push({ write, result: { ok: false, current: previous }, dependsOnBatch: inBatch });
        continue;
      }
      if (write.value === undefined && previous === undefined) {
        decisions.push({ write, result: { ok: true, revision }, dependsOnBatch: inBatch });
        continue;
      }
      revision++;
      const current = newValue(write, previous, revision);
      changed.set(key, current);
      events.push({
        type: current === undefined ? 'delete' : 'put',
        key,
        revision,
        ...(current === undefined ? {} : { current }),
        ...(previous === undefined ? {} : { previous }),
      });
      decisions.push({ write, result: { ok: true, revision }, dependsOnBatch: true });
    }
    return { decisions, events };
  }

  /** Shows what is durable: first to readers, then to writers and watchers. */
  #commit(batch: Batch): void {
    for (const event of batch.events) {
      if (event.current === undefined) {
        this.#values.delete(event.key);
      } else {
        this.#values.set(event.key, event.current);
        this.#expiries.add(event.current);
      }
      this.#revision = event.revision;
      this.#history.push(event);
    }
    for (const { write, result } of batch.decisions) write.resolve(result);
    for (const event of batch.events) this.#watches.publish(event);
  }

  async #compactNow(persister: Persister, compaction: QueuedCompaction): Promise<void> {
    try {
      if (compaction.revision > this.#compactRevision) {
        const last = partitionPoint(this.#history, (event) => event.revision <= compaction.revision);
        await persister.compact(compaction.revision, this.#history.slice(0, last));
        this.#forget(compaction.revision);
      }
      compaction.resolve();
    } catch (error) {
      compaction.reject(error);
    }
  }

  #forget(revision: number): void {
    if (revision <= this.#compactRevision) return;
    this.#compactRevision = revision;
    this.#history = this.#historyAfter(revision);
  }
}

function newValue(write: QueuedWrite, previous: StoredValue | undefined, revision: number): StoredValue | undefined {
  const { key, value, expiresAtMillis } = write;
  if (value === undefined) return undefined;
  return {
    key,
    value,
    createRevision: previous?.createRevision ?? revision,
    modRevision: revision,
    ...(expiresAtMillis === undefined ? {} : { expiresAtMillis }),
  };
}

/** The value itself; a copy when it is a small part of a larger buffer (Node's pool), which it would keep alive. */
function ownBytes(value: Uint8Array): Uint8Array {
  return value.buffer.byteLength > 2 * value.byteLength + 64 ? Uint8Array.prototype.slice.call(value) : value;
}

function closedError(): Error {
  return new Error('the storage is closed');
}

/** A store that forgets everything with its process; for tests. @param options the clock is for expiry. */
export function createMemoryStorage(options: { readonly clock?: Clock } = {}): Storage {
  return new MemoryStorage(options.clock ?? systemClock);
}
