import { type Clock, sleep, type Timer } from '../../../system/clock.ts';
import { type AuditBackend, type AuditLossLog, type PromptAuditBackend, reportLoss } from './audit-backend.ts';
import type { AuditEvent } from './audit-event.ts';

/** How events are gathered (the flags --audit-…-batch-…). */
export interface BatchOptions {
  /** How many events may wait; more are lost. */
  readonly bufferSize: number;
  readonly maxBatchSize: number;
  /** After so long a smaller batch goes, too. */
  readonly maxWaitMillis: number;
  /** How many batches go a second, and at once after a pause; no limit when absent. */
  readonly throttle?: { readonly qps: number; readonly burst: number };
  /** Whether a batch may go before the one before it has been kept. */
  readonly isAsynchronous: boolean;
}

/** Takes events over at once, and hands them on in batches. */
export function bufferedBackend(
  backend: AuditBackend,
  options: BatchOptions,
  world: { readonly clock: Clock; readonly log: AuditLossLog },
): PromptAuditBackend {
  return new BufferedBackend(backend, options, world);
}

class BufferedBackend implements PromptAuditBackend {
  readonly #backend: AuditBackend;
  readonly #options: BatchOptions;
  readonly #clock: Clock;
  readonly #log: AuditLossLog;
  readonly #throttle: TokenBucket | undefined;
  /** What came while a batch waits to be handed on. */
  #buffer: AuditEvent[] = [];
  /** The batch that is being gathered. */
  #batch: AuditEvent[] | undefined;
  #completeBatch: (() => void) | undefined;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #running: Promise<void>;

  constructor(
    backend: AuditBackend,
    options: BatchOptions,
    world: { readonly clock: Clock; readonly log: AuditLossLog },
  ) {
    this.#backend = backend;
    this.#options = options;
    this.#clock = world.clock;
    this.#log = world.log;
    this.#throttle = options.throttle === undefined ? undefined : new TokenBucket(options.throttle, world.clock);
    this.#running = this.#run();
  }

  process(events: readonly AuditEvent[]): boolean {
    for (const [index, event] of events.entries()) {
      if (this.#stopping.signal.aborted) {
        reportLoss(this.#log, 'buffered', 'audit backend shut down', events.slice(index));
        return true;
      }
      // What is gathered has left the buffer.
      if (this.#batch !== undefined) {
        this.#batch.push(event);
        if (this.#batch.length >= this.#options.maxBatchSize) this.#completeBatch?.();
      } else if (this.#buffer.length < this.#options.bufferSize) this.#buffer.push(event);
      else {
        reportLoss(this.#log, 'buffered', 'audit buffer queue blocked', events.slice(index));
        return true;
      }
    }
    return true;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#completeBatch?.();
    await this.#running;
    await Promise.all(this.#underWay);
    await this.#backend.close?.();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted || this.#buffer.length > 0) {
      const batch = await this.#gather();
      if (batch.length === 0) continue;
      await this.#throttle?.take(signal);
      const kept = this.#hand(batch);
      if (!this.#options.isAsynchronous) {
        await kept;
        continue;
      }
      this.#underWay.add(kept);
      void kept.finally(() => this.#underWay.delete(kept));
    }
  }

  async #hand(batch: readonly AuditEvent[]): Promise<void> {
    try {
      await this.#backend.process(batch);
    } catch (error) {
      reportLoss(this.#log, 'buffered', String(error), batch);
    }
  }

  /** A whole batch, or what there is when its time has come or the server stops. */
  async #gather(): Promise<readonly AuditEvent[]> {
    const { maxBatchSize, maxWaitMillis } = this.#options;
    const batch = this.#buffer.splice(0, maxBatchSize);
    if (batch.length >= maxBatchSize || this.#stopping.signal.aborted) return batch;
    this.#batch = batch;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#completeBatch = resolve;
      // A single event has nothing to wait for.
      if (maxBatchSize > 1) timer = this.#clock.setTimer(resolve, maxWaitMillis, { unref: true });
    });
    timer?.cancel();
    this.#batch = undefined;
    this.#completeBatch = undefined;
    // More may have come before this went on.
    this.#buffer.unshift(...batch.splice(maxBatchSize));
    return batch;
  }
}

/** Lets so many through a second, and some at once after a pause. */
class TokenBucket {
  readonly #qps: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor({ qps, burst }: { readonly qps: number; readonly burst: number }, clock: Clock) {
    this.#qps = qps;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#filledAt = clock.now();
  }

  /** Waits until one more may pass; no longer than until the signal. */
  async take(signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#qps);
    this.#filledAt = now;
    this.#tokens -= 1;
    if (this.#tokens < 0) await sleep(this.#clock, (-this.#tokens / this.#qps) * 1000, signal);
  }
}
