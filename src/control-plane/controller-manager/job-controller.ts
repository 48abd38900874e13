import type { Job, JobCondition, JobStatus } from '../../api/types/batch-v1.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { controllerOf } from '../../client/controller-references.ts';
import { Expectations } from '../../client/expectations.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { createPod, deletePod, podFromTemplate, podsResource } from './pod-control.ts';
import { isPodReady, isPodTerminal } from './pod-facts.ts';
import { slowStart } from './slow-start.ts';

const jobsResource = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
const indexAnnotation = 'batch.kubernetes.io/job-completion-index';
const firstBackoffMillis = 10_000;
const longestBackoffMillis = 600_000;

/** Runs pods until as many have succeeded as a job asks for, or too many have failed. */
export function createJobController(context: ControllerContext): Controller {
  const jobs = context.informers.informer<Job>(jobsResource);
  const pods = context.informers.informer<Pod>(podsResource);
  const expectations = new Expectations(context.clock);
  return createKeyedController({
    name: 'job-controller',
    context,
    register(queue) {
      const enqueue = (job: Job): void => queue.add(keyOf(job));
      jobs.addHandler({
        added: enqueue,
        updated: enqueue,
        deleted: (job) => expectations.forget(keyOf(job)),
      });
      const ownerKey = (pod: Pod): string | undefined => {
        const owner = controllerOf(pod);
        return owner?.kind === 'Job' ? `${pod.metadata.namespace ?? ''}/${owner.name}` : undefined;
      };
      const touch = (pod: Pod): void => {
        const key = ownerKey(pod);
        if (key !== undefined) queue.add(key);
      };
      pods.addHandler({
        added(pod) {
          const key = ownerKey(pod);
          if (key !== undefined) expectations.creationObserved(key);
          touch(pod);
        },
        updated: touch,
        deleted: touch,
      });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const job = jobs.get(namespace, name);
      if (job === undefined || job.metadata.deletionTimestamp !== undefined) return;
      if (isFinished(job)) return;
      const again = await new JobSync(context, job, pods.ownedBy(job.metadata.uid ?? ''), expectations).run();
      if (again !== undefined) queue.addAfter(key, again);
    },
  });
}

/** Complete or Failed. */
function isFinished(job: Job): boolean {
  const conditions = job.status?.conditions ?? [];
  return conditions.some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
}

interface Ending {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

/** One look at one job. */
class JobSync {
  readonly #context: ControllerContext;
  readonly #job: Job;
  readonly #pods: readonly Pod[];
  readonly #expectations: Expectations;
  readonly #key: string;

  constructor(context: ControllerContext, job: Job, pods: readonly Pod[], expectations: Expectations) {
    this.#context = context;
    this.#job = job;
    this.#pods = pods;
    this.#expectations = expectations;
    this.#key = keyOf(job);
  }

  /** @returns milliseconds after which to look again. */
  async run(): Promise<number | undefined> {
    const { spec, status: old = {} } = this.#job;
    const now = this.#context.clock.now();
    const active = this.#pods.filter((pod) => !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined);
    const succeeded = this.#pods.filter((pod) => pod.status?.phase === 'Succeeded');
    const failed = this.#pods.filter((pod) => pod.status?.phase === 'Failed');
    const isSuspended = spec?.suspend === true;
    const startTime = isSuspended ? undefined : (old.startTime ?? formatTime(now));
    const ending = this.#ending(succeeded, failed.length, active, startTime, now);
    let running = active.length;
    let again: number | undefined;
    if (ending !== undefined || isSuspended) {
      for (const pod of active) await deletePod(this.#context, this.#job, pod);
      running = 0;
    } else if (this.#expectations.satisfied(this.#key)) {
      const wait = this.#backoff(failed, now);
      if (wait > 0) again = wait;
      else running = await this.#adjust(active, succeeded);
    }
    await this.#writeStatus({
      active: running,
      succeeded,
      failed: failed.length,
      ready: active.filter(isPodReady).length,
      startTime,
      ending,
    });
    const deadline = spec?.activeDeadlineSeconds;
    if (deadline !== undefined && startTime !== undefined && ending === undefined) {
      const left = Date.parse(startTime) + deadline * 1000 - now;
      again = Math.min(again ?? left, Math.max(left, 0));
    }
    return again;
  }

