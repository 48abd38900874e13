import { RecentMap } from '../../../apimachinery/recent-map.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { expired, StatusError, type Status } from '../../../apimachinery/status.ts';
import type { Clock, Timer } from '../../../system/clock.ts';
import { CompactedError, type StorageEvent, type StorageWatch, type StoredValue } from '../../storage/storage.ts';
import { statusOf } from '../responses.ts';
import { type ApiResource, listPrefix } from './api-resource.ts';
import type { Selection } from './selection.ts';
import type { Store } from './store.ts';
import { decodeStored } from './stored-object.ts';

/** What a watch is told to do. */
export interface WatchPlan {
  readonly namespace: string;
  readonly selection: Selection;
  /** Deliver changes after this revision. */
  readonly fromRevision: number;
  /** Objects to send as ADDED first. */
  readonly initial: readonly StoredValue[];
  /** Whether the initial objects end with the bookmark that says so. */
  readonly endInitialWithBookmark: boolean;
  readonly bookmarks: boolean;
  readonly timeoutMillis: number;
  /** Why there is nothing to watch, which is then all that the stream says. */
  readonly failure?: StatusError;
}

/** Makes frames of events; frames of the same event and form are shared by all watchers. */
export interface FrameEncoder {
  /**
   * @param value the stored value; the object's resourceVersion is `revision`.
   * @returns undefined when events have no such form, which ends the watch
   */
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', value: StoredValue, revision: number): Uint8Array | undefined;
  /** ADDED for an object that was there before the watch, which nobody else is told of now. */
  initial(value: StoredValue): Uint8Array | undefined;
  bookmark(revision: number, initialEventsEnd: boolean): Uint8Array | undefined;
  error(status: Status): Uint8Array;
}

/** A watcher that falls so far behind is told no more: it may read what lies there, and comes back. */
const maxQueuedFrames = 20_000;
const maxQueuedBytes = 64 * 1024 * 1024;
/** How long what lies there is kept for it. */
const keptMillis = 60_000;
const bookmarkIntervalMillis = 60_000;

/** One watch in progress: the frames of its events, as an async iterable that ends when the watch ends. */
export class WatchStream implements AsyncIterable<Uint8Array> {
  readonly #store: Store;
  readonly #plan: WatchPlan;
  readonly #encoder: FrameEncoder;
  readonly #clock: Clock;
  readonly #queue: Uint8Array[] = [];
  readonly #timers = new Set<Timer>();
  #queuedBytes = 0;
  #wake: (() => void) | undefined;
  #ended = false;
  #storageWatch: StorageWatch | undefined;
  #lastRevision: number;

  constructor(store: Store, plan: WatchPlan, encoder: FrameEncoder, clock: Clock) {
    this.#store = store;
    this.#plan = plan;
    this.#encoder = encoder;
    this.#clock = clock;
    this.#lastRevision = plan.fromRevision;
  }

  /** Starts to listen. Nothing is lost between the initial objects and the first change. */
  async start(signal: AbortSignal): Promise<void> {
    const plan = this.#plan;
    if (plan.failure !== undefined) {
      this.#onEnd(plan.failure);
      return;
    }
    if (signal.aborted) {
      this.end();
      return;
    }
    signal.addEventListener('abort', () => this.end(), { once: true });
    const prefix = listPrefix(this.#store.resource, plan.namespace);
    try {
      const watch = await this.#store.storage.watch(prefix, plan.fromRevision, {
        onEvents: (events) => this.#onEvents(events),
        onEnd: (error) => this.#onEnd(error),
      });
      if (this.#ended) watch.close();
      this.#storageWatch = watch;
    } catch (error) {
      this.#onEnd(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#ended) return;
    this.#after(plan.timeoutMillis, () => this.#onTimeout());
    if (plan.bookmarks) this.#scheduleBookmark();
  }

  /** Ends the stream after what is queued has been read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#storageWatch?.close();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#initialFrames();
      for (;;) {
        for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift()) {
          this.#queuedBytes -= frame.byteLength;
          yield frame;
        }
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      this.end();
      this.#forgetQueue();
    }
  }

  /** What there was when the watch began, made as fast as the client takes it. */
  *#initialFrames(): Generator<Uint8Array> {
    const { initial, endInitialWithBookmark, fromRevision } = this.#plan;
    try {
      for (const value of initial) {
        const frame = this.#encoder.initial(value);
        if (frame === undefined) {
          this.#forgetQueue();
          this.end();
          return;
        }
        yield frame;
      }
    } catch (error) {
      this.#forgetQueue();
      this.#onUnreadable(error);
      return;
    }
    if (endInitialWithBookmark) {
      const bookmark = this.#encoder.bookmark(fromRevision, true);
      if (bookmark !== undefined) yield bookmark;
    }
  }

