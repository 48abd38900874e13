import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { endChunkedBody } from '../../apimachinery/chunked-body.ts';
import type { ParserError } from '../../apimachinery/serve-unknown-method.ts';

/** The requests of HTTP/1 that connections wait for answers to: several, when a client does not wait with the next. */
export class PendingAnswers {
  readonly #pending = new Map<Duplex, IncomingMessage[]>();
  readonly #whenDone = new Map<Duplex, () => void>();

  /** Notes a request until its answer is sent or its connection has gone. */
  add(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const requests = this.#pending.get(socket) ?? [];
    requests.push(request);
    this.#pending.set(socket, requests);
    response.on('close', () => {
      requests.splice(requests.indexOf(request), 1);
      if (requests.length > 0) return;
      this.#pending.delete(socket);
      this.#whenDone.get(socket)?.();
      this.#whenDone.delete(socket);
    });
  }

  /** Whether a connection waits for an answer. */
  has(socket: Duplex): boolean {
    return this.#pending.has(socket);
  }

  /**
   * Tells who reads the last request's body that it cannot be read; they answer it.
   * @returns false when it was no body in chunks that could not be read.
   */
  tellOfBody(socket: Duplex, error: ParserError): boolean {
    const last = this.#pending.get(socket)?.at(-1);
    return last !== undefined && endChunkedBody(last, error);
  }

  /**
   * Does something when a connection has the answers to the requests that came whole: now, when there are none. What
   * is wrong with the body of a request is said at once, since nobody else will answer that.
   */
  afterThem(socket: Duplex, act: () => void): void {
    const requests = this.#pending.get(socket);
    if (requests?.every((request) => request.complete) === true) this.#whenDone.set(socket, act);
    else act();
  }
}
