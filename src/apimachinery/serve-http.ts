import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { originForm } from './unreadable-request.ts';
import { chunkedBody } from './chunked-body.ts';
import type { HttpHandler, HttpHeaders, HttpRequest, HttpResponse, Peer } from './http.ts';

/** A handler behind Node's HTTP server. */
export interface ServedHandler {
  readonly handle: HttpHandler;
  /** Told what kept an answer from being given; the connection is cut. */
  readonly onFailure: (error: unknown) => void;
  /** Whether connections end after the answers that are under way. */
  readonly isEnding?: () => boolean;
  /** Clients wait until their body is asked for before they send it (Expect: 100-continue). */
  readonly waitsForContinue?: boolean;
  /**
   * Waits so long, or until it is aborted. With it a client that is still sending a body that nobody reads has that long
   * to see its answer: a connection that is closed with something unread in it is reset, and what was sent on it may be
   * lost.
   */
  readonly pause?: (millis: number, signal: AbortSignal) => Promise<unknown>;
  /** The time in milliseconds, for answers that are written without Node's help; none says when it was when absent. */
  readonly now?: () => number;
}

/** A request and its response, as Node hands them to a listener. */
export type ServedExchange = readonly [request: AnyRequest, response: AnyResponse];

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

const hopHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** Answers one request: a listener of Node's `request` event, HTTP/1.1 and HTTP/2. */
export async function serveRequest(served: ServedHandler, request: AnyRequest, response: AnyResponse): Promise<void> {
  const gone = watchDeparture(response);
  try {
    const asked = toHttpRequest(request, gone);
    const withBody =
      served.waitsForContinue === true && asked.body !== undefined
        ? { ...asked, body: bodyAskedFor(request, response) }
        : asked;
    const answer = await served.handle(withBody);
    if (served.isEnding?.() === true && !('stream' in response)) response.shouldKeepAlive = false;
    await sendAnswer(served, request, response, answer, gone);
  } catch (error) {
    served.onFailure(error);
    response.destroy();
  }
}

/** A body that is sent as soon as somebody reads it. */
async function* bodyAskedFor(request: AnyRequest, response: AnyResponse): AsyncGenerator<Uint8Array> {
  response.writeContinue();
  yield* request as AsyncIterable<Uint8Array>;
}

/**
 * Answers a request that asks for another protocol: a listener of Node's `upgrade` event. An answer that takes over
 * gets the connection; any other is sent as usual, and the connection ends after it.
 */
export async function serveUpgrade(
  served: ServedHandler,
  request: IncomingMessage,
  connection: Duplex,
  head: Uint8Array,
): Promise<void> {
  // Node has taken its own listeners off: without one an error would end the process.
  connection.on('error', () => undefined);
  if (head.byteLength > 0) connection.unshift(head);
  const response = new ServerResponse(request);
  response.setHeader('Connection', 'close');
  const gone = watchDeparture(response);
  connection.once('close', () => gone.report());
  try {
    const { body, ...asked } = toHttpRequest(request, gone);
    const length = Number(request.headers['content-length'] ?? '0');
    const answer = await served.handle(
      body === undefined || length === 0 ? asked : { ...asked, body: firstBytes(connection, length) },
    );
    if (answer.takeOver !== undefined) {
      connection.write(upgradeHead(answer));
      answer.takeOver(connection);
      return;
    }
    response.assignSocket(connection as Socket);
    response.once('finish', () => connection.end());
    await sendAnswer(served, request, response, answer, gone);
  } catch (error) {
    served.onFailure(error);
    connection.destroy();
  }
}

