import { STATUS_CODES } from 'node:http';
import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import { header, type HttpHeaders, readBody, type Transport } from '../../apimachinery/http.ts';
import { TransportError } from '../../client/transport-error.ts';
import { transportReason } from '../../client/transport-reason.ts';
import type { Clock } from '../../system/clock.ts';

/** What a provider, or whoever has claims for it, answers. */
export interface ProviderAnswer {
  readonly status: number;
  /** As Go shows it: `404 Not Found`. */
  readonly shownStatus: string;
  readonly contentType: string;
  readonly headers: HttpHeaders;
  readonly body: Buffer;
}

export interface ProviderRequestsOptions {
  /** Opens connections to a server, by its URL. */
  readonly connect: (url: string) => Transport;
  readonly clock: Clock;
}

const timeoutMillis = 30_000;
const mostRedirects = 10;

/** Asks identity providers with GET, redirects included, over connections that are kept. */
export class ProviderRequests {
  readonly #options: ProviderRequestsOptions;
  readonly #transports = new Map<string, Transport>();

  constructor(options: ProviderRequestsOptions) {
    this.#options = options;
  }

  /** @throws Error in the words of Go's net/http when no answer comes */
  async get(address: string, accessToken = ''): Promise<ProviderAnswer> {
    const { clock } = this.#options;
    const abort = new AbortController();
    const timer = clock.setTimer(() => abort.abort(new Error('timed out')), timeoutMillis, { unref: true });
    let place = address;
    try {
      for (let redirects = 0; ; redirects++) {
        const { answer, location } = await this.#send(place, accessToken, abort.signal);
        if (location === undefined) return answer;
        if (redirects === mostRedirects) throw new Error(`stopped after ${mostRedirects} redirects`);
        place = new URL(location, place).href;
      }
    } catch (error) {
      if (error instanceof UnreadableUrlError) throw error;
      const reason = abort.signal.aborted
        ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        : reasonOf(error);
      throw new Error(`Get ${goQuote(place)}: ${reason}`, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#transports.values(), (transport) => transport.close()));
  }

  async #send(
    address: string,
    accessToken: string,
    signal: AbortSignal,
  ): Promise<{ readonly answer: ProviderAnswer; readonly location: string | undefined }> {
    const url = urlOf(address);
    const response = await this.#transportTo(url).send({
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      headers: {
        'user-agent': 'Go-http-client/1.1',
        ...(accessToken === '' ? {} : { authorization: `Bearer ${accessToken}` }),
      },
      signal,
    });
    const { status, headers } = response;
    const answer = {
      status,
      shownStatus: `${status} ${STATUS_CODES[status] ?? ''}`.trim(),
      contentType: header(headers, 'content-type') ?? '',
      headers,
      body: Buffer.from(await readBody(response.body)),
    };
    const isMoved = [301, 302, 303, 307, 308].includes(status);
    return { answer, location: isMoved ? header(headers, 'location') : undefined };
  }

  #transportTo({ origin }: URL): Transport {
    let transport = this.#transports.get(origin);
    if (transport === undefined) {
      transport = this.#options.connect(origin);
      this.#transports.set(origin, transport);
    }
    return transport;
  }
}

/** An address that a request cannot even be made of. */
class UnreadableUrlError extends Error {}

function urlOf(address: string): URL {
  if (address.startsWith(':')) {
    const why = `parse ${goQuote(address)}: missing protocol scheme`;
    throw new UnreadableUrlError(`while calling ${address}: ${why}`);
  }
  const [, scheme = ''] = /^([a-z][a-z\d+.-]*):/i.exec(address) ?? [];
  if (!/^https?$/i.test(scheme)) throw new Error(`unsupported protocol scheme ${goQuote(scheme)}`);
  return new URL(address);
}

function reasonOf(error: unknown): string {
  return error instanceof TransportError ? transportReason(error) : messageOf(error);
}
