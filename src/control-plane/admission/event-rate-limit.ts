import type { Event } from '../../api/types/core-v1.ts';
import { aggregateMessages } from '../../apimachinery/field-error.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { Clock } from '../../system/clock.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import {
  type EventLimit,
  type EventLimitType,
  readEventRateLimitConfiguration,
} from './configuration/event-rate-limit-configuration.ts';

/** Buckets that a limit keeps when the configuration does not say. */
const defaultCacheSize = 4096;

/** What has a bucket of its own, by the type of the limit. */
const keyOf: Readonly<Record<EventLimitType, (attributes: AdmissionAttributes) => string>> = {
  Server: () => '',
  Namespace: ({ namespace }) => namespace,
  User: ({ user }) => user.username,
  SourceAndObject({ object }) {
    const { source, involvedObject: on } = object as unknown as Event;
    const parts = [source?.component, source?.host, on.kind, on.namespace, on.name, on.uid, on.apiVersion];
    return parts.map((part) => part ?? '').join('');
  },
};

/** Refuses events that come faster than the configuration allows. @throws ConfigurationError without a usable one */
export function eventRateLimit(context: AdmissionContext, configuration: string | undefined): AdmissionPlugin {
  const limits = readEventRateLimitConfiguration(configuration).map((limit) => new Limit(limit, context.clock));
  return {
    name: 'EventRateLimit',
    validate(attributes) {
      const { operation, kind, dryRun } = attributes;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      // As in the real server, those that come by way of events.k8s.io are not counted.
      const isEvent = kind.kind === 'Event' && kind.group === '';
      if (!isEvent || dryRun) return;
      // Every limit is charged, also after one that is reached.
      const complaints = limits.flatMap((limit) => limit.charge(attributes));
      if (complaints.length > 0) throw tooManyRequests(aggregateMessages(complaints));
    },
  };
}

/** One kind of limit, with the buckets that were used last. */
class Limit {
  readonly #limit: EventLimit;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: EventLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** @returns what to say when the bucket is empty */
  charge(attributes: AdmissionAttributes): string[] {
    const { type } = this.#limit;
    const key = keyOf[type](attributes);
    if (this.#bucket(key).take(this.#clock.now())) return [];
    return [`limit reached on type ${type} for key ${key}`];
  }

  #bucket(key: string): Bucket {
    const known = this.#buckets.get(key);
    // Those used last stand at the end.
    this.#buckets.delete(key);
    const { qps, burst, cacheSize } = this.#limit;
    const bucket = known ?? new Bucket(qps, burst, this.#clock.now());
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > (cacheSize || defaultCacheSize) && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}

/** Tokens that come back with time. */
class Bucket {
  readonly #qps: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;

  constructor(qps: number, burst: number, now: number) {
    this.#qps = qps;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAt = now;
  }

  take(now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#qps);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

function tooManyRequests(message: string): StatusError {
  return new StatusError({ message: `Too many requests: ${message}`, reason: 'TooManyRequests', code: 429 });
}
