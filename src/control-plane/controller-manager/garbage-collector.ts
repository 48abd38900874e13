import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.ts';
import { formatGroupVersion, type GroupVersionResource, parseGroupVersion } from '../../apimachinery/gvk.ts';
import type { DiscoveredResource } from '../../apimachinery/discovery-document.ts';
import type { KubeObject, OwnerReference } from '../../apimachinery/object-meta.ts';
import { hasReason, StatusError } from '../../apimachinery/status.ts';
import type { Informer } from '../../client/informer.ts';
import { createWorkqueue, runWorkers } from '../../client/workqueue.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { deletableResources } from './served-resources.ts';

/** What is kept of an object: enough to know whom it belongs to. */
interface Node {
  readonly gvr: GroupVersionResource;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  owners: readonly OwnerReference[];
  finalizers: readonly string[];
  deleting: boolean;
}

/** `waiting` owners go, after what they own. */
type OwnerState = 'there' | 'waiting' | 'gone';

const foreground = 'foregroundDeletion';
const orphan = 'orphan';
/** Events come and go too often to be worth watching. */
const ignored = new Set(['/events', 'events.k8s.io/events']);
/** Custom kinds take a moment to be served after their definition changes. */
const rescanMillis = 200;
/** How long all kinds together may take to be listed at the start. */
const syncMillis = 30_000;

/**
 * Deletes what nobody owns any more: objects whose owners are all gone (background), owners that wait for what they own
 * (foreground), and takes owners out of what is to stay (orphan).
 */
export function createGarbageCollector(context: ControllerContext): Controller {
  return new GarbageCollector(context);
}

