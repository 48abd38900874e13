import { createServer as createHttpsServer } from 'node:https';
import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions, SecureVersion } from 'node:tls';
import { messageOf } from '../../apimachinery/error-message.ts';
import type { HttpHandler } from '../../apimachinery/http.ts';
import { type ServedExchange, type ServedHandler, serveRequest, serveUpgrade } from '../../apimachinery/serve-http.ts';
import { serveUnknownMethod } from '../../apimachinery/serve-unknown-method.ts';
import { readWhenDrained } from './paused-request.ts';
import {
  hasReadablePath,
  type ParserError,
  refuse,
  refusalOf,
  refusalOfParserError,
  refusalText,
} from '../../apimachinery/unreadable-request.ts';
import { sleep, type Clock } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import { PendingAnswers } from './pending-answers.ts';

/** How long connections of HTTP/1 wait for a head and, between requests, for another: as long as Go's server there. */
const patience = { headersTimeout: 32_000, keepAliveTimeout: 90_000, connectionsCheckingInterval: 5_000 };

const noBytes = new Uint8Array();

/** Connections that may wait to be taken: whoever comes beyond tries again a second later. As many as Linux lets wait. */
const maxBacklog = 4096;

const defaultMaxStreams = 100;
/** What a request of HTTP/2 may send before somebody reads it; in all, a connection may send that for every request. */
const streamWindowBytes = 256 * 1024;

/** A command to exec is in the path, however long it is; Go's servers take a megabyte, and what they read besides. */
const maxHeaderBytes = 1024 * 1024;
const maxHeadBytes = maxHeaderBytes + 4096;
/** HTTP/2 counts 32 bytes for each field besides (RFC 9113, 6.5.2); Go's servers take ten fields for granted. */
const maxHeaderListBytes = maxHeaderBytes + 10 * 32;

/** What of TLS is spoken; what Node speaks where nothing is said. */
export interface TlsLimits {
  readonly minVersion?: SecureVersion;
  /** As OpenSSL has them, with colons between. */
  readonly ciphers?: string;
  readonly curves?: string;
}

export interface ListenOptions {
  readonly handle: HttpHandler;
  /** PEM certificate (chain) and key; plain HTTP without them. */
  readonly tls?: {
    readonly certificate: string;
    readonly key: string;
    /** PEM of the authorities that client certificates are asked from; verified by the authenticator, not here. */
    readonly clientAuthorities?: string;
  };
  readonly tlsLimits?: TlsLimits;
  /** Whether HTTP/2 is spoken over TLS; it is when absent. */
  readonly hasHttp2?: boolean;
  /** Address to bind, 127.0.0.1 when absent. */
  readonly host?: string;
  /** Port to bind; 0 (or absent) takes a free one. */
  readonly port?: number;
  /** Seconds a client has to send a whole request. Default 60, as the real server's request timeout. */
  readonly requestTimeoutSeconds?: number;
  /** How many requests of HTTP/2 a connection may have under way; 100 when absent, as with the real server. */
  readonly maxStreamsPerConnection?: number;
  /** Asked with each request of HTTP/2 whether its connection is to end, so that the client makes another one. */
  readonly mustReconnect?: () => boolean;
  /** Told of connections that end before TLS is agreed on. */
  readonly onHandshakeFailure?: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A server that listens. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  /** Asks for client certificates of other authorities from now on. @param pem of all of them */
  setClientAuthorities(pem: string): void;
  /** Shows another certificate to whoever connects from now on; connections that are there stay. */
  setCertificate(pair: { readonly certificate: string; readonly key: string }): void;
  /**
   * Stops accepting, lets what is under way finish within `graceSeconds`, then cuts what is left.
   * @param finished when it resolves, the rest has a second to be sent, whatever the grace.
   */
  close(graceSeconds?: number, finished?: Promise<void>): Promise<void>;
}

