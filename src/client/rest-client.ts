import {
  type HttpHeaders,
  type HttpRequest,
  type HttpResponse,
  readBody,
  type Transport,
  headerText,
} from '../apimachinery/http.ts';
import { formatDuration } from '../apimachinery/duration.ts';
import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import { stringifyJson } from '../apimachinery/json-codec.ts';
import type { KubeObject } from '../apimachinery/object-meta.ts';
import { type Clock, sleep, systemClock } from '../system/clock.ts';
import type {
  AnswerReader,
  Client,
  ClientRequest,
  ClientResponse,
  ClientStreamResponse,
  Query,
  ResourceClient,
  UpgradedConnection,
} from './client.ts';
import { errorFromResponse, retryAfterSeconds } from './response-error.ts';
import { RestResourceClient } from './rest-resource-client.ts';
import {
  asTransportError,
  BrokenAnswerError,
  RepeatedFailureError,
  RetryTimeoutError,
  TransportError,
} from './transport-error.ts';
import { requestFailure, transportReason } from './transport-reason.ts';
import { UpgradeError } from './upgrade-error.ts';

export interface ClientOptions {
  readonly transport: Transport;
  /** Sent with every request (impersonation, user agent). */
  readonly headers?: HttpHeaders;
  /** The Authorization header's value for a request; asked again with `refresh` after a 401. */
  readonly authorization?: (
    refresh: boolean,
    request: Pick<HttpRequest, 'method' | 'path'>,
  ) => Promise<string | undefined>;
  readonly userAgent?: string;
  /** What requests accept that do not say so themselves; JSON when absent. */
  readonly accept?: string;
  /** Told of the text of every Warning header. */
  readonly onWarning?: (text: string) => void;
  /** Told why an answer broke off, which is then a BrokenAnswerError; a TransportError without. */
  readonly onBrokenAnswer?: (reason: string) => void;
  readonly clock?: Clock;
  /** Milliseconds until a request is given up, the reading of its answer included; 0 for never. */
  readonly timeoutMillis?: number;
  /** How often a 429 or 5xx with Retry-After is tried again; 10 when absent. */
  readonly maxRetries?: number;
  /** Reads whose connection ended before an answer came are tried again after a second, as often. */
  readonly retriesEndedReads?: boolean;
  /** Told before a request is sent again. */
  readonly onRetry?: (retry: Retry) => void;
}

/** A request that is sent again. */
export interface Retry {
  /** From 1. */
  readonly attempt: number;
  /** How long was waited. */
  readonly seconds: number;
  /** With its query. */
  readonly path: string;
}

/** Makes the client of one server. */
export function createClient(options: ClientOptions): Client {
  return new RestClient(options);
}

class RestClient implements Client {
  readonly transport: Transport;
  readonly #options: ClientOptions;
  readonly #clock: Clock;

