const firstMillis = 10_000;
const longestMillis = 300_000;

interface Entry {
  readonly millis: number;
  readonly since: number;
}

/**
 * How long containers of a pod wait before they start again: 10 s, doubled each time up to 5 minutes, and from the
 * beginning for one that ran for twice as long as the longest wait (client-go's Backoff).
 */
export class RestartBackoff {
  readonly #entries = new Map<string, Entry>();

  /** The wait that a container is in, which ended at `endedAt`; undefined when it may start. All in milliseconds. */
  waitOf(
    container: string,
    endedAt: number,
    now: number,
  ): { readonly millis: number; readonly left: number } | undefined {
    const entry = this.#current(container, endedAt);
    if (entry === undefined || now - endedAt >= entry.millis) return undefined;
    return { millis: entry.millis, left: endedAt + entry.millis - now };
  }

  /** A container is started again: the next time it waits for longer. */
  restarted(container: string, endedAt: number, now: number): void {
    const entry = this.#current(container, endedAt);
    const millis = entry === undefined ? firstMillis : Math.min(entry.millis * 2, longestMillis);
    this.#entries.set(container, { millis, since: now });
  }

  #current(container: string, endedAt: number): Entry | undefined {
    const entry = this.#entries.get(container);
    return entry === undefined || endedAt - entry.since > 2 * longestMillis ? undefined : entry;
  }
}
