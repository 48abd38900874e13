import { STATUS_CODES } from 'node:http';
import { type HttpResponse, readBody } from '../apimachinery/http.ts';
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
  const [, port = ''] = /^https?:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/.exec(url) ?? [];
  const isPort = Number(port) <= 65535;
  for (let attempt = 1; ; attempt++) {
    try {
      if (!isPort) throw new TransportError('other', '', '', `dial tcp: address ${port}: invalid port`);
      const { status, body } = await follow(url, options);
      if (status === 200) return body;
      const title = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
      const failure = new FetchError(
        `unable to read URL ${JSON.stringify(url.replaceAll(' ', '%20'))}, server reported ${title}, status code=${status}`,
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
      const { status } = response;
      const { location } = response.headers;
      const isMoved = [301, 302, 303, 307, 308].includes(status) && typeof location === 'string';
      if (!isMoved) return { status, body: await textOf(response, url) };
      await readBody(response.body);
      if (redirects === mostRedirects) throw new TransportError('other', '', '', 'stopped after 10 redirects');
      place = moved(location, place);
    } finally {
      await transport.close();
    }
  }
}

/** A text that breaks off is one that cannot be read, not a server that cannot be reached. */
async function textOf({ status, body }: HttpResponse, url: string): Promise<string> {
  try {
    return Buffer.from(await readBody(body)).toString('utf8');
  } catch (error) {
    if (status !== 200) return '';
    if (!(error instanceof TransportError) || error.kind === 'timeout') throw error;
    throw new FetchError(`error parsing ${url}: unexpected EOF`);
  }
}

/** @throws TransportError for what is no URL, in the words of Go's net/http */
function moved(location: string, from: URL): URL {
  if (URL.canParse(location, from.href)) return new URL(location, from);
  const quoted = JSON.stringify(location);
  const reason = /\/\/\[[^\]]*$/.test(location) ? "missing ']' in host" : 'invalid character in host name';
  throw new TransportError('other', '', '', `failed to parse Location header ${quoted}: parse ${quoted}: ${reason}`);
}

/** What a URL itself has of name and password. */
function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
}
