import type { Duplex } from 'node:stream';
import type { HttpRequest, HttpResponse } from '../../apimachinery/http.ts';
import { channelFormat, ChannelSocket } from '../../apimachinery/streaming/channel-socket.ts';
import type { MuxStream } from '../../apimachinery/streaming/mux-stream.ts';
import {
  acceptedStreamProtocolsHeader,
  headerList,
  type RemoteCommandChannel,
  remoteCommandChannels,
  remoteCommandSubprotocols,
  requestedUpgrade,
  spdyRemoteCommandProtocols,
  streamProtocolHeader,
} from '../../apimachinery/streaming/protocols.ts';
import { SpdyConnection } from '../../apimachinery/streaming/spdy-connection.ts';
import { acceptWebSocket, wantsWebSocket } from '../../apimachinery/streaming/web-socket-handshake.ts';
import { WebSocketConnection } from '../../apimachinery/streaming/web-socket.ts';
import type { Clock } from '../../system/clock.ts';
import { textAnswer } from './kubelet-answers.ts';

/** Which streams of exec or attach are wanted. */
export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** The streams of one exec or attach, whatever carries them. */
export interface StreamChannels {
  /** Those that are there. */
  readonly streams: Partial<Readonly<Record<RemoteCommandChannel, MuxStream>>>;
  /** The error stream carries a Status; in old protocols text. */
  readonly hasStatus: boolean;
  /** Ends the connection when all that was written is sent. */
  close(): Promise<void>;
}

type Serve = (channels: StreamChannels) => Promise<void>;

/** How long a client may take to open its streams (the kubelet's streamCreationTimeout). */
const streamCreationMillis = 30_000;

/** Query of exec and attach. @returns undefined when no stream is asked for */
export function parseStreamOptions(query: URLSearchParams): StreamOptions | undefined {
  const has = (...names: string[]): boolean => names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''));
  const tty = has('tty');
  const options = {
    stdin: has('input', 'stdin'),
    stdout: has('output', 'stdout'),
    stderr: has('error', 'stderr') && !tty,
    tty,
  };
  return options.stdin || options.stdout || options.stderr ? options : undefined;
}

/** Takes over the connection of a request, by WebSocket or SPDY/3.1, and serves its streams. */
export function acceptStreams(request: HttpRequest, options: StreamOptions, clock: Clock, serve: Serve): HttpResponse {
  if (wantsWebSocket(request.headers)) return acceptChannelSocket(request, options, serve);
  return acceptSpdy(request, spdyRemoteCommandProtocols, (connection, protocol) => {
    void serveSpdyStreams(connection, protocol, options, clock, serve);
  });
}

function acceptChannelSocket(request: HttpRequest, options: StreamOptions, serve: Serve): HttpResponse {
  const accepted = acceptWebSocket(request.headers, remoteCommandSubprotocols);
  if (typeof accepted === 'string') return textAnswer(403, accepted);
  const { headers, protocol } = accepted;
  return {
    status: 101,
    headers,
    body: new Uint8Array(),
    takeOver: (connection) => void serveChannelSocket(connection, protocol, options, serve),
  };
}

async function serveChannelSocket(
  connection: Duplex,
  protocol: string,
  options: StreamOptions,
  serve: Serve,
): Promise<void> {
  const socket = new WebSocketConnection(connection, 'server');
  const channels = new ChannelSocket(socket, channelFormat(protocol), remoteCommandChannels.length, 'server');
  const streams: Partial<Record<RemoteCommandChannel, MuxStream>> = {};
  for (const [index, name] of remoteCommandChannels.entries()) {
    const wanted = name === 'error' || name === 'resize' || options[name];
    if (wanted) streams[name] = channels.channel(index);
    else channels.channel(index).resume();
  }
  const received = channels.run();
  received.catch(() => undefined);
  try {
    // An empty message tells the client that the connection is there.
    await channels.announce(options.stdout ? 1 : options.stderr ? 2 : 3);
    await serve({
      streams,
      hasStatus: protocol.startsWith('v4.') || protocol.startsWith('v5.'),
      close: () => socket.close(),
    });
  } catch {
    socket.destroy();
  }
}

/** 101 for a client that speaks one of the protocols over SPDY/3.1, or what keeps it from being. */
export function acceptSpdy(
  request: HttpRequest,
  protocols: readonly string[],
  takeOver: (connection: Duplex, protocol: string) => void,
): HttpResponse {
  const offered = headerList(request.headers, streamProtocolHeader);
  const protocol = offered.find((name) => protocols.includes(name)) ?? (offered.length === 0 ? protocols.at(-1) : '');
  if (protocol === undefined || protocol === '') {
    const text = `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${protocols.join(' ')}]\n`;
    const refusal = textAnswer(403, text);
    return { ...refusal, headers: { ...refusal.headers, [acceptedStreamProtocolsHeader]: protocols } };
  }
  if (requestedUpgrade(request.headers) !== 'spdy/3.1') {
    return textAnswer(400, 'unable to upgrade: missing upgrade headers in request\n');
  }
  return {
    status: 101,
    headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', [streamProtocolHeader]: protocol },
    body: new Uint8Array(),
    takeOver: (connection) => takeOver(connection, protocol),
  };
}

async function serveSpdyStreams(
  connection: Duplex,
  protocol: string,
  options: StreamOptions,
  clock: Clock,
  serve: Serve,
): Promise<void> {
  const resizes = options.tty && (protocol.startsWith('v4.') || protocol.startsWith('v3.'));
  const expected = 1 + [options.stdin, options.stdout, options.stderr, resizes].filter(Boolean).length;
  const streams: Partial<Record<RemoteCommandChannel, MuxStream>> = {};
  let complete: () => void = () => undefined;
  const completed = new Promise<void>((resolve) => {
    complete = resolve;
  });
  const spdy = new SpdyConnection(connection, {
    role: 'server',
    onStream(stream) {
      const type = remoteCommandChannels.find((name) => name === stream.headers['streamtype']);
      if (type === undefined || streams[type] !== undefined) return false;
      streams[type] = stream;
      if (Object.keys(streams).length === expected) complete();
      return true;
    },
  });
  const timer = clock.setTimer(() => spdy.destroy(), streamCreationMillis, { unref: true });
  const received = spdy.run();
  received.catch(() => undefined);
  const isThere = await Promise.race([
    completed.then(() => true),
    received.then(
      () => false,
      () => false,
    ),
  ]);
  timer.cancel();
  if (!isThere) return;
  try {
    await serve({ streams, hasStatus: protocol.startsWith('v4.'), close: () => spdy.close() });
  } catch {
    spdy.destroy();
  }
}
