import type { Duplex } from 'node:stream';
import type { Pod } from '../../../api/types/core-v1.ts';
import { messageOf } from '../../../apimachinery/error-message.ts';
import { header, type HttpHeaders, type HttpResponse } from '../../../apimachinery/http.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import { badRequest, forbidden } from '../../../apimachinery/status.ts';
import {
  headerList,
  portForwardTunnel,
  remoteCommandV5,
  requestedUpgrade,
} from '../../../apimachinery/streaming/protocols.ts';
import { wantsWebSocket } from '../../../apimachinery/streaming/web-socket-handshake.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { authorizationAttributes, type RequestAuthorizer } from '../filters/authorization.ts';
import type { EndpointHandler } from '../route-resource.ts';
import { admitConnect } from './connect-admission.ts';
import { type KubeletConnections, kubeletFailure } from './kubelet-connections.ts';
import { textResponse } from '../responses.ts';
import { chosenContainer, kubeletOf, nodeOf, podOf } from './pod-location.ts';
import { queryFlag, queryPorts } from './query-options.ts';

/** What the endpoints below are handed. */
export interface PodStreamOptions {
  readonly kubelets: KubeletConnections;
  readonly authorizer: RequestAuthorizer;
}

/** pods/NAME/exec and pods/NAME/attach. */
export function remoteCommandHandler(subresource: 'exec' | 'attach', options: PodStreamOptions): EndpointHandler {
  return async (endpoint) => {
    const { query } = endpoint.request;
    await requireCreate(endpoint, options.authorizer);
    const kind = subresource === 'exec' ? 'PodExecOptions' : 'PodAttachOptions';
    const asked = await admitConnect(endpoint, kind, commandOptions(query, subresource));
    const pod = await podOf(endpoint);
    const { container, command } = asked;
    const chosen = chosenContainer(pod, typeof container === 'string' ? container : '');
    const params = new URLSearchParams();
    const streams = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' };
    for (const [name, param] of Object.entries(streams)) {
      if (asked[name] === true) params.set(param, '1');
    }
    for (const word of Array.isArray(command) ? command : []) params.append('command', word as string);
    return toKubelet(endpoint, options.kubelets, pod, [subresource, endpoint.namespace, endpoint.name, chosen], params);
  };
}

/** pods/NAME/portforward. */
export function portForwardHandler(options: PodStreamOptions): EndpointHandler {
  return async (endpoint) => {
    await requireCreate(endpoint, options.authorizer);
    const asked = readPorts(endpoint.request.query);
    const admitted = await admitConnect(
      endpoint,
      'PodPortForwardOptions',
      asked.length === 0 ? {} : { ports: [...asked] },
    );
    const ports = (admitted['ports'] ?? []) as readonly number[];
    const pod = await podOf(endpoint);
    const params = new URLSearchParams();
    if (ports.length > 0) params.set('port', ports.join(','));
    return toKubelet(endpoint, options.kubelets, pod, ['portForward', endpoint.namespace, endpoint.name], params);
  };
}

function readPorts(query: URLSearchParams): readonly number[] {
  try {
    return queryPorts(query, 'ports');
  } catch (error) {
    throw badRequest(messageOf(error));
  }
}

/** A GET (as WebSockets are asked for) needs the same permission as a POST. @throws StatusError 403 */
async function requireCreate({ request }: Endpoint, authorizer: RequestAuthorizer): Promise<void> {
  if (request.info.verb === 'create') return;
  const attributes = authorizationAttributes({ ...request.info, verb: 'create' }, request.user);
  const { allowed, reason } = await authorizer.authorize(attributes);
  const { apiGroup, resource, name } = request.info;
  if (!allowed) throw forbidden({ group: apiGroup, resource }, name, reason);
}

/** What the query of exec or attach says, as the options that admission sees. */
function commandOptions(query: URLSearchParams, subresource: 'exec' | 'attach'): JsonObject {
  const streams = ['stdin', 'stdout', 'stderr', 'tty'].filter((name) => queryFlag(query, name));
  const container = query.get('container') ?? '';
  const command = query.getAll('command');
  return {
    ...Object.fromEntries(streams.map((name) => [name, true])),
    ...(container === '' ? {} : { container }),
    ...(subresource === 'attach' || command.length === 0 ? {} : { command }),
  };
}

/** Headers that are between the client and this server, or between this server and the kubelet. */
const ownHeaders = new Set(['authorization', 'host', 'cookie', 'content-length', 'transfer-encoding', 'expect']);

/** Passes the connection on to the pod's kubelet, which speaks the protocols. @throws StatusError */
async function toKubelet(
  endpoint: Endpoint,
  kubelets: KubeletConnections,
  pod: Pod,
  path: readonly string[],
  params: URLSearchParams,
): Promise<HttpResponse> {
  const { request } = endpoint;
  const kubelet = await kubeletOf(kubelets, nodeOf(pod));
  if (requestedUpgrade(request.headers) === undefined) throw badRequest('Upgrade request required');
  const refused = refusedHandshake(request.method, request.headers, path[0] === 'portForward');
  if (refused !== undefined) return refused;
  const headers: HttpHeaders = Object.fromEntries(
    Object.entries(request.headers).filter(
      ([name]) => !ownHeaders.has(name) && !name.startsWith('impersonate-') && !name.startsWith('x-remote-'),
    ),
  );
  let answer: HttpResponse;
  try {
    const query = params.toString();
    answer = await kubelet.send({
      method: request.method,
      path: `/${path.map(encodeURIComponent).join('/')}${query === '' ? '' : `?${query}`}`,
      headers,
      signal: request.signal(),
    });
  } catch (error) {
    throw kubeletFailure(error, kubelet, 'error dialing backend');
  }
  const { upgraded, ...rest } = answer;
  if (upgraded === undefined) return rest;
  return { ...rest, takeOver: (connection) => joinConnections(connection, upgraded) };
}

/**
 * The answer to a request for a WebSocket of the kind that the real server speaks itself, without asking the kubelet,
 * when it is none; undefined for all others.
 */
function refusedHandshake(method: string, headers: HttpHeaders, isPortForward: boolean): HttpResponse | undefined {
  if (!wantsWebSocket(headers)) return undefined;
  const protocols = headerList(headers, 'sec-websocket-protocol');
  if (!protocols.includes(isPortForward ? portForwardTunnel : remoteCommandV5)) return undefined;
  const version = { 'sec-websocket-version': '13' };
  if (isPortForward) return method === 'GET' ? undefined : textResponse(405, 'Method Not Allowed\n', version);
  const plain = (status: number, text: string, more: HttpHeaders = {}): HttpResponse => ({
    status,
    headers: { 'cache-control': undefined, ...more },
    body: Buffer.from(text),
  });
  if (method !== 'GET') return plain(405, 'bad method');
  if (header(headers, 'sec-websocket-version') !== '13') {
    return plain(400, 'missing or bad WebSocket Version', version);
  }
  return header(headers, 'sec-websocket-key') === undefined ? plain(400, 'mismatch challenge/response') : undefined;
}

/** Carries bytes both ways until both sides have ended, or one is cut. */
export function joinConnections(left: Duplex, right: Duplex): void {
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    from.pipe(to);
    from.once('error', () => to.destroy());
    from.once('close', () => {
      if (!from.readableEnded) to.destroy();
    });
  }
}
