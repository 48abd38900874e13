import { jsonOrAnything } from './answer-media-type.ts';
import { RecentMap } from '../apimachinery/recent-map.ts';
import { messageOf } from '../apimachinery/error-message.ts';
import { header, type HttpResponse, type Transport } from '../apimachinery/http.ts';
import type { JsonObject } from '../apimachinery/json.ts';
import { stringifyJson } from '../apimachinery/json-codec.ts';
import { type Clock, sleep } from '../system/clock.ts';
import { createHttpTransport, type HttpTransportOptions } from './http-transport.ts';
import { errorFromResponse, retryAfterSeconds } from './response-error.ts';
import { asTransportError, TransportError } from './transport-error.ts';
import { legacyNameReason, transportReason } from './transport-reason.ts';
import { parseWebhookAnswer, readWebhookAnswer } from './webhook-answer.ts';

/** Where a webhook is, as configurations of admission and of conversion say it. */
export interface WebhookTarget {
  readonly url?: string;
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    readonly path?: string;
    /** 443 when absent. */
    readonly port?: number;
  };
  /** PEM in Base64; the system's authorities when absent. */
  readonly caBundle?: string;
}

/** Finds an address that a service can be reached at. @throws Error saying why there is none */
export type ResolveService = (
  namespace: string,
  name: string,
  port: number,
) => Promise<{ readonly host: string; readonly port: number }>;

/** No usable answer came from a webhook; the message is what client-go says. */
export class WebhookError extends Error {
  /** The status code of an answer that says no; undefined where there was none. */
  readonly code: number | undefined;

  constructor(message: string, options?: ErrorOptions & { readonly code?: number }) {
    super(message, options);
    this.code = options?.code;
  }
}

/** A webhook cannot even be asked as its configuration is. */
export class WebhookConfigurationError extends WebhookError {}

/** Posts JSON to a webhook and reads the JSON object it answers. @throws WebhookError */
export type CallWebhook = (target: WebhookTarget, body: JsonObject, timeoutSeconds: number) => Promise<JsonObject>;

export interface WebhookClientOptions {
  readonly resolve: ResolveService;
  readonly clock: Clock;
  readonly userAgent: string;
  /** Over HTTP when absent. @param hostPort the server as its configuration names it, with the port */
  readonly connect?: (options: HttpTransportOptions, hostPort: string) => Transport;
  /** Told of each webhook that is refused because its certificate names it in its subject alone. */
  readonly onLegacyName?: () => void;
}

/** Connections to webhooks, kept for the next call. */
export interface WebhookClient {
  readonly call: CallWebhook;
  close(): Promise<void>;
}

/** Conversions answer with whole lists of objects. */
const maxAnswerBytes = 100 * 1024 * 1024;

/** A webhook that sends on and on is given up, as by Go's net/http. */
const maxRequests = 10;

/** So often a webhook may say that it is to be asked later, as with client-go. */
const maxRetries = 10;

/** One of the requests that a call comes to. */
interface Question {
  readonly method: string;
  readonly url: URL;
  readonly body?: Uint8Array;
}

/**
 * What is asked next where an answer sends on (RFC 9110, 15.4): 307 and 308 keep the question, others drop it.
 * @throws Error for a place that is none
 */
function redirected({ method, url, body }: Question, status: number, location = ''): Question | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || location === '') return undefined;
  if (location.startsWith(':') || !URL.canParse(location, url.href)) {
    const shown = JSON.stringify(location);
    const why = location.startsWith(':') ? 'missing protocol scheme' : 'invalid URI for request';
    throw new Error(`failed to parse Location header ${shown}: parse ${shown}: ${why}`);
  }
  const next = new URL(location, url.href);
  if (status < 307) return { method: 'GET', url: next };
  return { method, url: next, ...(body === undefined ? {} : { body }) };
}

/** As many webhooks keep their connections. */
const maxTransports = 200;

