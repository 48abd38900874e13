import { header, type HttpRequest } from '../../apimachinery/http.ts';

/** The token of `Authorization: Bearer …`, or of a WebSocket's subprotocol; undefined when there is none. */
export function bearerToken(request: HttpRequest): string | undefined {
  const value = header(request.headers, 'authorization')?.trim() ?? '';
  const [scheme = '', token = ''] = value.split(' ');
  if (scheme.toLowerCase() === 'bearer' && token !== '') return token;
  const protocols = header(request.headers, 'sec-websocket-protocol') ?? '';
  const prefix = 'base64url.bearer.authorization.k8s.io.';
  const named = protocols
    .split(',')
    .map((protocol) => protocol.trim())
    .find((protocol) => protocol.startsWith(prefix));
  return named === undefined ? undefined : Buffer.from(named.slice(prefix.length), 'base64url').toString();
}
