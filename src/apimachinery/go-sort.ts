/** Stretches of so many items are sorted by insertion. */
const insertionLength = 12;
/** From so many items on, the middle of three middles is taken, and what is nearly in order is mended. */
const longLength = 50;
const mostSwaps = 12;
const mostMendedSteps = 5;

/**
 * Sorts in place as Go's sort.Sort and sort.Slice do, a pattern-defeating quicksort: items that neither comes before the
 * other end up in the order that they have there, which is not the one that they came in once there are more than 12.
 * @param isLess whether the first item comes before the second; need not be a strict order, the outcome is Go's
 */
export function goSort<T>(items: T[], isLess: (left: T, right: T) => boolean): void {
  new GoSorter(items, isLess).sort(0, items.length, bitLength(items.length));
}

/** A copy in the order of {@link goSort}. */
export function goSorted<T>(items: readonly T[], isLess: (left: T, right: T) => boolean): T[] {
  const sorted = [...items];
  goSort(sorted, isLess);
  return sorted;
}

function bitLength(value: number): number {
  return value === 0 ? 0 : 32 - Math.clz32(value);
}

class GoSorter<T> {
  readonly #items: T[];
  readonly #isLess: (left: T, right: T) => boolean;

  constructor(items: T[], isLess: (left: T, right: T) => boolean) {
    this.#items = items;
    this.#isLess = isLess;
  }

  /** Sorts from one place up to another, which is not part of it. @param limit how many bad pivots are put up with */
  sort(from: number, to: number, limit: number): void {
    let [start, end, left] = [from, to, limit];
    let isBalanced = true;
    let wasPartitioned = true;
    for (let length = end - start; length > insertionLength; length = end - start) {
      if (left === 0) return this.#heapSort(start, end);
      if (!isBalanced) {
        this.#breakPatterns(start, length);
        left--;
      }
      let { pivot, swaps } = this.#choosePivot(start, length);
      if (swaps === mostSwaps) {
        this.#reverse(start, end);
        pivot = end - 1 - (pivot - start);
        swaps = 0;
      }
      if (isBalanced && wasPartitioned && swaps === 0 && this.#mend(start, end)) return undefined;
      if (start > 0 && !this.#less(start - 1, pivot)) {
        start = this.#partitionEqual(start, end, pivot);
        continue;
      }
      const { middle, isPartitioned } = this.#partition(start, end, pivot);
      wasPartitioned = isPartitioned;
      const shorter = Math.min(middle - start, end - middle);
      isBalanced = shorter >= Math.floor(length / 8);
      if (middle - start < end - middle) {
        this.sort(start, middle, left);
        start = middle + 1;
      } else {
        this.sort(middle + 1, end, left);
        end = middle;
      }
    }
    return this.#insertionSort(start, end);
  }

  #less(left: number, right: number): boolean {
    return this.#isLess(this.#items[left] as T, this.#items[right] as T);
  }

  #swap(left: number, right: number): void {
    const kept = this.#items[left] as T;
    this.#items[left] = this.#items[right] as T;
    this.#items[right] = kept;
  }

  #insertionSort(start: number, end: number): void {
    for (let from = start + 1; from < end; from++) {
      for (let at = from; at > start && this.#less(at, at - 1); at--) this.#swap(at, at - 1);
    }
  }

  #heapSort(start: number, end: number): void {
    const length = end - start;
    for (let root = Math.floor((length - 1) / 2); root >= 0; root--) this.#siftDown(root, length, start);
    for (let last = length - 1; last >= 0; last--) {
      this.#swap(start, start + last);
      this.#siftDown(0, last, start);
    }
  }

  #siftDown(from: number, end: number, start: number): void {
    for (let root = from; ;) {
      let child = 2 * root + 1;
      if (child >= end) return;
      if (child + 1 < end && this.#less(start + child, start + child + 1)) child++;
      if (!this.#less(start + root, start + child)) return;
      this.#swap(start + root, start + child);
      root = child;
    }
  }

  /** Moves what is less than the pivot before it and the rest behind it. */
  #partition(start: number, end: number, pivot: number): { middle: number; isPartitioned: boolean } {
    this.#swap(start, pivot);
    let low = start + 1;
    let high = end - 1;
    for (let isPartitioned = true; ; isPartitioned = false) {
      while (low <= high && this.#less(low, start)) low++;
      while (low <= high && !this.#less(high, start)) high--;
      if (low > high) {
        this.#swap(high, start);
        return { middle: high, isPartitioned };
      }
      this.#swap(low++, high--);
    }
  }

  /** Moves what equals the pivot to the front. @returns where the rest begins */
  #partitionEqual(start: number, end: number, pivot: number): number {
    this.#swap(start, pivot);
    let low = start + 1;
    let high = end - 1;
    for (;;) {
      while (low <= high && !this.#less(start, low)) low++;
      while (low <= high && this.#less(start, high)) high--;
      if (low > high) return low;
      this.#swap(low++, high--);
    }
  }

  /** Sorts what is nearly in order. @returns whether it is in order now */
  #mend(start: number, end: number): boolean {
    let at = start + 1;
    for (let step = 0; step < mostMendedSteps; step++) {
      while (at < end && !this.#less(at, at - 1)) at++;
      if (at === end) return true;
      if (end - start < longLength) return false;
      this.#swap(at, at - 1);
      if (at - start >= 2) {
        for (let back = at - 1; back >= 1 && this.#less(back, back - 1); back--) this.#swap(back, back - 1);
      }
      if (end - at >= 2) {
        for (let on = at + 1; on < end && this.#less(on, on - 1); on++) this.#swap(on, on - 1);
      }
    }
    return false;
  }

  /** Scatters three items around the middle, by numbers that only the length decides. */
  #breakPatterns(start: number, length: number): void {
    let random = BigInt(length);
    const mask = (1n << BigInt(bitLength(length))) - 1n;
    const before = start + Math.floor(length / 4) * 2 - 1;
    for (let step = 0; step < 3; step++) {
      random = BigInt.asUintN(64, random ^ (random << 13n));
      random ^= random >> 7n;
      random = BigInt.asUintN(64, random ^ (random << 17n));
      let other = Number(random & mask);
      if (other >= length) other -= length;
      this.#swap(before + step, start + other);
    }
  }

  /** The pivot, and how many comparisons on the way to it found the wrong order. */
  #choosePivot(start: number, length: number): { pivot: number; swaps: number } {
    let swaps = 0;
    const median = (first: number, second: number, third: number): number => {
      let [low, middle, high] = [first, second, third];
      const order = (left: number, right: number): [number, number] => {
        if (!this.#less(right, left)) return [left, right];
        swaps++;
        return [right, left];
      };
      [low, middle] = order(low, middle);
      [middle, high] = order(middle, high);
      return order(low, middle)[1];
    };
    const quarter = Math.floor(length / 4);
    let places = [1, 2, 3].map((count) => start + quarter * count);
    if (length >= longLength) places = places.map((place) => median(place - 1, place, place + 1));
    const [first = start, second = start, third = start] = places;
    return { pivot: median(first, second, third), swaps };
  }

  #reverse(start: number, end: number): void {
    for (let [low, high] = [start, end - 1]; low < high; low++, high--) this.#swap(low, high);
  }
}
