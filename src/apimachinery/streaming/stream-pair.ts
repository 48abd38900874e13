import { type Duplex, duplexPair } from 'node:stream';

/**
 * Two streams within the process, each of which reads what the other writes. Their ends and errors stay their own,
 * whatever the version of Node: later ones than 20 would end or destroy the other stream, too.
 */
export function streamPair(): [Duplex, Duplex] {
  const pair = duplexPair();
  const destroyAlone = { _destroy: (error: Error | null, callback: (error: Error | null) => void) => callback(error) };
  for (const one of pair) Object.assign(one, destroyAlone);
  return pair;
}
