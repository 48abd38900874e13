import type { Clock } from '../../../system/clock.ts';

/** What is observed is forgotten in so many parts. */
const ageParts = 5;

/** Values are kept by the three digits that they begin with: quantiles are as exact as that. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** Values of the last time, how often each was there; the oldest part of them goes at once. */
export class RecentValues {
  /** Of all values there ever were. */
  sum = 0;
  count = 0;
  readonly #clock: Clock;
  readonly #partMillis: number;
  #parts: Map<number, number>[] = [new Map()];
  #newestSince: number;

  constructor(clock: Clock, maxAgeSeconds: number) {
    this.#clock = clock;
    this.#partMillis = (maxAgeSeconds * 1000) / ageParts;
    this.#newestSince = clock.now();
  }

  add(value: number): void {
    this.sum += value;
    this.count++;
    const newest = this.#current()[0];
    const key = rounded(value);
    newest?.set(key, (newest.get(key) ?? 0) + 1);
  }

  /** The value that this share of all is not above; NaN where there is none. */
  quantile(share: number): number {
    const counts = new Map<number, number>();
    let total = 0;
    for (const part of this.#current()) {
      for (const [value, count] of part) {
        counts.set(value, (counts.get(value) ?? 0) + count);
        total += count;
      }
    }
    let seen = 0;
    for (const [value, count] of [...counts].toSorted(([left], [right]) => left - right)) {
      seen += count;
      if (seen >= share * total) return value;
    }
    return Number.NaN;
  }

  /** The parts that are not too old, the newest first. */
  #current(): readonly Map<number, number>[] {
    const passed = Math.floor((this.#clock.now() - this.#newestSince) / this.#partMillis);
    if (passed > 0) {
      const fresh = Array.from({ length: Math.min(passed, ageParts) }, () => new Map<number, number>());
      this.#parts = [...fresh, ...this.#parts].slice(0, ageParts);
      this.#newestSince += passed * this.#partMillis;
    }
    return this.#parts;
  }
}
