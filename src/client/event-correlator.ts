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

const maxRemembered = 4096;
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
  readonly #families = new Map<string, Family>();
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

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
    remember(this.#families, family, known);
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
    remember(this.#buckets, subject, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

/** Sets an entry of a map that keeps the newest 4096 only. */
export function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxRemembered) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
