import type { Duplex } from 'node:stream';
import type { ParserError } from '../../apimachinery/unreadable-request.ts';

/** What has come on connections whose client has not taken the answer before yet, in its order. */
const waiting = new WeakMap<Duplex, Uint8Array[]>();

/**
 * Keeps bytes that Node's parser refuses because it rests: a request came while the answer before it was still on its
 * way to the client, which makes the parser rest behind the request's head. They are read once that answer is through.
 * @returns false when the bytes were refused for another reason, and nothing was done.
 */
export function readWhenDrained(error: ParserError, connection: Duplex): boolean {
  const { code, rawPacket } = error;
  if (code !== 'HPE_PAUSED' || rawPacket === undefined || !connection.writableNeedDrain) return false;
  const kept = waiting.get(connection);
  if (kept !== undefined) {
    kept.push(rawPacket);
    return true;
  }
  waiting.set(connection, [rawPacket]);
  // Node's own listener stands before this one, and lets the parser go on.
  connection.once('drain', () => {
    const bytes = Buffer.concat(waiting.get(connection) ?? []);
    waiting.delete(connection);
    connection.unshift(bytes);
  });
  return true;
}
