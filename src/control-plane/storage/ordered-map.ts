/** An entry of an `OrderedMap`; whoever holds it sees the newest value. */
interface Entry<V> {
  readonly key: string;
  value: V;
}

/** A place between two entries: a chunk and an index in it. */
interface Position {
  readonly chunk: number;
  readonly index: number;
}

const maxChunk = 512;

/**
 * A map whose keys are kept in the order of their UTF-8 bytes (etcd's order), in chunks, so that inserting one moves
 * few others, counting a range looks at chunks and not at keys, and reading one is a walk over arrays.
 */
export class OrderedMap<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #chunks: Entry<V>[][] = [];
  #less: (left: string, right: string) => boolean = codeUnitLess;

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: V): void {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    // UTF-16 and UTF-8 disagree only from the surrogates on. The keys so far have none: their order stays.
    if (this.#less === codeUnitLess && highCodeUnit.test(key)) this.#less = utf8Less;
    const entry = { key, value };
    this.#entries.set(key, entry);
    const { chunk: at, index } = this.#position((other) => this.#less(other, key));
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      const last = this.#chunks.at(-1);
      if (last === undefined || last.length >= maxChunk) this.#chunks.push([entry]);
      else last.push(entry);
      return;
    }
    chunk.splice(index, 0, entry);
    if (chunk.length > maxChunk) this.#chunks.splice(at + 1, 0, chunk.splice(maxChunk >> 1));
  }

  delete(key: string): boolean {
    if (!this.#entries.delete(key)) return false;
    const { chunk: at, index } = this.#position((other) => this.#less(other, key));
    const chunk = this.#chunks[at];
    chunk?.splice(index, 1);
    if (chunk?.length === 0) this.#chunks.splice(at, 1);
    return true;
  }

  /** How many keys start with the prefix and are not before `start`. */
  count(prefix: string, start: string = prefix): number {
    const from = this.#startOf(prefix, start);
    const to = this.#endOf(prefix);
    let count = to.index - from.index;
    for (let at = from.chunk; at < to.chunk; at++) count += this.#chunks[at]?.length ?? 0;
    return Math.max(0, count);
  }

  /** Values of the keys that start with the prefix and are not before `start`, in order. */
  *values(prefix: string, start: string = prefix): Generator<V> {
    const from = this.#startOf(prefix, start);
    for (let at = from.chunk; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] ?? [];
      for (let index = at === from.chunk ? from.index : 0; index < chunk.length; index++) {
        const entry = chunk[index];
        if (entry === undefined || !entry.key.startsWith(prefix)) return;
        yield entry.value;
      }
    }
  }

  /** As `values`, at most `limit` of them, as an array. */
  slice(prefix: string, start: string, limit: number): V[] {
    const values: V[] = [];
    const from = this.#startOf(prefix, start);
    const to = this.#endOf(prefix);
    for (let at = from.chunk; at <= to.chunk; at++) {
      const chunk = this.#chunks[at] ?? [];
      const end = at === to.chunk ? to.index : chunk.length;
      for (let index = at === from.chunk ? from.index : 0; index < end; index++) {
        if (values.length >= limit) return values;
        const entry = chunk[index];
        if (entry !== undefined) values.push(entry.value);
      }
    }
    return values;
  }

  #startOf(prefix: string, start: string): Position {
    const first = this.#less(prefix, start) ? start : prefix;
    return this.#position((key) => this.#less(key, first));
  }

  #endOf(prefix: string): Position {
    return this.#position((key) => key.startsWith(prefix) || this.#less(key, prefix));
  }

  /** The first place whose key is not before; `isBefore` holds for keys up to some place and for none after it. */
  #position(isBefore: (key: string) => boolean): Position {
    const chunk = partitionPoint(this.#chunks, (keys) => isBefore(keys.at(-1)?.key ?? ''));
    const entries = this.#chunks[chunk];
    return { chunk, index: entries === undefined ? 0 : partitionPoint(entries, (entry) => isBefore(entry.key)) };
  }
}

const highCodeUnit = /[\ud800-\uffff]/;

function codeUnitLess(left: string, right: string): boolean {
  return left < right;
}

/** Whether `left` is before `right` when both are written as UTF-8 and compared byte by byte. */
export function utf8Less(left: string, right: string): boolean {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const first = left.charCodeAt(index);
    const second = right.charCodeAt(index);
    if (first === second) continue;
    // Surrogates stand for code points above all others, but sort before U+E000 as code units.
    const isFirstAstral = isSurrogate(first);
    return isFirstAstral === isSurrogate(second) ? first < second : !isFirstAstral;
  }
  return left.length < right.length;
}

function isSurrogate(codeUnit: number): boolean {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff;
}

/** The index of the first element for which the condition, true up to some place, no longer holds. */
export function partitionPoint<T>(sorted: readonly T[], isBefore: (element: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const element = sorted[middle];
    if (element !== undefined && isBefore(element)) low = middle + 1;
    else high = middle;
  }
  return low;
}
