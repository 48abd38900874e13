import type { CronJob, CronJobStatus, Job } from '../../api/types/batch-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { equalJson, cloneJson } from '../../apimachinery/json.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { controllerOf, controllerReference } from '../../client/controller-references.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { type CronSchedule, CronScheduleError, parseCronSchedule } from './cron-schedule.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { isNamespaceGoing } from './pod-control.ts';

const cronJobsResource = { group: 'batch', version: 'v1', resource: 'cronjobs' } as const;
const jobsResource = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
/** A look a little after the time is due never comes too early. */
const lateMillis = 100;
const manyMissed = 100;

/** Starts jobs when their schedule says so. */
export function createCronJobController(context: ControllerContext): Controller {
  const cronJobs = context.informers.informer<CronJob>(cronJobsResource);
  const jobs = context.informers.informer<Job>(jobsResource);
  return createKeyedController({
    name: 'cronjob-controller',
    context,
    register(queue) {
      const enqueue = (cronJob: CronJob): void => queue.add(keyOf(cronJob));
      cronJobs.addHandler({ added: enqueue, updated: enqueue });
      const enqueueOwner = (job: Job): void => {
        const owner = controllerOf(job);
        if (owner?.kind === 'CronJob') queue.add(`${job.metadata.namespace ?? ''}/${owner.name}`);
      };
      jobs.addHandler({ added: enqueueOwner, updated: enqueueOwner, deleted: enqueueOwner });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const cronJob = cronJobs.get(namespace, name);
      if (cronJob === undefined) return;
      const again = await new CronJobSync(context, cronJob, jobs.ownedBy(cronJob.metadata.uid ?? '')).run();
      if (again !== undefined) queue.addAfter(key, again);
    },
  });
}

/** Complete or Failed; undefined while it runs. */
function endOf(job: Job): string | undefined {
  return job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )?.type;
}

/** One look at one cron job. */
class CronJobSync {
  readonly #context: ControllerContext;
  readonly #cronJob: CronJob;
  readonly #jobs: readonly Job[];
  readonly #now: number;
  readonly #status: CronJobStatus;

  constructor(context: ControllerContext, cronJob: CronJob, jobs: readonly Job[]) {
    this.#context = context;
    this.#cronJob = cronJob;
    this.#jobs = jobs;
    this.#now = context.clock.now();
    this.#status = cloneJson(cronJob.status ?? {});
  }

  /** @returns milliseconds until the next time. */
  async run(): Promise<number | undefined> {
    await this.#noteEnded();
    await this.#removeOld();
    try {
      return await this.#schedule();
    } finally {
      await this.#writeStatus();
    }
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.event(this.#cronJob, type, reason, message);
  }

  #jobClient() {
    return this.#context.client.resource<Job>(jobsResource, this.#cronJob.metadata.namespace);
  }

