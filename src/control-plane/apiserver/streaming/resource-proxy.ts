import { header, type HttpHeaders, type HttpResponse } from '../../../apimachinery/http.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { requestedUpgrade } from '../../../apimachinery/streaming/protocols.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { EndpointHandler } from '../route-resource.ts';
import { rewriteLinks } from './link-rewriting.ts';
import { joinConnections } from './pod-streams.ts';
import type { ProxyLocation } from './proxy-location.ts';

/** Headers that are between two neighbours (RFC 9110, 7.6.1), and those that are for this server alone. */
const notForwarded = new Set([
  'authorization',
  'connection',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

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
    const prefix = rawPath.slice(
      0,
      rawPath.indexOf('/proxy', rawPath.indexOf(`/${endpoint.resource.definition.resource}/`)) + '/proxy'.length,
    );
    const path = rawPath.slice(prefix.length);
    const location = await locate(endpoint);
    const suffix = query === undefined ? '' : `?${query}`;
    // A page at the root names others beside it: its own name must end with a slash.
    if (path === '') return movedTo(`${rawPath}/${suffix}`);
    const answer = await forward(endpoint, location, `${path}${suffix}`, prefix);
    const { upgraded, ...rest } = answer;
    if (upgraded !== undefined) return { ...rest, takeOver: (connection) => joinConnections(connection, upgraded) };
    const headers = responseHeaders(answer.headers);
    if (!rewrites) return { ...answer, headers };
    return rewriteLinks({ ...answer, headers }, { prefix, scheme: location.scheme, host: location.host, path });
  };
}

async function forward(
  { request }: Endpoint,
  { scheme, host, transport }: ProxyLocation,
  path: string,
  prefix: string,
): Promise<HttpResponse> {
  const { http } = request;
  const wantsUpgrade = requestedUpgrade(http.headers) !== undefined;
  const headers: Record<string, HttpHeaders[string]> = {
    host,
    'x-forwarded-for': forwardedFor(http.headers, http.peer?.address),
    'x-forwarded-host': header(http.headers, 'host'),
    'x-forwarded-proto': scheme,
    'x-forwarded-uri': `${prefix}${splitOnce(path, '?')[0]}`,
  };
  for (const [name, value] of Object.entries(http.headers)) {
    const isKept = wantsUpgrade && (name === 'connection' || name === 'upgrade');
    if (isKept || (!notForwarded.has(name) && !/^(impersonate-|x-remote-|x-forwarded-)/.test(name))) {
      headers[name] = value;
    }
  }
  const hasBody = http.body !== undefined && (headers['content-length'] !== '0' || 'transfer-encoding' in http.headers);
  try {
    return await transport.send({
      method: http.method,
      path,
      headers,
      ...(hasBody ? { body: http.body } : {}),
      signal: request.signal(),
    });
  } catch (error) {
    throw new StatusError({
      message: `error trying to reach service: ${error instanceof Error ? error.message : String(error)}`,
      reason: 'ServiceUnavailable',
      code: 503,
    });
  }
}

function forwardedFor(headers: HttpHeaders, address = ''): string {
  const before = header(headers, 'x-forwarded-for');
  return before === undefined ? address : `${before}, ${address}`;
}

function responseHeaders(headers: HttpHeaders): HttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !notForwarded.has(name) && name !== 'audit-id');
  return Object.fromEntries(kept);
}

function movedTo(location: string): HttpResponse {
  return { status: 301, headers: { location }, body: new Uint8Array() };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
