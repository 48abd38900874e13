import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PeerCertificate, SecureContext, SecureContextOptions } from 'node:tls';
import type { buildConnector as ConnectorBuilder, Dispatcher } from 'undici';
import buildConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { HttpRequest, HttpResponse, Transport } from '../apimachinery/http.ts';
import { HttpExchange } from './http-exchange.ts';
import { ReadyConnections } from './ready-connections.ts';
import type { ConnectionTrace } from './connection-trace.ts';
import { type CertificateValidity, noteValidity } from './certificate-validity.ts';
import { asTransportError, maxResponseHeaderBytes, TransportError, requestName } from './transport-error.ts';
import { nextTurn } from '../system/next-turn.ts';

type Connector = ConnectorBuilder.connector;

export interface HttpTransportOptions {
  /** `https://host:port` or `http://host:port`; a path in it is put before every request's. */
  readonly server: string;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string;
  /** PEM. */
  readonly clientCertificate?: string;
  /** PEM. */
  readonly clientKey?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** Name to expect in the server's certificate instead of the host. */
  readonly tlsServerName?: string;
  /** Proxy to go through: `http://`, `https://` or `socks5://`. */
  readonly proxyUrl?: string;
  /** Packed answers are neither asked for nor unpacked (as Go's DisableCompression). */
  readonly disableCompression?: boolean;
  /** How many connections at most; 64 when absent. */
  readonly connections?: number;
  /** Milliseconds to connect; 30,000 when absent. */
  readonly connectTimeoutMillis?: number;
  /** Connects to addresses of networks that this machine has no route to; undefined for others. Under TLS only. */
  readonly dial?: DialBeside;
  /** Told of connections as they are made. */
  readonly trace?: ConnectionTrace;
}

/** @returns undefined for an address that is reached as any other. @throws Error when nothing listens there */
export type DialBeside = (host: string, port: number) => Promise<Duplex | undefined>;

/** Carries requests over HTTP/1.1 with kept connections. Nothing is opened before the first request. */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const url = new URL(options.server);
  const address = hostPort(url);
  const basePath = url.pathname.replace(/\/+$/, '');
  let opening: Promise<Connections> | undefined;
  let isWarm = false;

  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    const { dispatcher, prefix, headers } = await (opening ??= openConnections(options, url, address));
    const whole = `${request.isWholePath === true ? '' : basePath}${request.path}`;
    const exchange = new HttpExchange(address, request.signal, options.disableCompression === true);
    if (request.signal?.aborted !== true) {
      dispatcher.dispatch({ path: `${prefix}${whole}`, ...dispatchOptions(request, options, headers) }, exchange);
    }
    const response = await exchange.response.catch((error: unknown) => {
      if (error instanceof TransportError) error.request = requestName(request.method, `${url.origin}${whole}`);
      throw error;
    });
    isWarm = true;
    return response;
  };

  return {
    async send(request) {
      const mayHaveBeenKept = isWarm;
      try {
        return await send(request);
      } catch (error) {
        // The server may have closed a kept connection just then; what is safe to repeat goes over a new one (RFC 9110, 9.2.2).
        const isSafe = request.method === 'GET' || request.method === 'HEAD';
        const isReset = error instanceof TransportError && error.kind === 'reset';
        if (mayHaveBeenKept && isSafe && isReset && request.signal?.aborted !== true) return send(request);
        throw error;
      }
    },
    async prepare(requests) {
      const opened = await opening?.catch(() => undefined);
      opened?.ready?.open(requests);
      // Connected in the one turn, greeted in the next: handshakes go on at the server from there.
      for (let turn = 0; turn < 2; turn++) await nextTurn();
    },
    async close() {
      const opened = await opening?.catch(() => undefined);
      // undici waits for connections that are still being made.
      for (const socket of opened?.beingMade ?? []) socket.destroy();
      opened?.ready?.close();
      await opened?.dispatcher.destroy();
    },
  };
}

/** `host:port` with the scheme's port where none is given. */
function hostPort(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port;
  return `${url.hostname}:${port}`;
}

interface Connections {
  readonly dispatcher: Dispatcher;
  /** What a path follows: nothing, or the server's origin where a proxy forwards. */
  readonly prefix: string;
  /** For the proxy that forwards. */
  readonly headers: Readonly<Record<string, string>>;
  /** Connections on which nothing was said yet. */
  readonly beingMade: ReadonlySet<Socket>;
  /** Those made ahead of their requests; undefined where a proxy stands between. */
  readonly ready?: ReadyConnections;
}

async function openConnections(options: HttpTransportOptions, url: URL, address: string): Promise<Connections> {
  const isSecure = url.protocol === 'https:';
  const tls = isSecure ? await tlsOptions(options, address) : {};
  const connect = { ...tls, timeout: options.connectTimeoutMillis ?? 30_000 };
  const pool = {
    connections: options.connections ?? 64,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
    maxHeaderSize: maxResponseHeaderBytes,
  };
  const beingMade = new Set<Socket>();
  if (options.proxyUrl === undefined) {
    const direct = buildConnector(connect);
    const usual = rememberingConnector(options.trace?.follow(direct) ?? direct, beingMade);
    const { dial } = options;
    const connector = dial === undefined || !isSecure ? usual : dialingConnector(dial, usual, buildConnector(connect));
    const ready = new ReadyConnections(connector, pool.connections);
    const dispatcher = new Pool(url.origin, { ...pool, connect: ready.connector });
    return { dispatcher, prefix: '', headers: {}, beingMade, ready };
  }
  const { createTunnelConnector, isSocks, readProxy } = await import('./proxy-connector.ts');
  const proxy = readProxy(options.proxyUrl, address);
  if (isSecure || isSocks(proxy)) {
    const tunnel = createTunnelConnector(proxy, address, isSecure ? connect : undefined);
    return { dispatcher: new Pool(url.origin, { ...pool, connect: tunnel }), prefix: '', headers: {}, beingMade };
  }
  // An http server is asked for by its whole URL, as Go's net/http does.
  const headers = { ...proxy.headers, host: url.host };
  return { dispatcher: new Pool(proxy.url.origin, { ...pool, connect }), prefix: url.origin, headers, beingMade };
}

