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

/** Is told what goes on in a queue; times are in seconds. */
export interface WorkqueueObserver {
  /** An item was queued that was not. */
  added(): void;
  /** An item was handed to a worker. */
  taken(waitedSeconds: number): void;
  /** The work on an item is over. */
  done(workedSeconds: number): void;
  /** An item will be added later, most often again. */
  retried(): void;
  /** How to find out how long work goes on that is under way. */
  follow(underWay: () => Iterable<number>): void;
}

const firstRetryMillis = 5;
const longestRetryMillis = 1_000_000;

export interface WorkqueueOptions {
  readonly clock: Clock;
  readonly observer?: WorkqueueObserver | undefined;
}

/** Makes a queue. */
export function createWorkqueue<T>({ clock, observer }: WorkqueueOptions): Workqueue<T> {
  return observer === undefined ? new KeyQueue<T>(clock) : observedQueue(clock, observer);
}

/** A queue whose items' times are told to somebody. */
function observedQueue<T>(clock: Clock, observer: WorkqueueObserver): Workqueue<T> {
  const addedAt = new Map<T, number>();
  const begunAt = new Map<T, number>();
  const secondsSince = (millis: number): number => (clock.now() - millis) / 1000;
  observer.follow(() => [...begunAt.values()].map(secondsSince));
  return new KeyQueue<T>(clock, {
    added(item) {
      addedAt.set(item, clock.now());
      observer.added();
    },
    taken(item) {
      const since = addedAt.get(item);
      addedAt.delete(item);
      begunAt.set(item, clock.now());
      observer.taken(since === undefined ? 0 : secondsSince(since));
    },
    done(item) {
      const since = begunAt.get(item);
      begunAt.delete(item);
      if (since !== undefined) observer.done(secondsSince(since));
    },
    retried: () => observer.retried(),
  });
}

/** Is told what becomes of items. */
interface ItemObserver<T> {
  added(item: T): void;
  taken(item: T): void;
  done(item: T): void;
  retried(): void;
}

class KeyQueue<T> implements Workqueue<T> {
  readonly #clock: Clock;
  readonly #observer: ItemObserver<T> | undefined;
  readonly #queue: T[] = [];
  readonly #dirty = new Set<T>();
  readonly #processing = new Set<T>();
  readonly #failures = new Map<T, number>();
  readonly #waiting = new Map<T, { readonly at: number; readonly timer: Timer }>();
  readonly #takers: ((item: T | undefined) => void)[] = [];
  #closed = false;

  constructor(clock: Clock, observer?: ItemObserver<T>) {
    this.#clock = clock;
    this.#observer = observer;
  }

  get size(): number {
    return this.#queue.length;
  }

  add(item: T): void {
    if (this.#closed || this.#dirty.has(item)) return;
    this.#observer?.added(item);
    this.#dirty.add(item);
    if (this.#processing.has(item)) return;
    this.#enqueue(item);
  }

  addAfter(item: T, delayMillis: number): void {
    if (this.#closed) return;
    this.#observer?.retried();
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
    this.#observer?.done(item);
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
    this.#observer?.taken(item);
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
