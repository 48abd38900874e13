import type { Pod } from '../../api/types/core-v1.ts';
import type { UserNamespace } from '../cri/runtime.ts';

/** So many ids every pod has, as the real kubelet gives by default. */
const idsPerPod = 65_536;

/** Pods of different nodes are spread over so many. */
const ranges = 10_000;

/** The ids of users on the node that pods have for themselves (KEP-127): each a range of its own. */
export class UserNamespaces {
  readonly #ranges = new Map<string, number>();

  /** The range of a pod, the same each time; undefined when its users are those of the node. */
  of({ metadata, spec }: Pod): UserNamespace | undefined {
    if (spec?.hostUsers !== false) return undefined;
    const uid = metadata.uid ?? '';
    const range = this.#ranges.get(uid) ?? this.#free(uid);
    this.#ranges.set(uid, range);
    return { hostId: range * idsPerPod, length: idsPerPod };
  }

  /** The pod is gone: another may have its range. */
  release({ metadata }: Pod): void {
    this.#ranges.delete(metadata.uid ?? '');
  }

  /** Where the pod's id leads to, or the next that is free, so that pods of other nodes have others; range 0 is the node's own. */
  #free(uid: string): number {
    const taken = new Set(this.#ranges.values());
    let range = 1 + Buffer.from(uid).reduce((sum, byte) => (sum * 31 + byte) % ranges, 0);
    while (taken.has(range)) range++;
    return range;
  }
}
