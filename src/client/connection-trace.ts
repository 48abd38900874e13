import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { asTransportError } from './transport-error.ts';
import { transportReason } from './transport-reason.ts';
import type { Clock } from '../system/clock.ts';

type Connector = buildConnector.connector;

/** How long the steps of a new connection took, in milliseconds; those of one that is there take none. */
export interface ConnectionSteps {
  readonly lookup: number;
  readonly dial: number;
  readonly handshake: number;
}

/** What becomes of connections while requests wait for them, as Go's httptrace tells it. */
export class ConnectionTrace {
  readonly #clock: Clock;
  readonly #write: (source: string, message: string) => void;
  #steps: ConnectionSteps | undefined;

  /** @param write takes each message; its source is where the real program says it */
  constructor(clock: Clock, write: (source: string, message: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** The steps of the connection that was made last, once; undefined when none was made since. */
  take(): ConnectionSteps | undefined {
    const steps = this.#steps;
    this.#steps = undefined;
    return steps;
  }

  /** Makes connections as the given connector does, and watches it. */
  follow(connector: Connector): Connector {
    return (options, callback) => {
      // undici's own connector returns the socket, which its types do not tell.
      const socket: unknown = connector(options, callback);
      if (isSocket(socket)) this.#watch(socket, options.hostname);
      return socket;
    };
  }

  #watch(socket: Socket, host: string): void {
    let last = this.#clock.now();
    let [lookup, dial] = [0, 0];
    let isNamed = false;
    const passed = (): number => {
      const now = this.#clock.now();
      const millis = Math.floor(now - last);
      last = now;
      return millis;
    };
    const done = (handshake: number): void => {
      this.#steps = { lookup, dial, handshake };
    };
    const found: string[] = [];
    const tellLookup = (): void => {
      if (!isNamed) return;
      isNamed = false;
      const addresses = found.map((ip) => `{"IP":"${ip}","Zone":""}`).join(',');
      this.#write('round_trippers.go:547', `"HTTP Trace: DNS Lookup resolved" host="${host}" address=[${addresses}]`);
    };
    done(0);
    socket.on('lookup', (_error: Error | null, address: string | undefined) => {
      lookup += passed();
      isNamed = true;
      if (typeof address === 'string') found.push(address);
      done(0);
    });
    socket.on('connectionAttempt', () => {
      tellLookup();
      passed();
    });
    socket.on('connectionAttemptFailed', (ip: string, port: number, _family: number, error: Error) => {
      dial = passed();
      done(0);
      const address = addressOf(ip, port);
      const reason = transportReason(asTransportError(error, address));
      const fields = `network="tcp" address="${address}" err=${JSON.stringify(reason)}`;
      this.#write('round_trippers.go:560', `"HTTP Trace: Dial failed" ${fields}`);
    });
    socket.on('connect', () => {
      dial = passed();
      done(0);
      const { remoteAddress = '', remotePort = 0 } = socket;
      const address = addressOf(remoteAddress, remotePort);
      this.#write('round_trippers.go:562', `"HTTP Trace: Dial succeed" network="tcp" address="${address}"`);
    });
    socket.on('secureConnect', () => done(passed()));
    socket.once('error', tellLookup);
  }
}

function isSocket(value: unknown): value is Socket {
  return typeof value === 'object' && value !== null && 'on' in value;
}

function addressOf(ip: string, port: number): string {
  return `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
}
