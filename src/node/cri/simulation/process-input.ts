/** Standard input of a simulated process: whoever reads takes from the same bytes, a shell and what it runs. */
export class ProcessInput {
  readonly #chunks: AsyncIterator<Uint8Array> | undefined;
  #rest: Buffer = Buffer.alloc(0);

  /** @param chunks none at all is an input that has ended */
  constructor(chunks?: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks?.[Symbol.asyncIterator]();
  }

  /** What comes next, as much as is there; undefined at the end. */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = Buffer.alloc(0);
      return rest;
    }
    const next = await this.#chunks?.next().catch(() => undefined);
    return next === undefined || next.done === true ? undefined : next.value;
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

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) yield chunk;
  }
}
