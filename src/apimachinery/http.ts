import type { Duplex } from 'node:stream';

/** Header names are lower case; a header that came several times is a list. */
export type HttpHeaders = Record<string, string | readonly string[] | undefined>;

/** What is known of the connection a request came by. */
export interface Peer {
  /** Remote address, without the port. */
  readonly address: string;
  /** The client's verified-or-not certificate chain, leaf first, DER; empty without one. */
  readonly certificates: readonly Uint8Array[];
}

/** One HTTP request, the same on both sides of the transport seam. */
export interface HttpRequest {
  readonly method: string;
  /** Path with query, still escaped: `/api/v1/pods?limit=500`. */
  readonly path: string;
  readonly headers: HttpHeaders;
  /** The path is whole: one in the server's URL does not go before it. */
  readonly isWholePath?: boolean;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Aborts the request and whatever is still streaming of the answer. */
  readonly signal?: AbortSignal;
  /** Set by the server's listener (or by an in-process transport). */
  readonly peer?: Peer;
}

/** One HTTP response. A body that streams ends when the stream ends. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Only for streams, on the server's side: cuts the connection when the body is not sent by then. */
  readonly deadline?: AbortSignal;
  /** Only for 101, on the client's side: the connection, which now speaks the other protocol. */
  readonly upgraded?: Duplex;
  /** Only for 101, on the server's side: is handed the connection as soon as the client has the answer's head. */
  readonly takeOver?: (connection: Duplex) => void;
}

/** Carries requests to a server: over a socket, or straight to a handler in the same process. */
export interface Transport {
  /** @throws Error when no answer came (refused, reset, timeout, TLS failure); any HTTP status is an answer. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /**
   * Begins to make connections for so many requests that will come at once; resolves when other work may go on. A hint:
   * what fails is told to the request that needs it.
   */
  prepare?(requests: number): Promise<void>;
  /** Closes pooled connections. */
  close(): Promise<void>;
}

/** A server as a function; rejects only on a bug. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

/** Reads a body to its end. */
export async function readBody(body: Uint8Array | AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return chunks.length === 1 ? (chunks[0] ?? new Uint8Array()) : Buffer.concat(chunks);
}

/** Headers that are between two neighbours and go no further (RFC 9110, 7.6.1). */
export const hopByHopHeaders: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** A header's first value. */
export function header(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return value === undefined || typeof value === 'string' ? value : value[0];
}

/** The text of a header whose characters are the octets of UTF-8, as they come off the wire; what is none is U+FFFD. */
export function headerText(value: string): string {
  if (!/[\u0080-\u00ff]/.test(value) || /[\u0100-\uffff]/.test(value)) return value;
  return Buffer.from(value, 'latin1').toString('utf8');
}
