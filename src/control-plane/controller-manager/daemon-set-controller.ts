import type { ControllerRevision, DaemonSet, DaemonSetStatus } from '../../api/types/apps-v1.ts';
import type { Node, Pod } from '../../api/types/core-v1.ts';
import { scaledValue } from '../../apimachinery/int-or-string.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { matchesLabels, selectorFromObject } from '../../apimachinery/labels.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { claimObjects, controllerOf } from '../../client/controller-references.ts';
import { Expectations } from '../../client/expectations.ts';
import { ensureRevision, revisionData, truncateHistory } from './controller-history.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { affinityToNode, daemonPlacement, daemonTolerations, targetNode } from './daemon-nodes.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { createPod, deletePod, isNamespaceGoing, podFromTemplate, podsResource } from './pod-control.ts';
import { isPodAvailable, isPodReady, isPodTerminal, podReadySince } from './pod-facts.ts';
import { slowStart } from './slow-start.ts';

const setsResource = { group: 'apps', version: 'v1', resource: 'daemonsets' } as const;
const revisionsResource = { group: 'apps', version: 'v1', resource: 'controllerrevisions' } as const;
const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const hashLabel = 'controller-revision-hash';
const generationLabel = 'pod-template-generation';
const generationAnnotation = 'deprecated.daemonset.template.generation';
/** At most this many pods are made or deleted in one go. */
const burstReplicas = 250;
const firstBackoffMillis = 1000;
const longestBackoffMillis = 900_000;

/** How long a node's failed pods are left before the next one is deleted. */
type FailureBackoff = Map<string, { readonly delay: number; readonly at: number }>;

/** Runs one pod on each node that a DaemonSet selects. */
export function createDaemonSetController(context: ControllerContext): Controller {
  const sets = context.informers.informer<DaemonSet>(setsResource);
  const pods = context.informers.informer<Pod>(podsResource);
  const nodes = context.informers.informer<Node>(nodesResource);
  const revisions = context.informers.informer<ControllerRevision>(revisionsResource);
  const expectations = new Expectations(context.clock);
  const failures: FailureBackoff = new Map();
  return createKeyedController({
    name: 'daemonset-controller',
    context,
    register(queue) {
      const enqueue = (set: DaemonSet): void => queue.add(keyOf(set));
      sets.addHandler({ added: enqueue, updated: enqueue, deleted: (set) => expectations.forget(keyOf(set)) });
      const enqueueAll = (): void => sets.list().forEach(enqueue);
      nodes.addHandler({
        added: enqueueAll,
        updated(node, old) {
          const isSame =
            equalJson(node.metadata.labels, old.metadata.labels) && equalJson(node.spec?.taints, old.spec?.taints);
          if (!isSame) enqueueAll();
        },
        deleted: enqueueAll,
      });
      const ownerKey = (pod: Pod): string | undefined => {
        const owner = controllerOf(pod);
        return owner?.kind === 'DaemonSet' ? `${pod.metadata.namespace ?? ''}/${owner.name}` : undefined;
      };
      const touch = (pod: Pod): void => {
        const key = ownerKey(pod);
        if (key !== undefined) queue.add(key);
        if (controllerOf(pod) !== undefined) return;
        for (const set of sets.list(pod.metadata.namespace)) {
          const selector = selectorFromObject(set.spec?.selector);
          if (selector !== undefined && matchesLabels(selector, pod.metadata.labels ?? {})) enqueue(set);
        }
      };
      const gone = (pod: Pod): void => {
        const key = ownerKey(pod);
        if (key !== undefined) expectations.deletionObserved(key, pod.metadata.uid ?? '');
        touch(pod);
      };
      pods.addHandler({
        added(pod) {
          const key = ownerKey(pod);
          if (key !== undefined) expectations.creationObserved(key);
          touch(pod);
        },
        updated(pod, old) {
          if (pod.metadata.deletionTimestamp !== undefined) gone(pod);
          else touch(pod);
          if (ownerKey(old) !== ownerKey(pod)) touch(old);
        },
        deleted: gone,
      });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const set = sets.get(namespace, name);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
      const selector = selectorFromObject(set.spec?.selector);
      if (selector === undefined) return;
      const claimed = await claimObjects(pods.claimable(set.metadata.uid ?? '', namespace), {
        client: context.client,
        resource: podsResource,
        owner: set,
        selector,
        freshOwner: () =>
          context.client
            .resource<DaemonSet>(setsResource, namespace)
            .get(name)
            .catch((error: unknown) => {
              if (hasReason(error, 'NotFound')) return undefined;
              throw error;
            }),
      });
      const sync = new DaemonSync({
        context,
        set,
        pods: claimed,
        nodes: nodes.list(),
        revisions: revisions.ownedBy(set.metadata.uid ?? ''),
        expectations,
        failures,
      });
      try {
        await sync.run();
      } finally {
        if (sync.again !== undefined) queue.addAfter(key, sync.again);
      }
    },
  });
}

