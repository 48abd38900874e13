import { formatTime, type KubeObject } from '../apimachinery/object-meta.ts';
import type { Clock } from '../system/clock.ts';
import type { Client } from './client.ts';

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
  /** Resolves when what was recorded so far is written. */
  flush(): Promise<void>;
}

interface SentEvent {
  readonly name: string;
  readonly namespace: string;
  count: number;
}

const eventsResource = { group: '', version: 'v1', resource: 'events' } as const;
const maxRemembered = 4096;
const maxQueued = 1000;
/** Repeats of one event beyond this many wait for five minutes each (client-go's spam filter). */
const burst = 25;
const refillMillis = 300_000;

/** Makes a recorder; repeats of an event raise its count, as client-go's correlator does. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, component, host } = options;
  const sent = new Map<string, SentEvent>();
  const buckets = new Map<string, { tokens: number; at: number }>();
  let queued = 0;
  let tail: Promise<void> = Promise.resolve();

  const mayPass = (key: string): boolean => {
    const now = clock.now();
    const bucket = buckets.get(key) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMillis);
    bucket.at = now;
    remember(buckets, key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  };

  const write = async (
    object: KubeObject,
    type: string,
    reason: string,
    message: string,
    fieldPath: string | undefined,
    at: number,
  ): Promise<void> => {
    const { name = '', uid = '' } = object.metadata;
    const namespace = object.metadata.namespace ?? 'default';
    const key = JSON.stringify([object.kind, namespace, name, uid, fieldPath, type, reason, message]);
    const before = sent.get(key);
    if (before !== undefined) {
      before.count++;
      const patch = { count: before.count, lastTimestamp: formatTime(at), message };
      const done = await client
        .resource(eventsResource, before.namespace)
        .patch(before.name, 'application/strategic-merge-patch+json', patch)
        .then(
          () => true,
          () => false,
        );
      if (done) return;
      sent.delete(key);
    }
    const eventName = `${name}.${(BigInt(at) * 1_000_000n + BigInt(sent.size)).toString(16)}`;
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: eventName, namespace },
      involvedObject: {
        kind: object.kind,
        ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
        name,
        uid,
        apiVersion: object.apiVersion,
        ...(object.metadata.resourceVersion === undefined ? {} : { resourceVersion: object.metadata.resourceVersion }),
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
    await client.resource(eventsResource, namespace).create(body);
    remember(sent, key, { name: eventName, namespace, count: 1 });
  };

  return {
    event(object, type, reason, message, extra = {}) {
      const spamKey = `${component}/${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}/${object.metadata.uid ?? ''}`;
      if (queued >= maxQueued || !mayPass(spamKey)) return;
      queued++;
      const at = clock.now();
      tail = tail
        .then(() => write(object, type, reason, message.slice(0, 1024), extra.fieldPath, at))
        // An event that cannot be written (its namespace is going, say) is not worth holding up anything.
        .catch(() => undefined)
        .finally(() => {
          queued--;
        });
    },
    flush: () => tail,
  };
}

/** Keeps the newest entries only. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxRemembered) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
