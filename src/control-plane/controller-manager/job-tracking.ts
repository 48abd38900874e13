import type { Job, JobCondition, JobStatus } from '../../api/types/batch-v1.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Expectations } from '../../client/expectations.ts';
import type { ControllerContext } from './controller.ts';
import type { FailureStreak } from './job-backoff.ts';
import { IndexSet } from './job-indexes.ts';
import { indexOf, isIndexed, isPodFailed, isTracked, trackingFinalizer } from './job-pods.ts';
import { countsAsFailure } from './job-policies.ts';
import { ensureCondition, holds, jobCondition, writtenStatus } from './job-status.ts';
import { keyOf } from './keyed-controller.ts';
import { podsResource } from './pod-control.ts';

export const jobsResource = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
/** Pods that are noted in the status before they are counted; keeps it below some 20 kB. */
const maxUncounted = 500;

/** What is remembered of jobs between looks at them, by `namespace/name`. */
export interface JobMemory {
  readonly expectations: Expectations;
  /** uids of pods that were let go and that the informer still shows held. */
  readonly removals: Map<string, Set<string>>;
  readonly streaks: Map<string, FailureStreak>;
  /** The resource version of the last status that was written. */
  readonly written: Map<string, number>;
}

/** One look at one job: what was found, and what becomes of it. */
export interface JobRound {
  /** A copy; its status is what will be written. */
  job: Job;
  status: JobStatus;
  readonly pods: readonly Pod[];
  /** How the job ends, in this look or an earlier one. */
  ending: JobCondition | undefined;
  /** Indexes that had succeeded before, and those that have now. */
  doneBefore: IndexSet;
  done: IndexSet;
  /** With a limit per index: those that are given up. */
  lost: IndexSet | undefined;
  /** Failed pods that are kept for their replacements, by index. */
  awaited: ReadonlyMap<number, Pod>;
  readonly uncounted: { readonly succeeded: ReadonlySet<string>; readonly failed: ReadonlySet<string> };
  streak: FailureStreak;
  terminating: number;
}

/** Whether a pod is held and waits to be counted. */
export function waitsToBeCounted(pod: Pod, key: string, memory: JobMemory): boolean {
  return isTracked(pod) && memory.removals.get(key)?.has(pod.metadata.uid ?? '') !== true;
}

/** Lets go of a pod that is counted, or never will be. One that is gone is let go. */
export async function removeTracking(context: ControllerContext, pod: Pod): Promise<void> {
  const { name = '', namespace } = pod.metadata;
  const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  try {
    await context.client
      .resource<Pod>(podsResource, namespace)
      .patch(name, 'application/strategic-merge-patch+json', patch);
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
  }
}

/**
 * Counts pods that ended so that none is lost or counted twice: they are noted in the status by uid, then let go, then
 * counted (KEP-2307). The end is told in two steps as well: that it is decided, and, when no pod is left, that it is so.
 */
export class JobTracking {
  readonly #context: ControllerContext;
  readonly #round: JobRound;
  readonly #memory: JobMemory;
  readonly #key: string;
  /** uids of pods that are held. */
  readonly #held: Set<string>;

