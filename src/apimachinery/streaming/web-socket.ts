import { randomFillSync } from 'node:crypto';
import type { Duplex } from 'node:stream';

/** A whole message, put together from its fragments. */
export interface WebSocketMessage {
  readonly binary: boolean;
  readonly data: Buffer;
}

/** The other side broke RFC 6455; `code` is the close code that it is told. */
export class WebSocketError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'WebSocketError';
    this.code = code;
  }
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Larger messages are refused: streams send pieces of some tens of KiB. */
const maxMessageBytes = 32 << 20;

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

/**
 * A WebSocket after its handshake (RFC 6455, no extensions), over any connection. Pings are answered while messages
 * are read.
 */
export class WebSocketConnection {
  readonly #connection: Duplex;
  readonly #isClient: boolean;
  #closeSent = false;
  /** Set when the other side has closed: its code, 1005 when it named none. */
  closeCode: number | undefined;

  /** @param connection its input begins with the first frame. @param role clients mask what they send */
  constructor(connection: Duplex, role: 'client' | 'server') {
    this.#connection = connection;
    this.#isClient = role === 'client';
    connection.on('error', () => undefined);
  }

  /** Sends a message; resolves when the connection has taken it. @throws Error when the connection is gone */
  send(data: Uint8Array, options: { readonly text?: boolean } = {}): Promise<void> {
    return this.#write(options.text === true ? opcodes.text : opcodes.binary, data);
  }

  /** Asks for a sign of life. */
  ping(): Promise<void> {
    return this.#write(opcodes.ping, new Uint8Array());
  }

  /** Says goodbye; what was sent before still arrives. The messages end when the other side has answered. */
  async close(code = 1000, reason = ''): Promise<void> {
    if (this.#closeSent) return;
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code, 0);
    payload.write(reason, 2);
    await this.#write(opcodes.close, payload).catch(() => undefined);
    this.#closeSent = true;
    this.#connection.end();
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#connection.destroy();
  }

  /**
   * The messages until the other side closes. The reader's pace is the sender's.
   * @param onFrame told of every frame, control frames too: a sign of life
   * @throws WebSocketError for a broken protocol, Error for a connection that breaks off
   */
  async *messages(onFrame: () => void = () => undefined): AsyncGenerator<WebSocketMessage> {
    let fragments: Buffer[] = [];
    let binary = false;
    try {
      for await (const frame of this.#frames()) {
        onFrame();
        if (frame.opcode >= opcodes.close) {
          if (await this.#control(frame)) return;
          continue;
        }
        if (frame.opcode === opcodes.continuation ? fragments.length === 0 : fragments.length > 0) {
          throw new WebSocketError(1002, 'a fragment does not fit to the one before');
        }
        if (frame.opcode > opcodes.binary) throw new WebSocketError(1002, `unknown opcode ${frame.opcode}`);
        if (frame.opcode !== opcodes.continuation) binary = frame.opcode === opcodes.binary;
        fragments.push(frame.payload);
        if (fragments.reduce((sum, { length }) => sum + length, 0) > maxMessageBytes) {
          throw new WebSocketError(1009, 'the message is too large');
        }
        if (!frame.final) continue;
        const data = fragments.length === 1 ? frame.payload : Buffer.concat(fragments);
        fragments = [];
        yield { binary, data };
      }
      if (!this.#closeSent) throw new WebSocketError(1006, 'the connection ended without a close frame');
    } catch (error) {
      if (error instanceof WebSocketError && error.code !== 1006) await this.close(error.code, error.message);
      throw error;
    }
  }

  /** @returns whether that was the end. */
  async #control({ opcode, payload }: Frame): Promise<boolean> {
    if (opcode === opcodes.ping) await this.#write(opcodes.pong, payload).catch(() => undefined);
    if (opcode !== opcodes.close) return false;
    this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    await this.close(this.closeCode === 1005 ? 1000 : this.closeCode);
    // The last frame is on its way; what may still come is not for us.
    this.#connection.resume();
    return true;
  }

  async *#frames(): AsyncGenerator<Frame> {
    let pending: Buffer = Buffer.alloc(0);
    const chunks = this.#connection.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of chunks) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      for (;;) {
        const frame = readFrame(pending, !this.#isClient);
        if (frame === undefined) break;
        pending = pending.subarray(frame.size);
        yield frame;
      }
    }
  }

  #write(opcode: number, payload: Uint8Array): Promise<void> {
    if (this.#closeSent) return Promise.reject(new WebSocketError(1000, 'the WebSocket is closed'));
    const frame = writeFrame(opcode, payload, this.#isClient);
    return new Promise((resolve, reject) => {
      this.#connection.write(frame, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });
  }
}

/** The first frame of `bytes` and its size; undefined when it is not there whole. @throws WebSocketError */
function readFrame(bytes: Buffer, masked: boolean): (Frame & { readonly size: number }) | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  if ((first & 0x70) !== 0) throw new WebSocketError(1002, 'a frame uses an extension');
  if (((second & 0x80) !== 0) !== masked) throw new WebSocketError(1002, 'a frame has the wrong masking');
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const head = 2 + lengthBytes + (masked ? 4 : 0);
  if (bytes.length < head) return undefined;
  const length =
    lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > maxMessageBytes) throw new WebSocketError(1009, 'the message is too large');
  const opcode = first & 0x0f;
  const final = (first & 0x80) !== 0;
  if (opcode >= opcodes.close && (length > 125 || !final)) {
    throw new WebSocketError(1002, 'a control frame is too long or in pieces');
  }
  if (bytes.length < head + length) return undefined;
  const payload = Buffer.from(bytes.subarray(head, head + length));
  if (masked) applyMask(payload, bytes.subarray(head - 4, head));
  return { final, opcode, payload, size: head + length };
}

function writeFrame(opcode: number, payload: Uint8Array, masked: boolean): Buffer {
  const { byteLength } = payload;
  const lengthBytes = byteLength < 126 ? 0 : byteLength < 0x1_0000 ? 2 : 8;
  const head = 2 + lengthBytes + (masked ? 4 : 0);
  const frame = Buffer.alloc(head + byteLength);
  frame[0] = 0x80 | opcode;
  frame[1] = (masked ? 0x80 : 0) | (lengthBytes === 0 ? byteLength : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(byteLength, 2);
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(byteLength), 2);
  frame.set(payload, head);
  if (masked) {
    randomFillSync(frame, head - 4, 4);
    applyMask(frame.subarray(head), frame.subarray(head - 4, head));
  }
  return frame;
}

function applyMask(payload: Uint8Array, mask: Uint8Array): void {
  for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0);
}
