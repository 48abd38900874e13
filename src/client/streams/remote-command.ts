import type { Duplex } from 'node:stream';
import { messageOf } from '../../apimachinery/error-message.ts';
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import { channelFormat, ChannelSocket } from '../../apimachinery/streaming/channel-socket.ts';
import {
  exitCodeCause,
  nonZeroExitCode,
  type RemoteCommandChannel,
  remoteCommandChannels,
  remoteCommandV5,
  spdyRemoteCommandProtocols,
} from '../../apimachinery/streaming/protocols.ts';
import { klogText } from '../../apimachinery/klog-text.ts';
import type { Clock } from '../../system/clock.ts';
import type { VerboseLog } from '../../system/klog.ts';
import type { Client } from '../client.ts';
import { UpgradeError } from '../upgrade-error.ts';
import { ExitCodeError } from './exit-code-error.ts';
import { connectSpdy, connectWebSocket, keepAlive, type StreamTarget, webSocketFailure } from './stream-connections.ts';

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** The near ends of a remote command's streams; those that are absent are not asked for. */
export interface CommandStreams {
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Resolves when more may follow. */
  readonly stdout?: (chunk: Uint8Array) => Promise<void> | void;
  readonly stderr?: (chunk: Uint8Array) => Promise<void> | void;
  readonly tty: boolean;
  /** Sizes of the terminal, the first at once; with `tty`. */
  readonly resize?: AsyncIterable<TerminalSize>;
}

/** The world of a remote command. */
export interface CommandWorld {
  readonly client: Client;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Only SPDY/3.1, as KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false asks for. */
  readonly withoutWebSocket?: boolean;
  readonly log?: VerboseLog;
}

type Channels = Partial<Readonly<Record<RemoteCommandChannel, Duplex>>>;

interface OpenCommand {
  readonly channels: Channels;
  /** The error channel carries a Status; in old protocols text. */
  readonly hasStatus: boolean;
  close(): Promise<void>;
  destroy(): void;
}

/**
 * Runs exec or attach until the other side ends it: by WebSocket (KEP-4006), or by SPDY/3.1 where the server does not
 * speak v5 of the protocol.
 * @throws ExitCodeError; UpgradeError for a server that refuses; Error with what the server says
 */
export async function runRemoteCommand(
  target: StreamTarget,
  streams: CommandStreams,
  world: CommandWorld,
): Promise<void> {
  const command = await openCommand({ ...target, signal: world.signal }, streams, world);
  const onAbort = (): void => command.destroy();
  world.signal.addEventListener('abort', onAbort, { once: true });
  if (world.signal.aborted) onAbort();
  try {
    await carryStreams(command, streams);
  } finally {
    world.signal.removeEventListener('abort', onAbort);
    await command.close();
  }
}

async function openCommand(target: StreamTarget, streams: CommandStreams, world: CommandWorld): Promise<OpenCommand> {
  if (world.withoutWebSocket !== true) {
    try {
      return await openByWebSocket(target, streams, world);
    } catch (error) {
      if (!(error instanceof UpgradeError)) throw error;
      const reason = webSocketFailure(error);
      world.log?.(4, 'fallback.go:56', () => `"RemoteCommand fallback" err=${klogText(reason)}`);
    }
  }
  return openBySpdy(target, streams, world);
}

function wantedChannels(streams: CommandStreams): readonly RemoteCommandChannel[] {
  return remoteCommandChannels.filter((name) => {
    if (name === 'error') return true;
    if (name === 'resize') return streams.tty;
    return streams[name] !== undefined;
  });
}

async function openByWebSocket(
  target: StreamTarget,
  streams: CommandStreams,
  world: CommandWorld,
): Promise<OpenCommand> {
  const { socket, protocol } = await connectWebSocket(world.client, target, [remoteCommandV5]);
  world.log?.(4, 'websocket.go:134', `"Subprotocol negotiated" protocol="${protocol}"`);
  world.log?.(5, 'websocket.go:269', '"Websocket read starts" deadline="1m1s"');
  const multiplexer = new ChannelSocket(socket, channelFormat(protocol), remoteCommandChannels.length, 'client');
  const wanted = wantedChannels(streams);
  const channels: Partial<Record<RemoteCommandChannel, Duplex>> = {};
  for (const [index, name] of remoteCommandChannels.entries()) {
    if (wanted.includes(name)) channels[name] = multiplexer.channel(index);
    else multiplexer.channel(index).resume();
  }
  const life = keepAlive(socket, world.clock);
  multiplexer.run(life.heard).catch(() => undefined);
  return {
    channels,
    hasStatus: true,
    close: () => {
      life.stop();
      return socket.close();
    },
    destroy: () => socket.destroy(),
  };
}

