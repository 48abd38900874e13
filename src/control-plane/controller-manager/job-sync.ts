import { cloneJson } from '../../apimachinery/json.ts';
import type { Job, JobCondition } from '../../api/types/batch-v1.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import type { ControllerContext } from './controller.ts';
import { continueStreak, finishTime } from './job-backoff.ts';
import { IndexSet } from './job-indexes.ts';
import {
  awaitedReplacements,
  failsItsIndex,
  indexOf,
  isIndexed,
  isPodFailed,
  isTracked,
  restartsTooOften,
} from './job-pods.ts';
import { JobPodsManager } from './job-pods-manager.ts';
import { countsAsFailure, judgeFailure, matchSuccessPolicy } from './job-policies.ts';
import { conditionOf, ensureCondition, holds, jobCondition } from './job-status.ts';
import { type JobMemory, type JobRound, JobTracking, waitsToBeCounted } from './job-tracking.ts';
import { keyOf } from './keyed-controller.ts';
import { isPodActive, isPodTerminating } from './pod-facts.ts';

/** One look at one job that has not ended. */
export class JobSync {
  readonly #context: ControllerContext;
  readonly #round: JobRound;
  readonly #memory: JobMemory;
  readonly #isSettled: boolean;
  readonly #key: string;
  readonly #now: number;
  readonly #failed: number;
  /** How many pods have succeeded, those of this look included. */
  #succeeded: number;

