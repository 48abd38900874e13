import { RecentMap } from '../apimachinery/recent-map.ts';
import { formatMicroTime, type KubeObject } from '../apimachinery/object-meta.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { Clock, Timer } from '../system/clock.ts';
import type { Client } from './client.ts';
import { maxRemembered } from './event-correlator.ts';
import { createUnderFreeName, EventDelivery, EventNames } from './event-delivery.ts';

export interface SeriesEventRecorderOptions {
  readonly client: Client;
  /** Who reports, such as `default-scheduler`. */
  readonly reportingController: string;
  /** Which of them, such as `default-scheduler-HOST`. */
  readonly reportingInstance: string;
  readonly clock: Clock;
}

/** What is told of an object. */
export interface ReportedEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** What the reporter was about to do. */
  readonly action: string;
  /** Cut off where it is longer than the server takes. */
  readonly note: string;
  /** Another object that has to do with it. */
  readonly related?: KubeObject;
}

/** Writes events of the group events.k8s.io; never throws, and drops events rather than holding anything up. */
export interface SeriesEventRecorder {
  event(regarding: KubeObject, event: ReportedEvent): void;
  /** Resolves when what was recorded so far is written; what the server did not take by now is given up. */
  flush(): Promise<void>;
  /** No series is kept up any more. */
  stop(): void;
}

/** An object of which something is told. */
interface Reference {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly apiVersion: string;
  readonly resourceVersion?: string;
}

/** As much of io.k8s.api.events.v1.Event as is written. */
interface SeriesEvent extends KubeObject {
  readonly metadata: { name: string; readonly namespace: string };
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly action: string;
  readonly reason: string;
  readonly regarding: Reference;
  readonly related?: Reference;
  readonly note: string;
  readonly type: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

interface SentEvent {
  readonly body: SeriesEvent;
  /** What happened again since: how often in all, and when last; undefined for what happened once. */
  series?: { count: number; lastAt: number };
}

const eventsResource = { group: 'events.k8s.io', version: 'v1', resource: 'events' } as const;
const maxNoteLength = 1024;
const cutOff = ' ...';
/** What did not happen again for so long is over. */
const finishMillis = 360_000;
/** So often a series that goes on is written, so that it does not expire. */
const refreshMillis = 1_800_000;

/**
 * Makes a recorder of the newer kind (KEP-383), which kube-scheduler uses: what happens again, be it with another text,
 * makes the first event a series, whose count is written when it begins, every half hour and when it is over.
 */
export function createSeriesEventRecorder(options: SeriesEventRecorderOptions): SeriesEventRecorder {
  return new Recorder(options);
}

class Recorder implements SeriesEventRecorder {
  readonly #options: SeriesEventRecorderOptions;
  readonly #delivery: EventDelivery;
  readonly #names = new EventNames();
  readonly #sent = new RecentMap<string, SentEvent>(maxRemembered);
  readonly #timers = new Map<string, Timer>();

  constructor(options: SeriesEventRecorderOptions) {
    this.#options = options;
    this.#delivery = new EventDelivery(options.clock);
  }

  event(regarding: KubeObject, reported: ReportedEvent): void {
    if (this.#delivery.isFull) return;
    const at = this.#options.clock.now();
    const body = this.#newEvent(regarding, reported, at);
    const { type, reason, action, regarding: about, related } = body;
    const key = JSON.stringify([type, reason, action, about, related]);
    const before = this.#sent.get(key);
    if (before?.series !== undefined) {
      before.series = { count: before.series.count + 1, lastAt: at };
      return;
    }
    if (before !== undefined) {
      before.series = { count: 2, lastAt: at };
      this.#delivery.add(() => this.#writeSeries(before));
      return;
    }
    const sent: SentEvent = { body };
    this.#sent.set(key, sent);
    this.#watchEnds();
    this.#delivery.add(() => this.#create(sent));
  }

  flush(): Promise<void> {
    return this.#delivery.flush();
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** While anything is remembered it is looked at in turn. */
  #watchEnds(): void {
    this.#every('finish', finishMillis, () => this.#finish());
    this.#every('refresh', refreshMillis, () => {
      for (const sent of this.#sent.values()) {
        if (sent.series !== undefined) this.#delivery.add(() => this.#writeSeries(sent));
      }
    });
  }

  #every(name: string, millis: number, work: () => void): void {
    if (this.#timers.has(name)) return;
    const again = (): void => {
      this.#timers.delete(name);
      work();
      if (this.#sent.size > 0) this.#every(name, millis, work);
    };
    this.#timers.set(name, this.#options.clock.setTimer(again, millis, { unref: true }));
  }

  #finish(): void {
    const before = this.#options.clock.now() - finishMillis;
    for (const [key, sent] of this.#sent) {
      if ((sent.series?.lastAt ?? Date.parse(sent.body.eventTime)) >= before) continue;
      this.#sent.delete(key);
      if (sent.series !== undefined) this.#delivery.add(() => this.#writeSeries(sent));
    }
  }

  async #writeSeries({ body, series }: SentEvent): Promise<void> {
    if (series === undefined) return;
    const patch = { series: { count: series.count, lastObservedTime: formatMicroTime(series.lastAt) } };
    const { name, namespace } = body.metadata;
    try {
      await this.#options.client
        .resource(eventsResource, namespace)
        .patch(name, 'application/strategic-merge-patch+json', patch);
    } catch (error) {
      // Events live for an hour: it begins again.
      if (!hasReason(error, 'NotFound')) throw error;
      await this.#create({ body: { ...body, ...patch } });
    }
  }

  async #create({ body }: SentEvent): Promise<void> {
    const { name: first, namespace } = body.metadata;
    const events = this.#options.client.resource<SeriesEvent>(eventsResource, namespace);
    const next = (): string => this.#names.next(body.regarding.name, Date.parse(body.eventTime));
    await createUnderFreeName(first, next, (name) => {
      body.metadata.name = name;
      return events.create(body);
    });
  }

  #newEvent(regarding: KubeObject, { type, reason, action, note, related }: ReportedEvent, at: number): SeriesEvent {
    const { reportingController, reportingInstance } = this.#options;
    const { name = '', namespace = 'default' } = regarding.metadata;
    const isLong = Buffer.byteLength(note) > maxNoteLength;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: this.#names.next(name, at), namespace },
      eventTime: formatMicroTime(at),
      reportingController,
      reportingInstance,
      action,
      reason,
      regarding: referenceTo(regarding),
      ...(related === undefined ? {} : { related: referenceTo(related) }),
      note: isLong
        ? Buffer.from(note)
            .subarray(0, maxNoteLength - cutOff.length)
            .toString('utf8') + cutOff
        : note,
      type,
    };
  }
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): Reference {
  const { name = '', namespace, uid, resourceVersion } = metadata;
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
    apiVersion,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
