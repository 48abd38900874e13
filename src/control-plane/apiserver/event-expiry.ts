import { decodeStored } from './registry/stored-object.ts';
import { CompactedError, type Storage } from '../storage/storage.ts';
import type { Clock, Timer } from '../../system/clock.ts';

const sweepIntervalMillis = 60_000;
const pageSize = 500;
const eventPrefix = '/registry/events/';

/** Takes events away an hour (the real server's --event-ttl) after they were last written. */
export class EventExpiry {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #ttlMillis: number;
  #timer: Timer | undefined;
  #sweeping = false;

  /** @param ttlSeconds how long an event stays. */
  constructor(storage: Storage, clock: Clock, ttlSeconds = 3600) {
    this.#storage = storage;
    this.#clock = clock;
    this.#ttlMillis = ttlSeconds * 1000;
  }

  start(): void {
    this.#timer = this.#clock.setTimer(
      () => {
        void this.sweep().finally(() => {
          if (this.#timer !== undefined) this.start();
        });
      },
      sweepIntervalMillis,
      { unref: true },
    );
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Deletes what has expired; what fails is tried again the next time. */
  async sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      let startKey: string | undefined;
      for (;;) {
        const options = { limit: pageSize, ...(startKey === undefined ? {} : { startKey }) };
        const page = await this.#storage.range(eventPrefix, options);
        for (const value of page.values) {
          if (this.#lastWritten(decodeStored(value)) + this.#ttlMillis <= this.#clock.now()) {
            await this.#storage.delete(value.key, value.modRevision);
          }
        }
        const last = page.values[page.values.length - 1];
        if (page.remaining === 0 || last === undefined) return;
        startKey = `${last.key}\0`;
      }
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
    } finally {
      this.#sweeping = false;
    }
  }

  /** The newest of an event's times. */
  #lastWritten(event: ReturnType<typeof decodeStored>): number {
    const series = event['series'] as { lastObservedTime?: unknown } | undefined;
    const managed = event.metadata.managedFields?.map((entry) => entry.time) ?? [];
    const times = [
      event.metadata.creationTimestamp,
      event['lastTimestamp'],
      event['eventTime'],
      series?.lastObservedTime,
      ...managed,
    ];
    return Math.max(0, ...times.map((time) => (typeof time === 'string' ? Date.parse(time) : 0)));
  }
}