  constructor(context: ControllerContext, round: JobRound, memory: JobMemory) {
    this.#context = context;
    this.#round = round;
    this.#memory = memory;
    this.#key = keyOf(round.job);
    const waiting = round.pods.filter((pod) => waitsToBeCounted(pod, this.#key, memory));
    this.#held = new Set(waiting.map(({ metadata }) => metadata.uid ?? ''));
  }

  /** @param isChanged whether the status has to be written in any case */
  async run(isChanged: boolean): Promise<void> {
    const round = this.#round;
    let mustWrite = this.#count() || isChanged;
    const { finished, isFull, hasNews } = this.#note();
    mustWrite = this.#noteIndexes() || hasNews || mustWrite;
    mustWrite = this.#noteEnding() || mustWrite;
    if (mustWrite) {
      await this.#write();
      this.#memory.streaks.set(this.#key, round.streak);
      mustWrite = false;
    }
    const failure = await this.#letGo(finished);
    if (this.#count()) mustWrite = true;
    if (failure !== undefined) {
      if (mustWrite) await this.#write();
      throw failure;
    }
    const isOver = !isFull && this.#end();
    if (!mustWrite && !isOver) return;
    await this.#write();
    if (isOver) this.#tell();
  }

  /** Pods that were noted and are held no more are counted. @returns whether there were any */
  #count(): boolean {
    const { status } = this.#round;
    const noted = status.uncountedTerminatedPods ?? {};
    let isChanged = false;
    for (const outcome of ['succeeded', 'failed'] as const) {
      const before = noted[outcome] ?? [];
      const left = before.filter((uid) => this.#held.has(uid));
      if (left.length === before.length) continue;
      isChanged = true;
      status[outcome] = (status[outcome] ?? 0) + before.length - left.length;
      noted[outcome] = left;
    }
    status.uncountedTerminatedPods = noted;
    return isChanged;
  }

  /** Notes in the status which pods ended. */
  #note(): { readonly finished: Pod[]; readonly isFull: boolean; readonly hasNews: boolean } {
    const round = this.#round;
    const { job, uncounted } = round;
    const noted = round.status.uncountedTerminatedPods ?? {};
    const succeeded = [...(noted.succeeded ?? [])];
    const failed = [...(noted.failed ?? [])];
    const indexes: number[] = [];
    const before = succeeded.length + failed.length;
    const finished: Pod[] = [];
    let isFull = false;
    const byIndex = (left: Pod, right: Pod): number => (indexOf(left) ?? -1) - (indexOf(right) ?? -1);
    for (const pod of isIndexed(job) ? round.pods.toSorted(byIndex) : round.pods) {
      const { uid = '' } = pod.metadata;
      if (!this.#held.has(uid) || !this.#mayLetGo(pod)) continue;
      finished.push(pod);
      const index = this.#usableIndex(pod);
      if (pod.status?.phase === 'Succeeded' && !uncounted.failed.has(uid)) {
        if (isIndexed(job)) {
          if (index !== undefined && !round.doneBefore.has(index)) indexes.push(index);
        } else if (!uncounted.succeeded.has(uid)) {
          succeeded.push(uid);
        }
      } else if (this.#isLost(pod) && !uncounted.failed.has(uid) && (!isIndexed(job) || index !== undefined)) {
        if (countsAsFailure(job.spec?.podFailurePolicy, pod)) failed.push(uid);
      }
      isFull = indexes.length + succeeded.length + failed.length >= maxUncounted;
      if (isFull) break;
    }
    round.status.uncountedTerminatedPods = { succeeded, failed };
    round.done = round.doneBefore.union(IndexSet.of(indexes)).union(round.done);
    const hasNews = succeeded.length + failed.length > before || indexes.length > 0;
    return { finished, isFull, hasNews };
  }

  #usableIndex(pod: Pod): number | undefined {
    const index = indexOf(pod);
    return index !== undefined && index < (this.#round.job.spec?.completions ?? 0) ? index : undefined;
  }

  /** In a job that failed, a pod that has not ended is lost as well. */
  #isLost(pod: Pod): boolean {
    const { ending, job } = this.#round;
    return isPodFailed(pod, job) || (ending !== undefined && ending.type !== 'SuccessCriteriaMet');
  }

  #mayLetGo(pod: Pod): boolean {
    const { job, ending, awaited } = this.#round;
    if (job.metadata.deletionTimestamp !== undefined || ending !== undefined) return true;
    if (pod.status?.phase === 'Succeeded') return true;
    const isAwaited = awaited.get(indexOf(pod) ?? -1)?.metadata.uid === pod.metadata.uid;
    return isPodFailed(pod, job) && !isAwaited;
  }

  #noteIndexes(): boolean {
    const { job, status, done, lost } = this.#round;
    if (!isIndexed(job)) return false;
    const completedIndexes = done.format();
    const failedIndexes = lost === undefined ? undefined : lost.format();
    const isChanged = completedIndexes !== (status.completedIndexes ?? '') || failedIndexes !== status.failedIndexes;
    status.succeeded = done.size;
    status.completedIndexes = completedIndexes;
    if (failedIndexes !== undefined) status.failedIndexes = failedIndexes;
    return isChanged;
  }

  /** That the end is decided is told before the pods are let go. */
  #noteEnding(): boolean {
    const round = this.#round;
    const { ending, status } = round;
    if (ending === undefined || ending.type === 'Failed') return false;
    const isNew = !holds(status, ending.type);
    if (isNew) status.conditions = [...(status.conditions ?? []), ending];
    const type = ending.type === 'FailureTarget' ? 'Failed' : 'Complete';
    round.ending = jobCondition(type, 'True', ending.reason ?? '', ending.message ?? '', this.#context.clock.now());
    return isNew;
  }

  /** @returns the first error */
  async #letGo(pods: readonly Pod[]): Promise<unknown> {
    const uids = pods.map(({ metadata }) => metadata.uid ?? '');
    const removals = this.#memory.removals.get(this.#key) ?? new Set();
    for (const uid of uids) removals.add(uid);
    this.#memory.removals.set(this.#key, removals);
    let failure: unknown;
    const release = async (pod: Pod): Promise<void> => {
      const { uid = '' } = pod.metadata;
      try {
        await removeTracking(this.#context, pod);
        this.#held.delete(uid);
      } catch (error) {
        removals.delete(uid);
        failure ??= error;
      }
    };
    await Promise.all(pods.map(release));
    return failure;
  }

  /** @returns whether nothing is left to wait for, and the job is at its end */
  #end(): boolean {
    const { ending, status, terminating } = this.#round;
    const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
    if (ending === undefined || succeeded.length + failed.length > 0 || terminating > 0) return false;
    ensureCondition(status, ending);
    if (ending.type === 'Complete' && ending.lastTransitionTime !== undefined) {
      status.completionTime = ending.lastTransitionTime;
    }
    return true;
  }

  async #write(): Promise<void> {
    const round = this.#round;
    const { metadata } = round.job;
    const written = await this.#context.client
      .resource<Job>(jobsResource, metadata.namespace)
      .update({ ...round.job, status: writtenStatus(round.status) }, { subresource: 'status' });
    this.#memory.written.set(this.#key, Number(written.metadata.resourceVersion ?? '0'));
    round.job = written;
    round.status = written.status ?? {};
  }

  #tell(): void {
    const { ending, job, status } = this.#round;
    const { events } = this.#context;
    if (ending?.type !== 'Complete') {
      events.event(job, 'Warning', ending?.reason ?? '', ending?.message ?? '');
      return;
    }
    if ((status.succeeded ?? 0) > (job.spec?.completions ?? Number.POSITIVE_INFINITY)) {
      const text = 'Too many succeeded pods running after completion count reached';
      events.event(job, 'Warning', 'TooManySucceededPods', text);
    }
    events.event(job, 'Normal', 'Completed', 'Job completed');
  }
}
