import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';

/** What Node's parser says of bytes that are no request. */
export interface ParserError extends Error {
  readonly code?: string;
  /** What it was about, in words. */
  readonly reason?: string;
  /** Where in the packet it stopped. */
  readonly bytesParsed?: number;
  readonly rawPacket?: Uint8Array;
}

/** How a request that cannot be read is answered: as Go's server does it, in plain text, and the connection ends. */
export interface Refusal {
  readonly status: number;
  /** What is wrong, behind the status; nothing when absent. */
  readonly detail?: string;
  /** The text, where it is not the status line. */
  readonly text?: string;
}

const notImplemented: Refusal = { status: 501, text: 'Unsupported transfer encoding' };
const badRequest: Refusal = { status: 400 };
const unsupportedVersion: Refusal = { status: 505, detail: 'unsupported protocol version' };

/** What is wrong with the head of a request of HTTP/1 that Node's parser has let pass; undefined when nothing is. */
export function refusalOf(request: IncomingMessage): Refusal | undefined {
  const { headers, rawHeaders, httpVersion } = request;
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return notImplemented;
  // Node's parser takes requests of any version, and such as have none.
  if (!/^1\.\d$/.test(httpVersion)) return httpVersion === '0.9' ? badRequest : unsupportedVersion;
  const { host } = headers;
  if (host === undefined) {
    return httpVersion !== '1.0' ? { ...badRequest, detail: 'missing required Host header' } : undefined;
  }
  if (rawHeaders.filter((name, index) => index % 2 === 0 && /^host$/i.test(name)).length > 1) return badRequest;
  if (!isReadableHost(host)) return { ...badRequest, detail: 'malformed Host header' };
  return hasReadablePath(request.url ?? '') ? undefined : badRequest;
}

/** Whether a Host header has nothing in it that no host has. */
export function isReadableHost(host: string): boolean {
  return /^[\w!$%&'()*+,\-.:;=[\]~]*$/.test(host);
}

/** Whether the escapes in a path are escapes; those in the query are looked at by who reads it. */
export function hasReadablePath(url: string): boolean {
  const [path = ''] = url.split('?', 1);
  return !/%(?![0-9a-f]{2})/i.test(path);
}

/** The path of a request whose URL names the server, too (RFC 9112, 3.2.2); any other as it is. */
export function originForm(url: string): string {
  const [, rest] = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(url) ?? [];
  if (rest === undefined) return url;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** How bytes are answered of which Node's parser says that they are no request. */
export function refusalOfParserError({ code = '', reason = '', rawPacket, bytesParsed = 0 }: ParserError): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431 };
  if (code === 'HPE_INVALID_VERSION') return reason === 'Invalid HTTP version' ? unsupportedVersion : badRequest;
  // A length beside it makes no sense (RFC 9112, 6.1), but the coding is known.
  if (code === 'HPE_INVALID_TRANSFER_ENCODING' || code === 'HPE_INVALID_CONTENT_LENGTH') {
    const head = Buffer.from(rawPacket ?? []).toString('latin1');
    const coding = /\ntransfer-encoding:[ \t]*([^\r\n]*?)[ \t]*\r?\n/i.exec(head)?.[1]?.toLowerCase();
    const isOfLength = reason.includes('Content-Length') && (coding === undefined || coding === 'chunked');
    return isOfLength ? badRequest : notImplemented;
  }
  if (code === 'HPE_INVALID_HEADER_TOKEN' && reason === 'Invalid header token') {
    const rest = Buffer.from(rawPacket?.subarray(bytesParsed) ?? []).toString('latin1');
    if (/^ [^\r\n]*:/.test(rest)) return { ...badRequest, detail: 'invalid header name' };
  }
  return badRequest;
}

/** The bytes of a refusal, head and body. */
export function refusalText(refusal: Refusal): string {
  const { line, body } = wordsOf(refusal);
  const head = `HTTP/1.1 ${refusal.status} ${line}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n`;
  return `${head}\r\n${body}`;
}

/** Sends a refusal in answer to a request that was read. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  const { line, body } = wordsOf(refusal);
  response.sendDate = false;
  response.shouldKeepAlive = false;
  response.removeHeader('transfer-encoding');
  response.writeHead(refusal.status, line, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(body);
}

function wordsOf({ status, detail, text }: Refusal): { readonly line: string; readonly body: string } {
  const phrase = STATUS_CODES[status] ?? '';
  const line = detail === undefined ? phrase : `${phrase}: ${detail}`;
  return { line, body: text ?? `${status} ${line}` };
}
