import type { Duplex } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Dispatcher, Pool as PoolType } from 'undici';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { HttpHeaders, HttpRequest, HttpResponse, Transport } from '../apimachinery/http.ts';
import { asTransportError, TransportError } from './transport-error.ts';

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
  /** HTTP proxy to go through. */
  readonly proxyUrl?: string;
  readonly disableCompression?: boolean;
  /** How many connections at most; 64 when absent. */
  readonly connections?: number;
  /** Milliseconds to connect; 30,000 when absent. */
  readonly connectTimeoutMillis?: number;
}

/** Carries requests over HTTP/1.1 with kept connections. */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const url = new URL(options.server);
  const address = hostPort(url);
  const basePath = url.pathname.replace(/\/+$/, '');
  let dispatcher: Promise<Dispatcher> | undefined;
  return {
    async send(request) {
      dispatcher ??= openDispatcher(options, url);
      return dispatch(await dispatcher, request, `${basePath}${request.path}`, address, options);
    },
    async close() {
      const opened = await dispatcher;
      await opened?.destroy();
    },
  };
}

/** `host:port` with the scheme's port where none is given. */
function hostPort(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port;
  return `${url.hostname}:${port}`;
}

async function openDispatcher(options: HttpTransportOptions, url: URL): Promise<Dispatcher> {
  const tls = {
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.clientCertificate === undefined ? {} : { cert: options.clientCertificate }),
    ...(options.clientKey === undefined ? {} : { key: options.clientKey }),
    ...(options.tlsServerName === undefined ? {} : { servername: options.tlsServerName }),
    ...(options.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
  };
  const pool: PoolType.Options = {
    connections: options.connections ?? 64,
    connect: { ...tls, timeout: options.connectTimeoutMillis ?? 30_000 },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
  };
  if (options.proxyUrl === undefined) return new Pool(url.origin, pool);
  if (options.proxyUrl.startsWith('socks')) {
    throw new TransportError('proxy', hostPort(url), '', `proxies of the form ${options.proxyUrl} are not supported`);
  }
  const { ProxyAgent } = await import('undici');
  const { timeout: _timeout, ...requestTls } = { ...tls, timeout: 0 };
  return new ProxyAgent({ uri: options.proxyUrl, requestTls, headersTimeout: 0, bodyTimeout: 0 });
}

function dispatch(
  dispatcher: Dispatcher,
  request: HttpRequest,
  path: string,
  address: string,
  options: HttpTransportOptions,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    if (request.signal?.aborted === true) {
      reject(asTransportError(request.signal.reason, address));
      return;
    }
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined) headers[name] = typeof value === 'string' ? value : [...value];
    }
    if (options.disableCompression !== true) headers['accept-encoding'] ??= 'gzip';
    const upgrade = typeof headers['upgrade'] === 'string' ? headers['upgrade'] : undefined;
    if (upgrade !== undefined) {
      delete headers['upgrade'];
      delete headers['connection'];
    }
    const body = request.body instanceof Uint8Array ? request.body : undefined;
    const exchange = new Exchange(address, resolve, reject, request.signal);
    dispatcher.dispatch(
      {
        origin: new URL(options.server).origin,
        path,
        method: request.method,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(upgrade === undefined ? {} : { upgrade }),
      },
      exchange,
    );
  });
}

const highWaterBytes = 1 << 20;

/** One request under way: undici's handler on one side, the response with its streaming body on the other. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #address: string;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #ended = false;
  #error: TransportError | undefined;
  #answered = false;
  #wake: (() => void) | undefined;

  constructor(
    address: string,
    resolve: (response: HttpResponse) => void,
    reject: (error: Error) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#address = address;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#onAbort = () => {
      const reason: unknown = signal?.reason;
      this.#fail(asTransportError(reason, address));
      this.#controller?.abort(reason instanceof Error ? reason : new Error('aborted'));
    };
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#error !== undefined) controller.abort(this.#error);
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    socket: Duplex,
  ): void {
    this.#finish();
    this.#resolve({ status, headers, body: new Uint8Array(), upgraded: socket });
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#controller = controller;
    this.#answered = true;
    const isGzip = headers['content-encoding'] === 'gzip';
    const body = isGzip ? gunzip(this.#body()) : this.#body();
    const kept: HttpHeaders = isGzip ? { ...headers, 'content-encoding': undefined } : headers;
    this.#resolve({ status, headers: kept, body });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered > highWaterBytes) controller.pause();
    this.#wakeUp();
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#finish();
    this.#wakeUp();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(asTransportError(error, this.#address));
  }

  #fail(error: TransportError): void {
    this.#error ??= error;
    this.#finish();
    if (!this.#answered) this.#reject(this.#error);
    this.#wakeUp();
  }

  #finish(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  async *#body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunks = this.#chunks;
        this.#chunks = [];
        this.#buffered = 0;
        yield* chunks;
        if (this.#chunks.length > 0) continue;
        if (this.#error !== undefined) throw this.#error;
        if (this.#ended) return;
        if (this.#controller?.paused === true) this.#controller.resume();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      // The reader left early: the rest is not wanted.
      if (!this.#ended && this.#error === undefined) {
        this.#finish();
        this.#error = new TransportError('aborted', this.#address, '', 'the answer was not read to its end');
        this.#controller?.abort(this.#error);
      }
    }
  }
}

async function* gunzip(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip();
  const pump = (async () => {
    try {
      for await (const chunk of body) {
        if (!unzip.write(chunk)) await new Promise((resolve) => unzip.once('drain', resolve));
      }
      unzip.end();
    } catch (error) {
      unzip.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  })();
  for await (const chunk of unzip) yield chunk as Uint8Array;
  await pump;
}
