import type { StoredValue } from '../../storage/storage.ts';

/** How much is kept: so many values, and so many bytes of frames. */
export interface FrameRoom {
  readonly values: number;
  readonly bytes: number;
}

/** Frames of watches by the value that they tell of; those of the values that came first go when there is no room. */
export class SharedFrames {
  readonly #room: FrameRoom;
  readonly #frames = new Map<StoredValue, Map<string, Uint8Array>>();
  #bytes = 0;

  constructor(room: FrameRoom) {
    this.#room = room;
  }

  /** @param form tells apart what is made of one value */
  get(value: StoredValue, form: string): Uint8Array | undefined {
    return this.#frames.get(value)?.get(form);
  }

  set(value: StoredValue, form: string, frame: Uint8Array): void {
    let frames = this.#frames.get(value);
    if (frames === undefined) this.#frames.set(value, (frames = new Map()));
    this.#bytes += frame.byteLength - (frames.get(form)?.byteLength ?? 0);
    frames.set(form, frame);
    for (const [first, dropped] of this.#frames) {
      if (this.#frames.size <= this.#room.values && this.#bytes <= this.#room.bytes) return;
      this.#frames.delete(first);
      for (const { byteLength } of dropped.values()) this.#bytes -= byteLength;
    }
  }
}
