/** A map with room for so many entries: for a new one too many, the one that was set longest ago goes. */
export class RecentMap<K, V> extends Map<K, V> {
  readonly #room: number;
  readonly #onDropped: (value: V) => void;

  /**
   * @param room the most entries that are kept
   * @param onDropped told of what had to go
   */
  constructor(room: number, onDropped: (value: V) => void = () => undefined) {
    super();
    this.#room = room;
    this.#onDropped = onDropped;
  }

  /** Sets an entry, which is the newest then, also when it was there. */
  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    if (this.size <= this.#room) return this;
    for (const [oldest, dropped] of this) {
      this.delete(oldest);
      this.#onDropped(dropped);
      break;
    }
    return this;
  }
}