  #isActive(uid: string | undefined): boolean {
    return this.#status.active?.some((reference) => reference.uid === uid) === true;
  }

  #forget(uid: string | undefined): void {
    const active = (this.#status.active ?? []).filter((reference) => reference.uid !== uid);
    if (active.length > 0) this.#status.active = active;
    else delete this.#status.active;
  }

  /** Jobs that ended, or are gone, are active no more. */
  async #noteEnded(): Promise<void> {
    for (const job of this.#jobs) {
      const end = endOf(job);
      const { name = '', uid } = job.metadata;
      if (end === undefined) {
        if (!this.#isActive(uid) && !(await this.#isActiveOnServer(uid))) {
          this.#event('Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${name}`);
        }
        continue;
      }
      if (this.#isActive(uid)) {
        this.#forget(uid);
        this.#event('Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${end}`);
      }
      const completed = end === 'Complete' ? job.status?.completionTime : undefined;
      if (completed === undefined) continue;
      const last = this.#status.lastSuccessfulTime;
      if (last === undefined || Date.parse(completed) > Date.parse(last)) this.#status.lastSuccessfulTime = completed;
    }
    const known = new Set(this.#jobs.map((job) => job.metadata.uid));
    for (const reference of this.#status.active ?? []) {
      if (known.has(reference.uid) || (await this.#findJob(reference.name ?? '')) !== undefined) continue;
      this.#event('Normal', 'MissingJob', `Active job went missing: ${reference.name ?? ''}`);
      this.#forget(reference.uid);
    }
  }

  /** The informer may show a job before it shows the status that names it. */
  async #isActiveOnServer(uid: string | undefined): Promise<boolean> {
    const { name = '', namespace } = this.#cronJob.metadata;
    const fresh = await this.#context.client.resource<CronJob>(cronJobsResource, namespace).get(name);
    return fresh.status?.active?.some((reference) => reference.uid === uid) === true;
  }

  #findJob(name: string): Promise<Job | undefined> {
    return this.#jobClient()
      .get(name)
      .catch((error: unknown) => {
        if (hasReason(error, 'NotFound')) return undefined;
        throw error;
      });
  }

  /** The oldest ended jobs beyond the limits go. */
  async #removeOld(): Promise<void> {
    const { failedJobsHistoryLimit, successfulJobsHistoryLimit } = this.#cronJob.spec;
    const ended = this.#jobs.filter((job) => job.metadata.deletionTimestamp === undefined).toSorted(byStartTime);
    for (const [end, limit] of [
      ['Complete', successfulJobsHistoryLimit],
      ['Failed', failedJobsHistoryLimit],
    ] as const) {
      if (limit === undefined) continue;
      const jobs = ended.filter((job) => endOf(job) === end);
      for (const job of jobs.slice(0, Math.max(0, jobs.length - limit))) await this.#deleteJob(job);
    }
  }

  async #deleteJob(job: Job): Promise<void> {
    const { name = '', uid } = job.metadata;
    try {
      await this.#jobClient().delete(name, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!hasReason(error, 'NotFound')) {
        this.#event('Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`);
        throw error;
      }
    }
    this.#forget(uid);
    this.#event('Normal', 'SuccessfulDelete', `Deleted job ${name}`);
  }

  async #schedule(): Promise<number | undefined> {
    const { metadata, spec } = this.#cronJob;
    if (metadata.deletionTimestamp !== undefined) return undefined;
    const schedule = this.#parse();
    if (schedule === undefined || spec.suspend === true) return undefined;
    const due = this.#dueTime(schedule);
    if (due !== undefined) await this.#start(due);
    const next = schedule.next(this.#now);
    return next === undefined ? undefined : next - this.#now + lateMillis;
  }

  #parse(): CronSchedule | undefined {
    const { schedule, timeZone } = this.#cronJob.spec;
    try {
      parseCronSchedule('@hourly', timeZone);
    } catch (error) {
      if (!(error instanceof CronScheduleError)) throw error;
      const message = `invalid timeZone: ${JSON.stringify(timeZone)}: ${error.message}`;
      this.#event('Warning', 'UnknownTimeZone', message);
      return undefined;
    }
    try {
      return parseCronSchedule(schedule, timeZone);
    } catch (error) {
      if (!(error instanceof CronScheduleError)) throw error;
      const message = `unparseable schedule: ${JSON.stringify(schedule)} : ${error.message}`;
      this.#event('Warning', 'UnparseableSchedule', message);
      return undefined;
    }
  }

  /** The latest time that has come and for which no job was started. */
  #dueTime(schedule: CronSchedule): number | undefined {
    const { metadata, spec } = this.#cronJob;
    const now = this.#now;
    const since = Date.parse(this.#status.lastScheduleTime ?? metadata.creationTimestamp ?? '') || now;
    const deadline = spec.startingDeadlineSeconds;
    const earliest = deadline === undefined ? since : Math.max(since, now - deadline * 1000);
    const first = schedule.next(earliest);
    if (first === undefined) {
      const problem = 'time difference between two schedules is less than 1 second';
      this.#event('Warning', 'InvalidSchedule', `invalid schedule: ${spec.schedule} : ${problem}`);
      return undefined;
    }
    if (first > now) return undefined;
    const second = schedule.next(first);
    if (second === undefined || second > now) return first;
    if (Math.floor((now - first) / (second - first)) + 1 > manyMissed) {
      const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      this.#event('Warning', 'TooManyMissedTimes', message);
    }
    return latest(schedule, second, now, second - first);
  }

  async #start(due: number): Promise<void> {
    const { metadata, spec } = this.#cronJob;
    const name = jobName(metadata.name ?? '', due);
    if (spec.startingDeadlineSeconds !== undefined && due + spec.startingDeadlineSeconds * 1000 < this.#now) {
      const time = new Date(due).toUTCString().replace('GMT', '+0000');
      this.#event('Warning', 'MissSchedule', `Missed scheduled time to start a job: ${time}`);
      return;
    }
    const active = this.#status.active ?? [];
    if (active.some((reference) => reference.name === name)) return;
    if (this.#status.lastScheduleTime === formatTime(due)) return;
    if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      this.#event('Normal', 'JobAlreadyActive', message);
      return;
    }
    if (spec.concurrencyPolicy === 'Replace') {
      for (const reference of active) {
        const job = await this.#findJob(reference.name ?? '');
        if (job === undefined) this.#forget(reference.uid);
        else await this.#deleteJob(job);
      }
    }
    await this.#create(name, due);
  }

  async #create(name: string, due: number): Promise<void> {
    let job: Job;
    try {
      job = await this.#jobClient().create(this.#jobFor(name, due));
      this.#event('Normal', 'SuccessfulCreate', `Created job ${name}`);
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) {
        if (isNamespaceGoing(error)) return;
        const text = messageOf(error);
        this.#event('Warning', 'FailedCreate', `Error creating job: ${text}`);
        throw error;
      }
      // Made before, and the status was not written; someone else's job is left alone.
      job = await this.#jobClient().get(name);
      if (controllerOf(job)?.uid !== this.#cronJob.metadata.uid || this.#isActive(job.metadata.uid)) return;
    }
    const { namespace = '', resourceVersion = '', uid = '' } = job.metadata;
    const reference = { apiVersion: 'batch/v1', kind: 'Job', name, namespace, resourceVersion, uid };
    this.#status.active = [...(this.#status.active ?? []), reference];
    this.#status.lastScheduleTime = formatTime(due);
  }

  #jobFor(name: string, due: number): Job {
    const { metadata, spec } = this.#cronJob;
    const template = spec.jobTemplate;
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name,
        namespace: metadata.namespace ?? '',
        ...(template.metadata?.labels === undefined ? {} : { labels: { ...template.metadata.labels } }),
        annotations: { ...template.metadata?.annotations, [scheduledAnnotation]: timeIn(due, spec.timeZone) },
        ownerReferences: [controllerReference(this.#cronJob)],
      },
      ...(template.spec === undefined ? {} : { spec: cloneJson(template.spec) }),
    };
  }

  async #writeStatus(): Promise<void> {
    const cronJob = this.#cronJob;
    if (equalJson(cronJob.status ?? {}, this.#status)) return;
    try {
      await this.#context.client
        .resource<CronJob>(cronJobsResource, cronJob.metadata.namespace)
        .update({ ...cronJob, status: this.#status }, { subresource: 'status' });
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
  }
}

function byStartTime(left: Job, right: Job): number {
  const start = (job: Job): number => Date.parse(job.status?.startTime ?? '') || Number.MAX_SAFE_INTEGER;
  return start(left) - start(right) || ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1);
}

/** The same for the same time, so that no time is served twice. */
function jobName(cronJob: string, due: number): string {
  return `${cronJob}-${Math.floor(due / 60_000)}`;
}

/** The last time up to `now`: looks back in ever longer steps, so that years of missed times cost little. */
function latest(schedule: CronSchedule, known: number, now: number, interval: number): number {
  let last = known;
  for (let back = interval; now - back > known; back *= 2) {
    const found = schedule.next(now - back);
    if (found === undefined || found > now) continue;
    last = found;
    break;
  }
  for (let next = schedule.next(last); next !== undefined && next <= now; next = schedule.next(last)) last = next;
  return last;
}

/** RFC 3339, with the offset that the zone has then. */
function timeIn(millis: number, timeZone: string | undefined): string {
  if (timeZone === undefined || timeZone === 'UTC' || timeZone === 'Etc/UTC') return formatTime(millis);
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(millis).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const offset = name.replace('GMT', '');
  if (offset === '') return formatTime(millis);
  const [hours = '0', minutes = '0'] = offset.slice(1).split(':');
  const shift = (Number(hours) * 60 + Number(minutes)) * 60_000 * (offset.startsWith('-') ? -1 : 1);
  return formatTime(millis + shift).replace('Z', offset);
}
