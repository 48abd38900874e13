import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { endChunkedBody } from '../../apimachinery/chunked-body.ts';
import type { ParserError } from '../../apimachinery/unreadable-request.ts';

/** The requests that have come on a connection: the first is being answered, the others wait. */
interface Line {
  readonly requests: IncomingMessage[];
  /** What begins to answer those that wait, in their order. */
  readonly waiting: (() => void)[];
  whenDone?: () => void;
}

/**
 * The requests of HTTP/1 that connections wait for answers to: several, when a client does not wait with the next. One
 * of a connection is answered at a time, as by Go's server, and no more are read while others wait; others have their
 * turn between them.
 */
export class PendingAnswers {
  readonly #lines = new WeakMap<Duplex, Line>();
  readonly #onIdle: (socket: Duplex) => void;

  /** @param onIdle told of connections that have all their answers. */
  constructor(onIdle: (socket: Duplex) => void) {
    this.#onIdle = onIdle;
  }

  /** Notes a request until its answer is sent or its connection has gone. @param begin called when it is its turn */
  add(request: IncomingMessage, response: ServerResponse, begin: () => void): void {
    const { socket } = request;
    let line = this.#lines.get(socket);
    if (line === undefined) {
      line = { requests: [request], waiting: [] };
      this.#lines.set(socket, line);
    } else {
      line.requests.push(request);
      line.waiting.push(begin);
      socket.pause();
    }
    const own = line;
    response.on('close', () => this.#next(socket, own));
    if (own.requests.length === 1) begin();
  }

  #next(socket: Duplex, line: Line): void {
    line.requests.shift();
    const begin = line.waiting.shift();
    if (begin === undefined) {
      this.#lines.delete(socket);
      line.whenDone?.();
      this.#onIdle(socket);
      return;
    }
    setImmediate(() => {
      // The answer before was the last one that the connection had.
      if (socket.destroyed || !socket.writable) return;
      // Its body may still be to come.
      if (line.waiting.length === 0) socket.resume();
      begin();
    });
  }

  /** Whether a connection waits for an answer. */
  has(socket: Duplex): boolean {
    return this.#lines.has(socket);
  }

  /**
   * Tells who reads the last request's body that it cannot be read; they answer it.
   * @returns false when it was no body in chunks that could not be read.
   */
  tellOfBody(socket: Duplex, error: ParserError): boolean {
    const last = this.#lines.get(socket)?.requests.at(-1);
    return last !== undefined && endChunkedBody(last, error);
  }

  /**
   * Does something when a connection has the answers to the requests that came whole: now, when there are none. What
   * is wrong with the body of a request is said at once, since nobody else will answer that.
   */
  afterThem(socket: Duplex, act: () => void): void {
    const line = this.#lines.get(socket);
    if (line?.requests.every((request) => request.complete) === true) line.whenDone = act;
    else act();
  }
}
