import type { HttpResponse } from '../../../apimachinery/http.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
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
    const path = rawPath.slice(prefix.length);
    const location = await locate(endpoint);
    const suffix = query === undefined ? '' : `?${query}`;
    // A page at the root names others beside it: its own name must end with a slash.
    const { method, headers: asked } = request.http;
    const isPage = asked['upgrade'] === undefined && (method === 'GET' || method === 'HEAD');
    if (path === '' && isPage) return movedTo(`${rawPath}/${suffix}`);
    const answer = await forward(endpoint, location, `${path === '' ? '/' : path}${suffix}`, prefix);
    const { upgraded, ...rest } = answer;
    if (upgraded !== undefined) return { ...rest, takeOver: (connection) => joinConnections(connection, upgraded) };
    const headers = returnedHeaders(answer.headers);
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
  const headers = { host, ...forwardedHeaders(http, scheme, `${prefix}${splitOnce(path, '?')[0]}`) };
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
      message: `error trying to reach service: ${error instanceof Error ? error.message : String(error)}`,
      reason: 'ServiceUnavailable',
      code: 503,
    });
  }
}

function movedTo(location: string): HttpResponse {
  return { status: 301, headers: { location }, body: new Uint8Array() };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
