import { header, type HttpHeaders, type HttpRequest } from '../../apimachinery/http.ts';
import { requestedUpgrade } from '../../apimachinery/streaming/protocols.ts';

const protocolHeader = 'sec-websocket-protocol';
const protocolPrefix = 'base64url.bearer.authorization.k8s.io.';

/**
 * The token of `Authorization: Bearer …`, or of a WebSocket's subprotocol, which is how browsers can send one.
 * @returns undefined when there is none. @throws Error for a subprotocol that holds none
 */
export function bearerToken(request: HttpRequest): string | undefined {
  const value = header(request.headers, 'authorization')?.trim() ?? '';
  const [scheme = '', token = ''] = value.split(' ');
  if (scheme.toLowerCase() === 'bearer' && token !== '') return token;
  return tokenOfProtocol(request.headers);
}

/** Whether a token would be there but for spaces before it, so that it does not count. */
export function hasTokenAfterSpaces(headers: HttpHeaders): boolean {
  return /^bearer {2}/i.test(header(headers, 'authorization')?.trim() ?? '');
}

/** Headers as they go on once it is known who asks: without a token that stood among the WebSocket's subprotocols. */
export function withoutTokenProtocol(headers: HttpHeaders): HttpHeaders {
  const protocols = protocolsOf(headers);
  const others = protocols.filter((protocol) => !protocol.startsWith(protocolPrefix));
  return others.length === protocols.length ? headers : { ...headers, [protocolHeader]: others.join(',') };
}

function tokenOfProtocol(headers: HttpHeaders): string | undefined {
  if (requestedUpgrade(headers)?.toLowerCase() !== 'websocket') return undefined;
  const protocols = protocolsOf(headers);
  const [given, another] = protocols.filter((protocol) => protocol.startsWith(protocolPrefix));
  if (given === undefined) return undefined;
  if (another !== undefined) throw new Error('multiple base64.bearer.authorization tokens specified');
  const encoded = given.slice(protocolPrefix.length);
  const bytes = Buffer.from(encoded, 'base64url');
  if (bytes.toString('base64url') !== encoded) throw new Error('invalid base64.bearer.authorization token encoding');
  const token = bytes.toString('utf8');
  if (!Buffer.from(token).equals(bytes)) throw new Error('invalid base64.bearer.authorization token');
  if (token === '') return undefined;
  // One is left to answer with.
  if (protocols.length === 1) throw new Error('missing additional subprotocol');
  return token;
}

function protocolsOf(headers: HttpHeaders): string[] {
  const value = headers[protocolHeader] ?? [];
  const lines = typeof value === 'string' ? [value] : value;
  return lines.flatMap((line) => line.split(',')).map((protocol) => protocol.trim());
}
