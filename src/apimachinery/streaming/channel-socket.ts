import { MuxStream } from './mux-stream.ts';
import type { WebSocketConnection } from './web-socket.ts';

/** In v5: the byte after it is the channel whose sender has ended. */
const closeSignal = 255;
const zero = 0x30;

/** A WebSocket's subprotocol of the family `channel.k8s.io`, as far as it changes the bytes. */
export interface ChannelFormat {
  /** Channels are digits and data is base64, in text messages. */
  readonly base64: boolean;
  /** A client can end one channel and go on with the others. */
  readonly closes: boolean;
}

/** The format of a subprotocol; the plain one for none. */
export function channelFormat(subprotocol: string): ChannelFormat {
  return { base64: subprotocol.includes('base64.'), closes: subprotocol.startsWith('v5.') };
}

/** Channels over one WebSocket: the first byte of a message says which. */
export class ChannelSocket {
  readonly #socket: WebSocketConnection;
  readonly #format: ChannelFormat;
  readonly #channels: readonly MuxStream[];

  readonly #tellsEnds: boolean;
  #isOver = false;

  /** @param count how many channels there are. @param role only clients tell that a channel has ended */
  constructor(socket: WebSocketConnection, format: ChannelFormat, count: number, role: 'client' | 'server') {
    this.#socket = socket;
    this.#format = format;
    this.#tellsEnds = format.closes && role === 'client';
    this.#channels = Array.from(
      { length: count },
      (_, index) => new MuxStream({ send: (chunk) => this.#send(index, chunk), finish: () => this.#finish(index) }),
    );
  }

  /** @throws Error when there is no such channel (a bug) */
  channel(index: number): MuxStream {
    const channel = this.#channels[index];
    if (channel === undefined) throw new Error(`there is no channel ${index}`);
    return channel;
  }

  /** Takes what comes until the other side closes; then all channels end. @throws Error as the WebSocket does */
  async run(onFrame?: () => void): Promise<void> {
    try {
      for await (const { data } of this.#socket.messages(onFrame)) await this.#receive(data);
      this.#isOver = true;
      for (const channel of this.#channels) {
        channel.deliverEnd();
        if (!channel.writableEnded) channel.end();
      }
    } catch (error) {
      for (const channel of this.#channels) channel.destroy(error instanceof Error ? error : undefined);
      throw error;
    }
  }

  async #receive(message: Buffer): Promise<void> {
    const [first] = message;
    if (first === undefined) return;
    if (this.#format.closes && first === closeSignal) {
      this.#channels[message[1] ?? closeSignal]?.deliverEnd();
      return;
    }
    const { base64 } = this.#format;
    const data = base64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1);
    await this.#channels[base64 ? first - zero : first]?.deliver(data);
  }

  /** An empty piece is sent too: it tells that the channel is there. */
  announce(index: number): Promise<void> {
    return this.#send(index, new Uint8Array());
  }

  #send(index: number, chunk: Uint8Array): Promise<void> {
    if (this.#format.base64) {
      return this.#socket.send(Buffer.from(`${index}${Buffer.from(chunk).toString('base64')}`), { text: true });
    }
    return this.#socket.send(Buffer.concat([Buffer.from([index]), chunk]));
  }

  #finish(index: number): Promise<void> {
    return this.#tellsEnds && !this.#isOver ? this.#socket.send(Buffer.from([closeSignal, index])) : Promise.resolve();
  }
}