/** Keeps hold of connections until they are made. */
function rememberingConnector(connector: Connector, beingMade: Set<Socket>): Connector {
  return (options, callback) => {
    // undici's own connector returns the socket, which its types do not tell.
    let validityOf: () => CertificateValidity | undefined = () => undefined;
    const socket: unknown = connector(options, (...outcome) => {
      if (socket instanceof Socket) beingMade.delete(socket);
      if (outcome[1] instanceof Socket) tellEndsOf(outcome[1]);
      const [error] = outcome;
      const validity = validityOf();
      if (error !== null && validity !== undefined) Object.assign(error, { validity });
      callback(...outcome);
    });
    if (!(socket instanceof Socket)) return;
    validityOf = noteValidity(socket);
    if (socket.connecting) beingMade.add(socket);
  };
}

/** Errors of a connection name its two ends, as Go's net does. */
function tellEndsOf(socket: Socket): void {
  const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
  const end = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const connection = `${end(localAddress, localPort)}->${end(remoteAddress, remotePort)}`;
  socket.prependListener('error', (error) => void Object.assign(error, { connection }));
}

/** TLS over what `dial` opens, the usual way where it opens nothing. */
function dialingConnector(dial: DialBeside, usual: Connector, secure: Connector): Connector {
  const open = async (options: Parameters<Connector>[0], callback: Parameters<Connector>[1]): Promise<void> => {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    let connection: Duplex | undefined;
    try {
      connection = await dial(host, Number(options.port === '' ? 443 : options.port));
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
      return;
    }
    if (connection === undefined) usual(options, callback);
    // Any stream of bytes will do, which the types of undici and of node:tls do not say.
    else secure({ ...options, httpSocket: connection as Socket }, callback);
  };
  return (options, callback) => void open(options, callback);
}

interface TlsOptions {
  secureContext?: SecureContext;
  servername?: string;
  rejectUnauthorized?: boolean;
  checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** One context for all connections, so that the certificates are read once. @throws TransportError for PEM that is none. */
async function tlsOptions(options: HttpTransportOptions, address: string): Promise<TlsOptions> {
  const { checkServerIdentity, createSecureContext } = await import('node:tls');
  const material: SecureContextOptions = {
    ...(await trust(options)),
    // Whatever certificate is trusted ends a chain, as with Go: an authority in the middle of one, or the server's own.
    allowPartialTrustChain: true,
    ...(options.clientCertificate === undefined ? {} : { cert: options.clientCertificate }),
    ...(options.clientKey === undefined ? {} : { key: options.clientKey }),
  };
  try {
    return {
      secureContext: createSecureContext(material),
      checkServerIdentity: (host, certificate) =>
        certificate.subjectaltname === undefined
          ? namelessError(host, certificate)
          : checkServerIdentity(host, certificate),
      ...(options.tlsServerName === undefined ? {} : { servername: options.tlsServerName }),
      ...(options.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
    };
  } catch (error) {
    throw asTransportError(error, address);
  }
}

async function trust(options: HttpTransportOptions): Promise<Pick<SecureContextOptions, 'ca'>> {
  if (options.ca !== undefined) return { ca: options.ca };
  if (options.insecureSkipTlsVerify === true) return {};
  const { systemAuthorities } = await import('../system/system-authorities.ts');
  const known = await systemAuthorities();
  return known.length === 0 ? {} : { ca: [...known] };
}

/** The name in a certificate's subject counts for nothing, as with Go: only those in its extension do (RFC 6125). */
function namelessError(host: string, cert: PeerCertificate): Error {
  const error = new Error(`the certificate has no names that ${host} could be one of`);
  return Object.assign(error, { code: 'ERR_TLS_CERT_ALTNAME_INVALID', host, cert });
}

function dispatchOptions(
  request: HttpRequest,
  options: HttpTransportOptions,
  added: Readonly<Record<string, string>>,
): Omit<Dispatcher.DispatchOptions, 'path'> {
  const headers: Record<string, string | string[]> = { ...added };
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : [...value];
  }
  if (options.disableCompression !== true) headers['accept-encoding'] ??= 'gzip';
  const { upgrade, ...rest } = headers;
  if (typeof upgrade === 'string') delete rest['connection'];
  return {
    method: request.method,
    headers: rest,
    // A DELETE has a body with its options: its connection stays all the same.
    reset: false,
    // undici writes whatever can be iterated; its types know streams only.
    ...(request.body === undefined ? {} : { body: request.body as Uint8Array }),
    ...(typeof upgrade === 'string' ? { upgrade } : {}),
  };
}
