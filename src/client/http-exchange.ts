import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import type { HttpHeaders, HttpResponse } from '../apimachinery/http.ts';
import { asTransportError, TransportError } from './transport-error.ts';

/** As much of an answer is kept unread before the connection is paused. */
const highWaterBytes = 1 << 20;

type ReceivedHeaders = Record<string, string | string[] | undefined>;

/** One request under way: undici's handler on one side, the response with its streaming body on the other. */
export class HttpExchange implements Dispatcher.DispatchHandler {
  /** Settles with the response as soon as its headers are there. @throws TransportError */
  readonly response: Promise<HttpResponse>;
  readonly #address: string;
  readonly #signal: AbortSignal | undefined;
  readonly #keepsCoding: boolean;
  readonly #onAbort: () => void;
  #resolve: (response: HttpResponse) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #ended = false;
  #error: TransportError | undefined;
  #answered = false;
  #wake: (() => void) | undefined;

  /**
   * @param address `host:port`, for errors.
   * @param keepsCoding whether a packed answer stays packed.
   */
  constructor(address: string, signal: AbortSignal | undefined, keepsCoding = false) {
    this.#keepsCoding = keepsCoding;
    this.#address = address;
    this.#signal = signal;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#onAbort = () => this.#cancel(() => asTransportError(signal?.reason, address));
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted === true) this.#onAbort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#error !== undefined) controller.abort(this.#error);
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ReceivedHeaders,
    socket: Duplex,
  ): void {
    this.#ended = true;
    this.#forgetSignal();
    this.#resolve({ status, headers, body: new Uint8Array(), upgraded: socket });
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ReceivedHeaders): void {
    if (status < 200) return;
    this.#controller = controller;
    this.#answered = true;
    const isGzip = headers['content-encoding'] === 'gzip' && !this.#keepsCoding;
    const kept: HttpHeaders = isGzip
      ? { ...headers, 'content-encoding': undefined, 'content-length': undefined }
      : headers;
    this.#resolve({ status, headers: kept, body: isGzip ? this.#unzipped() : this.#body() });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered > highWaterBytes) controller.pause();
    this.#wakeUp();
  }

  onResponseEnd(): void {
    this.#forgetSignal();
    // undici takes its connection back in the next turn of the event loop. A request sent before that would open
    // another one, with a handshake of its own.
    setImmediate(() =>
      setImmediate(() => {
        this.#ended = true;
        this.#wakeUp();
      }),
    );
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(asTransportError(error, this.#address));
  }

  #fail(error: TransportError): void {
    this.#error ??= error;
    this.#forgetSignal();
    if (!this.#answered) this.#reject(this.#error);
    this.#wakeUp();
  }

  /** Ends it from this side; nothing happens to one that is over. */
  #cancel(reason: () => TransportError): void {
    if (this.#ended || this.#error !== undefined) return;
    const error = reason();
    this.#fail(error);
    this.#controller?.abort(error);
  }

  #forgetSignal(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  async *#body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunks = this.#chunks;
        this.#chunks = [];
        this.#buffered = 0;
        yield* chunks;
        if (this.#chunks.length > 0) continue;
        if (this.#error !== undefined) throw this.#error;
        if (this.#ended) return;
        if (this.#controller?.paused === true) this.#controller.resume();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.#leave();
    }
  }

  /** The reader has gone: what is still to come is not wanted. */
  #leave(): void {
    this.#cancel(() => new TransportError('aborted', this.#address, '', 'the answer was not read to its end'));
  }

  async *#unzipped(): AsyncGenerator<Uint8Array> {
    // Answers below 128 KiB come plain, so that few commands need the module.
    const { createGunzip } = await import('node:zlib');
    const unzip = createGunzip();
    const pumped = pipeline(this.#body(), unzip);
    // What goes wrong shows below too.
    pumped.catch(() => undefined);
    try {
      for await (const chunk of unzip) yield chunk as Uint8Array;
    } catch (error) {
      throw asTransportError(error, this.#address);
    } finally {
      // A pump that waits for data is woken, or it would hold the connection.
      this.#leave();
    }
  }
}
