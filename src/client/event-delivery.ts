import { hasReason, StatusError } from '../apimachinery/status.ts';
import type { Clock, Timer } from '../system/clock.ts';

const maxQueued = 1000;
/** A server that cannot be reached is asked again so often, so many milliseconds apart. */
const maxTries = 12;
const retryMillis = 10_000;

/**
 * Writes events one after the other, as client-go's broadcasters do: what the server refuses is dropped, a server that
 * is away is asked again, and of a flood a thousand are kept.
 */
export class EventDelivery {
  readonly #clock: Clock;
  #queued = 0;
  #tail: Promise<void> = Promise.resolve();
  #isFlushing = false;
  #endWait: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether no more is taken for now. */
  get isFull(): boolean {
    return this.#queued >= maxQueued;
  }

  /** Has something written in its turn; `write` may be called again when the server was away. */
  add(write: () => Promise<void>): void {
    this.#queued++;
    this.#tail = this.#tail
      .then(() => this.#deliver(write))
      .finally(() => {
        this.#queued--;
      });
  }

  /** Resolves when what was added so far is written; what the server did not take by now is given up. */
  async flush(): Promise<void> {
    this.#isFlushing = true;
    this.#endWait?.();
    await this.#tail;
    this.#isFlushing = false;
  }

  /** Tries until the server has said something, be it no: an event it refuses is not worth holding up anything. */
  async #deliver(write: () => Promise<void>): Promise<void> {
    for (let attempt = 1; attempt <= maxTries; attempt++) {
      try {
        await write();
        return;
      } catch (error) {
        if (error instanceof StatusError || this.#isFlushing) return;
        await this.#wait();
      }
    }
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer = this.#clock.setTimer(() => this.#endWait?.(), retryMillis, { unref: true });
      this.#endWait = () => {
        timer.cancel();
        this.#endWait = undefined;
        resolve();
      };
    });
  }
}

/** Names of events tell the time in nanoseconds; within a millisecond they are counted. */
export class EventNames {
  #sequence = 0n;

  /** @param millis since the epoch */
  next(objectName: string, millis: number): string {
    const nanoseconds = BigInt(millis) * 1_000_000n + (this.#sequence++ % 1_000_000n);
    return `${objectName}.${nanoseconds.toString(16)}`;
  }
}

/** So often a name that is taken is made anew. */
const maxNames = 12;

/**
 * Creates an event. Another recorder may have told of the same object within the same millisecond: then its name is
 * taken, and the next one is tried.
 * @returns the name that was free
 */
export async function createUnderFreeName(
  first: string,
  next: () => string,
  create: (name: string) => Promise<unknown>,
): Promise<string> {
  let name = first;
  for (let attempt = 1; ; attempt++) {
    try {
      await create(name);
      return name;
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists') || attempt === maxNames) throw error;
    }
    name = next();
  }
}
