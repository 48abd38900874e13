import type { Duplex } from 'node:stream';
import { streamPair } from '../../apimachinery/streaming/stream-pair.ts';

/** The range that Linux takes the ports of clients from. */
const [firstClientPort, lastClientPort] = [32_768, 60_999];
let clientPort = firstClientPort;

/**
 * The two ends of a connection within the process. An end that is destroyed, as an HTTP server does after a request that
 * is none, is the end of what the other reads, as when a socket closes; errors of either stay its own.
 * @param from the address that the far end sees the connection come from; it sees none when this is absent or empty
 */
export function connectionPair(from = ''): [near: Duplex, far: Duplex] {
  const [near, far] = streamPair();
  endWith(near, far);
  endWith(far, near);
  if (from !== '') {
    clientPort = clientPort === lastClientPort ? firstClientPort : clientPort + 1;
    showPeer(far, { remoteAddress: from, remotePort: clientPort });
  }
  return [near, far];
}

/** Who is at the other end, by the names that sockets have for it. */
export interface ConnectionPeer {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

/** The peer of a connection; without an address when that is not known. */
export function peerOf(connection: ConnectionPeer): ConnectionPeer {
  const { remoteAddress, remotePort } = connection;
  return remoteAddress === undefined || remotePort === undefined ? {} : { remoteAddress, remotePort };
}

/** Has a connection that is no socket say who is at its other end, as a socket does. */
export function showPeer(connection: Duplex, { remoteAddress, remotePort }: ConnectionPeer): void {
  for (const [name, value] of Object.entries({ remoteAddress, remotePort })) {
    if (value !== undefined) Object.defineProperty(connection, name, { value, configurable: true });
  }
}

function endWith(end: Duplex, other: Duplex): void {
  end.on('error', () => undefined);
  other.once('close', () => {
    if (!other.writableEnded && !end.destroyed) end.push(null);
  });
}