/** Calls webhooks as kube-apiserver does. */
export function createWebhookClient(options: WebhookClientOptions): WebhookClient {
  const { connect = createHttpTransport, clock, userAgent, resolve } = options;
  const transports = new TransportCache(connect);

  async function send(target: WebhookTarget, question: Question, signal: AbortSignal): Promise<HttpResponse> {
    const { service } = target;
    const { method, url, body } = question;
    const ca = authoritiesOf(target);
    if (!['http:', 'https:'].includes(url.protocol)) {
      throw new Error(`unsupported protocol scheme ${JSON.stringify(url.protocol.slice(0, -1))}`);
    }
    // Whoever is sent elsewhere leaves the service behind.
    const isService = service !== undefined && url.hostname === `${service.name}.${service.namespace}.svc`;
    const place = isService
      ? originOf(await resolve(service.namespace, service.name, Number(portOf(url))))
      : url.origin;
    const hostPort = `${url.hostname}:${portOf(url)}`;
    return transports.send(
      hostPort,
      {
        server: place,
        ...(ca === '' ? {} : { ca }),
        ...(isService ? { tlsServerName: url.hostname } : {}),
      },
      {
        method,
        path: `${url.pathname}${url.search}`,
        headers: {
          host: isService ? hostPort : url.host,
          accept: jsonOrAnything,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          'user-agent': userAgent,
        },
        ...(body === undefined ? {} : { body }),
        signal,
      },
    );
  }

  /** @param ask keeps what is asked last, for errors */
  async function post(target: WebhookTarget, ask: { question: Question }, signal: AbortSignal): Promise<JsonObject> {
    const first = ask.question;
    let retries = 0;
    for (let asked = 1; ; asked++) {
      const response = await send(target, ask.question, signal);
      const bytes = await readBody(response, signal);
      const { status, headers } = response;
      const next = redirected(ask.question, status, header(headers, 'location'));
      if (next !== undefined) {
        ask.question = next;
        if (asked < maxRequests) continue;
        const shown = JSON.stringify(header(headers, 'location'));
        throw new WebhookError(`Post ${shown}: stopped after ${maxRequests} redirects`);
      }
      const wait = status === 429 || status >= 500 ? retryAfterSeconds(headers) : undefined;
      if (wait !== undefined && retries < maxRetries) {
        await sleep(clock, wait * 1000, signal);
        signal.throwIfAborted();
        ask.question = first;
        retries++;
        asked = 0;
        continue;
      }
      return readReview(first, response, bytes);
    }
  }

  return {
    async call(target, body, timeoutSeconds) {
      const url = urlOf(target, timeoutSeconds);
      const ask: { question: Question } = { question: { method: 'POST', url, body: Buffer.from(stringifyJson(body)) } };
      const controller = new AbortController();
      const timer = clock.setTimer(() => controller.abort(), timeoutSeconds * 1000, { unref: true });
      try {
        return await post(target, ask, controller.signal);
      } catch (error) {
        if (error instanceof WebhookError) throw error;
        const reason = controller.signal.aborted ? 'context deadline exceeded' : reasonOf(error);
        if (reason.includes(legacyNameReason)) options.onLegacyName?.();
        const asked = ask.question.url === url ? showUrl(url, target) : ask.question.url.href;
        throw new WebhookError(`Post ${JSON.stringify(asked)}: ${reason}`);
      } finally {
        timer.cancel();
      }
    },
    close: () => transports.close(),
  };
}

/** The authorities that a webhook's certificate may be of, in PEM; the empty string for the system's. */
function authoritiesOf({ caBundle = '' }: WebhookTarget): string {
  const ca = Buffer.from(caBundle, 'base64').toString('utf8');
  if (ca !== '' && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new WebhookConfigurationError('unable to load root certificates: unable to parse bytes as PEM block');
  }
  return ca;
}

/** @throws WebhookError for a body that breaks off, or goes on too long */
async function readBody(response: HttpResponse, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await readWebhookAnswer(response.body, maxAnswerBytes);
  } catch (error) {
    // Such an answer has no body (RFC 9110, 15.3.5), whatever follows it.
    if (response.status === 204) return new Uint8Array();
    const reason = signal.aborted ? 'context deadline exceeded' : bodyReason(error);
    throw new WebhookError(`unexpected error when reading response body. Please retry. Original error: ${reason}`, {
      cause: error,
    });
  }
}

const bodyReasons: Readonly<Record<string, string>> = {
  Z_DATA_ERROR: 'gzip: invalid header',
  Z_BUF_ERROR: 'unexpected EOF',
};

function bodyReason(error: unknown): string {
  if (error instanceof TransportError && error.kind === 'reset') return 'unexpected EOF';
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string };
  if (message.includes('chunk size')) return 'invalid byte in chunk length';
  return bodyReasons[code] ?? reasonOf(error);
}