interface DaemonFacts {
  readonly context: ControllerContext;
  readonly set: DaemonSet;
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  readonly revisions: readonly ControllerRevision[];
  readonly expectations: Expectations;
  readonly failures: FailureBackoff;
}

/** What to do: nodes that get a pod, pods that go. */
interface Changes {
  readonly creations: string[];
  readonly deletions: Pod[];
}

/** One look at one daemon set. */
class DaemonSync {
  /** Milliseconds after which to look again, when only time will tell. */
  again: number | undefined;
  readonly #facts: DaemonFacts;
  readonly #key: string;
  readonly #now: number;
  readonly #byNode = new Map<string, Pod[]>();
  #hash = '';

  constructor(facts: DaemonFacts) {
    this.#facts = facts;
    this.#key = keyOf(facts.set);
    this.#now = facts.context.clock.now();
    for (const pod of facts.pods.toSorted(byAge)) {
      const isOver = isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined;
      const node = targetNode(pod);
      if (isOver || node === undefined) continue;
      const there = this.#byNode.get(node);
      if (there === undefined) this.#byNode.set(node, [pod]);
      else there.push(pod);
    }
  }

  async run(): Promise<void> {
    const { context, set, revisions, expectations } = this.#facts;
    const data = revisionData(set.spec?.template);
    const labels = set.spec?.template.metadata?.labels ?? {};
    const current = await ensureRevision(context, set, data, labels, hashLabel, revisions);
    this.#hash = current.metadata.labels?.[hashLabel] ?? '';
    let failure: unknown;
    if (expectations.satisfied(this.#key)) {
      const changes = this.#place();
      const isSettled = changes.creations.length === 0 && changes.deletions.length === 0;
      const isRolling = set.spec?.updateStrategy?.type !== 'OnDelete';
      failure = await this.#apply(isSettled && isRolling ? this.#roll() : changes);
    }
    await this.#writeStatus();
    const inUse = new Set([current.metadata.name ?? '']);
    const hashes = new Set(this.#facts.pods.map((pod) => pod.metadata.labels?.[hashLabel]));
    for (const revision of revisions) {
      if (hashes.has(revision.metadata.labels?.[hashLabel])) inUse.add(revision.metadata.name ?? '');
    }
    await truncateHistory(context, revisions, inUse, set.spec?.revisionHistoryLimit ?? 10);
    if (failure !== undefined && !isNamespaceGoing(failure)) throw failure;
  }

  #lookAgain(millis: number): void {
    this.again = Math.min(this.again ?? millis, millis);
  }

  #isUpdated(pod: Pod): boolean {
    return pod.metadata.labels?.[hashLabel] === this.#hash;
  }

  #isAvailable(pod: Pod): boolean {
    return isPodAvailable(pod, this.#facts.set.spec?.minReadySeconds ?? 0, this.#now);
  }

