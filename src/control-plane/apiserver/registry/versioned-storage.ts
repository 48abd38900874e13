import type { JsonObject } from '../../../apimachinery/json.ts';
import type { Schema, SchemaSource } from '../../../apimachinery/schema.ts';
import type {
  Storage,
  StorageEvent,
  StorageWatch,
  StoredValue,
  WatchHandlers,
  WriteResult,
} from '../../storage/storage.ts';

/** How the objects of one version of a resource are kept, when that is not as they are. */
export interface ObjectVersions {
  /**
   * Stored values as this version shows them, in their order; one that is shown as it is kept comes back itself.
   * @throws StatusError when an object cannot be converted
   */
  read(values: readonly StoredValue[]): Promise<readonly StoredValue[]>;
  /** An object of this version as it is kept. @throws StatusError */
  write(value: Uint8Array): Promise<Uint8Array>;
  /** Whether reading asks another server, whose answer may change. */
  readonly asksElsewhere: boolean;
  /** Objects of any version in another one, in their order. @throws StatusError */
  convert(objects: readonly JsonObject[], apiVersion: string): Promise<JsonObject[]>;
  /** The type of the kind in another version; undefined where there is none. */
  typeIn(apiVersion: string): { readonly schema: Schema; readonly types: SchemaSource } | undefined;
}

/** A store that shows everything in one version of a resource and keeps it as `versions` say. */
export function versionedStorage(storage: Storage, versions: ObjectVersions): Storage {
  const cache = new ReadValues(versions);
  const readOne = async (value: StoredValue): Promise<StoredValue> => {
    const [read] = versions.asksElsewhere ? await versions.read([value]) : await cache.read([value]);
    return read ?? value;
  };
  const readConflict = async (result: WriteResult): Promise<WriteResult> =>
    result.ok || result.current === undefined ? result : { ok: false, current: await readOne(result.current) };
  return {
    currentRevision: () => storage.currentRevision(),
    async get(key) {
      const value = await storage.get(key);
      return value === undefined ? undefined : readOne(value);
    },
    async range(prefix, options) {
      const result = await storage.range(prefix, options);
      return { ...result, values: await cache.read(result.values) };
    },
    count: (prefix) => storage.count(prefix),
    size: () => storage.size(),
    async put(key, value, expectedRevision, options) {
      const kept = await versions.write(value);
      const result = await storage.put(key, kept, expectedRevision, options);
      if (!result.ok) return readConflict(result);
      return kept === value ? result : { ...result, readBack: await readBack(versions, kept) };
    },
    async delete(key, expectedRevision) {
      return readConflict(await storage.delete(key, expectedRevision));
    },
    watch: (prefix, fromRevision, handlers) => watchVersion(storage, prefix, fromRevision, handlers, cache),
    compact: (revision) => storage.compact(revision),
    close: () => storage.close(),
  };
}

/** What reading would give of an object that is not really written. @throws StatusError */
export async function rehearsePut(versions: ObjectVersions, value: Uint8Array): Promise<Uint8Array> {
  const kept = await versions.write(value);
  return kept === value ? value : readBack(versions, kept);
}

async function readBack(versions: ObjectVersions, kept: Uint8Array): Promise<Uint8Array> {
  const [read] = await versions.read([{ key: '', value: kept, createRevision: 0, modRevision: 0 }]);
  return read?.value ?? kept;
}

/** Values that were read before are not converted again, by whoever they are asked for. */
class ReadValues {
  readonly #versions: ObjectVersions;
  readonly #known = new WeakMap<StoredValue, Promise<StoredValue>>();

  constructor(versions: ObjectVersions) {
    this.#versions = versions;
  }

  read(values: readonly StoredValue[]): Promise<readonly StoredValue[]> {
    const missing = values.filter((value) => !this.#known.has(value));
    if (missing.length > 0) {
      const batch = this.#versions.read(missing);
      for (const [index, value] of missing.entries()) {
        const one = batch.then((read) => read[index] ?? value);
        // What failed is tried again the next time; whoever waits for it hears of it.
        one.catch(() => this.#known.delete(value));
        this.#known.set(value, one);
      }
    }
    return Promise.all(values.map((value) => this.#known.get(value) ?? Promise.resolve(value)));
  }
}

/** Events wait for their objects, in their order. */
async function watchVersion(
  storage: Storage,
  prefix: string,
  fromRevision: number,
  handlers: WatchHandlers,
  cache: ReadValues,
): Promise<StorageWatch> {
  let isOver = false;
  let waiting = 0;
  let delivered = fromRevision;
  let tail = Promise.resolve();
  const end = (error: Error | undefined): void => {
    if (isOver) return;
    isOver = true;
    handlers.onEnd(error);
  };
  const deliver = async (events: readonly StorageEvent[], read: Promise<readonly StorageEvent[]>): Promise<void> => {
    try {
      const shown = await read;
      if (!isOver) handlers.onEvents(shown);
      delivered = Math.max(delivered, events.at(-1)?.revision ?? delivered);
    } catch (error) {
      end(error instanceof Error ? error : new Error(String(error)));
    } finally {
      waiting--;
    }
  };
  const after = (step: () => Promise<void> | void): void => {
    tail = tail.then(step);
  };
  const watch = await storage.watch(prefix, fromRevision, {
    onEvents(events) {
      if (isOver) return;
      waiting++;
      const read = readEvents(events, cache);
      // Its failure is told when its turn has come.
      read.catch(() => undefined);
      after(() => deliver(events, read));
    },
    onEnd: (error) => after(() => end(error)),
  });
  return {
    deliveredRevision: () => (waiting === 0 ? storage.currentRevision() : delivered),
    close() {
      isOver = true;
      watch.close();
    },
  };
}

async function readEvents(events: readonly StorageEvent[], cache: ReadValues): Promise<readonly StorageEvent[]> {
  const values = events.flatMap(({ current, previous }) => [current ?? [], previous ?? []].flat());
  const read = await cache.read(values);
  let next = 0;
  return events.map(({ current, previous, ...event }) => ({
    ...event,
    ...(current === undefined ? {} : { current: read[next++] ?? current }),
    ...(previous === undefined ? {} : { previous: read[next++] ?? previous }),
  }));
}
