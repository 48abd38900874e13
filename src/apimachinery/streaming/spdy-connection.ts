import type { Duplex } from 'node:stream';
import { MuxStream } from './mux-stream.ts';
import { type SpdyHeaders, SpdyHeaderReader, SpdyHeaderWriter } from './spdy-headers.ts';

const types = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7, headers: 8 } as const;
const finFlag = 1;
const version = 3;
const refusedStream = 3;
const cancelStream = 5;
const protocolError = 1;
/** Frames that claim to be larger are not read. */
const maxFrameBytes = 16 << 20;

/** One stream of a connection, with the headers it was opened with. */
export class SpdyStream extends MuxStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  /** For streams opened here: settles when the other side has taken it. */
  answered: { resolve: () => void; reject: (error: Error) => void } | undefined;
  /** The other side has given it up, or does not know of it: it is not told. */
  isGone = false;

  constructor(link: ConstructorParameters<typeof MuxStream>[0], id: number, headers: SpdyHeaders) {
    super(link);
    this.id = id;
    this.headers = headers;
  }
}

/** What a connection asks of its owner. */
export interface SpdyConnectionOptions {
  readonly role: 'client' | 'server';
  /** A stream that the other side opens; false refuses it. All are refused when absent. */
  readonly onStream?: (stream: SpdyStream) => boolean;
}

/**
 * SPDY/3.1 as Kubernetes uses it: many streams over one upgraded connection, without flow control of its own (as
 * moby/spdystream speaks it; window updates are ignored, the connection's back pressure counts).
 */
export class SpdyConnection {
  readonly #connection: Duplex;
  readonly #options: SpdyConnectionOptions;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #writer = new SpdyHeaderWriter();
  readonly #reader = new SpdyHeaderReader();
  #nextId: number;
  #nextPing: number;
  #closing = false;

  /** @param connection its input begins with the first frame */
  constructor(connection: Duplex, options: SpdyConnectionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#nextId = options.role === 'client' ? 1 : 2;
    this.#nextPing = this.#nextId;
    connection.on('error', () => undefined);
  }