async function openBySpdy(target: StreamTarget, streams: CommandStreams, world: CommandWorld): Promise<OpenCommand> {
  const { spdy, protocol } = await connectSpdy(world.client, target, spdyRemoteCommandProtocols);
  const life = keepAlive(spdy, world.clock);
  spdy.run(life.heard).catch(() => undefined);
  const resizes = protocol.startsWith('v4.') || protocol.startsWith('v3.');
  const channels: Partial<Record<RemoteCommandChannel, Duplex>> = {};
  // The error stream first: the server writes to it what goes wrong with the others.
  for (const name of wantedChannels(streams).toSorted(
    (left, right) => Number(right === 'error') - Number(left === 'error'),
  )) {
    if (name !== 'resize' || resizes) channels[name] = await spdy.open({ streamtype: name });
  }
  return {
    channels,
    hasStatus: protocol.startsWith('v4.'),
    close: () => {
      life.stop();
      return spdy.close();
    },
    destroy: () => spdy.destroy(),
  };
}

async function carryStreams({ channels, hasStatus }: OpenCommand, streams: CommandStreams): Promise<void> {
  const { stdin, stdout, stderr, error, resize } = channels;
  // What nobody reads must not hold up the others.
  stdin?.resume();
  resize?.resume();
  if (stdin !== undefined && streams.stdin !== undefined) void feed(stdin, streams.stdin);
  if (resize !== undefined && streams.resize !== undefined) void feed(resize, sizesAsJson(streams.resize));
  const outcome = error === undefined ? Promise.resolve('') : readAll(error);
  const copied = [
    ...(stdout === undefined ? [] : [copy(stdout, streams.stdout)]),
    ...(stderr === undefined ? [] : [copy(stderr, streams.stderr)]),
  ];
  // Whatever fails first is told; the others have been heard all the same.
  for (const one of copied) one.catch(() => undefined);
  const text = await outcome.catch((failure: unknown) => {
    throw new Error(`error reading from error stream: ${messageOf(failure)}`);
  });
  await Promise.allSettled(copied);
  const failure = failureOf(text, hasStatus);
  if (failure !== undefined) throw failure;
  await Promise.all(copied);
}

/** Writes what comes, then ends; a far end that is gone is no failure of its own. */
async function feed(channel: Duplex, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (channel.destroyed || channel.writableEnded) return;
      await new Promise<void>((resolve) => {
        channel.write(chunk, () => resolve());
      });
    }
  } catch {
    // The near end has been closed.
  }
  if (!channel.writableEnded) channel.end();
}

async function copy(channel: Duplex, sink: CommandStreams['stdout']): Promise<void> {
  for await (const chunk of channel.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>)
    await sink?.(chunk);
}

async function readAll(channel: Duplex): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of channel.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>)
    chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function* sizesAsJson(sizes: AsyncIterable<TerminalSize>): AsyncGenerator<Uint8Array> {
  for await (const { width, height } of sizes)
    yield Buffer.from(`${JSON.stringify({ Width: width, Height: height })}\n`);
}

/** What the error channel tells: nothing, or how the command failed. */
function failureOf(text: string, hasStatus: boolean): Error | undefined {
  if (text === '') return undefined;
  if (!hasStatus) return new Error(`error executing remote command: ${text}`);
  let status: JsonObject;
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return new Error(`error stream protocol error: no Status in ${JSON.stringify(text)}`);
    status = value;
  } catch (error) {
    const reason = messageOf(error);
    return new Error(`error stream protocol error: ${reason} in ${JSON.stringify(text)}`);
  }
  if (status['status'] === 'Success') return undefined;
  if (status['status'] !== 'Failure') return new Error('error stream protocol error: unknown error');
  if (status['reason'] !== nonZeroExitCode) return new Error(textOf(status['message']));
  if (!isJsonObject(status['details'])) return new Error('error stream protocol error: details must be set');
  const { causes } = status['details'];
  const cause = (Array.isArray(causes) ? causes : []).find(
    (one) => isJsonObject(one) && one['reason'] === exitCodeCause,
  );
  if (!isJsonObject(cause)) return new Error(`error stream protocol error: no ${exitCodeCause} cause given`);
  const code = textOf(cause['message']);
  if (!/^\d+$/.test(code) || Number(code) > 255) {
    return new Error(`error stream protocol error: invalid exit code value ${JSON.stringify(code)}`);
  }
  return new ExitCodeError(Number(code));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
