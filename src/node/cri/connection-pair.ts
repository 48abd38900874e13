import { type Duplex, duplexPair } from 'node:stream';

/**
 * The two ends of a connection within the process. An end that is destroyed, as an HTTP server does after a request that
 * is none, is the end of what the other reads, as when a socket closes; errors of either stay its own.
 */
export function connectionPair(): [near: Duplex, far: Duplex] {
  const [near, far] = duplexPair();
  endWith(near, far);
  endWith(far, near);
  return [near, far];
}

function endWith(end: Duplex, other: Duplex): void {
  end.on('error', () => undefined);
  other.once('close', () => {
    if (!other.writableEnded && !end.destroyed) end.push(null);
  });
}
