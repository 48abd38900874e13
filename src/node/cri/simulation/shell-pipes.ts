import type { ByteSink } from '../runtime.ts';
import { InputQueue } from './input-queue.ts';

/** Output that is kept in memory. */
export class KeptOutput implements ByteSink {
  readonly #chunks: Uint8Array[] = [];

  write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(Uint8Array.from(chunk));
    return Promise.resolve();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** What is between two commands of a pipeline; who writes when nobody reads any more is ended (SIGPIPE). */
export class Pipe implements ByteSink, AsyncIterable<Uint8Array> {
  readonly #queue = new InputQueue();
  readonly #broken = new AbortController();
  #isClosed = false;

  /** Aborts when something was written that nobody reads. */
  get closed(): AbortSignal {
    return this.#broken.signal;
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.#isClosed) this.#broken.abort();
    else this.#queue.add(Uint8Array.from(chunk));
    return Promise.resolve();
  }

  /** The writer has ended. */
  end(): void {
    this.#queue.end();
  }

  /** The reader has ended. */
  close(): void {
    this.#isClosed = true;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#queue[Symbol.asyncIterator]();
  }
}
