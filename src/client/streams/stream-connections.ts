import { header } from '../../apimachinery/http.ts';
import { streamProtocolHeader } from '../../apimachinery/streaming/protocols.ts';
import { SpdyConnection } from '../../apimachinery/streaming/spdy-connection.ts';
import { offerWebSocket } from '../../apimachinery/streaming/web-socket-handshake.ts';
import { WebSocketConnection } from '../../apimachinery/streaming/web-socket.ts';
import type { Clock } from '../../system/clock.ts';
import type { Client, Query } from '../client.ts';
import { UpgradeError } from '../upgrade-error.ts';

/** Where streams lead. */
export interface StreamTarget {
  readonly path: string;
  readonly query?: Query;
  readonly signal?: AbortSignal;
}

/** Opens a WebSocket with one of the subprotocols. @throws UpgradeError when the server does not speak them */
export async function connectWebSocket(
  client: Client,
  target: StreamTarget,
  protocols: readonly string[],
): Promise<{ readonly socket: WebSocketConnection; readonly protocol: string }> {
  const offer = offerWebSocket(protocols);
  const { headers, connection } = await client.upgrade({ method: 'GET', ...target, headers: offer.headers });
  const problem = offer.check(headers);
  if (problem !== undefined) {
    connection.destroy();
    throw new UpgradeError(101, problem);
  }
  const protocol = header(headers, 'sec-websocket-protocol') ?? '';
  return { socket: new WebSocketConnection(connection, 'client'), protocol };
}

/** Why there is no WebSocket, as client-go tells it before it goes on without. */
export function webSocketFailure(error: UpgradeError): string {
  return `unable to upgrade streaming request: ${error.reason}`;
}

/** Opens a SPDY/3.1 connection for old servers; the first protocol that the server takes counts. @throws UpgradeError */
export async function connectSpdy(
  client: Client,
  target: StreamTarget,
  protocols: readonly string[],
): Promise<{ readonly spdy: SpdyConnection; readonly protocol: string }> {
  const asked = { connection: 'Upgrade', upgrade: 'SPDY/3.1', [streamProtocolHeader]: protocols };
  const { headers, connection } = await client.upgrade({ method: 'POST', ...target, headers: asked });
  if ((header(headers, 'upgrade') ?? '').toLowerCase() !== 'spdy/3.1') {
    connection.destroy();
    throw new UpgradeError(101, '');
  }
  const spdy = new SpdyConnection(connection, { role: 'client' });
  return { spdy, protocol: header(headers, streamProtocolHeader) ?? '' };
}

const pingMillis = 5000;
/** Twelve pings without an answer, and a second. */
const silenceMillis = 12 * pingMillis + 1000;

/**
 * Asks the other side for a sign of life every five seconds, and cuts the connection after a minute without one.
 * `heard` is called for each; `stop` ends it.
 */
export function keepAlive(
  connection: { ping(): Promise<void>; destroy(): void },
  clock: Clock,
): { readonly heard: () => void; readonly stop: () => void } {
  let last = clock.now();
  let timer = clock.setTimer(tick, pingMillis, { unref: true });
  function tick(): void {
    if (clock.now() - last > silenceMillis) {
      connection.destroy();
      return;
    }
    connection.ping().catch(() => undefined);
    timer = clock.setTimer(tick, pingMillis, { unref: true });
  }
  return {
    heard: () => {
      last = clock.now();
    },
    stop: () => timer.cancel(),
  };
}
