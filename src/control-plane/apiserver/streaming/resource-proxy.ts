import { header, type HttpHeaders, type HttpResponse } from '../../../apimachinery/http.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { asTransportError } from '../../../client/transport-error.ts';
import { transportReason } from '../../../client/transport-reason.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { unescapedPath } from '../request-url.ts';
import type { EndpointHandler } from '../route-resource.ts';
import { forwardedHeaders, hasBody, returnedHeaders } from './forwarded-headers.ts';
import { rewriteLinks } from './link-rewriting.ts';
import { joinConnections } from './pod-streams.ts';
import type { ProxyLocation } from './proxy-location.ts';

/** `/api/v1[/namespaces/NAMESPACE]/RESOURCE/NAME/proxy`: names may begin with the word too. */
const proxiedObject = /^(?:\/+[^/]+){2}(?:\/+namespaces\/+[^/]+)?\/+[^/]+\/+[^/]+\/+proxy/;

/**
 * pods|services|nodes/NAME/proxy/PATH: passes the request on, whatever its method, and the answer back.
 * @param rewrites links in pages and redirections are turned so that they lead through the proxy too
 */
export function proxyHandler(
  locate: (endpoint: Endpoint) => Promise<ProxyLocation>,
  rewrites: boolean,
): EndpointHandler {
  return async (endpoint) => {
    const { request } = endpoint;
    const [rawPath, query] = splitOnce(request.http.path, '?');
    const prefix = proxiedObject.exec(rawPath)?.[0] ?? rawPath;
    const path = cleanPath(rawPath.slice(prefix.length));
    const location = await locate(endpoint);
    const suffix = query === undefined || query === '' ? '' : `?${query}`;
    // A page at the root names others beside it: its own name must end with a slash.
    const { method, headers: asked } = request.http;
    const isPage = asked['upgrade'] === undefined && (method === 'GET' || method === 'HEAD');
    if (path === '' && isPage) return movedTo(`${rawPath}/${suffix}`);
    const answer = await forward(endpoint, location, `${path === '' ? '/' : path}${suffix}`, prefix);
    const { upgraded, ...rest } = answer;
    if (upgraded !== undefined) return { ...rest, takeOver: (connection) => joinConnections(connection, upgraded) };
    const headers = { ...returnedHeaders(answer.headers), 'cache-control': cacheControl(answer.headers) };
    if (!rewrites) return { ...answer, headers };
    const { scheme, host } = location;
    const clientHost = header(asked, 'host') ?? '';
    return rewriteLinks({ ...answer, headers }, { prefix, scheme, host, clientHost, path });
  };
}

/** What this server says itself, and then what the other one does. */
function cacheControl(headers: HttpHeaders): readonly string[] {
  const said = headers['cache-control'] ?? [];
  return ['no-cache, private', ...(typeof said === 'string' ? [said] : said)];
}

/** A path as the other server gets it: its steps as they are meant, without empty ones and such as lead back. */
function cleanPath(escaped: string): string {
  const steps: string[] = [];
  for (const step of unescapedPath(escaped).split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  const path = steps.map((step) => `/${escapeStep(step)}`).join('');
  return escaped.endsWith('/') ? `${path}/` : path;
}

/** As Go escapes a step of a path: more than what is forbidden there. */
function escapeStep(step: string): string {
  return encodeURIComponent(step)
    .replace(/%(24|26|2B|2C|3A|3B|3D|40)/g, (escape) => decodeURIComponent(escape))
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function forward(
  { request }: Endpoint,
  { scheme, host, transport }: ProxyLocation,
  path: string,
  prefix: string,
): Promise<HttpResponse> {
  const { http } = request;
  const uri = `${prefix}${splitOnce(path, '?')[0]}`;
  // The other server is told the name by which its client knows this one.
  const headers = {
    ...forwardedHeaders(http, scheme, uri),
    host: header(http.headers, 'host') ?? host,
    'x-forwarded-host': undefined,
    'x-forwarded-proto': undefined,
  };
  try {
    return await transport.send({
      method: http.method,
      path,
      headers,
      ...(hasBody(http) ? { body: http.body } : {}),
      signal: request.signal(),
    });
  } catch (error) {
    throw new StatusError({
      message: `error trying to reach service: ${failureReason(error, host)}`,
      reason: 'ServiceUnavailable',
      code: 503,
    });
  }
}

/** What Go says of connections that fail. */
function failureReason(error: unknown, host: string): string {
  const known = asTransportError(error, host);
  // Who speaks to others for somebody else says this otherwise than a client does.
  const isPlain = /WRONG_VERSION_NUMBER|wrong version number/.test(`${known.code} ${known.message}`);
  return isPlain ? 'tls: first record does not look like a TLS handshake' : transportReason(known);
}

function movedTo(location: string): HttpResponse {
  return { status: 301, headers: { location, 'cache-control': 'no-cache, private' }, body: new Uint8Array() };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