/** The head of a 101, which Node's own response would end with. */
function upgradeHead({ status, headers }: HttpResponse): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined
      ? []
      : (typeof value === 'string' ? [value] : value).map((one) => `${canonicalName(name)}: ${one}`),
  );
  return `HTTP/1.1 ${status} Switching Protocols\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
}

/** A body that Node left unread, since it took the request for an upgrade. */
async function* firstBytes(connection: Duplex, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const chunk of connection.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

function watchDeparture(response: AnyResponse): Departure {
  const gone = new Departure();
  response.on('close', () => {
    // HTTP/2 says of a stream that the client took back that it is finished, too.
    if ('stream' in response ? !response.writableEnded : !response.writableFinished) gone.report();
  });
  response.on('error', () => gone.report());
  return gone;
}

async function sendAnswer(
  served: ServedHandler,
  request: AnyRequest,
  response: AnyResponse,
  answer: HttpResponse,
  gone: Departure,
): Promise<void> {
  const isHttp2 = 'stream' in response;
  response.statusCode = answer.status;
  if (!isHttp2 && isOld(response)) speakOldHttp(response);
  const phrase = goReasonPhrases[answer.status];
  if (!isHttp2 && phrase !== undefined) response.statusMessage = phrase;
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || (isHttp2 && hopHeaders.has(name))) continue;
    response.setHeader(isHttp2 ? name : canonicalName(name), typeof value === 'string' ? value : [...value]);
  }
  const cut = (): void => void response.destroy();
  if (answer.deadline?.aborted === true) cut();
  answer.deadline?.addEventListener('abort', cut, { once: true });
  try {
    await sendBody(served, request, response, answer.body, gone);
  } finally {
    answer.deadline?.removeEventListener('abort', cut);
  }
}

/** Where Go's words for a status are not Node's. */
export const goReasonPhrases: Readonly<Record<number, string>> = {
  413: 'Request Entity Too Large',
  416: 'Requested Range Not Satisfiable',
};

const canonicalNames = new Map<string, string>();

/** `content-type` as HTTP/1.1 usually has it: `Content-Type`. */
export function canonicalName(name: string): string {
  let canonical = canonicalNames.get(name);
  if (canonical === undefined) {
    canonical = name.replace(/(?<![^-])[a-z]/g, (letter) => letter.toUpperCase());
    if (canonicalNames.size < 1000) canonicalNames.set(name, canonical);
  }
  return canonical;
}

/** Go says beforehand how long an answer is when it fits into what is kept until the answer is whole; by protocol. */
const mostKeptBytes = { http1: 2048, http2: 4096 };

/** Says how long an answer is, as Go's server does: longer ones come in chunks, or until their stream ends. */
function setLength(request: AnyRequest, response: AnyResponse, body: Uint8Array): void {
  if (response.hasHeader('content-length') || response.statusCode === 204 || response.statusCode === 304) return;
  const isHttp2 = 'stream' in response;
  if (body.byteLength <= (isHttp2 ? mostKeptBytes.http2 : mostKeptBytes.http1)) {
    response.setHeader(isHttp2 ? 'content-length' : 'Content-Length', body.byteLength);
  } else if (!isHttp2 && request.httpVersion !== '1.0' && request.method !== 'HEAD') {
    response.setHeader('Transfer-Encoding', 'chunked');
  }
}

/** What is left of a body that nobody reads is read up to here, so that the connection can go on (as Go's server does). */
const mostSkippedBytes = 256 * 1024;

/** Whether the connection can have another request: the client has sent all, or what is left is little. */
function canGoOn(request: IncomingMessage): boolean {
  if (request.readableEnded) return true;
  // Who waits to be asked for a body will not send it after this.
  if (request.headers.expect !== undefined && !request.readableDidRead) return request.method === 'GET';
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return true;
  return !request.readableDidRead && coding === undefined && Number(length) <= mostSkippedBytes;
}

/** Go says of connections only what is not understood: that they end, or with HTTP/1.0 that they stay. */
function keepSilent(response: AnyResponse): void {
  if ('stream' in response) return;
  if (isOld(response)) {
    // Without a length it is the end of the connection that ends the answer.
    const stays = response.shouldKeepAlive && response.hasHeader('content-length');
    response.shouldKeepAlive = stays;
    if (stays) response.setHeader('Connection', 'keep-alive');
    else response.removeHeader('connection');
  } else if (response.shouldKeepAlive && !response.hasHeader('connection')) response.removeHeader('connection');
}

function isOld({ req: request }: ServerResponse): boolean {
  return request.httpVersion === '1.0';
}

/** Has an answer say the version of its request: Node says 1.1 in all of them, in what writes their heads. */
function speakOldHttp(response: ServerResponse): void {
  const writer = '_storeHeader';
  const write: unknown = Reflect.get(response, writer);
  if (typeof write !== 'function') return;
  Reflect.set(response, writer, (statusLine: string, headers: unknown): void => {
    Reflect.apply(write, response, [statusLine.replace('HTTP/1.1 ', 'HTTP/1.0 '), headers]);
  });
}

async function sendBody(
  served: ServedHandler,
  request: AnyRequest,
  response: AnyResponse,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  gone: Departure,
): Promise<void> {
  if (body instanceof Uint8Array) {
    setLength(request, response, body);
    // The client may still be sending (a body that is too large): it gets its answer, and the connection ends.
    if (!('stream' in response) && !('stream' in request) && !canGoOn(request)) {
      response.shouldKeepAlive = false;
      await sendWhileReceiving(served, request, response, body);
      return;
    }
    keepSilent(response);
    endResponse(response, request.method === 'HEAD' ? undefined : body);
    return;
  }
  keepSilent(response);
  if ('flushHeaders' in response) response.flushHeaders();
  for await (const chunk of body) {
    if (gone.isReported) break;
    if (request.method === 'HEAD') continue;
    if (!writeResponse(response, chunk)) await drained(response, gone.signal);
  }
  if (!gone.isReported) endResponse(response, undefined);
}

/** As long as Go's server gives clients to notice. */
const noticeMillis = 500;

/** Sends an answer to a request whose body is not read, which may still be coming; what comes of it is dropped. */
async function sendWhileReceiving(
  { pause }: ServedHandler,
  request: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array,
): Promise<void> {
  if (pause !== undefined && request.headers.expect === undefined && !request.destroyed) {
    const received = new AbortController();
    const onReceived = (): void => received.abort();
    request.once('end', onReceived);
    request.once('close', onReceived);
    response.write(body);
    request.resume();
    await pause(noticeMillis, received.signal);
    response.end();
  } else response.end(body);
}

/** That a client has gone before its answer was whole. The signal is made when asked for: few requests need one. */
class Departure {
  isReported = false;
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isReported) this.#controller.abort();
    return this.#controller.signal;
  }

  report(): void {
    this.isReported = true;
    this.#controller?.abort();
  }
}

function writeResponse(response: AnyResponse, chunk: Uint8Array): boolean {
  return 'stream' in response ? response.write(chunk) : response.write(chunk);
}

function endResponse(response: AnyResponse, body: Uint8Array | undefined): void {
  if ('stream' in response) {
    if (body === undefined) response.end();
    else response.end(body);
  } else if (body === undefined) response.end();
  else response.end(body);
}

function drained(response: AnyResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.removeListener('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Whose values are lists, so that several lines of them are as good as one (RFC 9110, 5.3). */
const listHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'cookie',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'te',
  'upgrade',
  'x-forwarded-for',
]);

/** Takes values apart that Node has joined with commas: a comma in a group's name must not make two groups of it. */
function keepApart(headers: HttpHeaders, raw: readonly string[]): void {
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string' || !value.includes(', ') || listHeaders.has(name)) continue;
    const values = raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name);
    if (values.length > 1 && values.join(', ') === value) headers[name] = values;
  }
}

function toHttpRequest(request: AnyRequest, gone: Departure): HttpRequest {
  const headers: HttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) if (!name.startsWith(':')) headers[name] = value;
  // Of several, Go looks at the first; Node has joined them.
  const accept = headers['accept'];
  if (typeof accept === 'string' && accept.includes(',')) headers['accept'] = firstOf(request.rawHeaders, 'accept');
  keepApart(headers, request.rawHeaders);
  const authority = request.headers[':authority'];
  if (headers['host'] === undefined && typeof authority === 'string') headers['host'] = authority;
  const method = request.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return {
    method,
    path: originForm(request.url ?? '/'),
    headers,
    get signal() {
      return gone.signal;
    },
    peer: peerOf(request.socket),
    ...(hasBody ? { body: bodyOf(request) } : {}),
  };
}

function bodyOf(request: AnyRequest): AsyncIterable<Uint8Array> {
  if ('stream' in request || request.headers['transfer-encoding'] === undefined) return request;
  return chunkedBody(request);
}

/** The first value of a header among names and values in turn. */
function firstOf(rawHeaders: readonly string[], name: string): string | undefined {
  const at = rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return rawHeaders[at + 1];
}

/** What is known of connections: reading the certificates takes longer than most requests. */
const peers = new WeakMap<Duplex, Peer>();

/** The remote address and the certificates that the client showed, leaf first. */
export function peerOf(socket: Duplex): Peer {
  let peer = peers.get(socket);
  if (peer === undefined) {
    peer = readPeer(socket);
    peers.set(socket, peer);
  }
  return peer;
}

function readPeer(socket: Duplex): Peer {
  const address = (socket as Socket).remoteAddress ?? '';
  const certificates: Uint8Array[] = [];
  if (typeof (socket as TLSSocket).getPeerX509Certificate === 'function') {
    let certificate = (socket as TLSSocket).getPeerX509Certificate();
    while (certificate !== undefined && certificates.length < 10) {
      certificates.push(certificate.raw);
      certificate = certificate.issuerCertificate;
    }
  }
  return { address, certificates };
}
