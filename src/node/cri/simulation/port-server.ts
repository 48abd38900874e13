import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { MessageProtocol } from '../pod-place.ts';
import { type ConnectionPeer, peerOf, showPeer } from '../connection-pair.ts';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

/** What a server that speaks TLS shows, PEM. */
export interface ServerIdentity {
  readonly certificate: string;
  readonly privateKey: string;
  /** Clients are asked for a certificate; none is looked at here. */
  readonly requestsCertificate?: boolean;
}

/** What a program answers to a datagram. @param from the address it comes from; empty when that is not known */
export type DatagramAnswer = (
  payload: Uint8Array,
  from: string,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

interface PortListener {
  readonly answer: RequestListener;
  /** For those that speak TLS. */
  readonly secureContext: SecureContext | undefined;
  readonly requestsCertificate: boolean;
}

/**
 * What listens on the ports of a simulated pod: programs that listen themselves, and on ports that are declared and
 * that nobody else has, a server that says who it is and what it was asked.
 */
export class PortServer {
  readonly #name: string;
  readonly #declared: readonly number[];
  readonly #listeners = new Map<number, PortListener>();
  readonly #raw = new Map<number, (connection: Duplex) => void>();
  readonly #messages = new Map<string, DatagramAnswer>();
  #server: Server | undefined;

  /** @param name `namespace/pod` @param declared ports that something listens on in any case */
  constructor(name: string, declared: readonly number[]) {
    this.#name = name;
    this.#declared = declared;
  }

  /** A program listens, over TLS when it has an identity. @returns what ends it @throws Error for PEM that is none */
  listen(port: number, answer: RequestListener, identity?: ServerIdentity): () => void {
    const secureContext =
      identity === undefined
        ? undefined
        : createSecureContext({
            cert: identity.certificate,
            key: identity.privateKey,
            // Sessions of clients that showed a certificate are for none but this server to take up again.
            sessionIdContext: String(port),
          });
    const listener = { answer, secureContext, requestsCertificate: identity?.requestsCertificate ?? false };
    this.#listeners.set(port, listener);
    return () => {
      if (this.#listeners.get(port) === listener) this.#listeners.delete(port);
    };
  }

  /** A program takes connections as they are. @returns what ends it */
  listenRaw(port: number, accept: (connection: Duplex) => void): () => void {
    this.#raw.set(port, accept);
    return () => {
      if (this.#raw.get(port) === accept) this.#raw.delete(port);
    };
  }

  /** A program takes datagrams, or messages of SCTP, and may answer each with another. @returns what ends it */
  listenDatagrams(port: number, answer: DatagramAnswer, protocol: MessageProtocol = 'UDP'): () => void {
    const key = `${protocol}/${port}`;
    this.#messages.set(key, answer);
    return () => {
      if (this.#messages.get(key) === answer) this.#messages.delete(key);
    };
  }

  /** What comes back for a datagram, or a message of SCTP. @throws Error when nobody is there for an association */
  async datagram(
    port: number,
    payload: Uint8Array,
    from: string,
    protocol: MessageProtocol = 'UDP',
  ): Promise<Uint8Array | undefined> {
    const answer = this.#messages.get(`${protocol}/${port}`);
    if (answer === undefined && protocol === 'SCTP') throw new Error('connection refused');
    return answer?.(payload, from);
  }

  takesDatagrams(port: number, protocol: MessageProtocol = 'UDP'): boolean {
    return this.#messages.has(`${protocol}/${port}`);
  }

  /** The ports that something listens on, in their order. */
  openPorts(): number[] {
    const ports = new Set([...this.#declared, ...this.#listeners.keys(), ...this.#raw.keys()]);
    return [...ports].toSorted((left, right) => left - right);
  }

  isOpen(port: number): boolean {
    return this.#listeners.has(port) || this.#raw.has(port) || this.#declared.includes(port);
  }

  /** Serves one connection to a port until it ends. */
  async serve(port: number, connection: Duplex): Promise<void> {
    const accept = this.#raw.get(port);
    if (accept !== undefined) {
      const ended = once(connection, 'close').catch(() => undefined);
      accept(connection);
      await ended;
      return;
    }
    this.#server ??= createServer((request, response) => {
      const forPort = ports.get(request.socket) ?? port;
      const listener = this.#listeners.get(forPort);
      if (listener !== undefined) {
        listener.answer(request, response);
        return;
      }
      request.resume();
      response.setHeader('content-type', 'text/plain; charset=utf-8');
      response.end(`simulated pod ${this.#name}, port ${forPort}: ${request.method ?? ''} ${request.url ?? ''}\n`);
    });
    const { secureContext, requestsCertificate = false } = this.#listeners.get(port) ?? {};
    const served = secureContext === undefined ? connection : overTls(connection, secureContext, requestsCertificate);
    ports.set(served, port);
    const closed = once(connection, 'close').catch(() => undefined);
    const finished = once(connection, 'finish').catch(() => undefined);
    this.#server.emit('connection', served);
    await Promise.race([closed, finished]);
    // Nothing more is answered; what the other side still sends goes nowhere.
    connection.resume();
  }
}

/** The inside of a connection to a server that speaks TLS. */
export function overTls(connection: Duplex, secureContext: SecureContext, requestCert = false): Duplex {
  const secure = new TLSSocket(connection, {
    isServer: true,
    secureContext,
    requestCert,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
  secure.on('error', () => connection.destroy());
  showPeer(secure, peerOf(connection as ConnectionPeer));
  return secure;
}

/** The port that each connection came to. */
const ports = new WeakMap<Duplex, number>();