  /** Of the numbers in the update strategy, for as many nodes as the set selects. */
  #limits(desired: number): { readonly maxSurge: number; readonly maxUnavailable: number } {
    const strategy = this.#facts.set.spec?.updateStrategy;
    if (strategy?.type === 'OnDelete') return { maxSurge: 0, maxUnavailable: 0 };
    const maxSurge = scaledValue(strategy?.rollingUpdate?.maxSurge ?? 0, desired, true);
    const maxUnavailable = scaledValue(strategy?.rollingUpdate?.maxUnavailable ?? 1, desired, true);
    // Both zero would never get anywhere.
    return { maxSurge, maxUnavailable: desired > 0 && maxSurge === 0 ? Math.max(1, maxUnavailable) : maxUnavailable };
  }

  /** One pod on each node where the set belongs, none where it does not. */
  #place(): Changes {
    const { set, nodes, pods } = this.#facts;
    const changes: Changes = { creations: [], deletions: [] };
    const names = new Set<string>();
    for (const node of nodes) {
      const name = node.metadata.name ?? '';
      names.add(name);
      const there = this.#byNode.get(name);
      const { runs, stays } = daemonPlacement(set, node);
      if (runs && there === undefined) changes.creations.push(name);
      else if (stays) this.#tidyNode(name, there ?? [], runs, changes);
      else changes.deletions.push(...(there ?? []).filter((pod) => pod.metadata.deletionTimestamp === undefined));
    }
    // Made for a node that went away before the pod got there.
    for (const pod of pods) {
      if ((pod.spec?.nodeName ?? '') !== '' || pod.metadata.deletionTimestamp !== undefined) continue;
      if (!names.has(targetNode(pod) ?? '')) changes.deletions.push(pod);
    }
    return changes;
  }

  /** Pods that ended go, and so do those that are too many. */
  #tidyNode(node: string, there: readonly Pod[], runs: boolean, changes: Changes): void {
    const running: Pod[] = [];
    for (const pod of there) {
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      if (!isPodTerminal(pod)) running.push(pod);
      else if (this.#mayReplaceEnded(pod, node)) changes.deletions.push(pod);
    }
    if (this.#limits(1).maxSurge === 0) {
      changes.deletions.push(...running.slice(1));
      return;
    }
    if (running.length === 0 && runs) changes.creations.push(node);
    if (running.length <= 1) return;
    const newer = running.find((pod) => this.#isUpdated(pod));
    const older = running.find((pod) => !this.#isUpdated(pod));
    const keepsBoth =
      newer !== undefined && older !== undefined && !this.#isAvailable(newer) && this.#isAvailable(older);
    for (const pod of running) {
      if (pod === (newer ?? older) || (keepsBoth && pod === older)) continue;
      changes.deletions.push(pod);
    }
  }

  #mayReplaceEnded(pod: Pod, node: string): boolean {
    const { context, set, failures } = this.#facts;
    const { namespace = '', name = '' } = pod.metadata;
    if (pod.status?.phase === 'Succeeded') {
      const message = `Found succeeded daemon pod ${namespace}/${name} on node ${node}, will try to delete it`;
      context.events.event(set, 'Normal', 'SucceededDaemonPod', message);
      return true;
    }
    const key = `${set.metadata.uid ?? ''}/${set.status?.observedGeneration ?? 0}/${node}`;
    const last = failures.get(key);
    const wait = last === undefined ? 0 : last.at + last.delay - this.#now;
    if (wait > 0) {
      this.#lookAgain(wait);
      return false;
    }
    const isCalm = last === undefined || this.#now - last.at > 2 * longestBackoffMillis;
    const delay = isCalm ? firstBackoffMillis : Math.min(last.delay * 2, longestBackoffMillis);
    failures.set(key, { delay, at: this.#now });
    const message = `Found failed daemon pod ${namespace}/${name} on node ${node}, will try to kill it`;
    context.events.event(set, 'Warning', 'FailedDaemonPod', message);
    return true;
  }

  /** Moves pods to the current template, as many at once as the strategy allows. */
  #roll(): Changes {
    const { set, nodes } = this.#facts;
    const selected = nodes.filter((node) => daemonPlacement(set, node).runs);
    const { maxSurge, maxUnavailable } = this.#limits(selected.length);
    const names = selected.map((node) => node.metadata.name ?? '').toSorted();
    return maxSurge > 0 ? this.#surge(names, maxSurge) : this.#replace(names, maxUnavailable);
  }

  #onNode(node: string): { readonly newer: Pod | undefined; readonly older: Pod | undefined } {
    const there = (this.#byNode.get(node) ?? []).filter((pod) => pod.metadata.deletionTimestamp === undefined);
    return {
      newer: there.find((pod) => this.#isUpdated(pod)),
      older: there.find((pod) => !this.#isUpdated(pod)),
    };
  }

  /** The old pod goes first; those that are not available cost nothing. */
  #replace(nodes: readonly string[], maxUnavailable: number): Changes {
    const broken: Pod[] = [];
    const candidates: Pod[] = [];
    let unavailable = 0;
    for (const node of nodes) {
      const { newer, older } = this.#onNode(node);
      if (older === undefined || newer !== undefined) {
        if (newer === undefined || !this.#isAvailable(newer)) unavailable++;
      } else if (this.#isAvailable(older)) candidates.push(older);
      else {
        broken.push(older);
        unavailable++;
      }
    }
    const mayGo = Math.max(0, maxUnavailable - unavailable);
    return { creations: [], deletions: [...broken, ...candidates.slice(0, mayGo)] };
  }

  /** The new pod comes first; the old one goes when it is available. */
  #surge(nodes: readonly string[], maxSurge: number): Changes {
    const changes: Changes = { creations: [], deletions: [] };
    const candidates: string[] = [];
    let surging = 0;
    for (const node of nodes) {
      const { newer, older } = this.#onNode(node);
      if (older === undefined) continue;
      if (newer !== undefined) {
        if (this.#isAvailable(newer)) changes.deletions.push(older);
        else surging++;
      } else if (this.#isAvailable(older)) candidates.push(node);
      else changes.creations.push(node);
    }
    changes.creations.push(...candidates.slice(0, Math.max(0, maxSurge - surging)));
    return changes;
  }

  /** Creates first; deletions wait for the next look unless creating failed. @returns the first error */
  async #apply({ creations, deletions }: Changes): Promise<unknown> {
    const failure = creations.length > 0 ? await this.#create(creations.slice(0, burstReplicas)) : undefined;
    if (deletions.length === 0 || (creations.length > 0 && failure === undefined)) return failure;
    return (await this.#delete(deletions.slice(0, burstReplicas))) ?? failure;
  }

  async #create(nodes: readonly string[]): Promise<unknown> {
    const { context, set, expectations } = this.#facts;
    const waiting = [...nodes];
    expectations.expectCreations(this.#key, nodes.length);
    const { succeeded, error } = await slowStart(nodes.length, async () => {
      await createPod(context, set, this.#podFor(waiting.shift() ?? ''));
    });
    if (succeeded < nodes.length) expectations.creationObserved(this.#key, nodes.length - succeeded);
    return error;
  }

  async #delete(pods: readonly Pod[]): Promise<unknown> {
    const { context, set, expectations } = this.#facts;
    expectations.expectDeletions(
      this.#key,
      pods.map((pod) => pod.metadata.uid ?? ''),
    );
    const results = await Promise.allSettled(
      pods.map(async (pod) => {
        try {
          await deletePod(context, set, pod);
        } catch (error) {
          expectations.deletionObserved(this.#key, pod.metadata.uid ?? '');
          throw error;
        }
      }),
    );
    return results.find((result) => result.status === 'rejected')?.reason;
  }

  #podFor(node: string): Pod {
    const { set } = this.#facts;
    const pod = podFromTemplate(set.spec?.template ?? {}, set);
    const generation = set.metadata.annotations?.[generationAnnotation];
    pod.metadata.labels = {
      ...pod.metadata.labels,
      [hashLabel]: this.#hash,
      ...(generation === undefined ? {} : { [generationLabel]: generation }),
    };
    if (pod.spec !== undefined) {
      pod.spec.affinity = affinityToNode(pod.spec.affinity, node);
      pod.spec.tolerations = daemonTolerations(pod.spec);
    }
    return pod;
  }

  async #writeStatus(): Promise<void> {
    const { context, set, nodes } = this.#facts;
    const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
    for (const node of nodes) {
      const pod = this.#byNode.get(node.metadata.name ?? '')?.[0];
      if (!daemonPlacement(set, node).runs) {
        if (pod !== undefined) counts.misscheduled++;
        continue;
      }
      counts.desired++;
      if (pod === undefined) continue;
      counts.current++;
      if (this.#isUpdated(pod)) counts.updated++;
      if (!isPodReady(pod)) continue;
      counts.ready++;
      if (this.#isAvailable(pod)) counts.available++;
      else {
        const since = podReadySince(pod) ?? this.#now;
        this.#lookAgain(Math.max(1, since + (set.spec?.minReadySeconds ?? 0) * 1000 - this.#now + 1));
      }
    }
    const optional = {
      updatedNumberScheduled: counts.updated,
      numberAvailable: counts.available,
      numberUnavailable: counts.desired - counts.available,
      collisionCount: set.status?.collisionCount ?? 0,
    };
    const status: DaemonSetStatus = {
      currentNumberScheduled: counts.current,
      numberMisscheduled: counts.misscheduled,
      desiredNumberScheduled: counts.desired,
      numberReady: counts.ready,
      observedGeneration: set.metadata.generation ?? 0,
      ...Object.fromEntries(Object.entries(optional).filter(([, count]) => count > 0)),
      ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
    };
    if (equalJson(set.status ?? {}, status)) return;
    try {
      await context.client
        .resource<DaemonSet>(setsResource, set.metadata.namespace)
        .update({ ...set, status }, { subresource: 'status' });
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
  }
}

function byAge(left: Pod, right: Pod): number {
  const created = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp ?? '') || 0;
  return created(left) - created(right) || ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1);
}
