import type { Clock } from '../../../system/clock.ts';
import type { Histogram, MetricOptions, MetricRegistry } from './metric-registry.ts';

const nanosecondsPerMilli = 1e6;

/** For how many nanoseconds values were in each bucket: what a gauge shows now, over all the time. */
export class TimingHistogram {
  readonly #clock: Clock;
  readonly #histogram: Histogram;
  readonly #current = new Map<string, { readonly labels: readonly string[]; value: number; since: number }>();

  constructor(
    registry: MetricRegistry,
    clock: Clock,
    options: MetricOptions & { readonly buckets: readonly number[] },
  ) {
    this.#clock = clock;
    this.#histogram = registry.histogram(options);
    registry.onShow(() => {
      for (const { labels, value } of this.#current.values()) this.set(labels, value);
    });
  }

  /** Ends a gauge that shows nothing any more; the time until now stays. */
  end(labels: readonly string[]): void {
    const current = this.#current.get(labels.join('\0'));
    if (current === undefined) return;
    this.set(labels, current.value);
    this.#current.delete(labels.join('\0'));
  }

  /** Notes what it is from now on. */
  set(labels: readonly string[], value: number): void {
    const now = this.#clock.now();
    const key = labels.join('\0');
    const current = this.#current.get(key);
    if (current === undefined) {
      this.#current.set(key, { labels, value, since: now });
      return;
    }
    const nanoseconds = Math.max(0, now - current.since) * nanosecondsPerMilli;
    if (nanoseconds > 0) this.#histogram.observe(labels, current.value, nanoseconds);
    current.value = value;
    current.since = now;
  }
}
