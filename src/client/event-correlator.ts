import { RecentMap } from '../apimachinery/recent-map.ts';
import type { Clock } from '../system/clock.ts';

/** What is told about an object. */
export interface Occurrence {
  /** Who tells, about what, of which type and for which reason: events that are alike but for their text share it. */
  readonly family: string;
  /** Who tells, about what. */
  readonly subject: string;
  readonly message: string;
}

/** What to write for an occurrence. */
export interface CorrelatedEvent {
  /** Repeats of the same event share it. */
  readonly key: string;
  readonly message: string;
}

/** client-go's size of all that it remembers of events. */
export const maxRemembered = 4096;
/** So many texts of one family within the interval, and they become one event (client-go's EventAggregator). */
const maxTexts = 10;
const aggregationMillis = 600_000;
/** Events about one object beyond this many wait for five minutes each (client-go's spam filter). */
const burst = 25;
const refillMillis = 300_000;

interface Family {
  readonly texts: Set<string>;
  lastAt: number;
}

/** Decides which events are written as they are, which become one, and which are left out, as client-go does. */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #families = new RecentMap<string, Family>(maxRemembered);
  readonly #buckets = new RecentMap<string, { tokens: number; at: number }>(maxRemembered);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns undefined for one too many. */
  correlate({ family, subject, message }: Occurrence): CorrelatedEvent | undefined {
    const correlated = this.#aggregate(family, message);
    return this.#mayPass(subject) ? correlated : undefined;
  }

  #aggregate(family: string, message: string): CorrelatedEvent {
    const now = this.#clock.now();
    let known = this.#families.get(family);
    if (known === undefined || now - known.lastAt > aggregationMillis) known = { texts: new Set(), lastAt: now };
    known.lastAt = now;
    known.texts.add(message);
    this.#families.set(family, known);
    if (known.texts.size < maxTexts) return { key: JSON.stringify([family, message]), message };
    const [oldest = ''] = known.texts;
    known.texts.delete(oldest);
    return { key: family, message: `(combined from similar events): ${message}` };
  }

  #mayPass(subject: string): boolean {
    const now = this.#clock.now();
    const bucket = this.#buckets.get(subject) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMillis);
    bucket.at = now;
    this.#buckets.set(subject, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}
