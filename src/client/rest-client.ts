import {
  type HttpHeaders,
  type HttpRequest,
  type HttpResponse,
  readBody,
  type Transport,
  headerText,
} from '../apimachinery/http.ts';
import { formatDuration } from '../apimachinery/duration.ts';
import { type GroupVersionResource, resourcePath } from '../apimachinery/gvk.ts';
import { stringifyJson } from '../apimachinery/json-codec.ts';
import type { KubeList, KubeObject } from '../apimachinery/object-meta.ts';
import type { WatchEvent } from '../apimachinery/watch-event.ts';
import { type Clock, sleep, systemClock } from '../system/clock.ts';
import { answeredObject } from './answered-object.ts';
import type {
  Client,
  ClientRequest,
  ClientResponse,
  ClientStreamResponse,
  DeleteOptions,
  GetOptions,
  ListOptions,
  Query,
  ResourceClient,
  UpgradedConnection,
  WatchOptions,
} from './client.ts';
import { checkNamespaceName, checkResourceName } from './path-segment.ts';
import { errorFromResponse, retryAfterSeconds } from './response-error.ts';
import { asTransportError, BrokenAnswerError, TransportError } from './transport-error.ts';
import { UpgradeError } from './upgrade-error.ts';
import { decodeWatch } from './watch-decoder.ts';

export interface ClientOptions {
  readonly transport: Transport;
  /** Sent with every request (impersonation, user agent). */
  readonly headers?: HttpHeaders;
  /** The Authorization header's value for the next request; asked again with `refresh` after a 401. */
  readonly authorization?: (refresh: boolean) => Promise<string | undefined>;
  readonly userAgent?: string;
  /** Told of the text of every Warning header. */
  readonly onWarning?: (text: string) => void;
  /** Told why an answer broke off, which is then a BrokenAnswerError; a TransportError without. */
  readonly onBrokenAnswer?: (reason: string) => void;
  readonly clock?: Clock;
  /** Milliseconds until a request is given up, the reading of its answer included; 0 for never. */
  readonly timeoutMillis?: number;
  /** How often a 429 with Retry-After is tried again; 10 when absent. */
  readonly maxRetries?: number;
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
    const credentials = await authorization?.(false);
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

