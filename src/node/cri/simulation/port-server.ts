import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';

/** What listens on the declared ports of a simulated pod: a server that says who it is and what it was asked. */
export class PortServer {
  readonly #name: string;
  #server: Server | undefined;

  /** @param name `namespace/pod` */
  constructor(name: string) {
    this.#name = name;
  }

  /** Serves one connection to a port until it ends. */
  async serve(port: number, connection: Duplex): Promise<void> {
    this.#server ??= createServer((request, response) => {
      request.resume();
      const forPort = ports.get(request.socket) ?? port;
      response.setHeader('content-type', 'text/plain; charset=utf-8');
      response.end(`simulated pod ${this.#name}, port ${forPort}: ${request.method ?? ''} ${request.url ?? ''}\n`);
    });
    ports.set(connection, port);
    const closed = once(connection, 'close').catch(() => undefined);
    const finished = once(connection, 'finish').catch(() => undefined);
    this.#server.emit('connection', connection);
    await Promise.race([closed, finished]);
    // Nothing more is answered; what the other side still sends goes nowhere.
    connection.resume();
  }
}

/** The port that each connection came to. */
const ports = new WeakMap<Duplex, number>();
