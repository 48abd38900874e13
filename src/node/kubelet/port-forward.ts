import type { Duplex } from 'node:stream';
import type { Pod } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import type { HttpRequest, HttpResponse } from '../../apimachinery/http.ts';
import { channelFormat, ChannelSocket } from '../../apimachinery/streaming/channel-socket.ts';
import type { MuxStream } from '../../apimachinery/streaming/mux-stream.ts';
import { portForwardProtocol, portForwardTunnel } from '../../apimachinery/streaming/protocols.ts';
import { openTunnel } from '../../apimachinery/streaming/socket-tunnel.ts';
import { SpdyConnection, type SpdyStream } from '../../apimachinery/streaming/spdy-connection.ts';
import { acceptWebSocket, wantsWebSocket } from '../../apimachinery/streaming/web-socket-handshake.ts';
import { WebSocketConnection } from '../../apimachinery/streaming/web-socket.ts';
import type { Clock } from '../../system/clock.ts';
import type { RuntimeService } from '../cri/runtime.ts';
import { KubeletRequestError, textAnswer } from './kubelet-answers.ts';
import { acceptSpdy } from './stream-channels.ts';

/** The pod whose ports are reached. */
export interface PortTarget {
  readonly runtime: RuntimeService;
  readonly clock: Clock;
  readonly pod: Pod;
  readonly sandboxId: string;
}

const channelProtocols: readonly string[] = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
/** How long a connection may lack one of its two streams. */
const streamCreationMillis = 30_000;

/** `/portForward/…`: connections to ports of a pod, over SPDY/3.1, the same inside a WebSocket, or old channels. */
export function handlePortForward(request: HttpRequest, query: URLSearchParams, target: PortTarget): HttpResponse {
  if (!wantsWebSocket(request.headers)) {
    return acceptSpdy(request, [portForwardProtocol], (connection) => void serveSpdy(connection, target));
  }
  const accepted = acceptWebSocket(request.headers, [portForwardTunnel, ...channelProtocols]);
  if (typeof accepted === 'string') return textAnswer(403, accepted);
  const { headers, protocol } = accepted;
  const ports = protocol === portForwardTunnel ? [] : requiredPorts(query);
  return {
    status: 101,
    headers,
    body: new Uint8Array(),
    takeOver(connection) {
      const socket = new WebSocketConnection(connection, 'server');
      if (protocol === portForwardTunnel) void serveSpdy(openTunnel(socket), target);
      else void serveChannels(socket, protocol, ports, target);
    },
  };
}

/** @throws KubeletRequestError 400 */
function requiredPorts(query: URLSearchParams): readonly number[] {
  const texts = query.getAll('port');
  if (texts.length === 0) throw new KubeletRequestError(400, 'query parameter "port" is required');
  return texts.flatMap((text) => {
    if (text === '') throw new KubeletRequestError(400, 'query parameter "port" cannot be empty');
    return text.split(',').map((word) => {
      const port = portOf(word);
      if (typeof port === 'number') return port;
      throw new KubeletRequestError(400, port);
    });
  });
}

/** A port, or what is wrong with it. */
function portOf(text: string): number | string {
  if (!/^\d+$/.test(text) || Number(text) > 0xffff) {
    return `unable to parse ${JSON.stringify(text)} as a port: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  }
  return Number(text) > 0 ? Number(text) : `port ${JSON.stringify(text)} must be > 0`;
}

/** Two streams that belong together: a connection, and what went wrong with it. */
interface StreamPair {
  data?: SpdyStream;
  error?: SpdyStream;
}

async function serveSpdy(connection: Duplex, target: PortTarget): Promise<void> {
  const pairs = new Map<string, StreamPair>();
  const spdy = new SpdyConnection(connection, {
    role: 'server',
    onStream(stream) {
      const { streamtype, port = '' } = stream.headers;
      if ((streamtype !== 'data' && streamtype !== 'error') || typeof portOf(port) === 'string') return false;
      const id = requestId(stream);
      let pair = pairs.get(id);
      if (pair === undefined) {
        pair = {};
        pairs.set(id, pair);
        dropIncomplete(pairs, id, target.clock);
      }
      if (pair[streamtype] !== undefined) return false;
      pair[streamtype] = stream;
      const { data, error } = pair;
      if (data !== undefined && error !== undefined) {
        pairs.delete(id);
        void forward(Number(port), data, error, target);
      }
      return true;
    },
  });
  await spdy.run().catch(() => undefined);
}

/** The id that joins two streams; old clients open them one after the other instead, the error stream first. */
function requestId({ headers, id }: SpdyStream): string {
  const { requestid = '', streamtype } = headers;
  if (requestid !== '') return requestid;
  return String(streamtype === 'error' ? id : id - 2);
}

function dropIncomplete(pairs: Map<string, StreamPair>, id: string, clock: Clock): void {
  clock.setTimer(
    () => {
      const pair = pairs.get(id);
      pairs.delete(id);
      pair?.error?.end(`(request=${id}) timed out waiting for streams`);
      pair?.data?.destroy();
    },
    streamCreationMillis,
    { unref: true },
  );
}

async function forward(port: number, data: MuxStream, error: MuxStream, target: PortTarget): Promise<void> {
  error.resume();
  try {
    await target.runtime.portForward(target.sandboxId, port, data);
    error.end();
  } catch (failure) {
    const { name = '', namespace = '', uid = '' } = target.pod.metadata;
    const reason = messageOf(failure);
    const text = `error forwarding port ${port} to pod ${name}_${namespace}, uid ${uid}: ${reason}`;
    error.end(text, () => data.destroy());
  }
}

/** A pair of channels for each port, data and errors, that begin with the port in two bytes. */
async function serveChannels(
  socket: WebSocketConnection,
  protocol: string,
  ports: readonly number[],
  target: PortTarget,
): Promise<void> {
  const channels = new ChannelSocket(socket, channelFormat(protocol), ports.length * 2, 'server');
  const received = channels.run();
  received.catch(() => undefined);
  const served = ports.map(async (port, index) => {
    const data = channels.channel(index * 2);
    const error = channels.channel(index * 2 + 1);
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(port);
    data.write(bytes);
    error.write(bytes);
    await forward(port, data, error, target);
  });
  await Promise.allSettled(served);
  await socket.close();
}
