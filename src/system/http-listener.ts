import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import type { Duplex } from 'node:stream';

/** Where an HTTP server listens: an address and port (0 for a free one), or a Unix socket. */
export type HttpPlace = { readonly host: string; readonly port: number } | { readonly path: string };

/** What comes to an HTTP server. */
export interface HttpListenerOptions {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onUpgrade: (request: IncomingMessage, connection: Duplex, head: Uint8Array) => void;
  /** Milliseconds between signs of life on idle connections; 0 for the system's own. */
  readonly keepAliveMillis: number;
}

/** A server that listens. */
export interface HttpListener {
  /** `127.0.0.1:8001`, `[::1]:8001`, or the socket's path. */
  readonly address: string;
  /** Stops, and cuts what is left. */
  close(): void;
}

/** Bytes that a Unix socket's address has room for, its end not counted. */
const longestSocketPath = process.platform === 'linux' ? 107 : 103;

/**
 * Listens for plain HTTP/1.1. A Unix socket that is left over is replaced; only its owner may connect.
 * @throws Error of Node, with `code`
 */
export function listenHttp(place: HttpPlace, options: HttpListenerOptions): Promise<HttpListener> {
  const { keepAliveMillis } = options;
  const server = createServer({
    requestTimeout: 0,
    ...(keepAliveMillis > 0 ? { keepAlive: true, keepAliveInitialDelay: keepAliveMillis } : {}),
  });
  const upgraded = new Set<Duplex>();
  server.on('request', options.onRequest);
  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    upgraded.add(connection);
    connection.once('close', () => upgraded.delete(connection));
    options.onUpgrade(request, connection, head);
  });
  if ('path' in place) {
    // Longer paths the system would cut, and listen elsewhere.
    if (Buffer.byteLength(place.path) > longestSocketPath) {
      return Promise.reject(Object.assign(new Error('the path of the socket is too long'), { code: 'EINVAL' }));
    }
    removeSocket(place.path);
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, () => {
      if ('path' in place) chmodSync(place.path, 0o700);
      resolve({
        address: addressOf(server.address()),
        close() {
          server.close();
          server.closeAllConnections();
          for (const connection of upgraded) connection.destroy();
        },
      });
    });
  });
}

function removeSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) rmSync(path);
  } catch {
    // Nothing is there.
  }
}

function addressOf(bound: ReturnType<ReturnType<typeof createServer>['address']>): string {
  if (bound === null || typeof bound === 'string') return bound ?? '';
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}