  /** Indices that have succeeded; for jobs that are Indexed. */
  #doneIndices(succeeded: readonly Pod[]): Set<number> {
    return new Set(succeeded.map((pod) => Number(pod.metadata.annotations?.[indexAnnotation] ?? '-1')));
  }

  #doneCount(succeeded: readonly Pod[]): number {
    return this.#job.spec?.completionMode === 'Indexed' ? this.#doneIndices(succeeded).size : succeeded.length;
  }

  #ending(
    succeeded: readonly Pod[],
    failed: number,
    active: readonly Pod[],
    startTime: string | undefined,
    now: number,
  ): Ending | undefined {
    const { spec } = this.#job;
    const deadline = spec?.activeDeadlineSeconds;
    if (failed > (spec?.backoffLimit ?? 6) || this.#restartedTooOften(active)) {
      return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
    }
    if (deadline !== undefined && startTime !== undefined && Date.parse(startTime) + deadline * 1000 <= now) {
      return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
    }
    const completions = spec?.completions;
    const done = this.#doneCount(succeeded);
    const isComplete = completions === undefined ? done > 0 && active.length === 0 : done >= completions;
    if (!isComplete) return undefined;
    return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
  }

  /** With OnFailure the kubelet tries again itself: its restarts count in place of failed pods. */
  #restartedTooOften(active: readonly Pod[]): boolean {
    const { spec } = this.#job;
    if (spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
    const restarts = active
      .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
      .reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);
    return restarts > 0 && restarts >= (spec.backoffLimit ?? 6);
  }

  /** After a failure new pods wait: 10 s, then twice as long each time. @returns milliseconds to wait */
  #backoff(failed: readonly Pod[], now: number): number {
    if (failed.length === 0) return 0;
    const ended = failed.map((pod) => lastEnd(pod));
    const wait = Math.min(firstBackoffMillis * 2 ** (failed.length - 1), longestBackoffMillis);
    return Math.max(0, Math.max(...ended) + wait - now);
  }

  /** Makes or removes pods. @returns how many are active then */
  async #adjust(active: readonly Pod[], succeeded: readonly Pod[]): Promise<number> {
    const { spec } = this.#job;
    const parallelism = spec?.parallelism ?? 1;
    const remaining = spec?.completions === undefined ? undefined : spec.completions - this.#doneCount(succeeded);
    let wanted = remaining === undefined ? parallelism : Math.min(parallelism, remaining);
    // Without a number of completions, the first success ends the making of pods.
    if (remaining === undefined && succeeded.length > 0) wanted = Math.min(wanted, active.length);
    if (active.length > wanted) {
      const surplus = active.toSorted((left, right) => Number(isPodReady(left)) - Number(isPodReady(right)));
      for (const pod of surplus.slice(0, active.length - wanted)) await deletePod(this.#context, this.#job, pod);
      return wanted;
    }
    const missing = wanted - active.length;
    if (missing <= 0) return active.length;
    const indices = this.#freeIndices(active, succeeded);
    this.#expectations.expectCreations(this.#key, missing);
    const { succeeded: made, error } = await slowStart(missing, () => this.#create(indices.shift()));
    if (made < missing) this.#expectations.creationObserved(this.#key, missing - made);
    if (error !== undefined) throw error;
    return active.length + made;
  }

  #freeIndices(active: readonly Pod[], succeeded: readonly Pod[]): number[] {
    if (this.#job.spec?.completionMode !== 'Indexed') return [];
    const taken = this.#doneIndices([...active, ...succeeded]);
    const all = Array.from({ length: this.#job.spec.completions ?? 0 }, (_, index) => index);
    return all.filter((index) => !taken.has(index));
  }

  async #create(index: number | undefined): Promise<void> {
    const job = this.#job;
    const pod = podFromTemplate(job.spec?.template ?? {}, job);
    if (index !== undefined) {
      pod.metadata.annotations = { ...pod.metadata.annotations, [indexAnnotation]: `${index}` };
      pod.metadata.labels = { ...pod.metadata.labels, [indexAnnotation]: `${index}` };
      pod.metadata.generateName = `${job.metadata.name ?? ''}-${index}-`;
      if (pod.spec !== undefined) pod.spec.hostname ??= `${job.metadata.name ?? ''}-${index}`;
    }
    await createPod(this.#context, job, pod);
  }

  async #writeStatus(facts: {
    readonly active: number;
    readonly succeeded: readonly Pod[];
    readonly failed: number;
    readonly ready: number;
    readonly startTime: string | undefined;
    readonly ending: Ending | undefined;
  }): Promise<void> {
    const job = this.#job;
    const time = formatTime(this.#context.clock.now());
    const { ending, startTime } = facts;
    const conditions: JobCondition[] = (job.status?.conditions ?? []).filter(({ type }) => type !== 'Suspended');
    const suspended = this.#suspendedCondition(time);
    if (suspended !== undefined) conditions.push(suspended);
    if (ending !== undefined) {
      const { type, reason, message } = ending;
      const before = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
      for (const each of [before, type]) {
        conditions.push({ lastProbeTime: time, lastTransitionTime: time, message, reason, status: 'True', type: each });
      }
    }
    const done = this.#doneIndices(facts.succeeded);
    const counts = { active: facts.active, succeeded: facts.succeeded.length, failed: facts.failed };
    const status: JobStatus = {
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      ready: ending === undefined ? facts.ready : 0,
      terminating: 0,
      uncountedTerminatedPods: {},
      ...(startTime === undefined ? {} : { startTime }),
      ...(ending?.type === 'Complete' ? { completionTime: time } : {}),
      ...(job.spec?.completionMode === 'Indexed' && done.size > 0 ? { completedIndexes: formatIndices(done) } : {}),
      ...(conditions.length > 0 ? { conditions } : {}),
    };
    if (equalJson(job.status ?? {}, status)) return;
    try {
      await this.#context.client
        .resource<Job>(jobsResource, job.metadata.namespace)
        .update({ ...job, status }, { subresource: 'status' });
    } catch (error) {
      if (hasReason(error, 'NotFound')) return;
      throw error;
    }
    if (ending?.type === 'Complete') this.#context.events.event(job, 'Normal', 'Completed', 'Job completed');
    else if (ending !== undefined) this.#context.events.event(job, 'Warning', ending.reason, ending.message);
  }

  #suspendedCondition(time: string): JobCondition | undefined {
    const job = this.#job;
    const before = job.status?.conditions?.find(({ type }) => type === 'Suspended');
    const isSuspended = job.spec?.suspend === true;
    if (!isSuspended && before === undefined) return undefined;
    const status = isSuspended ? 'True' : 'False';
    if (before?.status === status) return before;
    const [reason, message] = isSuspended ? ['JobSuspended', 'Job suspended'] : ['JobResumed', 'Job resumed'];
    this.#context.events.event(job, 'Normal', isSuspended ? 'Suspended' : 'Resumed', message ?? '');
    return {
      lastProbeTime: time,
      lastTransitionTime: time,
      message: message ?? '',
      reason: reason ?? '',
      status,
      type: 'Suspended',
    };
  }
}

/** Milliseconds when a failed pod's last container ended. */
function lastEnd(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).map((status) =>
    Date.parse(status.state?.terminated?.finishedAt ?? ''),
  );
  return Math.max(Date.parse(pod.metadata.creationTimestamp ?? '') || 0, ...ends.filter((end) => !Number.isNaN(end)));
}

/** `0-2,5`: sorted, with runs of three and more joined. */
function formatIndices(indices: ReadonlySet<number>): string {
  const sorted = [...indices].filter((index) => index >= 0).toSorted((left, right) => left - right);
  const runs: number[][] = [];
  for (const index of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last.at(-1) === index - 1) last.push(index);
    else runs.push([index]);
  }
  return runs
    .map((run) => (run.length < 2 ? `${run[0] ?? 0}` : `${run[0] ?? 0}${run.length > 2 ? '-' : ','}${run.at(-1) ?? 0}`))
    .join(',');
}
