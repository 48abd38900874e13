import type { HttpHandler, Peer, Transport } from '../apimachinery/http.ts';

/**
 * Calls a server of the same process directly: no socket, no TLS.
 * @param peer who the server sees; `127.0.0.1` without certificates when absent.
 */
export function createInProcessTransport(handler: HttpHandler, peer?: Peer): Transport {
  const seen = peer ?? { address: '127.0.0.1', certificates: [] };
  return {
    send: (request) => handler({ ...request, peer: seen }),
    close: () => Promise.resolve(),
  };
}
