import type { Job } from '../../api/types/batch-v1.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import type { ControllerContext } from './controller.ts';
import { backoffLeft, finishTime } from './job-backoff.ts';
import { IndexSet } from './job-indexes.ts';
import {
  failuresBefore,
  indexOf,
  isIndexed,
  isTracked,
  newJobPod,
  podsToRemove,
  replacesFailedOnly,
} from './job-pods.ts';
import { type JobMemory, type JobRound, removeTracking } from './job-tracking.ts';
import { keyOf } from './keyed-controller.ts';
import { createPod, deletePod, isNamespaceGoing } from './pod-control.ts';
import { isPodReady, isPodTerminating } from './pod-facts.ts';
import { slowStart } from './slow-start.ts';

/** At most as many pods are made or deleted in one look. */
const maxPerLook = 500;
/** Shorter waits than this are not worth a look of their own. */
const shortestWaitMillis = 1000;

/** What became of the pods of a job. */
interface Adjustment {
  /** How many are active then. */
  readonly active: number;
  /** The first error. */
  readonly failure: unknown;
  /** Milliseconds after which pods may be made that may not yet. */
  readonly again?: number;
}

/** Makes and removes pods of one job in one look. */
export class JobPodsManager {
  readonly #context: ControllerContext;
  readonly #round: JobRound;
  readonly #memory: JobMemory;
  readonly #active: readonly Pod[];
  readonly #job: Job;
  readonly #key: string;
  #ready: number;

  constructor(context: ControllerContext, round: JobRound, memory: JobMemory, active: readonly Pod[]) {
    this.#context = context;
    this.#round = round;
    this.#memory = memory;
    this.#active = active;
    this.#job = round.job;
    this.#key = keyOf(round.job);
    this.#ready = active.filter(isPodReady).length;
  }

  /** How many pods there are that have not ended and are not asked to. */
  get active(): number {
    return this.#active.length;
  }

  /** How many of them are ready, without those that were removed meanwhile. */
  get ready(): number {
    return this.#ready;
  }

  /** Ends all pods; they stay until they are counted. */
  deleteAll(): Promise<Adjustment> {
    return this.#remove(this.#active, (pod) => deletePod(this.#context, this.#job, pod));
  }

  /** Makes as many pods as there should be, or removes those that are too many. Never both at once. */
  async adjust(succeeded: number): Promise<Adjustment> {
    const { spec } = this.#job;
    const active = this.#active.length;
    if (spec?.suspend === true) return this.#removeSurplus(podsToRemove(this.#job, this.#active, active));
    const wanted = this.#wanted(succeeded);
    const surplus = podsToRemove(this.#job, this.#active, Math.max(0, active - wanted));
    if (surplus.length > 0) return this.#removeSurplus(surplus.slice(0, maxPerLook));
    const blocked = replacesFailedOnly(this.#job) ? this.#round.terminating : 0;
    const missing = wanted - blocked - active;
    if (missing <= 0) return { active, failure: undefined };
    return this.#create(Math.min(missing, maxPerLook));
  }

  #wanted(succeeded: number): number {
    const { parallelism = 1, completions } = this.#job.spec ?? {};
    if (completions !== undefined) return Math.max(0, Math.min(parallelism, completions - succeeded));
    // Without a number of completions, the first success ends the making of pods.
    return succeeded > 0 ? this.#active.length : parallelism;
  }

  /** Pods that are too many are not counted, whatever becomes of them. */
  async #removeSurplus(pods: readonly Pod[]): Promise<Adjustment> {
    const { expectations } = this.#memory;
    const uids = pods.map(({ metadata }) => metadata.uid ?? '');
    expectations.expectDeletions(this.#key, uids);
    const result = await this.#remove(pods, async (pod) => {
      try {
        if (isTracked(pod)) await removeTracking(this.#context, pod);
        await deletePod(this.#context, this.#job, pod);
      } catch (error) {
        expectations.deletionObserved(this.#key, pod.metadata.uid ?? '');
        throw error;
      }
    });
    this.#round.terminating += this.#active.length - result.active;
    return result;
  }

  async #remove(pods: readonly Pod[], remove: (pod: Pod) => Promise<void>): Promise<Adjustment> {
    const results = await Promise.allSettled(pods.map(remove));
    this.#ready -= pods.filter(isPodReady).length;
    const removed = results.filter(({ status }) => status === 'fulfilled').length;
    const rejected = results.find((result) => result.status === 'rejected');
    return { active: this.#active.length - removed, failure: rejected?.reason };
  }

  async #create(most: number): Promise<Adjustment> {
    const { clock } = this.#context;
    const job = this.#job;
    const isPerIndex = job.spec?.backoffLimitPerIndex !== undefined;
    let wait = isPerIndex ? 0 : backoffLeft(this.#round.streak, clock.now());
    let indexes: (number | undefined)[] = Array.from({ length: most }, () => undefined);
    if (wait === 0 && isIndexed(job)) {
      const pending = this.#pendingIndexes(most);
      const waits = pending.map((index) => (isPerIndex ? this.#waitOf(index) : 0));
      indexes = pending.filter((_, position) => waits[position] === 0);
      if (indexes.length === 0 && waits.length > 0) wait = Math.min(...waits);
    }
    // While it waits, a job tells of no active pods, as the real controller does.
    if (wait > 0) return { active: 0, failure: undefined, again: Math.max(wait, shortestWaitMillis) };
    return this.#createPods(indexes);
  }

  /** The lowest indexes without a pod that are neither done nor given up. */
  #pendingIndexes(most: number): number[] {
    const { job, done, lost, pods } = this.#round;
    const running = replacesFailedOnly(job) ? [...this.#active, ...pods.filter(isPodTerminating)] : this.#active;
    const taken = done.union(IndexSet.of(running.flatMap((pod) => indexOf(pod) ?? [])));
    return (lost === undefined ? taken : taken.union(lost)).missing(most, job.spec?.completions ?? 0);
  }

  #waitOf(index: number): number {
    const last = this.#round.awaited.get(index);
    if (last === undefined) return 0;
    return backoffLeft({ count: failuresBefore(last) + 1, lastAt: finishTime(last) }, this.#context.clock.now());
  }

  async #createPods(indexes: (number | undefined)[]): Promise<Adjustment> {
    const { expectations } = this.#memory;
    const count = indexes.length;
    const waiting = indexes.values();
    expectations.expectCreations(this.#key, count);
    const { succeeded, error } = await slowStart(count, async () => {
      const index = waiting.next().value;
      const replaced = index === undefined ? undefined : this.#round.awaited.get(index);
      await createPod(this.#context, this.#job, newJobPod(this.#job, index, replaced));
    });
    if (succeeded < count) expectations.creationObserved(this.#key, count - succeeded);
    const failure = isNamespaceGoing(error) ? undefined : error;
    return { active: this.#active.length + succeeded, failure };
  }
}
