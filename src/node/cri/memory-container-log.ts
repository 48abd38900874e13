import type { ContainerLog, LogEntry } from './runtime.ts';

const newline = 10;

/**
 * A container's log in memory. What is beyond `maxBytes` goes, oldest first, as a kubelet's log rotation would take it.
 */
export class MemoryContainerLog implements ContainerLog {
  readonly #now: () => number;
  readonly #maxBytes: number;
  #entries: LogEntry[] = [];
  #dropped = 0;
  #bytes = 0;
  #ended = false;
  readonly #waiting = new Set<() => void>();

  /** @param now milliseconds since the epoch. @param maxBytes 10 MiB when absent, as containerLogMaxSize. */
  constructor(now: () => number, maxBytes = 10 << 20) {
    this.#now = now;
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#dropped + this.#entries.length;
  }

  /** Of what is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  read(from: number): readonly LogEntry[] {
    return this.#entries.slice(Math.max(0, from - this.#dropped));
  }

  async more(length: number, signal: AbortSignal): Promise<boolean> {
    while (this.length <= length && !this.#ended && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.#waiting.add(done);
        signal.addEventListener('abort', done, { once: true });
      });
    }
    return this.length > length && !signal.aborted;
  }

  /** Appends output, a line an entry; what follows the last line end is kept as a partial entry. */
  write(stream: LogEntry['stream'], output: Uint8Array): void {
    for (let at = 0; at < output.byteLength;) {
      const end = output.indexOf(newline, at);
      const next = end < 0 ? output.byteLength : end + 1;
      this.#append({ timestamp: this.#now(), stream, partial: end < 0, content: output.slice(at, next) });
      at = next;
    }
    this.#wake();
  }

  /** The container writes no more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  #append(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.content.byteLength;
    let excess = 0;
    while (this.#bytes > this.#maxBytes && excess < this.#entries.length - 1) {
      this.#bytes -= this.#entries[excess++]?.content.byteLength ?? 0;
    }
    if (excess === 0) return;
    this.#entries = this.#entries.slice(excess);
    this.#dropped += excess;
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }
}
