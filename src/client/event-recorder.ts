import { RecentMap } from '../apimachinery/recent-map.ts';
import { formatTime, type KubeObject } from '../apimachinery/object-meta.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { Clock } from '../system/clock.ts';
import type { Client } from './client.ts';
import { type CorrelatedEvent, EventCorrelator, maxRemembered } from './event-correlator.ts';
import { createUnderFreeName, EventDelivery, EventNames } from './event-delivery.ts';

export interface EventRecorderOptions {
  readonly client: Client;
  /** Who reports, such as `deployment-controller`. */
  readonly component: string;
  /** The node it runs on. */
  readonly host?: string;
  readonly clock: Clock;
}

/** Writes Events about objects; never throws, and drops events rather than holding anything up. */
export interface EventRecorder {
  event(
    object: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options?: { readonly fieldPath?: string },
  ): void;
  /** Resolves when what was recorded so far is written; what the server did not take by now is given up. */
  flush(): Promise<void>;
}

interface SentEvent {
  readonly name: string;
  readonly namespace: string;
  count: number;
}

interface NewEvent {
  readonly object: KubeObject;
  readonly type: string;
  readonly reason: string;
  readonly fieldPath: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const eventsResource = { group: '', version: 'v1', resource: 'events' } as const;
const maxMessageLength = 1024;

/**
 * Makes a recorder. Repeats of an event raise its count, many alike become one, and floods are cut off, as client-go's
 * correlator does it.
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  readonly #sent = new RecentMap<string, SentEvent>(maxRemembered);
  readonly #delivery: EventDelivery;
  readonly #names = new EventNames();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options.clock);
    this.#delivery = new EventDelivery(options.clock);
  }

  event(
    object: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    { fieldPath }: { readonly fieldPath?: string } = {},
  ): void {
    if (this.#delivery.isFull) return;
    const { kind, apiVersion, metadata } = object;
    const about = [kind, apiVersion, metadata.namespace, metadata.name, metadata.uid];
    const correlated = this.#correlator.correlate({
      subject: JSON.stringify(about),
      family: JSON.stringify([...about, fieldPath, type, reason]),
      message: message.slice(0, maxMessageLength),
    });
    if (correlated === undefined) return;
    const event = { object, type, reason, fieldPath, at: this.#options.clock.now() };
    this.#delivery.add(() => this.#write(correlated, event));
  }

  flush(): Promise<void> {
    return this.#delivery.flush();
  }

  async #write({ key, message }: CorrelatedEvent, event: NewEvent): Promise<void> {
    const { client } = this.#options;
    const before = this.#sent.get(key);
    if (before !== undefined) {
      const patch = { count: before.count + 1, lastTimestamp: formatTime(event.at), message };
      try {
        await client
          .resource(eventsResource, before.namespace)
          .patch(before.name, 'application/strategic-merge-patch+json', patch);
        before.count++;
        return;
      } catch (error) {
        // Events live for an hour: it begins again.
        if (!hasReason(error, 'NotFound')) throw error;
        this.#sent.delete(key);
      }
    }
    this.#sent.set(key, { ...(await this.#create(message, event)), count: 1 });
  }

  async #create(message: string, event: NewEvent): Promise<Omit<SentEvent, 'count'>> {
    const body = this.#newEvent(message, event);
    const { namespace } = body.metadata;
    const events = this.#options.client.resource(eventsResource, namespace);
    const next = (): string => this.#names.next(event.object.metadata.name ?? '', event.at);
    const name = await createUnderFreeName(next(), next, (free) =>
      events.create({ ...body, metadata: { ...body.metadata, name: free } }),
    );
    return { name, namespace };
  }

  #newEvent(message: string, { object, type, reason, fieldPath, at }: NewEvent) {
    const { component, host } = this.#options;
    const { name = '', uid = '', namespace, resourceVersion } = object.metadata;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: namespace ?? 'default' },
      involvedObject: {
        kind: object.kind,
        ...(namespace === undefined ? {} : { namespace }),
        name,
        uid,
        apiVersion: object.apiVersion,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        ...(fieldPath === undefined ? {} : { fieldPath }),
      },
      reason,
      message,
      source: { component, ...(host === undefined ? {} : { host }) },
      firstTimestamp: formatTime(at),
      lastTimestamp: formatTime(at),
      count: 1,
      type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
  }
}
