import { header, hopByHopHeaders, type HttpHeaders, type HttpRequest } from '../../../apimachinery/http.ts';
import { requestedUpgrade } from '../../../apimachinery/streaming/protocols.ts';

/** Headers that are between two neighbours, and those that are for this server alone: it has asked for the body itself. */
const notForwarded = new Set([...hopByHopHeaders, 'authorization', 'expect', 'host', 'proxy-connection']);
/** Links between origins are for the server that the client sees to allow. */
const crossOriginHeaders = ['credentials', 'headers', 'methods', 'origin'].map(
  (name) => `access-control-allow-${name}`,
);
const notReturned = new Set([...notForwarded, ...crossOriginHeaders, 'audit-id']);

/** The headers of a request that another server may see, and those that tell it whose request it is. */
export function forwardedHeaders(http: HttpRequest, scheme: string, uri: string): Record<string, HttpHeaders[string]> {
  const wantsUpgrade = requestedUpgrade(http.headers) !== undefined;
  const between = namedByConnection(http.headers);
  const headers: Record<string, HttpHeaders[string]> = {};
  for (const [name, value] of Object.entries(http.headers)) {
    const isKept = wantsUpgrade && (name === 'connection' || name === 'upgrade');
    if (isKept || (!notForwarded.has(name) && !between.has(name) && !/^(impersonate-|x-remote-)/.test(name))) {
      headers[name] = value;
    }
  }
  if ((header(http.headers, 'te') ?? '').split(',').some((each) => each.trim() === 'trailers')) {
    headers['te'] = 'trailers';
  }
  return {
    ...headers,
    'x-forwarded-for': forwardedFor(http.headers, http.peer?.address),
    'x-forwarded-host': header(http.headers, 'host'),
    'x-forwarded-proto': scheme,
    'x-forwarded-uri': uri,
  };
}

/** Whether a request has a body to forward. */
export function hasBody({ body, headers }: HttpRequest): boolean {
  return body !== undefined && (headers['content-length'] !== '0' || 'transfer-encoding' in headers);
}

/** The headers of an answer that go back to the client. */
export function returnedHeaders(headers: HttpHeaders): HttpHeaders {
  const between = namedByConnection(headers);
  const kept = Object.entries(headers).filter(([name]) => !notReturned.has(name) && !between.has(name));
  return Object.fromEntries(kept);
}

/** Those that the Connection header says go no further (RFC 9110, 7.6.1). */
function namedByConnection(headers: HttpHeaders): ReadonlySet<string> {
  return new Set((header(headers, 'connection') ?? '').split(',').map((name) => name.trim().toLowerCase()));
}

/** What this server says itself of how long answers are good, and then what the other one does. */
export function returnedCacheControl(headers: HttpHeaders): readonly string[] {
  const said = headers['cache-control'] ?? [];
  return ['no-cache, private', ...(typeof said === 'string' ? [said] : said)];
}

function forwardedFor(headers: HttpHeaders, address = ''): string {
  const before = header(headers, 'x-forwarded-for');
  return before === undefined ? address : `${before}, ${address}`;
}
