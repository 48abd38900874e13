import { parseJson } from '../apimachinery/json-codec.ts';
import type { WatchEvent } from '../apimachinery/watch-event.ts';
import { TransportError } from './transport-error.ts';

/** Lines of a byte stream, without their ends; each byte is looked at once. */
export async function* splitLines(body: AsyncIterable<Uint8Array> | Uint8Array): AsyncGenerator<Uint8Array> {
  const parts: Uint8Array[] = [];
  const chunks = body instanceof Uint8Array ? [body] : body;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end);
      start = end + 1;
      if (parts.length === 0) {
        if (piece.length > 0) yield piece;
        continue;
      }
      parts.push(piece);
      yield Buffer.concat(parts.splice(0));
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

/**
 * Events of a watch's body: JSON objects, one after the other, a line each. A watch whose time is over (the client's
 * `--request-timeout`) ends as one that the server ends.
 * @param onTimeUp told of that
 * @throws JsonSyntaxError, TransportError
 */
export async function* decodeWatch<T>(
  body: AsyncIterable<Uint8Array> | Uint8Array,
  onTimeUp: () => void = () => undefined,
): AsyncGenerator<WatchEvent<T>> {
  try {
    for await (const line of splitLines(body)) yield parseJson(line) as unknown as WatchEvent<T>;
  } catch (error) {
    if (!(error instanceof TransportError) || error.kind !== 'timeout') throw error;
    onTimeUp();
  }
}
