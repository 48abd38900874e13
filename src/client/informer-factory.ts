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
}

/** Makes a factory; nothing is asked of the server before `start`. */
export function createInformerFactory(options: InformerFactoryOptions): InformerFactory {
  const informers = new Map<string, Reflector<KubeObject>>();
  return {
    informer<T extends KubeObject>(gvr: GroupVersionResource): Informer<T> {
      const key = `${gvr.group}/${gvr.version}/${gvr.resource}`;
      const known = informers.get(key) ?? new Reflector<KubeObject>(options, gvr);
      informers.set(key, known);
      return known as unknown as Informer<T>;
    },
    start() {
      for (const informer of informers.values()) informer.start();
    },
    async waitForSync(signal) {
      const results = await Promise.all([...informers.values()].map((informer) => informer.waitForSync(signal)));
      return results.every(Boolean);
    },
    async stop() {
      await Promise.all([...informers.values()].map((informer) => informer.stop()));
    },
  };
}

const firstBackoffMillis = 200;
const longestBackoffMillis = 30_000;
const pageSize = 500;
/** Watches are asked to end after five to ten minutes, so that load moves between servers. */
const minWatchSeconds = 300;

const nothing: readonly never[] = [];

class Reflector<T extends KubeObject> implements Informer<T> {
  readonly gvr: GroupVersionResource;
  readonly #options: InformerFactoryOptions;
  readonly #handlers: InformerHandler<T>[] = [];
  readonly #objects = new Map<string, T>();
  readonly #byNamespace = new Map<string, Map<string, T>>();
  readonly #byOwner = new Map<string, Map<string, T>>();
  readonly #stopping = new AbortController();
  #synced = false;
  #onSynced: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(options: InformerFactoryOptions, gvr: GroupVersionResource) {
    this.#options = options;
    this.gvr = gvr;
  }

  addHandler(handler: InformerHandler<T>): void {
    this.#handlers.push(handler);
    for (const object of this.#objects.values()) handler.added?.(object);
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

  start(): void {
    this.#running ??= this.#run();
  }

  waitForSync(signal?: AbortSignal): Promise<boolean> {
    if (this.#synced) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#onSynced.push(() => resolve(this.#synced));
      signal?.addEventListener('abort', () => resolve(this.#synced), { once: true });
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    for (const resolve of this.#onSynced.splice(0)) resolve();
  }

  async #run(): Promise<void> {
    let backoff = firstBackoffMillis;
    const { signal } = this.#stopping;
    let resourceVersion = '';
    while (!signal.aborted) {
      try {
        if (resourceVersion === '') resourceVersion = await this.#list();
        resourceVersion = await this.#watch(resourceVersion);
        backoff = firstBackoffMillis;
        continue;
      } catch (error) {
        if (signal.aborted) return;
        // What the watch got through is kept by #watch; a list is needed when the server no longer knows the version.
        if (error instanceof WatchBroken) resourceVersion = error.resourceVersion;
        else resourceVersion = '';
        const cause = error instanceof WatchBroken ? error.cause : error;
        if (!isExpired(cause)) {
          this.#options.log.warn('watching failed, will be tried again', {
            resource: this.gvr.resource,
            error: String(cause),
          });
          await sleep(this.#options.clock, backoff * (1 + this.#options.random.next()), signal);
          backoff = Math.min(backoff * 2, longestBackoffMillis);
        }
      }
    }
  }

  /** Lists everything, page by page, and tells what changed against what was known. */
  async #list(): Promise<string> {
    const resource = this.#options.client.resource<T>(this.gvr);
    const found = new Map<string, T>();
    let continueToken = '';
    let resourceVersion = '';
    do {
      const page = await resource.list({
        limit: pageSize,
        ...(continueToken === '' ? {} : { continue: continueToken }),
        signal: this.#stopping.signal,
      });
      const kind = page.kind.replace(/List$/, '');
      for (const item of page.items) {
        item.apiVersion ??= page.apiVersion;
        item.kind ??= kind;
        found.set(keyOf(item), item);
      }
      continueToken = page.metadata.continue ?? '';
      resourceVersion = page.metadata.resourceVersion ?? '';
    } while (continueToken !== '');
    for (const [key, object] of this.#objects) if (!found.has(key)) this.#remove(object);
    for (const object of found.values()) this.#set(object);
    this.#synced = true;
    for (const resolve of this.#onSynced.splice(0)) resolve();
    return resourceVersion;
  }

  /** @returns the version to go on from when the server ended the watch. @throws WatchBroken */
  async #watch(from: string): Promise<string> {
    let resourceVersion = from;
    const timeoutSeconds = Math.floor(minWatchSeconds * (1 + this.#options.random.next()));
    try {
      const events = this.#options.client.resource<T>(this.gvr).watch({
        resourceVersion,
        allowWatchBookmarks: true,
        timeoutSeconds,
        signal: this.#stopping.signal,
      });
      for await (const event of events) {
        if (event.type === 'ERROR') throw new StatusError(event.object);
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
        if (event.type === 'DELETED') this.#remove(event.object);
        else if (event.type !== 'BOOKMARK') this.#set(event.object);
      }
      return resourceVersion;
    } catch (error) {
      throw new WatchBroken(isExpired(error) ? '' : resourceVersion, error);
    }
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
      if (old === undefined) handler.added?.(object);
      else handler.updated?.(object, old);
    }
  }

  #remove(object: T): void {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    if (known === undefined) return;
    this.#unindex(key, known);
    this.#objects.delete(key);
    for (const handler of this.#handlers) handler.deleted?.(object);
  }

  #index(key: string, object: T): void {
    put(this.#byNamespace, object.metadata.namespace ?? '', key, object);
    const owner = controllerUid(object);
    if (owner !== undefined) put(this.#byOwner, owner, key, object);
  }

  #unindex(key: string, object: T): void {
    take(this.#byNamespace, object.metadata.namespace ?? '', key);
    const owner = controllerUid(object);
    if (owner !== undefined) take(this.#byOwner, owner, key);
  }
}

/** A watch that ended with an error; `resourceVersion` is how far it came, empty when a list is needed. */
class WatchBroken extends Error {
  readonly resourceVersion: string;

  constructor(resourceVersion: string, cause: unknown) {
    super('the watch broke', { cause });
    this.resourceVersion = resourceVersion;
  }
}

function isExpired(error: unknown): boolean {
  return error instanceof StatusError && (error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone');
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
