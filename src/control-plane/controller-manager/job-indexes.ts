interface IndexRange {
  readonly first: number;
  readonly last: number;
}

/** A set of completion indexes, kept as ranges: a job may have a hundred thousand of them (KEP-2214). */
export class IndexSet {
  readonly #ranges: readonly IndexRange[];

  private constructor(ranges: readonly IndexRange[]) {
    this.#ranges = ranges;
  }

  static of(indexes: Iterable<number>): IndexSet {
    return IndexSet.#joined([...indexes].map((index) => ({ first: index, last: index })));
  }

  /** Reads `1,3-5`; what is no number is left out, and so is what is not below `completions`. */
  static parse(text: string | undefined, completions: number): IndexSet {
    const ranges = (text ?? '').split(',').flatMap((part) => {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part);
      if (match === null) return [];
      const first = Number(match[1]);
      const last = Math.min(Number(match[2] ?? match[1]), completions - 1);
      return first <= last ? [{ first, last }] : [];
    });
    return IndexSet.#joined(ranges);
  }

  static #joined(ranges: readonly IndexRange[]): IndexSet {
    const joined: { first: number; last: number }[] = [];
    for (const { first, last } of ranges.toSorted((left, right) => left.first - right.first)) {
      const before = joined.at(-1);
      if (before === undefined || first > before.last + 1) joined.push({ first, last });
      else before.last = Math.max(before.last, last);
    }
    return new IndexSet(joined);
  }

  /** How many indexes there are. */
  get size(): number {
    return this.#ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  has(index: number): boolean {
    return this.#ranges.some(({ first, last }) => first <= index && index <= last);
  }

  union(other: IndexSet): IndexSet {
    return IndexSet.#joined([...this.#ranges, ...other.#ranges]);
  }

  /** How many indexes are in both sets. */
  countShared(other: IndexSet): number {
    let shared = 0;
    let position = 0;
    for (const { first, last } of this.#ranges) {
      for (;;) {
        const range = other.#ranges[position];
        if (range === undefined || range.first > last) break;
        shared += Math.max(0, Math.min(last, range.last) - Math.max(first, range.first) + 1);
        if (range.last > last) break;
        position++;
      }
    }
    return shared;
  }

  /** The lowest indexes below `completions` that are not in the set, at most `count` of them. */
  missing(count: number, completions: number): number[] {
    const found: number[] = [];
    let candidate = 0;
    for (const { first, last } of [...this.#ranges, { first: completions, last: completions }]) {
      while (candidate < Math.min(first, completions) && found.length < count) found.push(candidate++);
      candidate = Math.max(candidate, last + 1);
    }
    return found;
  }

  /** `0,1,4-6`: three in a row and more are written as a range. */
  format(): string {
    return this.#ranges
      .map(({ first, last }) => (first === last ? `${first}` : `${first}${last > first + 1 ? '-' : ','}${last}`))
      .join(',');
  }
}
