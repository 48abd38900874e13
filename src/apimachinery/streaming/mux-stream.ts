import { Duplex } from 'node:stream';

/** How a stream reaches the connection it shares with others. */
export interface MuxStreamLink {
  /** Sends a piece; resolves when more may follow. */
  send(chunk: Uint8Array): Promise<void>;
  /** Tells that no more will be sent. */
  finish(): Promise<void>;
  /** Tells that the stream is given up, in both directions. */
  reset?(): void;
}

const pieceBytes = 32 * 1024;

/**
 * One of several streams on a connection. What the connection receives for it is delivered; the connection waits while
 * nobody reads.
 */
export class MuxStream extends Duplex {
  readonly #link: MuxStreamLink;
  #wake: (() => void) | undefined;

  constructor(link: MuxStreamLink) {
    super({ allowHalfOpen: true });
    this.#link = link;
    // Whoever cares hears of it from the side that reads or writes.
    this.on('error', () => undefined);
  }

  /** Hands over received bytes; resolves when more can be taken. */
  async deliver(chunk: Uint8Array): Promise<void> {
    if (this.destroyed || this.readableEnded || this.push(chunk)) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** The other side sends no more. */
  deliverEnd(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }

  override _read(): void {
    this.#goOn();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    settle(this.#sendPieces(chunk), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    settle(this.#link.finish(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#goOn();
    if (!this.readableEnded || !this.writableFinished) this.#link.reset?.();
    done(error);
  }

  /** Large chunks go in pieces: others on the connection get their turn, and a frame has its limit. */
  async #sendPieces(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength; at += pieceBytes) {
      await this.#link.send(chunk.subarray(at, at + pieceBytes));
    }
  }

  #goOn(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** Tells one of Node's callbacks how a promise ended. */
function settle(promise: Promise<void>, done: (error?: Error | null) => void): void {
  void (async () => {
    let failure: Error | undefined;
    try {
      await promise;
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    done(failure);
  })();
}