  #onEvents(events: readonly StorageEvent[]): void {
    for (const event of events) {
      this.#lastRevision = Math.max(this.#lastRevision, event.revision);
      try {
        this.#tell(event);
      } catch (error) {
        this.#onUnreadable(error);
        return;
      }
    }
  }

  /** An object that cannot be shown in this version ends the watch, and must not disturb who has written it. */
  #onUnreadable(error: unknown): void {
    if (this.#ended) return;
    this.#push(this.#encoder.error(statusOf(error)));
    this.end();
  }

  /** Tells this watcher what it sees of a change: an object may enter or leave the selection. */
  #tell(event: StorageEvent): void {
    const { current, previous } = event;
    const { selection } = this.#plan;
    const isIn = current !== undefined && this.#matches(selection, current);
    const wasIn = previous !== undefined && this.#matches(selection, previous);
    if (isIn && current !== undefined) {
      this.#push(this.#encoder.event(wasIn ? 'MODIFIED' : 'ADDED', current, current.modRevision));
    } else if (wasIn && previous !== undefined) {
      // An object that left the selection is shown as it was, at the revision of the change.
      this.#push(this.#encoder.event('DELETED', previous, event.revision));
    }
  }

  #matches(selection: Selection, value: StoredValue): boolean {
    return selection.everything || selection.matches(decodedForSelection(this.#store, value));
  }

  #onTimeout(): void {
    if (this.#plan.bookmarks) this.#push(this.#encoder.bookmark(this.#currentRevision(), false));
    this.end();
  }

  #onEnd(error: Error | undefined): void {
    if (error instanceof CompactedError) {
      const text = isCached(this.#store.resource)
        ? `too old resource version: ${this.#lastRevision} (${error.compactRevision})`
        : 'The resourceVersion for the provided watch is too old.';
      this.#push(this.#encoder.error(expired(text).status));
    } else if (error instanceof StatusError) {
      this.#push(this.#encoder.error(error.status));
    }
    this.end();
  }

  #scheduleBookmark(): void {
    this.#after(bookmarkIntervalMillis, () => {
      this.#push(this.#encoder.bookmark(this.#currentRevision(), false));
      this.#scheduleBookmark();
    });
  }

  /** Every event up to this revision has been delivered by now. */
  #currentRevision(): number {
    const delivered = this.#storageWatch?.deliveredRevision?.() ?? this.#store.storage.currentRevision();
    return Math.max(this.#lastRevision, delivered);
  }

  #after(millis: number, callback: () => void): void {
    const timer = this.#clock.setTimer(
      () => {
        this.#timers.delete(timer);
        if (!this.#ended) callback();
      },
      millis,
      { unref: true },
    );
    this.#timers.add(timer);
  }

  #push(frame: Uint8Array | undefined): void {
    if (this.#ended) return;
    if (frame === undefined) {
      this.end();
      return;
    }
    this.#queue.push(frame);
    this.#queuedBytes += frame.byteLength;
    this.#wake?.();
    if (this.#queue.length <= maxQueuedFrames && this.#queuedBytes <= maxQueuedBytes) return;
    this.end();
    this.#clock.setTimer(() => this.#forgetQueue(), keptMillis, { unref: true });
  }

  #forgetQueue(): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
  }
}

const decodedLimit = 256;
const decodedRecently = new RecentMap<StoredValue, Unstructured>(decodedLimit);

/** Decodes for selectors; the last few objects are kept, since all watchers look at the same events. */
function decodedForSelection(store: Store, value: StoredValue): Unstructured {
  const known = decodedRecently.get(value);
  if (known !== undefined && store.resource.definition.storage === undefined) return known;
  const object = decodeStored(value);
  if (store.resource.definition.storage !== undefined) return store.decode(value);
  decodedRecently.set(value, object);
  return object;
}

/** Events alone are watched in the real server's storage itself, which has words of its own. */
function isCached({ custom, definition: { group, resource } }: ApiResource): boolean {
  return custom || resource !== 'events' || (group !== '' && group !== 'events.k8s.io');
}
