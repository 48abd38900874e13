import type { HttpHandler, Peer, Transport } from '../apimachinery/http.ts';
import { asTransportError } from './transport-error.ts';

/**
 * Calls a server of the same process directly: no socket, no TLS.
 * @param peer who the server sees; `127.0.0.1` without certificates when absent.
 */
export function createInProcessTransport(handler: HttpHandler, peer?: Peer): Transport {
  const seen = peer ?? { address: '127.0.0.1', certificates: [] };
  return {
    send(request) {
      // A handler hears of aborts to come only.
      if (request.signal?.aborted === true) return Promise.reject(asTransportError(request.signal.reason, ''));
      return handler({ ...request, peer: seen });
    },
    close: () => Promise.resolve(),
  };
}
