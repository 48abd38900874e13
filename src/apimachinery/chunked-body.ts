import type { IncomingMessage } from 'node:http';
import type { ParserError } from './unreadable-request.ts';

/** How a body ended before Node's parser saw its end: with an error, or, when there is none, whole all the same. */
interface Ending {
  readonly error?: Error;
}

/** What is known of bodies that Node's parser gave up, and who waits for more of them. */
const endings = new WeakMap<IncomingMessage, Ending>();
const waiting = new WeakMap<IncomingMessage, () => void>();

/** A body in chunks, which ends with what `endChunkedBody` is told of it. @throws Error when it is not whole */
export async function* chunkedBody(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = request.read() as Uint8Array | null;
    if (chunk !== null) {
      yield chunk;
      continue;
    }
    const ending = endings.get(request);
    if (ending?.error !== undefined) throw ending.error;
    if (ending !== undefined || request.readableEnded) return;
    if (request.destroyed) throw request.errored ?? new Error('the body ended early');
    await something(request);
  }
}

const events = ['readable', 'end', 'error', 'close'] as const;

/** Resolves when a request may have more of its body, or no more. */
function something(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) request.removeListener(event, done);
      waiting.delete(request);
      resolve();
    };
    for (const event of events) request.once(event, done);
    waiting.set(request, done);
  });
}

/**
 * Tells who reads the body of a request that Node's parser has given up on it.
 * @returns false when it was not the body that was wrong: the request came whole, or its body is not in chunks.
 */
export function endChunkedBody(request: IncomingMessage, error: ParserError): boolean {
  if (request.complete || request.headers['transfer-encoding'] === undefined) return false;
  if (endings.has(request)) return true;
  const problem = problemOf(error);
  const ending: Ending = problem === undefined ? {} : { error: new Error(problem) };
  endings.set(request, ending);
  waiting.get(request)?.();
  return true;
}

/** What Go's reader of chunks says of them; nothing where it takes what Node's parser refuses (fields after the body). */
function problemOf({ code = '', reason = '', rawPacket, bytesParsed = 0 }: ParserError): string | undefined {
  switch (code) {
    case 'HPE_INVALID_CHUNK_SIZE': {
      if (reason.includes('overflow')) return 'http chunk length too large';
      const line = Buffer.from(rawPacket?.subarray(0, bytesParsed + 1) ?? []).toString('latin1');
      return /(^|\n)\r?\n?$/.test(line.slice(-2)) && /[\r\n]$/.test(line)
        ? 'empty hex number for chunk length'
        : 'invalid byte in chunk length';
    }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'header line too long';
    case 'HPE_INVALID_HEADER_TOKEN':
      return undefined;
    default:
      return reason.includes('after chunk size') ? 'chunked line ends with bare LF' : 'malformed chunked encoding';
  }
}