class GarbageCollector implements Controller {
  readonly name = 'garbage-collector-controller';
  readonly #context: ControllerContext;
  readonly #nodes = new Map<string, Node>();
  /** uids of what an owner's uid owns. */
  readonly #dependents = new Map<string, Set<string>>();
  /** By `group/version/resource`. */
  readonly #watched = new Map<string, GroupVersionResource>();
  /** By `group/kind`, as the last scan found them. */
  readonly #resourceByKind = new Map<string, DiscoveredResource>();
  readonly #queue;
  readonly #definitions: Informer<CustomResourceDefinition>;
  #running: Promise<void> | undefined;
  #stopped = false;
  /** Ends the wait for the first lists. */
  readonly #patience = new AbortController();
  /** Nothing is decided before the picture is complete. */
  #isComplete = false;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = createWorkqueue<string>({ clock: context.clock, observer: context.queueObserver?.() });
    this.#definitions = context.informers.informer<CustomResourceDefinition>({
      group: 'apiextensions.k8s.io',
      version: 'v1',
      resource: 'customresourcedefinitions',
    });
  }

  start(): void {
    this.#running ??= runWorkers(
      this.#queue,
      5,
      (key) => (key === '' ? this.#scan() : this.#process(key)),
      (key, error) => {
        if (!this.#stopped)
          this.#context.log.warn('garbage collection failed, will be tried again', { key, error: String(error) });
      },
    );
    this.#queue.add('');
    const rescan = (): void => this.#queue.addAfter('', rescanMillis);
    this.#definitions.addHandler({ added: rescan, updated: rescan, deleted: rescan });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#patience.abort();
    this.#queue.shutDown();
    await this.#running;
  }

  /** Watches every resource that is served, and those alone. */
  async #scan(): Promise<void> {
    const { client, informers } = this.#context;
    const served = new Set<string>();
    const resources = await deletableResources(client);
    this.#resourceByKind.clear();
    for (const resource of resources) {
      const { group, version, name } = resource;
      this.#resourceByKind.set(`${group}/${resource.kind}`, resource);
      const key = `${group}/${version}/${name}`;
      served.add(key);
      if (ignored.has(`${group}/${name}`) || this.#watched.has(key)) continue;
      const gvr = { group, version, resource: name };
      this.#watched.set(key, gvr);
      informers.metadata(gvr).addHandler({
        added: (object) => this.#seen(gvr, object),
        updated: (object) => this.#seen(gvr, object),
        deleted: (object) => this.#gone(object.metadata.uid ?? ''),
      });
    }
    for (const [key, gvr] of this.#watched) if (!served.has(key)) await this.#unwatch(key, gvr);
    informers.start();
    if (this.#isComplete) return;
    await this.#waitForSync();
    this.#isComplete = true;
    for (const node of this.#nodes.values()) if (this.#hasWork(node)) this.#queue.add(node.uid);
  }

  /** What is not served any more is gone, with all that it owned. */
  async #unwatch(key: string, gvr: GroupVersionResource): Promise<void> {
    this.#watched.delete(key);
    await this.#context.informers.forget(gvr);
    for (const node of this.#nodes.values()) if (node.gvr === gvr) this.#gone(node.uid);
  }

  /** A kind that cannot be listed must not hold up the others for ever. */
  async #waitForSync(): Promise<void> {
    const patience = this.#patience;
    const timer = this.#context.clock.setTimer(() => patience.abort(), syncMillis);
    const isSynced = await this.#context.informers.waitForSync(patience.signal);
    timer.cancel();
    if (!isSynced && !this.#stopped) this.#context.log.warn('garbage collection starts before every kind was listed');
  }

  #seen(gvr: GroupVersionResource, object: KubeObject): void {
    if (this.#stopped) return;
    const { uid = '', name = '', namespace = '', ownerReferences = [], finalizers = [] } = object.metadata;
    const before = this.#nodes.get(uid);
    for (const owner of before?.owners ?? []) {
      this.#dependents.get(owner.uid)?.delete(uid);
      // An owner may have waited for this one, which is not its own any more or does not hold it up.
      const blocks = (list: readonly OwnerReference[]): boolean => list.some((kept) => isBlocking(kept, owner.uid));
      if (blocks(before?.owners ?? []) && !blocks(ownerReferences)) this.#queue.add(owner.uid);
    }
    for (const owner of ownerReferences) {
      const set = this.#dependents.get(owner.uid) ?? new Set<string>();
      set.add(uid);
      this.#dependents.set(owner.uid, set);
    }
    const deleting = object.metadata.deletionTimestamp !== undefined;
    const node = { gvr, namespace, name, uid, owners: ownerReferences, finalizers, deleting };
    this.#nodes.set(uid, node);
    if (this.#hasWork(node)) this.#queue.add(uid);
  }

  #hasWork({ owners, deleting, finalizers }: Node): boolean {
    return owners.length > 0 || (deleting && finalizers.length > 0);
  }

  #gone(uid: string): void {
    const node = this.#nodes.get(uid);
    this.#nodes.delete(uid);
    for (const owner of node?.owners ?? []) {
      this.#dependents.get(owner.uid)?.delete(uid);
      // An owner that waits for what it owns may go now.
      this.#queue.add(owner.uid);
    }
    for (const dependent of this.#dependents.get(uid) ?? []) this.#queue.add(dependent);
    this.#dependents.delete(uid);
  }

  async #process(uid: string): Promise<void> {
    const node = this.#nodes.get(uid);
    if (node === undefined || !this.#isComplete) return;
    if (node.deleting && node.finalizers.includes(orphan)) await this.#orphanDependents(node);
    else if (node.deleting && node.finalizers.includes(foreground)) await this.#finishForeground(node);
    else if (!node.deleting && node.owners.length > 0) await this.#deleteWithoutOwner(node);
  }

  /** What a node owns stays, without it. */
  async #orphanDependents(node: Node): Promise<void> {
    for (const uid of this.#dependents.get(node.uid) ?? []) {
      const dependent = this.#nodes.get(uid);
      if (dependent !== undefined) await this.#removeOwners(dependent, [node.uid]);
    }
    await this.#removeFinalizer(node, orphan);
  }

  /** The node goes when nothing is left that holds it up; what it owns is looked at, each on its own. */
  async #finishForeground(node: Node): Promise<void> {
    const dependents = this.#dependentsOf(node);
    for (const dependent of dependents) if (!dependent.deleting) this.#queue.add(dependent.uid);
    const isHeldUp = dependents.some(({ owners }) => owners.some((owner) => isBlocking(owner, node.uid)));
    if (!isHeldUp) await this.#removeFinalizer(node, foreground);
  }

  #dependentsOf(node: Node): Node[] {
    return [...(this.#dependents.get(node.uid) ?? [])].flatMap((uid) => this.#nodes.get(uid) ?? []);
  }

  async #deleteWithoutOwner(node: Node): Promise<void> {
    const states = await Promise.all(node.owners.map((owner) => this.#ownerState(node, owner)));
    const ownersIn = (...wanted: OwnerState[]): string[] =>
      node.owners.flatMap(({ uid }, index) => (wanted.includes(states[index] ?? 'there') ? uid : []));
    if (states.includes('there')) {
      // One owner is enough to stay; the others hold nothing any more.
      const lost = ownersIn('gone', 'waiting');
      if (lost.length > 0) await this.#removeOwners(node, lost);
      return;
    }
    const dependents = this.#dependentsOf(node);
    if (states.includes('waiting') && dependents.length > 0) {
      // Owners in a circle would wait for each other.
      if (dependents.some(isWaiting)) await this.#unblockOwners(node);
      await this.#delete(node, 'Foreground');
      return;
    }
    const kept = node.finalizers.includes(foreground) ? 'Foreground' : 'Background';
    await this.#delete(node, node.finalizers.includes(orphan) ? 'Orphan' : kept);
  }

  async #ownerState(node: Node, owner: OwnerReference): Promise<OwnerState> {
    const known = this.#nodes.get(owner.uid);
    if (known !== undefined && this.#isMeant(known, node, owner)) return isWaiting(known) ? 'waiting' : 'there';
    // The owner may be newer than our picture: only the server itself can say that it is gone.
    const resource = this.#resourceOfOwner(owner);
    if (resource === undefined) return 'there';
    // An owner in a namespace cannot be told for something that is in none: nothing is deleted for that.
    if (resource.namespaced && node.namespace === '') return 'there';
    if (known !== undefined) this.#reportNamespace(node, owner);
    const gvr = { group: resource.group, version: resource.version, resource: resource.name };
    try {
      const found = await this.#context.client
        .resource(gvr, resource.namespaced ? node.namespace : undefined)
        .get(owner.name);
      if (found.metadata.uid !== owner.uid) return 'gone';
      const isGoing = found.metadata.deletionTimestamp !== undefined;
      return isGoing && found.metadata.finalizers?.includes(foreground) === true ? 'waiting' : 'there';
    } catch (error) {
      if (hasReason(error, 'NotFound')) return 'gone';
      throw error;
    }
  }

  /** Whether an object of the owner's uid is what the reference names: owners are in no or in the same namespace. */
  #isMeant(known: Node, node: Node, owner: OwnerReference): boolean {
    const resource = this.#resourceOfOwner(owner);
    const isSameKind = resource?.group === known.gvr.group && resource.name === known.gvr.resource;
    return isSameKind && known.name === owner.name && (known.namespace === '' || known.namespace === node.namespace);
  }

  #resourceOfOwner({ apiVersion, kind }: OwnerReference): DiscoveredResource | undefined {
    return this.#resourceByKind.get(`${parseGroupVersion(apiVersion).group}/${kind}`);
  }

  #reportNamespace(node: Node, owner: OwnerReference): void {
    const kind = [...this.#resourceByKind.values()].find(
      ({ group, name }) => group === node.gvr.group && name === node.gvr.resource,
    )?.kind;
    const place = node.namespace === '' ? {} : { namespace: node.namespace };
    const object: KubeObject = {
      apiVersion: formatGroupVersion(node.gvr),
      kind: kind ?? '',
      metadata: { name: node.name, uid: node.uid, ...place },
    };
    const text = `ownerRef [${owner.apiVersion}/${owner.kind}, namespace: ${node.namespace}, name: ${owner.name}, uid: ${owner.uid}] does not exist in namespace "${node.namespace}"`;
    this.#context.events.event(object, 'Warning', 'OwnerRefInvalidNamespace', text);
  }

  async #delete(node: Node, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> {
    try {
      await this.#resource(node).delete(node.name, { propagationPolicy, preconditions: { uid: node.uid } });
    } catch (error) {
      if (!isStale(error)) throw error;
    }
  }

  async #removeOwners(node: Node, ownerUids: readonly string[]): Promise<void> {
    await this.#change(node, (object) => {
      const kept = (object.metadata.ownerReferences ?? []).filter((owner) => !ownerUids.includes(owner.uid));
      return { uid: node.uid, ownerReferences: kept.length === 0 ? null : kept };
    });
  }

  async #unblockOwners(node: Node): Promise<void> {
    await this.#change(node, (object) => ({
      uid: node.uid,
      ownerReferences: (object.metadata.ownerReferences ?? []).map((owner) => ({
        ...owner,
        blockOwnerDeletion: false,
      })),
    }));
  }

  async #removeFinalizer(node: Node, finalizer: string): Promise<void> {
    await this.#change(node, (object) => {
      const kept = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
      return { uid: node.uid, finalizers: kept.length === 0 ? null : kept };
    });
  }

  async #change(node: Node, metadata: (object: KubeObject) => object): Promise<void> {
    const resource = this.#resource(node);
    try {
      const object = await resource.get(node.name);
      if (object.metadata.uid !== node.uid) return;
      const patch = { metadata: { ...metadata(object), resourceVersion: object.metadata.resourceVersion } };
      await resource.patch(node.name, 'application/merge-patch+json', patch);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return;
      throw error;
    }
  }

  #resource(node: Node): ReturnType<ControllerContext['client']['resource']> {
    return this.#context.client.resource(node.gvr, node.namespace === '' ? undefined : node.namespace);
  }
}

function isWaiting({ deleting, finalizers }: Node): boolean {
  return deleting && finalizers.includes(foreground);
}

function isBlocking(owner: OwnerReference, uid: string): boolean {
  return owner.uid === uid && owner.blockOwnerDeletion === true;
}

/** Somebody was quicker. */
function isStale(error: unknown): boolean {
  return error instanceof StatusError && (error.code === 404 || error.code === 409);
}
