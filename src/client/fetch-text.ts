import { STATUS_CODES } from 'node:http';
import { readBody } from '../apimachinery/http.ts';
import { type Clock, sleep } from '../system/clock.ts';
import { createHttpTransport } from './http-transport.ts';
import { TransportError } from './transport-error.ts';

/** How a text is fetched from anywhere. */
export interface FetchOptions {
  readonly clock: Clock;
  /** The proxy to a server; empty for none. */
  readonly proxyFor: (server: string) => string;
  readonly signal: AbortSignal;
}

/** A server that answers with something else than the text; the message tells which. */
export class FetchError extends Error {}

const attempts = 3;
const pauseMillis = 1000;
const mostRedirects = 10;

/**
 * The text behind an http or https URL. Redirects are followed, and what did not get through, or was answered with
 * 5xx, is tried three times a second apart.
 * @throws FetchError, TransportError
 */
export async function fetchText(url: string, options: FetchOptions): Promise<string> {
  if (/^https?:\/\/([/?#]|$)/.test(url)) throw new TransportError('other', '', '', 'http: no Host in request URL');
  for (let attempt = 1; ; attempt++) {
    try {
      const { status, body } = await follow(url, options);
      if (status === 200) return body;
      const title = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
      const failure = new FetchError(
        `unable to read URL ${JSON.stringify(url)}, server reported ${title}, status code=${status}`,
      );
      if (attempt === attempts || status < 500) throw failure;
    } catch (error) {
      if (error instanceof FetchError || attempt === attempts) throw error;
    }
    if (!(await sleep(options.clock, pauseMillis, options.signal))) throw options.signal.reason;
  }
}

async function follow(url: string, options: FetchOptions): Promise<{ status: number; body: string }> {
  let place = new URL(url);
  for (let redirects = 0; ; redirects++) {
    const proxy = options.proxyFor(place.origin);
    const transport = createHttpTransport({
      server: place.origin,
      connections: 1,
      ...(proxy === '' ? {} : { proxyUrl: proxy }),
    });
    try {
      const response = await transport.send({
        method: 'GET',
        path: `${place.pathname}${place.search}`,
        headers: authorizationOf(place),
        isWholePath: true,
        signal: options.signal,
      });
      const body = Buffer.from(await readBody(response.body)).toString('utf8');
      const { location } = response.headers;
      const isMoved = [301, 302, 303, 307, 308].includes(response.status) && typeof location === 'string';
      if (!isMoved) return { status: response.status, body };
      if (redirects === mostRedirects)
        throw new FetchError(`Get ${JSON.stringify(location)}: stopped after 10 redirects`);
      place = new URL(location, place);
    } finally {
      await transport.close();
    }
  }
}

/** What a URL itself has of name and password. */
function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
}
