import { parseJson } from '../apimachinery/json-codec.ts';
import { RecentMap } from '../apimachinery/recent-map.ts';
import type { WatchEvent } from '../apimachinery/watch-event.ts';
import { TransportError } from './transport-error.ts';

const lineEnd = 10;

/** Puts the lines of a byte stream together; each byte is looked at once. */
export class LineBuffer {
  #parts: Uint8Array[] = [];

  /** Whether all that came was whole lines. */
  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** @returns the lines that end in the chunk, without their ends; empty ones only where a line came in pieces */
  take(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineEnd); end >= 0; end = chunk.indexOf(lineEnd, start)) {
      const piece = chunk.subarray(start, end);
      start = end + 1;
      if (!this.isEmpty) lines.push(Buffer.concat([...this.#parts.splice(0), piece]));
      else if (piece.length > 0) lines.push(piece);
    }
    if (start < chunk.length) this.#parts.push(chunk.subarray(start));
    return lines;
  }

  /** What has no line end; undefined when there is nothing. */
  rest(): Uint8Array | undefined {
    return this.isEmpty ? undefined : Buffer.concat(this.#parts.splice(0));
  }
}

/** How the events of a watch are read. */
export interface WatchDecoding {
  /** Told when the watch's time is over (the client's `--request-timeout`), which ends it as if the server had. */
  readonly onTimeUp?: () => void;
  /** Watches of a server in the same process get its frames themselves: those that share are given one object for each. */
  readonly shares?: boolean;
}

/** The events of frames that were read last by watches that share. */
const sharedEvents = new RecentMap<Uint8Array, readonly unknown[]>(1000);

/**
 * Events of a watch's body: JSON objects, one after the other, a line each.
 * @throws JsonSyntaxError, TransportError
 */
export async function* decodeWatch<T>(
  body: AsyncIterable<Uint8Array> | Uint8Array,
  { onTimeUp = () => undefined, shares = false }: WatchDecoding = {},
): AsyncGenerator<WatchEvent<T>> {
  const lines = new LineBuffer();
  const parse = (line: Uint8Array): WatchEvent<T> => parseJson(line) as unknown as WatchEvent<T>;
  const decodeFrame = (frame: Uint8Array): readonly WatchEvent<T>[] => {
    const known = sharedEvents.get(frame);
    if (known !== undefined) return known as readonly WatchEvent<T>[];
    const events = lines.take(frame).map(parse);
    sharedEvents.set(frame, events);
    return events;
  };
  try {
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      if (shares && lines.isEmpty && chunk.at(-1) === lineEnd) {
        for (const event of decodeFrame(chunk)) yield event;
      } else {
        // One by one: what stands before a line that is no event has been seen when that is told.
        for (const line of lines.take(chunk)) yield parse(line);
      }
    }
    const rest = lines.rest();
    if (rest !== undefined) yield parse(rest);
  } catch (error) {
    if (!(error instanceof TransportError) || error.kind !== 'timeout') throw error;
    onTimeUp();
  }
}
