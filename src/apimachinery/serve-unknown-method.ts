import { METHODS, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { hasReadablePath, isReadableHost, type ParserError } from './unreadable-request.ts';
import { type HttpHeaders, type HttpResponse, readBody } from './http.ts';
import { canonicalName, goReasonPhrases, peerOf, type ServedHandler } from './serve-http.ts';

/** Where the parser stops at a head whose lines end in bare line feeds, go on in the next one, or are of HTTP/1.2. */
const codesOfLooseHeads: ReadonlySet<string> = new Set([
  'HPE_CR_EXPECTED',
  'HPE_INVALID_HEADER_TOKEN',
  'HPE_INVALID_VERSION',
]);

/**
 * Answers a request that Node's parser does not take though others do, and ends the connection: a method that it does
 * not know (HTTP/1.1 lets clients use any token), a path with bytes beyond ASCII (curl sends what it is given), a head
 * as people type it, with bare line feeds, or with folded lines (RFC 9112, 2.2 and 5.2). A body is not read.
 * @param isFirst whether nothing before it in the packet is being answered
 * @returns false when the bytes are no such request, and nothing was done.
 */
export function serveUnknownMethod(
  served: ServedHandler,
  error: ParserError,
  connection: Duplex,
  isFirst: boolean,
): boolean {
  const { code = '', rawPacket } = error;
  if (rawPacket === undefined || !connection.writable) return false;
  const text = Buffer.from(rawPacket).toString('latin1');
  let request: LooseRequest | undefined;
  if (code === 'HPE_INVALID_METHOD' || code === 'HPE_INVALID_URL') request = unknownRequest(text, code);
  else if (isFirst && codesOfLooseHeads.has(code)) request = looseRequest(text);
  if (request === undefined) return false;
  const { method, target, headers } = request;
  const path = target.replaceAll(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
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

interface LooseRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: HttpHeaders;
}

/** A request with a method or a path that the parser does not know. */
function unknownRequest(text: string, code: string): LooseRequest | undefined {
  const [head = ''] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const [, method, target] = /^([A-Za-z!#$%&'*+.^_`|~0-9-]+) (\/[^\s\0]*) HTTP\/1\.[01]$/.exec(first) ?? [];
  if (method === undefined || target === undefined) return undefined;
  // The packet may begin with a request that was read, and is being answered.
  if (METHODS.includes(method) && (code === 'HPE_INVALID_METHOD' || /^[\0-\x7f]*$/.test(target))) return undefined;
  const headers: HttpHeaders = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { method, target, headers };
}

/** A whole head without a body, and nothing in it that is wrong but where its lines end. */
function looseRequest(text: string): LooseRequest | undefined {
  const end = /\r?\n\r?\n/.exec(text);
  if (end === null) return undefined;
  const unfolded = text.slice(0, end.index).replaceAll(/\r?\n[ \t]+/g, ' ');
  const [first = '', ...lines] = unfolded.split(/\r?\n/);
  const [, method, target, minor] = /^([A-Z]+) (\/[^\s\0]*) HTTP\/1\.(\d)$/.exec(first) ?? [];
  if (method === undefined || target === undefined) return undefined;
  const headers: HttpHeaders = {};
  for (const line of lines) {
    const [, name, value] = /^([A-Za-z!#$%&'*+.^_`|~0-9-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined || headers[name.toLowerCase()] !== undefined) return undefined;
    headers[name.toLowerCase()] = value.trim();
  }
  const { host, 'content-length': length = '0', 'transfer-encoding': coding, expect, upgrade } = headers;
  if (length !== '0' || coding !== undefined || expect !== undefined || upgrade !== undefined) return undefined;
  if (host === undefined ? minor !== '0' : typeof host !== 'string' || !isReadableHost(host)) return undefined;
  return hasReadablePath(target) ? { method, target, headers } : undefined;
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
