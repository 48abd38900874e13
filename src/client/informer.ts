import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import type { KubeObject } from '../apimachinery/object-meta.ts';

/** What an informer tells; objects are shared and must not be changed. */
export interface InformerHandler<T extends KubeObject> {
  added?(object: T): void;
  updated?(object: T, old: T): void;
  deleted?(object: T): void;
}

/** A local copy of a resource, kept up to date by one list and then a watch. */
export interface Informer<T extends KubeObject> {
  readonly gvr: GroupVersionResource;
  /** Handlers added after the start get `added` for what is there. */
  addHandler(handler: InformerHandler<T>): void;
  hasSynced(): boolean;
  get(namespace: string, name: string): T | undefined;
  /** All, or those of one namespace. */
  list(namespace?: string): readonly T[];
  /** Objects whose controller owner (metadata.ownerReferences with controller: true) has this uid. */
  ownedBy(uid: string): readonly T[];
  /** What the owner of this uid controls, and what of its namespace nobody controls and it may adopt. */
  claimable(uid: string, namespace: string): readonly T[];
}

/** Shares one informer per resource among the controllers of a process. */
export interface InformerFactory {
  informer<T extends KubeObject>(gvr: GroupVersionResource): Informer<T>;
  /**
   * For who only asks what belongs to whom: the objects have their name, uid, version, owners, finalizers and deletion,
   * and nothing else that could be relied on. Where somebody keeps the objects whole anyway, it is that copy.
   */
  metadata(gvr: GroupVersionResource): Informer<KubeObject>;
  /** Stops the copy of metadata of a resource that is served no more; asked for again, it starts anew. */
  forget(gvr: GroupVersionResource): Promise<void>;
  /** Starts those that were asked for and are not started. */
  start(): void;
  /** Resolves when all started ones have synced; false when aborted first. */
  waitForSync(signal?: AbortSignal): Promise<boolean>;
  /** Those that were asked for and have not synced (or not started). */
  unsynced(): readonly GroupVersionResource[];
  stop(): Promise<void>;
}