/** @throws WebhookError for an answer that is none */
function readReview({ url }: Question, response: HttpResponse, bytes: Uint8Array): JsonObject {
  const { status, headers } = response;
  if (status < 200 || status > 206) {
    const { message } = errorFromResponse({ method: 'POST', path: url.pathname, raw: true }, response, bytes);
    throw new WebhookError(message, { code: status });
  }
  if (bytes.length === 0) {
    const type = typeof headers['content-type'] === 'string' ? headers['content-type'] : 'application/json';
    throw new WebhookError(`0-length response with status code: ${status} and content type: ${type}`);
  }
  return readAnswer(bytes);
}

function reasonOf(error: unknown): string {
  if (error instanceof TransportError) return transportReason(error);
  return messageOf(error);
}

/** @throws WebhookError for a target that says nothing */
function urlOf({ url, service }: WebhookTarget, timeoutSeconds: number): URL {
  if (service === undefined && (url ?? '') === '') {
    throw new WebhookError('webhook configuration must have either service or URL');
  }
  const text =
    service === undefined
      ? (url ?? '')
      : `https://${service.name}.${service.namespace}.svc:${service.port ?? 443}${service.path ?? ''}`;
  const [, host = '', port = ''] = /^https?:\/\/([^/?#]*):(\d+)/.exec(text) ?? [];
  if (Number(port) > 65535 && URL.canParse(text.replace(`${host}:${port}`, host))) {
    const shown = JSON.stringify(`${text}?timeout=${timeoutSeconds}s`);
    throw new WebhookError(`Post ${shown}: dial tcp: address ${port}: invalid port`);
  }
  if (!URL.canParse(text)) throw new WebhookError(`Unparsable URL: parse ${JSON.stringify(text)}: invalid URI`);
  const parsed = new URL(text);
  // What a path ends with is lost in the real server's joining of paths; queries are not allowed.
  parsed.pathname = parsed.pathname.replace(/\/+$/, '');
  parsed.search = `?timeout=${timeoutSeconds}s`;
  parsed.hash = '';
  return parsed;
}

function portOf(url: URL): string {
  return url.port === '' ? '443' : url.port;
}

/** A URL as errors name it: a service's always has its port. */
function showUrl(url: URL, { service }: WebhookTarget): string {
  if (service === undefined) return url.href;
  return `https://${url.hostname}:${portOf(url)}${url.pathname}${url.search}`;
}

function originOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `https://[${host}]:${port}` : `https://${host}:${port}`;
}

function readAnswer(bytes: Uint8Array): JsonObject {
  try {
    return parseWebhookAnswer(bytes);
  } catch (error) {
    throw new WebhookError(messageOf(error), { cause: error });
  }
}

/** The connections by what they are made of; the longest unused ones go. */
class TransportCache {
  readonly #connect: NonNullable<WebhookClientOptions['connect']>;
  readonly #known = new RecentMap<string, { readonly transport: Transport; isWarm: boolean }>(
    maxTransports,
    ({ transport }) => void transport.close(),
  );

  constructor(connect: NonNullable<WebhookClientOptions['connect']>) {
    this.#connect = connect;
  }

  async send(
    hostPort: string,
    options: HttpTransportOptions,
    request: Parameters<Transport['send']>[0],
  ): Promise<Awaited<ReturnType<Transport['send']>>> {
    const entry = this.#take(hostPort, options);
    const mayHaveBeenClosed = entry.isWarm;
    entry.isWarm = true;
    try {
      return await entry.transport.send(request);
    } catch (error) {
      entry.isWarm = false;
      // The webhook may have closed a kept connection just then; such calls may be repeated, on one of their own.
      const problem = asTransportError(error, new URL(options.server).host);
      if (problem.kind !== 'reset' || !mayHaveBeenClosed || request.signal?.aborted === true) throw problem;
      return entry.transport.send(request);
    }
  }

  async close(): Promise<void> {
    const entries = [...this.#known.values()];
    this.#known.clear();
    await Promise.all(entries.map(({ transport }) => transport.close()));
  }

  #take(hostPort: string, options: HttpTransportOptions): { readonly transport: Transport; isWarm: boolean } {
    const key = JSON.stringify([hostPort, options]);
    const entry = this.#known.get(key) ?? { transport: this.#connect(options, hostPort), isWarm: false };
    this.#known.set(key, entry);
    return entry;
  }
}
