import { createServer as createPlainServer, type IncomingMessage, type Server } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { HttpHandler, HttpHeaders, HttpRequest, Peer } from '../../apimachinery/http.ts';
import { sleep, type Clock } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';

/** Takes over a connection that asks for another protocol (exec, attach, port-forward). */
export type UpgradeHandler = (request: HttpRequest, socket: Duplex, head: Uint8Array) => Promise<void>;

export interface ListenOptions {
  readonly handle: HttpHandler;
  /** PEM certificate (chain) and key; plain HTTP without them. */
  readonly tls?: {
    readonly certificate: string;
    readonly key: string;
    /** PEM of the authorities that client certificates are asked from; verified by the authenticator, not here. */
    readonly clientAuthorities?: string;
  };
  /** Address to bind, 127.0.0.1 when absent. */
  readonly host?: string;
  /** Port to bind; 0 (or absent) takes a free one. */
  readonly port?: number;
  /** Seconds a client has to send a whole request. Default 60, as the real server's request timeout. */
  readonly requestTimeoutSeconds?: number;
  readonly upgrade?: UpgradeHandler;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A server that listens. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  /** Stops accepting, lets what is under way finish within `graceSeconds`, then cuts what is left. */
  close(graceSeconds?: number): Promise<void>;
}

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

const hopHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** Puts a handler on a port: HTTP/2 and HTTP/1.1 over TLS, or HTTP/1.1 alone without TLS. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const requestTimeout = (options.requestTimeoutSeconds ?? 60) * 1000;
  const connections = new Set<Duplex>();
  const sessions = new Set<ServerHttp2Session>();
  const onRequest = (request: AnyRequest, response: AnyResponse): void => {
    void serve(options, request, response);
  };
  let server: Server | Http2SecureServer;
  if (options.tls === undefined) {
    server = createPlainServer({ requestTimeout, headersTimeout: 30_000 }, onRequest);
  } else {
    const { certificate, key, clientAuthorities } = options.tls;
    const secure = createSecureServer({
      allowHTTP1: true,
      cert: certificate,
      key,
      requestCert: true,
      rejectUnauthorized: false,
      ...(clientAuthorities === undefined ? {} : { ca: clientAuthorities }),
      settings: { maxConcurrentStreams: 250 },
    });
    secure.on('request', onRequest);
    secure.on('session', (session) => {
      sessions.add(session);
      session.on('close', () => sessions.delete(session));
      session.on('error', (error) => options.log.warn('http2 session failed', { error: error.message }));
    });
    secure.on('tlsClientError', () => undefined);
    server = secure;
  }
  server.on('connection', (socket: Socket) => {
    // Nothing waits for an acknowledgement: that of a client comes up to 40 ms late. Node sets it for HTTP/2 alone.
    socket.setNoDelay(true);
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  server.on('clientError', (_error: Error, socket: Duplex) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void handleUpgrade(options, request, socket, head);
  });
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    host,
    port,
    url: `${options.tls === undefined ? 'http' : 'https'}://${shownHost}:${port}`,
    close: (graceSeconds = 0) => closeServer(server, connections, sessions, options.clock, graceSeconds),
  };
}

async function serve(options: ListenOptions, request: AnyRequest, response: AnyResponse): Promise<void> {
  const gone = new Departure();
  response.on('close', () => {
    if (!response.writableFinished) gone.report();
  });
  response.on('error', () => gone.report());
  try {
    const answer = await options.handle(toHttpRequest(request, gone));
    const isHttp2 = 'stream' in response;
    response.statusCode = answer.status;
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value === undefined || (isHttp2 && hopHeaders.has(name))) continue;
      response.setHeader(name, typeof value === 'string' ? value : [...value]);
    }
    await sendBody(request, response, answer.body, gone);
  } catch (error) {
    options.log.error('answering failed', { error: error instanceof Error ? error.message : String(error) });
    response.destroy();
  }
}

async function sendBody(
  request: AnyRequest,
  response: AnyResponse,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  gone: Departure,
): Promise<void> {
  if (body instanceof Uint8Array) {
    response.setHeader('content-length', body.byteLength);
    // The client may still be sending (a body that is too large): it gets its answer, and the connection ends.
    if (!request.readableEnded && !('stream' in response)) response.shouldKeepAlive = request.readableLength === 0;
    endResponse(response, request.method === 'HEAD' ? undefined : body);
    return;
  }
  if ('flushHeaders' in response) response.flushHeaders();
  for await (const chunk of body) {
    if (gone.isReported) break;
    if (!writeResponse(response, chunk)) await drained(response, gone.signal);
  }
  if (!gone.isReported) endResponse(response, undefined);
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

function toHttpRequest(request: AnyRequest, gone: Departure): HttpRequest {
  const headers: HttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) if (!name.startsWith(':')) headers[name] = value;
  const authority = request.headers[':authority'];
  if (headers['host'] === undefined && typeof authority === 'string') headers['host'] = authority;
  const method = request.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return {
    method,
    path: request.url ?? '/',
    headers,
    get signal() {
      return gone.signal;
    },
    peer: peerOf(request.socket),
    ...(hasBody ? { body: request as AsyncIterable<Uint8Array> } : {}),
  };
}

/** What is known of connections: reading the certificates takes longer than most requests. */
const peers = new WeakMap<Duplex, Peer>();

/** The remote address and the certificates that the client showed, leaf first. */
function peerOf(socket: Duplex): Peer {
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

async function handleUpgrade(
  options: ListenOptions,
  request: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
): Promise<void> {
  const gone = new Departure();
  socket.on('close', () => gone.report());
  socket.on('error', () => gone.report());
  if (options.upgrade === undefined) {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  try {
    await options.upgrade(toHttpRequest(request, gone), socket, head);
  } catch (error) {
    options.log.error('upgrade failed', { error: error instanceof Error ? error.message : String(error) });
    socket.destroy();
  }
}

async function closeServer(
  server: Server | Http2SecureServer,
  connections: ReadonlySet<Duplex>,
  sessions: ReadonlySet<ServerHttp2Session>,
  clock: Clock,
  graceSeconds: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const session of sessions) session.close();
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  if (graceSeconds > 0) {
    const done = new AbortController();
    void closed.then(() => done.abort());
    await sleep(clock, graceSeconds * 1000, done.signal);
  }
  for (const session of sessions) session.destroy();
  for (const connection of connections) connection.destroy();
  await closed;
}
