import type { GroupVersionResource } from '../../src/apimachinery/gvk.ts';
import type { KubeObject } from '../../src/apimachinery/object-meta.ts';
import type { Informer, InformerHandler } from '../../src/client/informer.ts';

/** An informer over a list that the test sets; handlers are told of what changes. */
export class FixedInformer<T extends KubeObject> implements Informer<T> {
  readonly gvr: GroupVersionResource;
  readonly #handlers: InformerHandler<T>[] = [];
  #objects: readonly T[];

  constructor(gvr: GroupVersionResource, objects: readonly T[] = []) {
    this.gvr = gvr;
    this.#objects = objects;
  }

  /** Replaces everything; handlers see each object as added. */
  set(objects: readonly T[]): void {
    this.#objects = objects;
    for (const object of objects) for (const handler of this.#handlers) handler.added?.(object);
  }

  addHandler(handler: InformerHandler<T>): void {
    this.#handlers.push(handler);
  }

  hasSynced(): boolean {
    return true;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.find(({ metadata }) => (metadata.namespace ?? '') === namespace && metadata.name === name);
  }

  list(namespace = ''): readonly T[] {
    return namespace === '' ? this.#objects : this.#objects.filter(({ metadata }) => metadata.namespace === namespace);
  }

  ownedBy(uid: string): readonly T[] {
    return this.#objects.filter(({ metadata }) =>
      (metadata.ownerReferences ?? []).some((owner) => owner.controller === true && owner.uid === uid),
    );
  }

  claimable(uid: string, namespace: string): readonly T[] {
    const orphans = this.list(namespace).filter(
      ({ metadata }) => metadata.ownerReferences?.some((owner) => owner.controller === true) !== true,
    );
    return [...this.ownedBy(uid), ...orphans];
  }
}
