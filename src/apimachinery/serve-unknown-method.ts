import { METHODS, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type HttpHeaders, type HttpResponse, readBody } from './http.ts';
import { canonicalName, goReasonPhrases, peerOf, type ServedHandler } from './serve-http.ts';

/** What Node's parser says of bytes that are no request. */
export interface ParserError extends Error {
  readonly code?: string;
  /** What it was about, in words. */
  readonly reason?: string;
  /** Where in the packet it stopped. */
  readonly bytesParsed?: number;
  readonly rawPacket?: Uint8Array;
}

/**
 * Answers a request that Node's parser does not take though others do, and ends the connection: a method that it does
 * not know (HTTP/1.1 lets clients use any token), a path with bytes beyond ASCII (curl sends what it is given). A body
 * is not read.
 * @returns false when the bytes are no such request, and nothing was done.
 */
export function serveUnknownMethod(served: ServedHandler, error: ParserError, connection: Duplex): boolean {
  if (error.code !== 'HPE_INVALID_METHOD' && error.code !== 'HPE_INVALID_URL') return false;
  if (error.rawPacket === undefined || !connection.writable) return false;
  const [head = ''] = Buffer.from(error.rawPacket).toString('latin1').split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const [, method, target] = /^([A-Za-z!#$%&'*+.^_`|~0-9-]+) (\/[^\s\0]*) HTTP\/1\.[01]$/.exec(first) ?? [];
  if (method === undefined || target === undefined) return false;
  // The packet may begin with a request that was read, and is being answered.
  if (METHODS.includes(method) && (error.code === 'HPE_INVALID_METHOD' || /^[\0-\x7f]*$/.test(target))) return false;
  const path = target.replaceAll(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  const headers: HttpHeaders = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  connection.on('error', () => undefined);
  served
    .handle({ method, path, headers, peer: peerOf(connection) })
    .then(async (response) => connection.end(await wholeResponse(response, served.now?.())))
    .catch((failure: unknown) => {
      served.onFailure(failure);
      connection.destroy();
    });
  return true;
}

async function wholeResponse({ status, headers, body }: HttpResponse, now?: number): Promise<Uint8Array> {
  const bytes = await readBody(body);
  const all: HttpHeaders = {
    ...headers,
    ...(now === undefined ? {} : { date: new Date(now).toUTCString() }),
    'content-length': String(bytes.byteLength),
    connection: 'close',
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined
      ? []
      : (typeof value === 'string' ? [value] : value).map((one) => `${canonicalName(name)}: ${one}\r\n`),
  );
  const phrase = goReasonPhrases[status] ?? STATUS_CODES[status] ?? '';
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${phrase}\r\n${lines.join('')}\r\n`, 'latin1'), bytes]);
}
