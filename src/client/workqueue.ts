import type { Clock, Timer } from '../system/clock.ts';

/** A queue of keys (client-go's rate limiting workqueue): a key is in it once, and worked on once at a time. */
export interface Workqueue<T> {
  add(item: T): void;
  addAfter(item: T, delayMillis: number): void;
  /** Adds after a back-off that grows with every call for the item until `forget`. */
  addRateLimited(item: T): void;
  forget(item: T): void;
  /** The next item; waits for one. Undefined once the queue is shut down and empty. */
  get(): Promise<T | undefined>;
  /** Says that the work on an item is over; added meanwhile, it is queued again. */
  done(item: T): void;
  readonly size: number;
  shutDown(): void;
}

const firstRetryMillis = 5;
const longestRetryMillis = 1_000_000;

/** Makes a queue. */
export function createWorkqueue<T>(options: { readonly clock: Clock }): Workqueue<T> {
  return new KeyQueue<T>(options.clock);
}

class KeyQueue<T> implements Workqueue<T> {
  readonly #clock: Clock;
  readonly #queue: T[] = [];
  readonly #dirty = new Set<T>();
  readonly #processing = new Set<T>();
  readonly #failures = new Map<T, number>();
  readonly #waiting = new Map<T, { readonly at: number; readonly timer: Timer }>();
  readonly #takers: ((item: T | undefined) => void)[] = [];
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#queue.length;
  }

  add(item: T): void {
    if (this.#closed || this.#dirty.has(item)) return;
    this.#dirty.add(item);
    if (this.#processing.has(item)) return;
    this.#enqueue(item);
  }

  addAfter(item: T, delayMillis: number): void {
    if (this.#closed) return;
    if (delayMillis <= 0) {
      this.add(item);
      return;
    }
    const at = this.#clock.now() + delayMillis;
    const waiting = this.#waiting.get(item);
    if (waiting !== undefined) {
      if (waiting.at <= at) return;
      waiting.timer.cancel();
    }
    const fire = (): void => {
      this.#waiting.delete(item);
      this.add(item);
    };
    this.#waiting.set(item, { at, timer: this.#clock.setTimer(fire, delayMillis, { unref: true }) });
  }

  addRateLimited(item: T): void {
    const failures = this.#failures.get(item) ?? 0;
    this.#failures.set(item, failures + 1);
    this.addAfter(item, Math.min(firstRetryMillis * 2 ** failures, longestRetryMillis));
  }

  forget(item: T): void {
    this.#failures.delete(item);
  }

  get(): Promise<T | undefined> {
    const item = this.#queue.shift();
    if (item !== undefined) {
      this.#begin(item);
      return Promise.resolve(item);
    }
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(item: T): void {
    this.#processing.delete(item);
    if (this.#dirty.has(item)) this.#enqueue(item);
  }

  shutDown(): void {
    this.#closed = true;
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #begin(item: T): void {
    this.#dirty.delete(item);
    this.#processing.add(item);
  }

  #enqueue(item: T): void {
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#queue.push(item);
      return;
    }
    this.#begin(item);
    taker(item);
  }
}

/**
 * Runs `count` workers until the queue is shut down. An item whose handler throws is told to `onError` and tried again
 * after a back-off; one that succeeds is forgotten.
 */
export async function runWorkers<T>(
  queue: Workqueue<T>,
  count: number,
  handler: (item: T) => Promise<void>,
  onError: (item: T, error: unknown) => void,
): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let item = await queue.get(); item !== undefined; item = await queue.get()) {
      try {
        await handler(item);
        queue.forget(item);
      } catch (error) {
        onError(item, error);
        queue.addRateLimited(item);
      } finally {
        queue.done(item);
      }
    }
  };
  await Promise.all(Array.from({ length: count }, worker));
}
