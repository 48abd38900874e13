import { createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';

/** Listens for connections. */
export interface TcpListener {
  readonly port: number;
  /** Stops listening; connections go on. */
  close(): void;
}

/**
 * Listens on an address. @param port 0 for a free one
 * @throws Error of Node, with `code`
 */
export function listenTcp(
  address: string,
  port: number,
  onConnection: (connection: Duplex) => void,
): Promise<TcpListener> {
  return listenOn(createServer({ allowHalfOpen: true }, onConnection), { host: address, port });
}

function listenOn(server: Server, where: { readonly host: string; readonly port: number }): Promise<TcpListener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, ipv6Only: where.host.includes(':') }, () => {
      const bound = server.address();
      resolve({
        port: typeof bound === 'object' && bound !== null ? bound.port : where.port,
        close: () => void server.close(),
      });
    });
  });
}
