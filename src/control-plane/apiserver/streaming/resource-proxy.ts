import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { header, type HttpHeaders, type HttpRequest, type HttpResponse } from '../../../apimachinery/http.ts';
import type { JsonObject, JsonValue } from '../../../apimachinery/json.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { requestedUpgrade } from '../../../apimachinery/streaming/protocols.ts';
import { asTransportError } from '../../../client/transport-error.ts';
import { transportReason } from '../../../client/transport-reason.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { unescapedPath } from '../request-url.ts';
import type { EndpointHandler } from '../route-resource.ts';
import { admitConnect } from './connect-admission.ts';
import { forwardedHeaders, hasBody, returnedCacheControl, returnedHeaders } from './forwarded-headers.ts';
import { gzipProblem, rewriteLinks } from './link-rewriting.ts';
import { joinConnections } from './pod-streams.ts';
import { cleanPath } from './proxied-path.ts';
import type { ProxyLocation } from './proxy-location.ts';

/** `/api/v1[/namespaces/NAMESPACE]/RESOURCE/NAME/proxy`: names may begin with the word too. */
const proxiedObject = /^(?:\/+[^/]+){2}(?:\/+namespaces\/+[^/]+)?\/+[^/]+\/+[^/]+\/+proxy/;

/** What admission calls the options of a proxied connection, by the resource. */
const optionsKinds: Readonly<Record<string, string>> = {
  pods: 'PodProxyOptions',
  services: 'ServiceProxyOptions',
  nodes: 'NodeProxyOptions',
};

/**
 * pods|services|nodes/NAME/proxy/PATH: passes the request on, whatever its method, and the answer back. Links in pages
 * and redirections are turned so that they lead through the proxy too.
 */
export function proxyHandler(locate: (endpoint: Endpoint) => Promise<ProxyLocation>): EndpointHandler {
  return async (endpoint) => {
    const { request } = endpoint;
    const [rawPath, query] = splitOnce(request.http.path, '?');
    const prefix = proxiedObject.exec(rawPath)?.[0] ?? rawPath;
    const proxied = rawPath.slice(prefix.length);
    const kind = optionsKinds[request.info.resource] ?? '';
    const asked = pathOption(proxied);
    const admitted = await admitConnect(endpoint, kind, asked);
    const path = cleanPath(admitted['path'] === asked['path'] ? proxied : escapedPath(admitted['path']));
    const location = await locate(endpoint);
    const { method, headers: sent } = request.http;
    if (requestedUpgrade(sent) !== undefined) return upgrade(endpoint, location, path === '' ? '/' : path);
    const suffix = query === undefined || query === '' ? '' : `?${query}`;
    // A page at the root names others beside it: its own name must end with a slash.
    if (path === '' && (method === 'GET' || method === 'HEAD')) return movedTo(`${rawPath}/${suffix}`);
    const answer = await forward(endpoint, location, `${path === '' ? '/' : path}${suffix}`, prefix);
    const headers = { ...returnedHeaders(answer.headers), 'cache-control': returnedCacheControl(answer.headers) };
    const clientHost = header(sent, 'host') ?? '';
    return rewriteLinks({ ...answer, headers }, { prefix, host: location.host, clientHost });
  };
}

/**
 * Joins the client to a server that speaks another protocol than HTTP with it. The server sees the path alone, without
 * what stands behind the question mark, as with the real one.
 * @throws StatusError 500 when that does not come about
 */
