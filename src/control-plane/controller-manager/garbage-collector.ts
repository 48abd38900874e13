import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.ts';
import { type GroupVersionResource, parseGroupVersion } from '../../apimachinery/gvk.ts';
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

const foreground = 'foregroundDeletion';
const orphan = 'orphan';
/** Events come and go too often to be worth watching. */
const ignored = new Set(['/events', 'events.k8s.io/events']);
/** Custom kinds take a moment to be served after their definition changes. */
const rescanMillis = 200;

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
  readonly #watched = new Set<string>();
  readonly #resourceByKind = new Map<string, DiscoveredResource>();
  readonly #queue;
  readonly #definitions: Informer<CustomResourceDefinition>;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = createWorkqueue<string>({ clock: context.clock });
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
    this.#definitions.addHandler({ added: rescan, updated: rescan });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue.shutDown();
    await this.#running;
  }

  /** Watches every resource that is not watched yet. */
  async #scan(): Promise<void> {
    for (const resource of await deletableResources(this.#context.client)) {
      this.#resourceByKind.set(`${resource.group}/${resource.kind}`, resource);
      const key = `${resource.group}/${resource.name}`;
      if (ignored.has(key) || this.#watched.has(key)) continue;
      this.#watched.add(key);
      const gvr = { group: resource.group, version: resource.version, resource: resource.name };
      this.#context.informers.informer<KubeObject>(gvr).addHandler({
        added: (object) => this.#seen(gvr, object),
        updated: (object) => this.#seen(gvr, object),
        deleted: (object) => this.#gone(object),
      });
    }
    this.#context.informers.start();
  }

  #seen(gvr: GroupVersionResource, object: KubeObject): void {
    if (this.#stopped) return;
    const { uid = '', name = '', namespace = '', ownerReferences = [], finalizers = [] } = object.metadata;
    const before = this.#nodes.get(uid);
    for (const owner of before?.owners ?? []) this.#dependents.get(owner.uid)?.delete(uid);
    for (const owner of ownerReferences) {
      const set = this.#dependents.get(owner.uid) ?? new Set<string>();
      set.add(uid);
      this.#dependents.set(owner.uid, set);
    }
    const deleting = object.metadata.deletionTimestamp !== undefined;
    this.#nodes.set(uid, { gvr, namespace, name, uid, owners: ownerReferences, finalizers, deleting });
    if (ownerReferences.length > 0 || (deleting && finalizers.length > 0)) this.#queue.add(uid);
  }

  #gone(object: KubeObject): void {
    const { uid = '' } = object.metadata;
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
    if (node === undefined) return;
    if (node.deleting && node.finalizers.includes(orphan)) await this.#orphanDependents(node);
    else if (node.deleting && node.finalizers.includes(foreground)) await this.#finishForeground(node);
    else if (!node.deleting && node.owners.length > 0) await this.#deleteWithoutOwner(node);
  }

  /** What a node owns stays, without it. */
  async #orphanDependents(node: Node): Promise<void> {
    for (const uid of this.#dependents.get(node.uid) ?? []) {
      const dependent = this.#nodes.get(uid);
      if (dependent !== undefined) await this.#removeOwner(dependent, node.uid);
    }
    await this.#removeFinalizer(node, orphan);
  }

  async #finishForeground(node: Node): Promise<void> {
    const dependents = [...(this.#dependents.get(node.uid) ?? [])].flatMap((uid) => this.#nodes.get(uid) ?? []);
    const blocking = dependents.filter((dependent) =>
      dependent.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion === true),
    );
    for (const dependent of dependents) {
      if (!dependent.deleting) await this.#delete(dependent, 'Foreground');
    }
    if (blocking.length === 0) await this.#removeFinalizer(node, foreground);
  }

  async #deleteWithoutOwner(node: Node): Promise<void> {
    const states = await Promise.all(node.owners.map((owner) => this.#ownerState(node, owner)));
    if (states.every((state) => state === 'gone')) {
      const policy = node.finalizers.includes(orphan)
        ? 'Orphan'
        : node.finalizers.includes(foreground)
          ? 'Foreground'
          : 'Background';
      await this.#delete(node, policy);
      return;
    }
    for (const [index, owner] of node.owners.entries()) {
      if (states[index] === 'gone') await this.#removeOwner(node, owner.uid);
    }
  }

  async #ownerState(node: Node, owner: OwnerReference): Promise<'there' | 'gone'> {
    if (this.#nodes.has(owner.uid)) return 'there';
    // The owner may be newer than our picture: only the server itself can say that it is gone.
    const { group } = parseGroupVersion(owner.apiVersion);
    const resource = this.#resourceByKind.get(`${group}/${owner.kind}`);
    if (resource === undefined) return 'there';
    const gvr = { group: resource.group, version: resource.version, resource: resource.name };
    try {
      const found = await this.#context.client
        .resource(gvr, resource.namespaced ? node.namespace : undefined)
        .get(owner.name);
      return found.metadata.uid === owner.uid ? 'there' : 'gone';
    } catch (error) {
      if (hasReason(error, 'NotFound')) return 'gone';
      throw error;
    }
  }

  async #delete(node: Node, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> {
    try {
      await this.#resource(node).delete(node.name, { propagationPolicy, preconditions: { uid: node.uid } });
    } catch (error) {
      if (!isStale(error)) throw error;
    }
  }

  async #removeOwner(node: Node, ownerUid: string): Promise<void> {
    await this.#change(node, (object) => {
      const kept = (object.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== ownerUid);
      return { uid: node.uid, ownerReferences: kept.length === 0 ? null : kept };
    });
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

/** Somebody was quicker. */
function isStale(error: unknown): boolean {
  return error instanceof StatusError && (error.code === 404 || error.code === 409);
}
