import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import type { KubeObject } from '../apimachinery/object-meta.ts';
import { StatusError } from '../apimachinery/status.ts';
import { type Clock, sleep } from '../system/clock.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import type { Client } from './client.ts';
import type { Informer, InformerFactory, InformerHandler } from './informer.ts';

export interface InformerFactoryOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** For an initializer: also what initializers have not all seen yet. */
  readonly includeUninitialized?: boolean;
}

/** Makes a factory; nothing is asked of the server before `start`. */
export function createInformerFactory(options: InformerFactoryOptions): InformerFactory {
  const informers = new Map<string, Reflector<KubeObject>>();
  /** Those that keep metadata alone. */
  const partial = new Map<string, Reflector<KubeObject>>();
  const all = (): Reflector<KubeObject>[] => [...informers.values(), ...partial.values()];
  const keyOf = ({ group, version, resource }: GroupVersionResource): string => `${group}/${version}/${resource}`;
  return {
    informer<T extends KubeObject>(gvr: GroupVersionResource): Informer<T> {
      const key = keyOf(gvr);
      const known = informers.get(key) ?? new Reflector<KubeObject>(options, gvr, false);
      informers.set(key, known);
      return known as unknown as Informer<T>;
    },
    metadata(gvr) {
      const key = keyOf(gvr);
      const known = informers.get(key) ?? partial.get(key) ?? new Reflector<KubeObject>(options, gvr, true);
      if (!informers.has(key)) partial.set(key, known);
      return known;
    },
    async forget(gvr) {
      const key = keyOf(gvr);
      const known = partial.get(key);
      partial.delete(key);
      await known?.stop();
    },
    start() {
      for (const informer of all()) informer.start();
    },
    async waitForSync(signal) {
      const started = all().filter((informer) => informer.isStarted);
      const synced = Promise.all(started.map((informer) => informer.waitForSync()));
      await (signal === undefined ? synced : Promise.race([synced, aborted(signal)]));
      return started.every((informer) => informer.hasSynced());
    },
    unsynced: () =>
      all()
        .filter((informer) => !informer.hasSynced())
        .map((informer) => informer.gvr),
    async stop() {
      await Promise.all(all().map((informer) => informer.stop()));
    },
  };
}

/** client-go's back-off of reflectors: doubled up to the longest, forgotten after two minutes without trouble. */
const firstBackoffMillis = 800;
const longestBackoffMillis = 30_000;
const backoffResetMillis = 120_000;
/** A watch that ends sooner without an event is no use; asking again at once would be a busy loop. */
const shortWatchMillis = 1000;
const pageSize = 500;
/** Watches are asked to end after five to ten minutes, so that load moves between servers. */
const minWatchSeconds = 300;

const nothing: readonly never[] = [];

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

class Reflector<T extends KubeObject> implements Informer<T> {
  readonly gvr: GroupVersionResource;
  readonly #options: InformerFactoryOptions;
  readonly #handlers: InformerHandler<T>[] = [];
  readonly #objects = new Map<string, T>();
  readonly #byNamespace = new Map<string, Map<string, T>>();
  readonly #byOwner = new Map<string, Map<string, T>>();
  /** By namespace. */
  readonly #unowned = new Map<string, Map<string, T>>();
  readonly #metadataOnly: boolean;
  readonly #stopping = new AbortController();
  #synced = false;
  readonly #onSynced = new Set<() => void>();
  #mustList = true;
  /** Where lists and watches go on from: `0` is whatever the server has at hand, empty the newest. */
  #listFrom = '0';
  #expiries = 0;
  #running: Promise<void> | undefined;

  constructor(options: InformerFactoryOptions, gvr: GroupVersionResource, metadataOnly: boolean) {
    this.#options = options;
    this.gvr = gvr;
    this.#metadataOnly = metadataOnly;
  }

