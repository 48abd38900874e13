import type { HttpHandler, Peer, Transport } from '../apimachinery/http.ts';
import { streamPair } from '../apimachinery/streaming/stream-pair.ts';
import { asTransportError } from './transport-error.ts';

/**
 * Calls a server of the same process directly: no socket, no TLS.
 * @param peer who the server sees; `127.0.0.1` without certificates when absent.
 */
export function createInProcessTransport(handler: HttpHandler, peer?: Peer): Transport {
  const seen = peer ?? { address: '127.0.0.1', certificates: [] };
  return {
    async send(request) {
      // A handler hears of aborts to come only.
      if (request.signal?.aborted === true) throw asTransportError(request.signal.reason, '');
      const { takeOver, ...answer } = await handler({ ...request, peer: seen });
      if (takeOver === undefined) return answer;
      const [upgraded, served] = streamPair();
      // As over a socket: what was sent before an end still arrives, a side that is cut takes the other with it.
      upgraded.once('close', () => {
        if (!upgraded.writableFinished) served.destroy();
      });
      served.once('close', () => {
        if (!served.writableFinished) upgraded.destroy();
      });
      takeOver(served);
      return { ...answer, upgraded };
    },
    close: () => Promise.resolve(),
  };
}
