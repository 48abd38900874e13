import { type Clock, sleep } from '../../../system/clock.ts';

/**
 * The longest that somebody waits for a turn. Whoever has it may wait for a webhook that writes the same object and
 * stands in line itself.
 */
const longestWaitMillis = 3000;

/** Lets those who are after one thing have it one after the other, in the order in which they came. */
export class Turns {
  readonly #clock: Clock;
  readonly #last = new Map<string, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when it is one's turn, or after three seconds in any case. @returns ends the turn */
  async take(key: string): Promise<() => void> {
    const before = this.#last.get(key);
    let end = (): void => undefined;
    const mine = new Promise<void>((resolve) => (end = resolve));
    this.#last.set(key, mine);
    if (before !== undefined) {
      const waited = new AbortController();
      await Promise.race([before, sleep(this.#clock, longestWaitMillis, waited.signal)]);
      waited.abort();
    }
    return () => {
      end();
      if (this.#last.get(key) === mine) this.#last.delete(key);
    };
  }
}
