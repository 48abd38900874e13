import { RecentMap } from '../../apimachinery/recent-map.ts';
import type { Clock } from '../../system/clock.ts';

/** Remembers a number of answers, each for its own time; those that were used longest ago go first. */
export class ExpiringCache<T> {
  readonly #entries: RecentMap<string, { readonly value: T; readonly until: number }>;
  readonly #clock: Clock;

  /** @param size the most answers that are kept */
  constructor(clock: Clock, size: number) {
    this.#clock = clock;
    this.#entries = new RecentMap(size);
  }

  /** The answer, as long as its time is not over. */
  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until <= this.#clock.now()) {
      this.#entries.delete(key);
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** @param ttlMillis how long it is kept; not at all for 0 */
  set(key: string, value: T, ttlMillis: number): void {
    if (ttlMillis > 0) this.#entries.set(key, { value, until: this.#clock.now() + ttlMillis });
  }
}
