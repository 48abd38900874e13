import type { Pod } from '../../api/types/core-v1.ts';
import type { Clock, Timer } from '../../system/clock.ts';

interface QueuedPod {
  pod: Pod;
  /** When it came into the active queue; the older goes first among equal priorities. */
  since: number;
  attempts: number;
}

const firstBackoffMillis = 1_000;
const longestBackoffMillis = 10_000;
const unschedulableRetryMillis = 300_000;

/**
 * Pods that wait for a node: active ones by priority, those that failed for a while in back-off, and those that fitted
 * nowhere until something in the cluster changes.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #wake: () => void;
  readonly #active = new Map<string, QueuedPod>();
  readonly #unschedulable = new Map<string, { queued: QueuedPod; failedAt: number }>();
  readonly #backoff = new Map<string, { queued: QueuedPod; timer: Timer }>();
  #sweep: Timer | undefined;

  /** @param wake called when there may be something to pop. */
  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  get size(): number {
    return this.#active.size + this.#unschedulable.size + this.#backoff.size;
  }

  /** A new pod, or a newer version of one that waits. */
  add(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const waiting = this.#active.get(uid) ?? this.#backoff.get(uid)?.queued;
    if (waiting !== undefined) {
      waiting.pod = pod;
      return;
    }
    const parked = this.#unschedulable.get(uid);
    this.#unschedulable.delete(uid);
    this.#activate(parked === undefined ? { pod, since: this.#clock.now(), attempts: 0 } : { ...parked.queued, pod });
  }

  /** A newer version of a pod that could not be placed: worth another try only when its spec or labels changed. */
  update(pod: Pod, old: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const parked = this.#unschedulable.get(uid);
    const sameSpec =
      JSON.stringify([pod.spec, pod.metadata.labels]) === JSON.stringify([old.spec, old.metadata.labels]);
    if (parked !== undefined && sameSpec) parked.queued.pod = pod;
    else this.add(pod);
  }

  remove(uid: string): void {
    this.#active.delete(uid);
    this.#unschedulable.delete(uid);
    this.#backoff.get(uid)?.timer.cancel();
    this.#backoff.delete(uid);
  }

  /** The next pod: highest priority first, then the one that waits longest. */
  pop(): { pod: Pod; attempts: number } | undefined {
    let best: QueuedPod | undefined;
    for (const queued of this.#active.values()) if (best === undefined || goesBefore(queued, best)) best = queued;
    if (best === undefined) return undefined;
    this.#active.delete(best.pod.metadata.uid ?? '');
    best.attempts++;
    return { pod: best.pod, attempts: best.attempts };
  }

  /** It fitted nowhere: it waits for a change of the cluster, five minutes at most. */
  parkUnschedulable(pod: Pod, attempts: number): void {
    const now = this.#clock.now();
    this.#unschedulable.set(pod.metadata.uid ?? '', { queued: { pod, since: now, attempts }, failedAt: now });
    this.#sweep ??= this.#clock.setTimer(() => this.#sweepOld(), unschedulableRetryMillis, { unref: true });
  }

  /** An error came in between: it is tried again after a while. */
  retryLater(pod: Pod, attempts: number): void {
    this.#delay({ pod, since: this.#clock.now(), attempts }, backoffMillis(attempts));
  }

  /** Something changed that may let waiting pods fit: they are tried again, those that just failed after a back-off. */
  clusterChanged(): void {
    const now = this.#clock.now();
    for (const [uid, { queued, failedAt }] of this.#unschedulable) {
      this.#unschedulable.delete(uid);
      const remaining = failedAt + backoffMillis(queued.attempts) - now;
      if (remaining > 0) this.#delay(queued, remaining);
      else this.#activate(queued);
    }
  }

  close(): void {
    for (const { timer } of this.#backoff.values()) timer.cancel();
    this.#sweep?.cancel();
    this.#backoff.clear();
    this.#active.clear();
    this.#unschedulable.clear();
  }

  #sweepOld(): void {
    this.#sweep = undefined;
    const now = this.#clock.now();
    for (const [uid, { queued, failedAt }] of this.#unschedulable) {
      if (failedAt + unschedulableRetryMillis > now) continue;
      this.#unschedulable.delete(uid);
      this.#activate(queued);
    }
    if (this.#unschedulable.size > 0) {
      this.#sweep = this.#clock.setTimer(() => this.#sweepOld(), unschedulableRetryMillis, { unref: true });
    }
  }

  #delay(queued: QueuedPod, millis: number): void {
    const uid = queued.pod.metadata.uid ?? '';
    const timer = this.#clock.setTimer(
      () => {
        this.#backoff.delete(uid);
        this.#activate(queued);
      },
      millis,
      { unref: true },
    );
    this.#backoff.set(uid, { queued, timer });
  }

  #activate(queued: QueuedPod): void {
    this.#active.set(queued.pod.metadata.uid ?? '', queued);
    this.#wake();
  }
}

function backoffMillis(attempts: number): number {
  return Math.min(firstBackoffMillis * 2 ** Math.max(0, attempts - 1), longestBackoffMillis);
}

function goesBefore(left: QueuedPod, right: QueuedPod): boolean {
  const byPriority = (right.pod.spec?.priority ?? 0) - (left.pod.spec?.priority ?? 0);
  return byPriority === 0 ? left.since < right.since : byPriority < 0;
}
