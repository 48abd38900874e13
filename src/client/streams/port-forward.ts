import type { Duplex } from 'node:stream';
import { portForwardProtocol, portForwardTunnel } from '../../apimachinery/streaming/protocols.ts';
import { openTunnel } from '../../apimachinery/streaming/socket-tunnel.ts';
import { SpdyConnection, type SpdyStream } from '../../apimachinery/streaming/spdy-connection.ts';
import type { Clock } from '../../system/clock.ts';
import type { VerboseLog } from '../../system/klog.ts';
import type { Client } from '../client.ts';
import { UpgradeError } from '../upgrade-error.ts';
import { connectSpdy, connectWebSocket, keepAlive, type StreamTarget, webSocketFailure } from './stream-connections.ts';

/** A way to the ports of a pod. */
export interface PortForward {
  /** Settles when the connection to the pod has ended, by either side. */
  readonly closed: Promise<void>;
  /**
   * Carries one local connection to a port of the pod until either side ends it.
   * @throws Error with what the other side says; the way may be of no use then
   */
  carry(port: number, local: Duplex): Promise<void>;
  close(): void;
}

/** The world of a port-forward. */
export interface PortForwardWorld {
  readonly client: Client;
  readonly clock: Clock;
  /** Only SPDY/3.1 itself, as KUBECTL_PORT_FORWARD_WEBSOCKETS=false asks for. */
  readonly withoutWebSocket: boolean;
  readonly log?: VerboseLog;
}

/**
 * Opens the way: SPDY/3.1 inside a WebSocket (KEP-4006), or bare where the server does not know that.
 * @throws UpgradeError for a server that refuses
 */
export async function openPortForward(target: StreamTarget, world: PortForwardWorld): Promise<PortForward> {
  const spdy = await connect(target, world);
  const life = keepAlive(spdy, world.clock);
  const closed = spdy
    .run(life.heard)
    .catch(() => undefined)
    .then(() => life.stop());
  let requests = 0;
  return {
    closed,
    carry: (port, local) => carry(spdy, port, String(requests++), local),
    close: () => spdy.destroy(),
  };
}

async function connect(target: StreamTarget, world: PortForwardWorld): Promise<SpdyConnection> {
  const { client, log, withoutWebSocket } = world;
  if (!withoutWebSocket) {
    try {
      log?.(4, 'tunneling_dialer.go:96', 'Before WebSocket Upgrade Connection...');
      const { socket } = await connectWebSocket(client, target, [portForwardTunnel]);
      log?.(4, 'tunneling_dialer.go:106', `negotiated protocol: ${portForwardProtocol}`);
      return new SpdyConnection(openTunnel(socket), { role: 'client' });
    } catch (error) {
      if (!(error instanceof UpgradeError)) throw error;
      const reason = webSocketFailure(error);
      log?.(4, 'fallback_dialer.go:73', `fallback to secondary dialer from primary dialer err: ${reason}`);
    }
  }
  const { spdy, protocol } = await connectSpdy(client, target, [portForwardProtocol]);
  if (protocol === portForwardProtocol) return spdy;
  spdy.destroy();
  throw new Error(
    `unable to negotiate protocol: client supports "${portForwardProtocol}", server returned ${JSON.stringify(protocol)}`,
  );
}

async function carry(spdy: SpdyConnection, port: number, requestid: string, local: Duplex): Promise<void> {
  const headers = { port: String(port), requestid };
  let errors: SpdyStream;
  let data: SpdyStream;
  try {
    errors = await spdy.open({ ...headers, streamtype: 'error' });
    errors.end();
    data = await spdy.open({ ...headers, streamtype: 'data' });
  } catch (error) {
    local.destroy();
    throw error;
  }
  const told = readAll(errors);
  local.on('error', () => data.destroy());
  local.pipe(data);
  data.pipe(local);
  await new Promise<void>((resolve) => {
    data.once('end', resolve);
    data.once('close', resolve);
    local.once('error', () => resolve());
  });
  // What is still to be sent is not wanted any more, and must not hold up the others.
  if (!data.writableFinished) data.destroy();
  const message = await told;
  local.end(() => local.destroy());
  if (message !== '') throw new Error(message);
}

async function readAll(stream: SpdyStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>)
      chunks.push(chunk);
  } catch {
    // The connection broke off, which is told elsewhere.
  }
  return Buffer.concat(chunks).toString('utf8');
}