  /** @param isSettled whether all that was created and deleted before has been seen */
  constructor(context: ControllerContext, job: Job, pods: readonly Pod[], memory: JobMemory, isSettled: boolean) {
    this.#context = context;
    this.#memory = memory;
    this.#isSettled = isSettled;
    this.#key = keyOf(job);
    this.#now = context.clock.now();
    const status = cloneJson(job.status ?? {});
    const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
    const uncounted = { succeeded: new Set(succeeded), failed: new Set(failed) };
    const completions = job.spec?.completions ?? 0;
    const isNew = (pod: Pod, noted: ReadonlySet<string>): boolean =>
      waitsToBeCounted(pod, this.#key, memory) &&
      !noted.has(pod.metadata.uid ?? '') &&
      (!isIndexed(job) || (indexOf(pod) ?? completions) < completions);
    const newlySucceeded = pods.filter((pod) => pod.status?.phase === 'Succeeded' && isNew(pod, uncounted.succeeded));
    const newlyFailed = pods.filter((pod) => isPodFailed(pod, job) && isNew(pod, uncounted.failed));
    const counted = newlyFailed.filter((pod) => countsAsFailure(job.spec?.podFailurePolicy, pod));
    this.#succeeded = (status.succeeded ?? 0) + newlySucceeded.length + uncounted.succeeded.size;
    this.#failed = (status.failed ?? 0) + counted.length + uncounted.failed.size;
    const streak = memory.streaks.get(this.#key) ?? { count: 0, lastAt: 0 };
    this.#round = {
      job,
      status,
      pods,
      ending: undefined,
      doneBefore: IndexSet.of([]),
      done: IndexSet.of([]),
      lost: undefined,
      awaited: new Map(),
      uncounted,
      streak: continueStreak(streak, newlySucceeded, newlyFailed),
      terminating: pods.filter(isPodTerminating).length,
    };
  }

  /** @returns milliseconds after which to look again */
  async run(): Promise<number | undefined> {
    const round = this.#round;
    const { job, status, pods } = round;
    const isSuspended = job.spec?.suspend === true;
    if (!isSuspended) status.startTime ??= formatTime(this.#now);
    round.ending = this.#earlierEnding() ?? this.#failure();
    this.#lookAtIndexes();
    const manager = new JobPodsManager(this.#context, round, this.#memory, pods.filter(isPodActive));
    let failure: unknown;
    let again: number | undefined;
    let active: number;
    let isChanged = false;
    if (round.ending !== undefined) {
      const all = manager.active;
      ({ active, failure } = await manager.deleteAll());
      // Pods that are left, or that were made and not seen yet, would not be let go.
      if (active > 0 || !this.#isSettled) round.ending = undefined;
      round.terminating += all - active;
    } else {
      active = manager.active;
      const mayManage = this.#isSettled && job.metadata.deletionTimestamp === undefined;
      if (mayManage) ({ active, failure, again } = await manager.adjust(this.#succeeded));
      if (this.#isComplete(active)) {
        const text = 'Reached expected number of succeeded pods';
        round.ending = this.#condition('SuccessCriteriaMet', 'CompletionsReached', text);
      } else if (mayManage) {
        isChanged = this.#tellSuspension(isSuspended);
      }
    }
    const { ready } = manager;
    isChanged ||= active !== (status.active ?? 0) || ready !== status.ready || round.terminating !== status.terminating;
    Object.assign(status, { active, ready, terminating: round.terminating });
    const deadline = round.ending === undefined ? this.#deadlineLeft() : undefined;
    await new JobTracking(this.#context, round, this.#memory).run(isChanged);
    if (failure !== undefined) throw failure;
    return deadline === undefined || deadline === 0 ? again : Math.min(deadline, again ?? deadline);
  }

  #condition(type: string, reason: string, message: string): JobCondition {
    return jobCondition(type, 'True', reason, message, this.#now);
  }

  /** What was decided before stays. */
  #earlierEnding(): JobCondition | undefined {
    const { status } = this.#round;
    if (holds(status, 'SuccessCriteriaMet')) return conditionOf(status, 'SuccessCriteriaMet');
    if (!holds(status, 'FailureTarget')) return undefined;
    const { reason = '', message = '' } = conditionOf(status, 'FailureTarget') ?? {};
    return this.#condition('Failed', reason, message);
  }

  #failure(): JobCondition | undefined {
    const { job, pods } = this.#round;
    for (const pod of pods) {
      if (job.spec?.podFailurePolicy === undefined || !isPodFailed(pod, job)) continue;
      const { message } = judgeFailure(job.spec.podFailurePolicy, pod);
      if (message !== undefined) return this.#condition('FailureTarget', 'PodFailurePolicy', message);
    }
    if (this.#failed > (job.spec?.backoffLimit ?? 6) || restartsTooOften(job, pods)) {
      const text = 'Job has reached the specified backoff limit';
      return this.#condition('FailureTarget', 'BackoffLimitExceeded', text);
    }
    const left = this.#deadlineLeft();
    if (left === undefined || left > 0) return undefined;
    return this.#condition('FailureTarget', 'DeadlineExceeded', 'Job was active longer than specified deadline');
  }

  /** Milliseconds until a job that runs has run for too long. */
  #deadlineLeft(): number | undefined {
    const { job, status } = this.#round;
    const { activeDeadlineSeconds, suspend } = job.spec ?? {};
    if (activeDeadlineSeconds === undefined || suspend === true || status.startTime === undefined) return undefined;
    return Math.max(0, Date.parse(status.startTime) + activeDeadlineSeconds * 1000 - this.#now);
  }

  #lookAtIndexes(): void {
    const round = this.#round;
    const { job, status, pods } = round;
    const { spec } = job;
    if (spec === undefined || !isIndexed(job)) return;
    const completions = spec.completions ?? 0;
    const indexesOf = (test: (pod: Pod) => boolean): IndexSet =>
      IndexSet.of(
        pods.flatMap((pod) => {
          const index = indexOf(pod);
          return index !== undefined && index < completions && isTracked(pod) && test(pod) ? index : [];
        }),
      );
    round.doneBefore = IndexSet.parse(status.completedIndexes, completions);
    round.done = round.doneBefore.union(indexesOf((pod) => pod.status?.phase === 'Succeeded'));
    this.#succeeded = round.done.size;
    if (spec.backoffLimitPerIndex !== undefined) {
      const lost = IndexSet.parse(status.failedIndexes, completions).union(indexesOf((pod) => failsItsIndex(pod, job)));
      round.lost = lost;
      round.ending ??= this.#lostIndexes(lost, spec.maxFailedIndexes, completions);
      const settled = round.done
        .union(lost)
        .union(IndexSet.of(pods.filter(isPodActive).flatMap((pod) => indexOf(pod) ?? [])));
      round.awaited = awaitedReplacements(
        job,
        pods.filter((pod) => waitsToBeCounted(pod, this.#key, this.#memory)),
        settled,
        finishTime,
      );
    }
    const matched = matchSuccessPolicy(spec, round.done);
    if (matched !== undefined) round.ending ??= this.#condition('SuccessCriteriaMet', 'SuccessPolicy', matched);
  }

  #lostIndexes(lost: IndexSet, most: number | undefined, completions: number): JobCondition | undefined {
    if (most !== undefined && lost.size > most) {
      const text = 'Job has exceeded the specified maximal number of failed indexes';
      return this.#condition('FailureTarget', 'MaxFailedIndexesExceeded', text);
    }
    if (lost.size === 0 || lost.size + this.#round.done.size < completions) return undefined;
    return this.#condition('FailureTarget', 'FailedIndexes', 'Job has failed indexes');
  }

  #isComplete(active: number): boolean {
    const completions = this.#round.job.spec?.completions;
    if (active > 0) return false;
    return completions === undefined ? this.#succeeded > 0 : this.#succeeded >= completions;
  }

  /** @returns whether the condition changed */
  #tellSuspension(isSuspended: boolean): boolean {
    const { job, status } = this.#round;
    const condition = isSuspended
      ? this.#condition('Suspended', 'JobSuspended', 'Job suspended')
      : { ...this.#condition('Suspended', 'JobResumed', 'Job resumed'), status: 'False' };
    if (!ensureCondition(status, condition)) return false;
    this.#context.events.event(job, 'Normal', isSuspended ? 'Suspended' : 'Resumed', condition.message ?? '');
    // The deadline counts from when it runs.
    if (isSuspended) delete status.startTime;
    else status.startTime = formatTime(this.#now);
    return true;
  }
}
