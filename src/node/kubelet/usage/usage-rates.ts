/** How long a rate goes back at least, once it was looked so often. */
const windowMillis = 10_000;

interface Sample {
  readonly at: number;
  readonly seconds: number;
}

/** How many processors are kept busy of late, from totals that only grow. */
export class UsageRates {
  readonly #samples = new Map<string, { older: Sample; newer: Sample }>();

  /**
   * The processors that were busy since some ten seconds ago.
   * @param since when the total was 0, in milliseconds, for what was never looked at before
   * @returns undefined when no time has passed
   */
  observe(key: string, since: number, { at, seconds }: Sample): number | undefined {
    const first = { at: since, seconds: 0 };
    const known = this.#samples.get(key) ?? { older: first, newer: first };
    // A total that is less than it was counts something else.
    const samples = seconds < known.newer.seconds ? { older: first, newer: first } : known;
    const { older } = samples;
    if (at - samples.newer.at >= windowMillis) this.#samples.set(key, { older: samples.newer, newer: { at, seconds } });
    else this.#samples.set(key, samples);
    return at <= older.at ? undefined : ((seconds - older.seconds) * 1000) / (at - older.at);
  }

  /** Forgets all that is not one of these. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#samples.keys()) if (!keys.has(key)) this.#samples.delete(key);
  }
}