/** Puts a handler on a port: HTTP/2 and HTTP/1.1 over TLS, or HTTP/1.1 alone without TLS. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const maxStreams = options.maxStreamsPerConnection ?? defaultMaxStreams;
  const requestTimeout = (options.requestTimeoutSeconds ?? 60) * 1000;
  const connections = new Set<Duplex>();
  const sessions = new Set<ServerHttp2Session>();
  const served: ServedHandler = {
    handle: options.handle,
    onFailure: (error) => options.log.error('answering failed', { error: messageOf(error) }),
    isEnding: () => isEnding,
    now: () => options.clock.now(),
    pause: (millis, signal) => sleep(options.clock, millis, signal),
  };
  /** Connections that end: what still comes on them is no request, and gets no answer. */
  const refused = new WeakSet<Duplex>();
  /** Connections of HTTP/1 with an answer that Node knows nothing of: whatever comes behind the request is nothing. */
  const answeredApart = new WeakSet<Duplex>();
  let isEnding = false;
  /** Connections of HTTP/1. */
  const oneAtATime = new Set<Duplex>();
  const isOneAtATime = (socket: Duplex): void => {
    oneAtATime.add(socket);
    socket.on('close', () => oneAtATime.delete(socket));
  };
  const pending = new PendingAnswers((socket) => {
    if (isEnding) socket.end();
  });
  const answer = (handler: ServedHandler, ...[request, response]: ServedExchange): void => {
    if (!('stream' in request) && !('stream' in response)) {
      pending.add(request, response, () => {
        const refusal = refusalOf(request);
        if (refusal === undefined) void serveRequest(handler, request, response);
        else {
          refused.add(request.socket);
          refuse(response, refusal);
        }
      });
      return;
    }
    if (!hasReadablePath(request.url ?? '')) {
      response.statusCode = 400;
      response.end();
      return;
    }
    // What is under way on it is still answered.
    if (options.mustReconnect?.() === true && 'stream' in request) request.stream.session?.close();
    // Clients may take back a request as they send it (CVE-2023-44487): nothing is done for it before that is read.
    setImmediate(() => {
      if (!('stream' in response) || !isTakenBack(response)) void serveRequest(handler, request, response);
    });
  };
  const onRequest = (...exchange: ServedExchange): void => answer(served, ...exchange);
  // What is missing without a Host header is told in other words than Node's.
  const limits = { ...patience, requestTimeout, maxHeaderSize: maxHeadBytes, requireHostHeader: false };
  let server: Server | Http2SecureServer;
  if (options.tls === undefined) {
    server = createPlainServer(limits, onRequest);
    server.on('connection', isOneAtATime);
  } else if (options.hasHttp2 === false) {
    server = createHttpsServer({ ...limits, ...secureOptions(options.tls, options.tlsLimits) }, onRequest);
    server.on('secureConnection', isOneAtATime);
    server.on('tlsClientError', () => options.onHandshakeFailure?.());
  } else {
    const secure = createSecureServer({
      allowHTTP1: true,
      ...secureOptions(options.tls, options.tlsLimits),
      settings: {
        maxConcurrentStreams: maxStreams,
        maxHeaderListSize: maxHeaderListBytes,
        initialWindowSize: streamWindowBytes,
        maxFrameSize: streamWindowBytes,
      },
    });
    // What HTTP/1 connections of such a server go by is no option of it.
    Object.assign(secure, { ...patience, requestTimeout, maxHeaderSize: maxHeadBytes });
    secure.on('request', onRequest);
    secure.on('session', (session) => {
      sessions.add(session);
      session.setLocalWindowSize(streamWindowBytes * maxStreams);
      session.on('close', () => sessions.delete(session));
      session.on('error', (error) => options.log.warn('http2 session failed', { error: error.message }));
    });
    secure.on('tlsClientError', () => options.onHandshakeFailure?.());
    secure.on('secureConnection', (socket) => {
      if (socket.alpnProtocol !== 'h2') isOneAtATime(socket);
    });
    server = secure;
  }
  server.on('connection', (socket: Socket) => {
    // Nothing waits for an acknowledgement: that of a client comes up to 40 ms late. Node sets it for HTTP/2 alone.
    socket.setNoDelay(true);
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  server.on('clientError', (error: ParserError, socket: Duplex) => {
    if (refused.has(socket)) {
      socket.end();
      return;
    }
    // Who says nothing for too long is told nothing.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      socket.destroy();
      return;
    }
    // The client has said itself that nothing comes any more.
    if (error.code === 'HPE_CLOSED_CONNECTION') return;
    if (readWhenDrained(error, socket) || pending.tellOfBody(socket, error)) return;
    const isFirst = !pending.has(socket) && !answeredApart.has(socket);
    pending.afterThem(socket, () => {
      if (answeredApart.has(socket)) return;
      if (serveUnknownMethod(served, error, socket, isFirst)) {
        answeredApart.add(socket);
        return;
      }
      if (socket.writable) socket.end(refusalText(refusalOfParserError(error)));
    });
  });
  server.on('checkContinue', (...exchange: ServedExchange) => {
    answer(hasBody(exchange[0]) ? { ...served, waitsForContinue: true } : served, ...exchange);
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers.expect === '') return onRequest(request, response);
    // Nobody knows what to do with the body: there is no other request on this connection.
    refused.add(request.socket);
    response.shouldKeepAlive = false;
    response.writeHead(417, { 'Content-Length': 0, Connection: 'close' });
    response.end();
  });
  server.on('connect', (request: IncomingMessage | Http2ServerRequest, second: Duplex | Http2ServerResponse) => {
    // To a proxy it would be a tunnel; here it is a method like any other, but nothing follows it.
    if ('stream' in request && 'stream' in second) void serveRequest(served, request, second);
    else if (!('stream' in request) && !('stream' in second)) void serveUpgrade(served, request, second, noBytes);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    pending.afterThem(socket, () => {
      // The answer before may have begun the time for which connections may rest.
      socket.setTimeout(0);
      void serveUpgrade(served, request, socket, head);
    });
  });
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port ?? 0, host, backlog: maxBacklog }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  const { certificate, key, clientAuthorities } = options.tls ?? {};
  let shown: SecureContextOptions = {
    ...contextOptions(options.tlsLimits),
    cert: certificate,
    key,
    ca: clientAuthorities,
  };
  const { port } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    host,
    port,
    url: `${options.tls === undefined ? 'http' : 'https'}://${shownHost}:${port}`,
    setClientAuthorities(pem) {
      shown = { ...shown, ca: pem };
      if (options.tls !== undefined && 'setSecureContext' in server) server.setSecureContext(shown);
    },
    setCertificate({ certificate, key }) {
      shown = { ...shown, cert: certificate, key };
      if (options.tls !== undefined && 'setSecureContext' in server) server.setSecureContext(shown);
    },
    close(graceSeconds = 0, finished) {
      isEnding = true;
      for (const socket of oneAtATime) if (!pending.has(socket)) socket.end();
      return closeServer(server, connections, sessions, options.clock, { graceSeconds, finished });
    },
  };
}

