import type { Storage, StorageEvent, StoredValue, WatchHandlers } from './storage.ts';
import type { ValueEncryption } from './value-encryption.ts';

/**
 * A store that holds some values encrypted, whatever is behind it. Values that cannot be read are errors of a get or
 * range, and end a watch.
 * @param encryptionOf how the value of a key is kept; undefined for as it is
 */
export function encryptedStorage(
  storage: Storage,
  encryptionOf: (key: string) => ValueEncryption | undefined,
): Storage {
  const read = (stored: StoredValue): StoredValue => {
    const encryption = encryptionOf(stored.key);
    if (encryption === undefined) return stored;
    try {
      const { value, isStale } = encryption.decrypt(stored.value, stored.key);
      return { ...stored, value, ...(isStale ? { isStale } : {}) };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`unable to transform key ${JSON.stringify(stored.key)}: ${why}`, { cause: error });
    }
  };
  const readEvent = ({ current, previous, ...event }: StorageEvent): StorageEvent => ({
    ...event,
    ...(current === undefined ? {} : { current: read(current) }),
    ...(previous === undefined ? {} : { previous: read(previous) }),
  });
  return {
    currentRevision: () => storage.currentRevision(),
    async get(key) {
      const stored = await storage.get(key);
      return stored === undefined ? undefined : read(stored);
    },
    async range(prefix, options) {
      const result = await storage.range(prefix, options);
      return { ...result, values: result.values.map(read) };
    },
    count: (prefix) => storage.count(prefix),
    async put(key, value, expectedRevision, options) {
      const kept = encryptionOf(key)?.encrypt(value, key) ?? value;
      const result = await storage.put(key, kept, expectedRevision, options);
      if (result.ok || result.current === undefined) return result;
      return { ok: false, current: read(result.current) };
    },
    async delete(key, expectedRevision) {
      const result = await storage.delete(key, expectedRevision);
      if (result.ok || result.current === undefined) return result;
      return { ok: false, current: read(result.current) };
    },
    watch: (prefix, fromRevision, handlers) => watchReadable(storage, prefix, fromRevision, handlers, readEvent),
    compact: (revision) => storage.compact(revision),
    close: () => storage.close(),
  };
}

async function watchReadable(
  storage: Storage,
  prefix: string,
  fromRevision: number,
  handlers: WatchHandlers,
  readEvent: (event: StorageEvent) => StorageEvent,
): ReturnType<Storage['watch']> {
  let isOver = false;
  const end = (error: Error | undefined): void => {
    if (isOver) return;
    isOver = true;
    handlers.onEnd(error);
  };
  const watch = await storage.watch(prefix, fromRevision, {
    onEvents(events) {
      if (isOver) return;
      let readable: readonly StorageEvent[];
      try {
        readable = events.map(readEvent);
      } catch (error) {
        end(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      handlers.onEvents(readable);
    },
    onEnd: end,
  });
  return {
    close() {
      isOver = true;
      watch.close();
    },
  };
}
