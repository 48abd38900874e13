import type { Storage, StorageEvent, StoredValue, WatchHandlers } from './storage.ts';
import type { Transformation, ValueEncryption } from './value-encryption.ts';
import { messageOf } from '../../apimachinery/error-message.ts';

/**
 * A store that holds some values encrypted, whatever is behind it. Values that cannot be read are errors of a get or
 * range, and end a watch.
 * @param encryptionOf how the value of a key is kept; undefined for as it is
 * @param observe is told of each value that is encrypted or decrypted now; what it returns is told how that went
 */
export function encryptedStorage(
  storage: Storage,
  encryptionOf: (key: string) => ValueEncryption | undefined,
  observe?: (key: string) => ((done: Transformation) => void) | undefined,
): Storage {
  const refuse = (key: string, error: unknown): Error => {
    const why = messageOf(error);
    return new Error(`unable to transform key ${JSON.stringify(key)}: ${why}`, { cause: error });
  };
  const read = (stored: StoredValue): StoredValue => {
    const encryption = encryptionOf(stored.key);
    if (encryption === undefined) return stored;
    try {
      const { value, isStale } = encryption.decrypt(stored.value, stored.key, observe?.(stored.key));
      return { ...stored, value, ...(isStale ? { isStale } : {}) };
    } catch (error) {
      throw refuse(stored.key, error);
    }
  };
  const prepare = ({ key, value }: StoredValue): Promise<void> | undefined =>
    encryptionOf(key)
      ?.prepare(value)
      ?.catch((error: unknown) => {
        throw refuse(key, error);
      });
  const readWhole = async (stored: StoredValue): Promise<StoredValue> => {
    await prepare(stored);
    return read(stored);
  };
  const reading: EventReading = {
    prepare(events) {
      const values = events.flatMap(({ current, previous }) => [current, previous].filter((one) => one !== undefined));
      const waits = values.map(prepare).filter((wait) => wait !== undefined);
      return waits.length === 0 ? undefined : Promise.all(waits);
    },
    read: ({ current, previous, ...event }) => ({
      ...event,
      ...(current === undefined ? {} : { current: read(current) }),
      ...(previous === undefined ? {} : { previous: read(previous) }),
    }),
  };
  return {
    currentRevision: () => storage.currentRevision(),
    async get(key) {
      const stored = await storage.get(key);
      return stored === undefined ? undefined : readWhole(stored);
    },
    async range(prefix, options) {
      const result = await storage.range(prefix, options);
      await Promise.all(result.values.map(prepare).filter((wait) => wait !== undefined));
      return { ...result, values: result.values.map(read) };
    },
    count: (prefix) => storage.count(prefix),
    size: () => storage.size(),
    async put(key, value, expectedRevision, options) {
      const kept = encryptionOf(key)?.encrypt(value, key, observe?.(key)) ?? value;
      const result = await storage.put(key, kept, expectedRevision, options);
      if (result.ok || result.current === undefined) return result;
      return { ok: false, current: await readWhole(result.current) };
    },
    async delete(key, expectedRevision) {
      const result = await storage.delete(key, expectedRevision);
      if (result.ok || result.current === undefined) return result;
      return { ok: false, current: await readWhole(result.current) };
    },
    watch: (prefix, fromRevision, handlers) => watchReadable(storage, prefix, fromRevision, handlers, reading),
    compact: (revision) => storage.compact(revision),
    close: () => storage.close(),
  };
}

/** How events become readable. */
interface EventReading {
  /** Gets what reading them needs from elsewhere; undefined where it is at hand. */
  prepare(events: readonly StorageEvent[]): Promise<unknown> | undefined;
  /** @throws Error */
  read(event: StorageEvent): StorageEvent;
}

async function watchReadable(
  storage: Storage,
  prefix: string,
  fromRevision: number,
  handlers: WatchHandlers,
  reading: EventReading,
): ReturnType<Storage['watch']> {
  let isOver = false;
  /** What came before and is not told yet: events stay in their order. */
  let waiting: Promise<void> | undefined;
  const end = (error: Error | undefined): void => {
    if (isOver) return;
    isOver = true;
    handlers.onEnd(error);
  };
  const fail = (error: unknown): void => end(error instanceof Error ? error : new Error(String(error)));
  const tell = (events: readonly StorageEvent[]): void => {
    if (isOver) return;
    let readable: readonly StorageEvent[];
    try {
      readable = events.map((event) => reading.read(event));
    } catch (error) {
      fail(error);
      return;
    }
    handlers.onEvents(readable);
  };
  const queue = (step: () => Promise<void> | void): void => {
    const before = waiting ?? Promise.resolve();
    const own = before
      .then(step)
      .catch(fail)
      .finally(() => {
        if (waiting === own) waiting = undefined;
      });
    waiting = own;
  };
  const watch = await storage.watch(prefix, fromRevision, {
    onEvents(events) {
      if (isOver) return;
      const prepared = reading.prepare(events);
      if (prepared === undefined && waiting === undefined) {
        tell(events);
        return;
      }
      // Whoever waits for what came before hears of it.
      prepared?.catch(() => undefined);
      queue(async () => {
        await prepared;
        tell(events);
      });
    },
    onEnd(error) {
      if (waiting === undefined) end(error);
      else queue(() => end(error));
    },
  });
  return {
    close() {
      isOver = true;
      watch.close();
    },
  };
}
