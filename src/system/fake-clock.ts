import type { Clock, Timer } from './clock.ts';
import { nextTurn } from './next-turn.ts';

interface PendingTimer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when a test says so. Timers run in order of their time, then of their creation. */
export class FakeClock implements Clock {
  #now: number;
  #order = 0;
  readonly #pending = new Set<PendingTimer>();

  /** @param startMillis the first value of `now()`, in milliseconds since the epoch. */
  constructor(startMillis: number = Date.UTC(2026, 0, 1)) {
    this.#now = startMillis;
  }

  now(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMillis: number): Timer {
    const timer: PendingTimer = { at: this.#now + Math.max(0, delayMillis), order: this.#order++, callback };
    this.#pending.add(timer);
    return { cancel: () => void this.#pending.delete(timer) };
  }

  /** How many timers wait. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /**
   * Moves time on by `millis`, running what falls due and letting promise callbacks run in between, timers set
   * meanwhile included.
   */
  async advance(millis: number): Promise<void> {
    const end = this.#now + millis;
    await settle();
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.at > end) break;
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #earliest(): PendingTimer | undefined {
    let best: PendingTimer | undefined;
    for (const timer of this.#pending) {
      if (best === undefined || timer.at < best.at || (timer.at === best.at && timer.order < best.order)) best = timer;
    }
    return best;
  }
}

/** Lets all promise callbacks and immediates that are ready run. */
export async function settle(rounds = 10): Promise<void> {
  for (let round = 0; round < rounds; round++) await nextTurn();
}