  constructor(options: ClientOptions) {
    this.transport = options.transport;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async request(request: ClientRequest): Promise<ClientResponse> {
    const timeout = this.#timeout(request.signal);
    try {
      const response = await this.#send({ ...request, ...(timeout === undefined ? {} : { signal: timeout.signal }) });
      return { status: response.status, headers: response.headers, body: await this.#wholeBody(response.body) };
    } finally {
      timeout?.cancel();
    }
  }

  /** @throws BrokenAnswerError, TransportError */
  async #wholeBody(body: HttpResponse['body']): Promise<Uint8Array> {
    try {
      return await readBody(body);
    } catch (error) {
      const { onBrokenAnswer } = this.#options;
      const isBroken = error instanceof TransportError && ['reset', 'other'].includes(error.kind);
      if (!isBroken || onBrokenAnswer === undefined) throw error;
      const reason = 'unexpected EOF';
      onBrokenAnswer(reason);
      throw new BrokenAnswerError(reason, error);
    }
  }

  async stream(request: ClientRequest): Promise<ClientStreamResponse> {
    const timeout = this.#timeout(request.signal);
    try {
      const response = await this.#send({ ...request, ...(timeout === undefined ? {} : { signal: timeout.signal }) });
      const { status, headers, body } = response;
      return { status, headers, body: untilRead(body, () => timeout?.cancel()) };
    } catch (error) {
      timeout?.cancel();
      throw error;
    }
  }

  async upgrade(request: ClientRequest): Promise<UpgradedConnection> {
    for (let refreshed = false; ; refreshed = true) {
      const response = await this.transport.send(await this.#httpRequest(request, refreshed));
      const { status, headers, upgraded } = response;
      if (upgraded !== undefined) return { headers, connection: upgraded };
      const body = await readBody(response.body);
      if (status === 401 && !refreshed && this.#options.authorization !== undefined) continue;
      throw new UpgradeError(status, Buffer.from(body).toString('utf8'));
    }
  }

  async forward(request: HttpRequest): Promise<HttpResponse> {
    const { headers = {}, userAgent, authorization } = this.#options;
    const credentials = await authorization?.(false, request);
    return this.transport.send({
      ...request,
      headers: {
        ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
        ...(credentials === undefined ? {} : { authorization: credentials }),
        ...headers,
        ...request.headers,
      },
    });
  }

  resource<T extends KubeObject>(
    gvr: GroupVersionResource,
    namespace?: string,
    read?: AnswerReader,
  ): ResourceClient<T> {
    return new RestResourceClient<T>(this, gvr, namespace, read);
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  #timeout(outer: AbortSignal | undefined): { signal: AbortSignal; cancel: () => void } | undefined {
    const millis = this.#options.timeoutMillis ?? 0;
    if (millis <= 0) return undefined;
    const controller = new AbortController();
    const timer = this.#clock.setTimer(() => controller.abort(timeoutError()), millis, { unref: true });
    const onAbort = (): void => controller.abort(outer?.reason);
    outer?.addEventListener('abort', onAbort, { once: true });
    if (outer?.aborted === true) onAbort();
    return {
      signal: controller.signal,
      cancel: () => {
        timer.cancel();
        outer?.removeEventListener('abort', onAbort);
      },
    };
  }

  /** Sends, again where the server asks for it, and turns error answers into StatusError. */
  async #send(request: ClientRequest): Promise<HttpResponse> {
    let refreshed = false;
    let redirects = 0;
    let moved: Redirect | undefined;
    let reasonBefore = '';
    for (let attempt = 0; ; attempt++) {
      const plain = await this.#httpRequest(request, refreshed);
      const sent = { ...plain, ...moved };
      let response: HttpResponse;
      try {
        response = await this.transport.send(sent);
      } catch (error) {
        if (!this.#isRetried(request, error)) throw error;
        const reason = transportReason(error);
        if (attempt >= this.#maxRetries) {
          if (reasonBefore === '' || reasonBefore === reason) throw error;
          throw new RepeatedFailureError(requestFailure(error), reasonBefore, error);
        }
        await this.#waitForRetry(request, { attempt: attempt + 1, seconds: 1, path: sent.path }, reason);
        reasonBefore = reason;
        continue;
      }
      this.#reportWarnings(response.headers);
      const redirect = redirectOf(sent, response);
      if (redirect !== undefined && redirects < mostRedirects) {
        redirects++;
        moved = redirect;
        await readBody(response.body);
        continue;
      }
      if (response.status < 400) return response;
      if (response.status === 401 && !refreshed && this.#options.authorization !== undefined) {
        refreshed = true;
        await readBody(response.body);
        continue;
      }
      const body = await readBody(response.body);
      const error = errorFromResponse(request, response, body);
      const mayRetry = response.status === 429 || response.status >= 500;
      const seconds = retryAfterSeconds(response.headers);
      if (!mayRetry || seconds === undefined || attempt >= this.#maxRetries) throw error;
      await this.#waitForRetry(request, { attempt: attempt + 1, seconds, path: sent.path });
    }
  }

  get #maxRetries(): number {
    return this.#options.maxRetries ?? 10;
  }

  #isRetried({ method, once }: ClientRequest, error: unknown): error is TransportError {
    const isEnded = error instanceof TransportError && error.kind === 'reset';
    return isEnded && method === 'GET' && once !== true && this.#options.retriesEndedReads === true;
  }

  /**
   * @param reason why no answer came, where none did
   * @throws RetryTimeoutError, TransportError where the wait is cut short
   */
  async #waitForRetry({ signal }: ClientRequest, retry: Retry, reason = ''): Promise<void> {
    if (!(await sleep(this.#clock, retry.seconds * 1000, signal))) {
      const error = asTransportError(signal?.reason, '');
      throw error.kind === 'timeout' ? new RetryTimeoutError(reason, error) : error;
    }
    this.#options.onRetry?.(retry);
  }

  async #httpRequest(request: ClientRequest, refresh: boolean): Promise<HttpRequest> {
    const { headers = {}, userAgent, authorization } = this.#options;
    const all: Record<string, string | readonly string[] | undefined> = {
      accept: request.accept ?? this.#options.accept ?? 'application/json',
      ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
      ...headers,
      ...request.headers,
    };
    const path = withQuery(request.path, formatQuery({ ...this.#timeoutQuery(), ...request.query }));
    const credentials = await authorization?.(refresh, { method: request.method, path });
    if (credentials !== undefined) all['authorization'] ??= credentials;
    const body = encodeBody(request.body);
    if (body !== undefined) all['content-type'] = request.contentType ?? 'application/json';
    return {
      method: request.method,
      path,
      headers: all,
      ...(body === undefined ? {} : { body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
  }

  /** The server is told how long it has, as client-go tells it. */
  #timeoutQuery(): Query {
    const millis = this.#options.timeoutMillis ?? 0;
    return millis === 0 ? {} : { timeout: formatDuration(millis) };
  }

  #reportWarnings(headers: HttpHeaders): void {
    const warnings = headers['warning'];
    if (warnings === undefined || this.#options.onWarning === undefined) return;
    for (const value of typeof warnings === 'string' ? [warnings] : warnings) {
      for (const text of parseWarnings(headerText(value))) this.#options.onWarning(text);
    }
  }
}

/** Where a request is to be sent instead. */
type Redirect = Pick<HttpRequest, 'path' | 'isWholePath'>;

const mostRedirects = 10;

/** The place on the same server that an answer to a GET points to; other servers are not given the credentials. */
function redirectOf({ method, path }: HttpRequest, { status, headers }: HttpResponse): Redirect | undefined {
  const { location } = headers;
  if (method !== 'GET' || ![301, 302, 303, 307, 308].includes(status) || typeof location !== 'string') return undefined;
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(location)) return undefined;
  const { pathname, search } = new URL(location, `http://server${path}`);
  return { path: `${pathname}${search}`, isWholePath: location.startsWith('/') };
}

/** A body that says when it has been read, or left. */
async function* untilRead(body: Uint8Array | AsyncIterable<Uint8Array>, done: () => void): AsyncGenerator<Uint8Array> {
  try {
    if (body instanceof Uint8Array) yield body;
    else yield* body;
  } finally {
    done();
  }
}

function timeoutError(): TransportError {
  const message = 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)';
  return new TransportError('timeout', '', 'ERR_REQUEST_TIMEOUT', message);
}

function encodeBody(body: unknown): Uint8Array | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : stringifyJson(body));
}

/** A path that has a query already goes on with it. */
function withQuery(path: string, query: string): string {
  return path.includes('?') ? path + query.replace('?', '&') : path + query;
}

/** `?a=1&b=2`, or nothing. */
export function formatQuery(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (Array.isArray(value)) for (const one of value as readonly string[]) parameters.append(name, one);
    else if (value !== undefined && value !== '') parameters.append(name, String(value));
  }
  // As Go writes them, which logs show.
  parameters.sort();
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** The texts of a Warning header (RFC 7234, 5.5): those with code 299. */
export function parseWarnings(value: string): string[] {
  const texts: string[] = [];
  for (const match of value.matchAll(/(\d{3}) (?:[^\s"]+) "((?:[^"\\]|\\.)*)"(?: "[^"]*")?/g)) {
    const text = (match[2] ?? '').replaceAll(/\\(.)/g, '$1');
    if (match[1] === '299' && text !== '') texts.push(text);
  }
  return texts;
}