async function upgrade(
  { request: { http, signal } }: Endpoint,
  { scheme, host, transport }: ProxyLocation,
  path: string,
): Promise<HttpResponse> {
  const headers = {
    ...forwardedHeaders(http, scheme, path),
    ...sentByClient(http, host),
    'x-forwarded-uri': http.headers['x-forwarded-uri'],
    'user-agent': http.headers['user-agent'] ?? 'Go-http-client/1.1',
  };
  let answer: HttpResponse;
  try {
    answer = await transport.send({ method: http.method, path, headers, signal: signal() });
  } catch (error) {
    const reason = failureReason(error, host);
    throw new StatusError({
      message: reason === 'EOF' ? 'unexpected EOF' : `error dialing backend: ${reason}`,
      code: 500,
    });
  }
  const { upgraded, ...rest } = answer;
  if (upgraded !== undefined) return { ...rest, takeOver: (connection) => joinConnections(connection, upgraded) };
  if (answer.status < 400) {
    throw new StatusError({ message: `invalid upgrade response: status code ${answer.status}`, code: 500 });
  }
  return { ...rest, headers: { ...returnedHeaders(answer.headers), 'cache-control': answer.headers['cache-control'] } };
}

/** The name by which the client knows this server, and what it says of itself. */
function sentByClient({ headers }: HttpRequest, host: string): HttpHeaders {
  return {
    host: header(headers, 'host') ?? host,
    'x-forwarded-host': headers['x-forwarded-host'],
    'x-forwarded-proto': headers['x-forwarded-proto'],
  };
}

/** The path behind the proxy as admission sees it: nothing is cleaned up. */
function pathOption(escaped: string): JsonObject {
  const path = unescapedPath(escaped);
  const steps = path.replace(/^\/+|\/+$/g, '');
  const ending = path.endsWith('/') ? '/' : '';
  const told = steps === '' ? ending : `/${steps}${ending}`;
  return told === '' ? {} : { path: told };
}

/** A path that admission has chosen, as a request has it. */
function escapedPath(path: JsonValue | undefined): string {
  return typeof path === 'string' ? path.split('/').map(encodeURIComponent).join('/') : '';
}

async function forward(
  { request }: Endpoint,
  { scheme, host, transport }: ProxyLocation,
  path: string,
  prefix: string,
): Promise<HttpResponse> {
  const { http } = request;
  const uri = `${prefix}${splitOnce(path, '?')[0]}`;
  const packs = packsByItself(http);
  const headers = {
    ...forwardedHeaders(http, scheme, uri),
    ...sentByClient(http, host),
    ...(packs ? { 'accept-encoding': 'gzip' } : {}),
  };
  try {
    const answer = await transport.send({
      method: http.method,
      path,
      headers,
      ...(hasBody(http) ? { body: http.body } : {}),
      signal: request.signal(),
    });
    return packs ? unpacked(answer) : answer;
  } catch (error) {
    throw new StatusError({
      message: `error trying to reach service: ${failureReason(error, host)}`,
      reason: 'ServiceUnavailable',
      code: 503,
    });
  }
}

/** Whether the way to the other server is packed though the client did not ask for it: Go's client does that. */
function packsByItself({ method, headers }: HttpRequest): boolean {
  return method !== 'HEAD' && headers['accept-encoding'] === undefined && headers['range'] === undefined;
}

function unpacked(answer: HttpResponse): HttpResponse {
  if (header(answer.headers, 'content-encoding') !== 'gzip') return answer;
  const headers = { ...answer.headers, 'content-encoding': undefined, 'content-length': undefined };
  return { ...answer, headers, body: unpack(answer.body) };
}

/** @throws StatusError 500 where it is no gzip, or ends too soon */
async function* unpack(body: HttpResponse['body']): AsyncGenerator<Uint8Array> {
  const source = Readable.from(body instanceof Uint8Array ? [body] : body);
  let first: Uint8Array | undefined;
  source.on('data', (chunk: Uint8Array) => (first ??= chunk));
  const unzipped = source.pipe(createGunzip());
  source.once('error', (error) => unzipped.destroy(error));
  try {
    for await (const chunk of unzipped) yield chunk as Uint8Array;
  } catch {
    throw new StatusError({ message: gzipProblem(first ?? new Uint8Array()), code: 500 });
  } finally {
    source.destroy();
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