  resource<T extends KubeObject>(gvr: GroupVersionResource, namespace?: string): ResourceClient<T> {
    return new RestResourceClient<T>(this, gvr, namespace);
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
    for (let attempt = 0; ; attempt++) {
      const plain = await this.#httpRequest(request, refreshed);
      const sent = { ...plain, ...moved };
      const response = await this.transport.send(sent);
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
      if (!mayRetry || seconds === undefined || attempt >= (this.#options.maxRetries ?? 10)) throw error;
      if (!(await sleep(this.#clock, seconds * 1000, request.signal)))
        throw asTransportError(request.signal?.reason, '');
    }
  }

  async #httpRequest(request: ClientRequest, refresh: boolean): Promise<HttpRequest> {
    const { headers = {}, userAgent, authorization } = this.#options;
    const all: Record<string, string | readonly string[] | undefined> = {
      accept: request.accept ?? 'application/json',
      ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
      ...headers,
      ...request.headers,
    };
    const credentials = await authorization?.(refresh);
    if (credentials !== undefined) all['authorization'] ??= credentials;
    const body = encodeBody(request.body);
    if (body !== undefined) all['content-type'] = request.contentType ?? 'application/json';
    return {
      method: request.method,
      path: withQuery(request.path, formatQuery({ ...this.#timeoutQuery(), ...request.query })),
      headers: all,
      ...(body === undefined ? {} : { body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
  }

  /** The server is told how long it has, as client-go tells it. */
  #timeoutQuery(): Query {
    const millis = this.#options.timeoutMillis ?? 0;
    return millis > 0 ? { timeout: formatDuration(millis) } : {};
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

/** A server that cannot send metadata alone sends the objects. */
function acceptOf({ metadataOnly }: ListOptions, kind: string): { readonly accept?: string } {
  if (metadataOnly !== true) return {};
  return { accept: `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json` };
}

class RestResourceClient<T extends KubeObject> implements ResourceClient<T> {
  readonly #client: Client;
  readonly #gvr: GroupVersionResource;
  readonly #namespace: string | undefined;

  constructor(client: Client, gvr: GroupVersionResource, namespace: string | undefined) {
    this.#client = client;
    this.#gvr = gvr;
    this.#namespace = namespace;
  }

  async get(name: string, options: GetOptions = {}): Promise<T> {
    const { subresource, includeUninitialized } = options;
    const query = { includeUninitialized };
    return this.#object({ method: 'GET', path: this.#path(name, subresource), query, ...signalOf(options) });
  }

  async list(options: ListOptions = {}): Promise<KubeList<T>> {
    const list = await this.#decode<Omit<KubeList<T>, 'items'> & { readonly items: T[] | null }>({
      method: 'GET',
      path: this.#path(),
      query: listQuery(options),
      ...acceptOf(options, 'PartialObjectMetadataList'),
      ...signalOf(options),
    });
    // An empty list of metadata has null for items.
    return { ...list, items: list.items ?? [] };
  }

  async *watch(options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const { allowWatchBookmarks, sendInitialEvents, timeoutSeconds } = options;
    const query = { ...listQuery(options), watch: true, allowWatchBookmarks, sendInitialEvents, timeoutSeconds };
    const response = await this.#client.stream({
      method: 'GET',
      path: this.#path(),
      query,
      ...acceptOf(options, 'PartialObjectMetadata'),
      ...signalOf(options),
    });
    for await (const event of decodeWatch<T>(response.body)) {
      yield event;
      if (event.type === 'ERROR') return;
    }
  }

  async create(object: T, options: Parameters<ResourceClient<T>['create']>[1] = {}): Promise<T> {
    const path =
      options.subresource === undefined
        ? this.#path()
        : this.#path(options.name ?? object.metadata.name ?? '', options.subresource);
    return this.#object({ method: 'POST', path, query: writeQuery(options), body: object, ...signalOf(options) });
  }

  async update(object: T, options: Parameters<ResourceClient<T>['update']>[1] = {}): Promise<T> {
    const path = this.#path(object.metadata.name ?? '', options.subresource);
    return this.#object({ method: 'PUT', path, query: writeQuery(options), body: object, ...signalOf(options) });
  }

  async patch(
    name: string,
    type: Parameters<ResourceClient<T>['patch']>[1],
    patch: unknown,
    options: Parameters<ResourceClient<T>['patch']>[3] = {},
  ): Promise<T> {
    return this.#object({
      method: 'PATCH',
      path: this.#path(name, options.subresource),
      query: { ...writeQuery(options), force: options.force },
      body: patch,
      contentType: type,
      ...signalOf(options),
    });
  }

  async delete(name: string, options: DeleteOptions = {}): Promise<unknown> {
    const body = deleteBody(options);
    return this.#decode({ method: 'DELETE', path: this.#path(name), body, ...signalOf(options) });
  }

  async deleteCollection(options: DeleteOptions & ListOptions = {}): Promise<unknown> {
    const body = deleteBody(options);
    return this.#decode({
      method: 'DELETE',
      path: this.#path(),
      query: listQuery(options),
      body,
      ...signalOf(options),
    });
  }

  #path(name?: string, subresource?: string): string {
    if (name !== undefined) checkResourceName(name);
    if (this.#namespace !== undefined) checkNamespaceName(this.#namespace);
    return resourcePath(this.#gvr, this.#namespace, name, subresource);
  }

  #object(request: ClientRequest): Promise<T> {
    return this.#decode<T>(request);
  }

  async #decode<R>(request: ClientRequest): Promise<R> {
    const response = await this.#client.request(request);
    return answeredObject(response.body) as unknown as R;
  }
}

function signalOf(options: { readonly signal?: AbortSignal }): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

function listQuery(options: ListOptions): Query {
  const { labelSelector, fieldSelector, limit, resourceVersion, resourceVersionMatch, includeUninitialized } = options;
  const from = { continue: options.continue, resourceVersion, resourceVersionMatch };
  return { labelSelector, fieldSelector, limit, ...from, includeUninitialized };
}

function writeQuery(options: { dryRun?: string; fieldManager?: string; fieldValidation?: string }): Query {
  const { dryRun, fieldManager, fieldValidation } = options;
  return { dryRun, fieldManager, fieldValidation };
}

function deleteBody(options: DeleteOptions): unknown {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  if (
    gracePeriodSeconds === undefined &&
    propagationPolicy === undefined &&
    preconditions === undefined &&
    dryRun === undefined
  ) {
    return undefined;
  }
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(dryRun === undefined ? {} : { dryRun: [dryRun] }),
  };
}
