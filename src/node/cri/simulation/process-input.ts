/** Standard input of a simulated process: whoever reads takes from the same bytes, a shell and what it runs. */
export class ProcessInput {
  readonly #chunks: AsyncIterator<Uint8Array> | undefined;
  #next: Promise<IteratorResult<Uint8Array>> | undefined;
  #rest: Buffer = Buffer.alloc(0);

  readonly #onLeave: () => void;

  /** @param chunks none at all is an input that has ended @param onLeave told when nobody will read any more */
  constructor(chunks?: AsyncIterable<Uint8Array>, onLeave: () => void = () => undefined) {
    this.#chunks = chunks?.[Symbol.asyncIterator]();
    this.#onLeave = onLeave;
  }

  /** Nobody will read any more. */
  leave(): void {
    this.#onLeave();
  }

  /** What comes next, as much as is there; undefined at the end, or when the signal ends the wait. */
  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = Buffer.alloc(0);
      return rest;
    }
    if (this.#chunks === undefined || signal?.aborted === true) return undefined;
    // Whoever stops waiting leaves what then comes to the next reader.
    this.#next ??= this.#chunks.next();
    const next = await firstOf(this.#next, signal);
    if (next === undefined) return undefined;
    this.#next = undefined;
    return next.done === true ? undefined : next.value;
  }

  /** The next line without its end; undefined at the end. */
  async readLine(): Promise<string | undefined> {
    let line = Buffer.alloc(0);
    for (;;) {
      const chunk = await this.read();
      if (chunk === undefined) return line.length === 0 ? undefined : line.toString('utf8');
      const end = chunk.indexOf(10);
      line = Buffer.concat([line, end < 0 ? chunk : chunk.subarray(0, end)]);
      if (end < 0) continue;
      this.#rest = Buffer.from(chunk.subarray(end + 1));
      return line.toString('utf8');
    }
  }

  async *chunks(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.read(signal); chunk !== undefined; chunk = await this.read(signal)) yield chunk;
  }
}

/** What a promise gives; undefined when it fails, or when the signal aborts before. */
function firstOf<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  return new Promise((resolve) => {
    const stop = (): void => resolve(undefined);
    signal?.addEventListener('abort', stop, { once: true });
    promise.then(resolve, stop).finally(() => signal?.removeEventListener('abort', stop));
  });
}