  /** Opens a stream; resolves when the other side has taken it. @throws Error when it does not */
  async open(headers: SpdyHeaders): Promise<SpdyStream> {
    const stream = this.#addStream(this.#nextId, headers);
    this.#nextId += 2;
    const payload = Buffer.concat([word(stream.id), word(0), Buffer.alloc(2), this.#writer.write(headers)]);
    const answered = new Promise<void>((resolve, reject) => {
      stream.answered = { resolve, reject };
    });
    await this.#write(controlFrame(types.synStream, 0, payload));
    await answered;
    return stream;
  }

  /** Asks for a sign of life. */
  ping(): Promise<void> {
    const id = this.#nextPing;
    this.#nextPing += 2;
    return this.#write(controlFrame(types.ping, 0, word(id)));
  }

  /** Says goodbye; what was sent before still arrives. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.#write(controlFrame(types.goAway, 0, Buffer.concat([word(0), word(0)]))).catch(() => undefined);
    this.#connection.end();
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#connection.destroy();
  }

  /**
   * Takes what comes until the connection ends; then all streams end.
   * @param onFrame told of every frame: a sign of life
   * @throws Error for a broken protocol or connection
   */
  async run(onFrame: () => void = () => undefined): Promise<void> {
    let failure: Error | undefined;
    try {
      let pending: Buffer = Buffer.alloc(0);
      const chunks = this.#connection.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      for await (const chunk of chunks) {
        pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
        while (pending.length >= 8) {
          const size = 8 + (pending.readUInt32BE(4) & 0xff_ffff);
          if (size > maxFrameBytes) throw new Error('a SPDY frame is too large');
          if (pending.length < size) break;
          onFrame();
          await this.#frame(pending.subarray(0, size));
          pending = pending.subarray(size);
        }
      }
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    this.#end(failure);
    if (failure !== undefined && !this.#closing) throw failure;
  }

  #end(failure: Error | undefined): void {
    this.#reader.close();
    for (const stream of this.#streams.values()) {
      stream.isGone = true;
      stream.answered?.reject(failure ?? new Error('the connection has ended'));
      if (failure === undefined) endStream(stream);
      else stream.destroy(failure);
    }
    this.#streams.clear();
    this.#connection.destroy();
  }

  async #frame(frame: Buffer): Promise<void> {
    const first = frame.readUInt32BE(0);
    const isFinal = (frame.readUInt8(4) & finFlag) !== 0;
    const payload = frame.subarray(8);
    if ((first & 0x8000_0000) === 0) {
      const stream = this.#streams.get(first);
      if (payload.length > 0) await stream?.deliver(Buffer.from(payload));
      if (isFinal) stream?.deliverEnd();
      return;
    }
    if (((first >>> 16) & 0x7fff) !== version) throw new Error('a SPDY frame of another version than 3');
    await this.#control(first & 0xffff, isFinal, payload);
  }

  async #control(type: number, isFinal: boolean, payload: Buffer): Promise<void> {
    const id = payload.length >= 4 ? payload.readUInt32BE(0) & 0x7fff_ffff : 0;
    switch (type) {
      case types.synStream:
        await this.#accept(id, await this.#reader.read(payload.subarray(10)), isFinal);
        return;
      case types.synReply:
      case types.headers: {
        await this.#reader.read(payload.subarray(4));
        const stream = this.#streams.get(id);
        stream?.answered?.resolve();
        if (isFinal) stream?.deliverEnd();
        return;
      }
      case types.rstStream:
        this.#wasReset(id);
        return;
      case types.ping:
        // Those with our own parity are answers.
        if (id % 2 !== this.#nextPing % 2) await this.#write(controlFrame(types.ping, 0, word(id)));
        return;
      default:
      // Settings, window updates and the other side's goodbye change nothing here.
    }
  }

  async #accept(id: number, headers: SpdyHeaders, isFinal: boolean): Promise<void> {
    if (id === 0 || id % 2 === this.#nextId % 2 || this.#streams.has(id)) {
      await this.#write(resetFrame(id, protocolError));
      return;
    }
    const stream = this.#addStream(id, headers);
    if (this.#options.onStream?.(stream) !== true) {
      this.#streams.delete(id);
      stream.isGone = true;
      stream.destroy();
      await this.#write(resetFrame(id, refusedStream));
      return;
    }
    await this.#write(controlFrame(types.synReply, 0, Buffer.concat([word(id), this.#writer.write({})])));
    if (isFinal) stream.deliverEnd();
  }

  #wasReset(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    stream.isGone = true;
    stream.answered?.reject(new Error('the stream was refused'));
    // As spdystream has it: what came before can be read, then it has ended.
    endStream(stream);
  }

  #addStream(id: number, headers: SpdyHeaders): SpdyStream {
    const stream = new SpdyStream(
      {
        send: (chunk) => (stream.isGone ? Promise.resolve() : this.#write(dataFrame(id, 0, chunk))),
        finish: () => (stream.isGone ? Promise.resolve() : this.#write(dataFrame(id, finFlag, new Uint8Array()))),
        reset: () => {
          this.#streams.delete(id);
          if (!stream.isGone) this.#write(resetFrame(id, cancelStream)).catch(() => undefined);
        },
      },
      id,
      headers,
    );
    this.#streams.set(id, stream);
    stream.once('close', () => this.#streams.delete(id));
    return stream;
  }

  #write(frame: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connection.write(frame, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });
  }
}

/** Neither side sends any more. */
function endStream(stream: SpdyStream): void {
  stream.deliverEnd();
  if (!stream.writableEnded) stream.end();
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

function controlFrame(type: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8000 | version, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(payload.byteLength, 4);
  head.writeUInt8(flags, 4);
  return Buffer.concat([head, payload]);
}

function dataFrame(id: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.concat([word(id), word(payload.byteLength)]);
  head.writeUInt8(flags, 4);
  return Buffer.concat([head, payload]);
}

function resetFrame(id: number, status: number): Buffer {
  return controlFrame(types.rstStream, 0, Buffer.concat([word(id), word(status)]));
}
