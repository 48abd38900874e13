import type { Clock, Timer } from '../../../system/clock.ts';

/** How a simulated process tells what it would use on a real node. */
export interface ProcessUsage {
  /** Counts processor time that a small step took, in seconds. */
  spend(seconds: number): void;
  /** Computes for so many seconds of one processor, which takes longer where the container is held to less; ends when the signal aborts. */
  work(seconds: number, signal: AbortSignal): Promise<void>;
  /** Keeps so many processors busy for so many seconds, as far as the container may; ends when the signal aborts. */
  burn(processors: number, seconds: number, signal: AbortSignal): Promise<void>;
  /** Begins to compute without waiting for anything, for a time that is not known yet. */
  begin(): Burst;
  /** Takes memory. @returns what gives it back */
  take(bytes: number): () => void;
}

/** Processor time that is used from its beginning on. */
export interface Burst {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** A step of it takes so many seconds on a real node. */
  owe(seconds: number): void;
  /** Nothing is computed any more; without effect on a rest. */
  end(): void;
  /**
   * Computes in name alone for so many seconds of a processor, or until as much was had as the burst took or owes where
   * that is more; then it ends.
   */
  rest(seconds: number, signal: AbortSignal): Promise<void>;
}

/** What the start of a small program takes of a processor. */
export const processSeconds = 0.001;

/** Something that wants processor time. */
interface Job {
  /** How many processors it keeps busy when nothing holds it back. */
  readonly processors: number;
  /** Seconds of processor time until it is done; without an end for those that end by the clock. */
  remaining: number;
  /** Seconds that it had. */
  had: number;
  done: () => void;
}

/** What is less than that is nothing: sums of fractions are not exact. */
const nothing = 1e-9;

/**
 * What the processes of a simulated container use, as they say themselves: nothing is measured. Those that compute at
 * the same time share what the container may have of the processors (its CPU quota, and what the node has).
 */
export class UsageMeter implements ProcessUsage {
  readonly #clock: Clock;
  readonly #processors: number;
  readonly #onTake: () => void;
  readonly #jobs = new Set<Job>();
  #limit = Infinity;
  #seconds = 0;
  #bytes = 0;
  #countedAt: number;
  #timer: Timer | undefined;

  /**
   * @param processors how many the node has
   * @param onTake called when memory was taken
   */
  constructor(clock: Clock, processors: number, onTake: () => void = () => {}) {
    this.#clock = clock;
    this.#processors = processors;
    this.#onTake = onTake;
    this.#countedAt = clock.now();
  }

  /** Seconds of processor time so far, which only grow. */
  get seconds(): number {
    this.#count();
    return this.#seconds;
  }

  /** Bytes of memory that processes took and did not give back. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Holds the container to so many processors from now on; Infinity for none. */
  hold(limit: number): void {
    this.#count();
    this.#limit = limit;
    this.#plan();
  }

  /** The container has ended: whatever computes in it does no more. */
  end(): void {
    this.#count();
    for (const job of this.#jobs) this.#finish(job);
    this.#plan();
    this.#bytes = 0;
  }

  spend(seconds: number): void {
    this.#seconds += seconds;
  }

  async work(seconds: number, signal: AbortSignal): Promise<void> {
    if (seconds > 0) await this.#run(1, seconds, signal);
  }

  async burn(processors: number, seconds: number, signal: AbortSignal): Promise<void> {
    if (processors <= 0 || seconds <= 0) return;
    const stop = new AbortController();
    const isTimed = Number.isFinite(seconds);
    const timer = isTimed ? this.#clock.setTimer(() => stop.abort(), seconds * 1000, { unref: true }) : undefined;
    await this.#run(processors, Infinity, AbortSignal.any([signal, stop.signal]));
    timer?.cancel();
  }

  begin(): Burst {
    this.#count();
    const startedAt = this.#clock.now();
    const job: Job = { processors: 1, remaining: Infinity, had: 0, done: () => {} };
    let isResting = false;
    let owed = 0;
    this.#jobs.add(job);
    this.#plan();
    return {
      startedAt,
      owe: (seconds) => void (owed += seconds),
      end: () => {
        if (isResting) return;
        this.#stop(job);
        this.spend(Math.max(0, owed - job.had));
      },
      rest: (seconds, signal) => {
        isResting = true;
        this.#count();
        const due = Math.max(owed, (this.#clock.now() - startedAt) / 1000);
        return this.#wait(job, Math.max(seconds, due - job.had), signal);
      },
    };
  }

  take(bytes: number): () => void {
    this.#bytes += bytes;
    let isHeld = true;
    this.#onTake();
    return () => {
      if (isHeld) this.#bytes = Math.max(0, this.#bytes - bytes);
      isHeld = false;
    };
  }

  #run(processors: number, remaining: number, signal: AbortSignal): Promise<void> {
    this.#count();
    const job: Job = { processors, remaining, had: 0, done: () => {} };
    this.#jobs.add(job);
    return this.#wait(job, remaining, signal);
  }

  /** Until a job has had so many seconds more, or the signal aborts. */
  #wait(job: Job, remaining: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) {
      this.#stop(job);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const stop = (): void => this.#stop(job);
      job.remaining = remaining;
      job.done = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
      // The container may have ended meanwhile.
      if (!this.#jobs.has(job)) job.done();
      this.#plan();
    });
  }

  #stop(job: Job): void {
    this.#count();
    this.#finish(job);
    this.#plan();
  }

  #finish(job: Job): void {
    if (this.#jobs.delete(job)) job.done();
  }

  /** How much of what it wants each job gets. */
  #share(): number {
    const wanted = [...this.#jobs].reduce((sum, { processors }) => sum + processors, 0);
    const given = Math.min(this.#limit, this.#processors);
    return wanted > given ? given / wanted : 1;
  }

  /** Counts what was used since it was last counted. */
  #count(): void {
    const now = this.#clock.now();
    const passed = Math.max(0, now - this.#countedAt) / 1000;
    this.#countedAt = now;
    if (passed === 0 || this.#jobs.size === 0) return;
    const share = this.#share();
    for (const job of this.#jobs) {
      const used = Math.min(job.remaining, passed * job.processors * share);
      this.#seconds += used;
      job.had += used;
      job.remaining -= used;
    }
    for (const job of this.#jobs) if (job.remaining <= nothing) this.#finish(job);
  }

  /** Sets the timer for the job that is done next. */
  #plan(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const share = this.#share();
    const times = [...this.#jobs].map(({ remaining, processors }) => remaining / (processors * share));
    const next = Math.min(...times);
    if (!Number.isFinite(next)) return;
    const expire = (): void => {
      this.#count();
      this.#plan();
    };
    this.#timer = this.#clock.setTimer(expire, Math.ceil(next * 1000), { unref: true });
  }
}
