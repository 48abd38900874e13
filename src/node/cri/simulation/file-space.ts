/** The room that the files of a node have all together, those of its containers too. */
export class FileSpace {
  /** Bytes. */
  readonly capacity: number;
  #used = 0;

  /** @param capacity bytes */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Bytes that are taken. */
  get used(): number {
    return this.#used;
  }

  /** Takes room, or gives some back (less than 0). @returns false when there is not so much left */
  take(bytes: number): boolean {
    if (bytes > 0 && this.#used + bytes > this.capacity) return false;
    this.#used = Math.max(0, this.#used + bytes);
    return true;
  }
}
