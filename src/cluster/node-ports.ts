import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { HttpHandler } from '../apimachinery/http.ts';
import { type ServedHandler, serveRequest, serveUpgrade } from '../apimachinery/serve-http.ts';
import { connectionPair } from '../node/cri/connection-pair.ts';
import { overTls, type ServerIdentity } from '../node/cri/simulation/port-server.ts';
import type { ProxyServer } from '../node/proxy/proxy-server.ts';

export interface NodePortsOptions {
  /** The kubelet's server, which asks who calls. */
  readonly kubelet: HttpHandler;
  readonly proxy: ProxyServer;
  /** What the kubelet's server shows; asked for when it is needed. */
  readonly identity: () => Promise<ServerIdentity>;
  readonly onFailure: (error: unknown) => void;
}

/** Where kubelets listen, over TLS. */
const kubeletPort = 10_250;
/** Where they say whether they are well, to the node alone. */
const kubeletHealthPort = 10_248;

const kubeletHealth: HttpHandler = async ({ path }) => {
  const isHealth = (path.split('?')[0] ?? '') === '/healthz';
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return { status: isHealth ? 200 : 404, headers, body: Buffer.from(isHealth ? 'ok' : '404 page not found\n') };
};

/** What listens on a node itself, in reach of its pods: its kubelet and its service proxy. */
export class NodePorts {
  readonly #options: NodePortsOptions;
  readonly #handlers = new WeakMap<Duplex, HttpHandler>();
  #server: Server | undefined;
  #secure: Promise<SecureContext> | undefined;

  constructor(options: NodePortsOptions) {
    this.#options = options;
  }

  /** Connects to a port of the node; undefined when nothing listens there. @param from the address it comes from */
  async dial(port: number, from: string): Promise<Duplex | undefined> {
    const isLoopback = from.startsWith('127.');
    const handler = this.#handlerOf(port, isLoopback);
    if (handler === undefined) return undefined;
    const [near, far] = connectionPair(from);
    const served = port === kubeletPort ? overTls(far, await this.#secureContext()) : far;
    this.#handlers.set(served, handler);
    this.#server ??= this.#createServer();
    this.#server.emit('connection', served);
    return near;
  }

  #handlerOf(port: number, isLoopback: boolean): HttpHandler | undefined {
    if (port === kubeletPort) return this.#options.kubelet;
    if (port === kubeletHealthPort) return isLoopback ? kubeletHealth : undefined;
    return this.#options.proxy.handlerOf(port, isLoopback);
  }

  #secureContext(): Promise<SecureContext> {
    this.#secure ??= this.#options
      .identity()
      .then(({ certificate, privateKey }) => createSecureContext({ cert: certificate, key: privateKey }));
    return this.#secure;
  }

  #createServer(): Server {
    const servedFor = ({ socket }: IncomingMessage): ServedHandler => ({
      handle: (request) => {
        const handle = this.#handlers.get(socket);
        if (handle === undefined) throw new Error('a connection that nobody serves');
        return handle(request);
      },
      onFailure: this.#options.onFailure,
    });
    const server = createServer((request, response) => void serveRequest(servedFor(request), request, response));
    server.on('upgrade', (request, connection: Duplex, head: Uint8Array) => {
      void serveUpgrade(servedFor(request), request, connection, head);
    });
    return server;
  }
}