function secureOptions(
  { certificate, key, clientAuthorities }: NonNullable<ListenOptions['tls']>,
  limits: TlsLimits | undefined,
): SecureContextOptions & { readonly requestCert: true; readonly rejectUnauthorized: false } {
  return {
    ...contextOptions(limits),
    cert: certificate,
    key,
    requestCert: true,
    rejectUnauthorized: false,
    ...(clientAuthorities === undefined ? {} : { ca: clientAuthorities }),
  };
}

function contextOptions({ minVersion, ciphers, curves }: TlsLimits = {}): SecureContextOptions {
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(curves === undefined ? {} : { ecdhCurve: curves }),
  };
}

/** Whether a request of HTTP/2 is none any more. */
function isTakenBack({ stream }: Http2ServerResponse): boolean {
  // The stream is there as long as its response is.
  return (stream as ServerHttp2Stream | undefined)?.destroyed !== false;
}

/** Whether a body follows, so that it makes sense to ask for it. */
function hasBody({ headers }: IncomingMessage | Http2ServerRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

async function closeServer(
  server: Server | Http2SecureServer,
  connections: ReadonlySet<Duplex>,
  sessions: ReadonlySet<ServerHttp2Session>,
  clock: Clock,
  { graceSeconds, finished }: { readonly graceSeconds: number; readonly finished: Promise<void> | undefined },
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const session of sessions) session.close();
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  if (graceSeconds > 0) {
    const done = new AbortController();
    void closed.then(() => done.abort());
    const grace = sleep(clock, graceSeconds * 1000, done.signal);
    await (finished === undefined
      ? grace
      : Promise.race([grace, finished.then(() => sleep(clock, 1000, done.signal))]));
  }
  for (const session of sessions) session.destroy();
  for (const connection of connections) connection.destroy();
  await closed;
}
