import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type HttpHeaders, type HttpResponse, readBody } from './http.ts';
import { peerOf, type ServedHandler } from './serve-http.ts';

/** What Node's parser says of bytes that are no request. */
export interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Uint8Array;
}

/**
 * Answers a request whose method Node's parser does not know (HTTP/1.1 lets clients use any token), and ends the
 * connection. A body is not read.
 * @returns false when the bytes are no such request, and nothing was done.
 */
export function serveUnknownMethod(served: ServedHandler, error: ParserError, connection: Duplex): boolean {
  if (error.code !== 'HPE_INVALID_METHOD' || error.rawPacket === undefined || !connection.writable) return false;
  const [head = ''] = Buffer.from(error.rawPacket).toString('latin1').split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const [, method, path] = /^([A-Za-z!#$%&'*+.^_`|~0-9-]+) (\/\S*) HTTP\/1\.[01]$/.exec(first) ?? [];
  if (method === undefined || path === undefined) return false;
  const headers: HttpHeaders = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  connection.on('error', () => undefined);
  served
    .handle({ method, path, headers, peer: peerOf(connection) })
    .then(async (response) => connection.end(await wholeResponse(response)))
    .catch((failure: unknown) => {
      served.onFailure(failure);
      connection.destroy();
    });
  return true;
}

async function wholeResponse({ status, headers, body }: HttpResponse): Promise<Uint8Array> {
  const bytes = await readBody(body);
  const all: HttpHeaders = { ...headers, 'content-length': String(bytes.byteLength), connection: 'close' };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : (typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}\r\n`),
  );
  const phrase = STATUS_CODES[status] ?? '';
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${phrase}\r\n${lines.join('')}\r\n`, 'latin1'), bytes]);
}