  addHandler(handler: InformerHandler<T>): void {
    this.#handlers.push(handler);
    for (const object of this.#objects.values()) this.#tell(handler, (told) => told.added?.(object));
  }

  hasSynced(): boolean {
    return this.#synced;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  list(namespace?: string): readonly T[] {
    if (namespace === undefined || namespace === '') return [...this.#objects.values()];
    return [...(this.#byNamespace.get(namespace)?.values() ?? nothing)];
  }

  ownedBy(uid: string): readonly T[] {
    return [...(this.#byOwner.get(uid)?.values() ?? nothing)];
  }

  claimable(uid: string, namespace: string): readonly T[] {
    return [...this.ownedBy(uid), ...(this.#unowned.get(namespace)?.values() ?? nothing)];
  }

  get isStarted(): boolean {
    return this.#running !== undefined;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when it has synced, or was stopped. */
  waitForSync(): Promise<void> {
    if (this.#synced || this.#stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#onSynced.delete(finish);
        resolve();
      };
      this.#onSynced.add(finish);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    for (const finish of this.#onSynced) finish();
  }

  async #run(): Promise<void> {
    const { clock, random, log } = this.#options;
    const { signal } = this.#stopping;
    let backoff = firstBackoffMillis;
    let lastTrouble = clock.now();
    while (!signal.aborted) {
      try {
        if (this.#mustList) await this.#list();
        await this.#watch();
      } catch (error) {
        if (signal.aborted) return;
        const isTooOld = isExpired(error) || isTooLarge(error);
        if (isTooOld) {
          // Neither may the list ask for that version: the newest there is.
          this.#mustList = true;
          this.#listFrom = '';
        }
        // The first time is no failure: the server has moved on, and tells so.
        if (isTooOld && this.#expiries++ === 0) continue;
        log.warn('watching failed, will be tried again', { resource: this.gvr.resource, error: String(error) });
        if (clock.now() - lastTrouble > backoffResetMillis) backoff = firstBackoffMillis;
        await sleep(clock, backoff * (1 + random.next()), signal);
        lastTrouble = clock.now();
        backoff = Math.min(backoff * 2, longestBackoffMillis);
      }
    }
  }

  /** Lists everything, page by page, and tells what changed against what was known. */
  async #list(): Promise<void> {
    const resource = this.#options.client.resource<T>(this.gvr);
    const found = new Map<string, T>();
    const from = this.#listFrom;
    let continueToken = '';
    let resourceVersion = '';
    do {
      const page = await resource.list({
        // A server pages through the newest version only; not older than a given one comes whole.
        ...(from === '' || from === '0' ? { limit: pageSize } : {}),
        ...(continueToken === '' ? { resourceVersion: from } : { continue: continueToken }),
        metadataOnly: this.#metadataOnly,
        ...this.#visibility(),
        signal: this.#stopping.signal,
      });
      const kind = page.kind.replace(/List$/, '');
      for (const item of page.items) {
        item.apiVersion ??= page.apiVersion;
        item.kind ??= kind;
        found.set(keyOf(item), this.#slim(item));
      }
      continueToken = page.metadata.continue ?? '';
      resourceVersion = page.metadata.resourceVersion ?? '';
    } while (continueToken !== '');
    for (const [key, object] of this.#objects) if (!found.has(key)) this.#remove(object);
    for (const object of found.values()) this.#set(object);
    this.#listFrom = resourceVersion;
    this.#mustList = false;
    this.#synced = true;
    for (const finish of this.#onSynced) finish();
  }

  /** Follows the changes from where it is until the server ends the watch. @throws Error when it breaks */
  async #watch(): Promise<void> {
    const { client, clock, random } = this.#options;
    const startedAt = clock.now();
    let events = 0;
    const stream = client.resource<T>(this.gvr).watch({
      resourceVersion: this.#listFrom,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.floor(minWatchSeconds * (1 + random.next())),
      metadataOnly: this.#metadataOnly,
      shares: true,
      ...this.#visibility(),
      signal: this.#stopping.signal,
    });
    for await (const event of stream) {
      if (event.type === 'ERROR') throw new StatusError(event.object);
      events++;
      this.#expiries = 0;
      if (event.type === 'DELETED') this.#remove(this.#slim(event.object));
      else if (event.type !== 'BOOKMARK') this.#set(this.#slim(event.object));
      this.#listFrom = event.object.metadata.resourceVersion ?? this.#listFrom;
    }
    this.#expiries = 0;
    if (events === 0 && clock.now() - startedAt < shortWatchMillis) {
      throw new Error('the watch ended within a second and without an event');
    }
  }

  #visibility(): { readonly includeUninitialized?: boolean } {
    return this.#options.includeUninitialized === true ? { includeUninitialized: true } : {};
  }

  /** What is kept of an object. */
  #slim(object: T): T {
    return this.#metadataOnly ? (ownership(object) as unknown as T) : slim(object);
  }

  #set(object: T): void {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old !== undefined) {
      if (old.metadata.resourceVersion === object.metadata.resourceVersion) return;
      if (old.metadata.uid !== object.metadata.uid) {
        // Deleted and made again while nobody watched.
        this.#remove(old);
        this.#set(object);
        return;
      }
      this.#unindex(key, old);
    }
    this.#objects.set(key, object);
    this.#index(key, object);
    for (const handler of this.#handlers) {
      this.#tell(handler, (told) => (old === undefined ? told.added?.(object) : told.updated?.(object, old)));
    }
  }

  #remove(object: T): void {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    if (known === undefined) return;
    this.#unindex(key, known);
    this.#objects.delete(key);
    for (const handler of this.#handlers) this.#tell(handler, (told) => told.deleted?.(object));
  }

  /** A handler that throws is a bug of its own and must not keep the others from knowing. */
  #tell(handler: InformerHandler<T>, tell: (handler: InformerHandler<T>) => void): void {
    try {
      tell(handler);
    } catch (error) {
      this.#options.log.error('an informer handler failed', { resource: this.gvr.resource, error: String(error) });
    }
  }

  #index(key: string, object: T): void {
    put(this.#byNamespace, object.metadata.namespace ?? '', key, object);
    const owner = controllerUid(object);
    if (owner === undefined) put(this.#unowned, object.metadata.namespace ?? '', key, object);
    else put(this.#byOwner, owner, key, object);
  }

  #unindex(key: string, object: T): void {
    take(this.#byNamespace, object.metadata.namespace ?? '', key);
    const owner = controllerUid(object);
    if (owner === undefined) take(this.#unowned, object.metadata.namespace ?? '', key);
    else take(this.#byOwner, owner, key);
  }
}

/** No controller reads who manages which field, and a write without them keeps them: half the memory of many objects. */
function slim<T extends KubeObject>(object: T): T {
  delete object.metadata.managedFields;
  return object;
}

/** What tells who owns what. */
function ownership({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } = metadata;
  const kept = { name, namespace, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp };
  const present = Object.entries(kept).filter(([, value]) => value !== undefined);
  return { apiVersion, kind, metadata: Object.fromEntries(present) };
}

function isExpired(error: unknown): boolean {
  return error instanceof StatusError && (error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone');
}

/** The server is behind the version asked for (a backup was restored, or its cache is slow). */
function isTooLarge(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    error.reason === 'Timeout' &&
    error.status.details?.causes?.some(({ reason }) => reason === 'ResourceVersionTooLarge') === true
  );
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

function controllerUid(object: KubeObject): string | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true)?.uid;
}

function put<T>(index: Map<string, Map<string, T>>, value: string, key: string, object: T): void {
  const group = index.get(value) ?? new Map<string, T>();
  group.set(key, object);
  index.set(value, group);
}

function take<T>(index: Map<string, Map<string, T>>, value: string, key: string): void {
  const group = index.get(value);
  group?.delete(key);
  if (group?.size === 0) index.delete(value);
}
