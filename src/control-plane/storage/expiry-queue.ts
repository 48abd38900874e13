import type { Clock, Timer } from '../../system/clock.ts';
import type { StoredValue } from './storage.ts';

/** The least time between two looks, as etcd looks for leases that ran out. */
const leastIntervalMillis = 500;
const retryMillis = 5000;

interface Expiry {
  readonly key: string;
  readonly modRevision: number;
  readonly atMillis: number;
}

/** Knows which keys end when, and has them deleted then. A binary heap on time; entries outlived by a write are let go. */
export class ExpiryQueue {
  readonly #clock: Clock;
  readonly #expire: (key: string, modRevision: number) => Promise<unknown>;
  readonly #heap: Expiry[] = [];
  #timer: Timer | undefined;
  #timerAtMillis = Infinity;
  #stopped = false;

  /** @param expire deletes the key unless it was written since; it is tried again when it rejects. */
  constructor(clock: Clock, expire: (key: string, modRevision: number) => Promise<unknown>) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Remembers a value that ends. */
  add(value: StoredValue): void {
    if (value.expiresAtMillis === undefined || this.#stopped) return;
    this.#push({ key: value.key, modRevision: value.modRevision, atMillis: value.expiresAtMillis });
    this.#schedule(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#heap.length = 0;
  }

  #schedule(leastMillis: number): void {
    const first = this.#heap[0];
    if (first === undefined || this.#stopped || first.atMillis >= this.#timerAtMillis) return;
    this.#timer?.cancel();
    const delay = Math.max(leastMillis, first.atMillis - this.#clock.now());
    this.#timerAtMillis = this.#clock.now() + delay;
    this.#timer = this.#clock.setTimer(() => void this.#look(), delay, { unref: true });
  }

  async #look(): Promise<void> {
    const due: Promise<unknown>[] = [];
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.atMillis > this.#clock.now()) break;
      const expiry = this.#pop();
      if (expiry === undefined) break;
      due.push(this.#expire(expiry.key, expiry.modRevision).catch(() => this.#again(expiry)));
    }
    await Promise.all(due);
    this.#timerAtMillis = Infinity;
    this.#schedule(leastIntervalMillis);
  }

  #again(expiry: Expiry): void {
    if (!this.#stopped) this.#push({ ...expiry, atMillis: this.#clock.now() + retryMillis });
  }

  #push(expiry: Expiry): void {
    const heap = this.#heap;
    let at = heap.push(expiry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.atMillis <= expiry.atMillis) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = expiry;
  }

  #pop(): Expiry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const child = (heap[right]?.atMillis ?? Infinity) < (heap[left]?.atMillis ?? Infinity) ? right : left;
      const below = heap[child];
      if (below === undefined || below.atMillis >= last.atMillis) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
