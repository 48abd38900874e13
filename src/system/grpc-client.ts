import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { type Clock, sleep } from './clock.ts';
import { systemReasonOrMessage } from './file-errors.ts';

/** Codes of gRPC by their numbers (grpc/doc/statuscodes.md). */
const codes = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

/** A name of a gRPC status. */
export type GrpcCode = (typeof codes)[number];

/** A call that failed; the message is as grpc-go words it. */
export class GrpcError extends Error {
  readonly code: GrpcCode;

  constructor(code: GrpcCode, description: string) {
    super(`rpc error: code = ${code} desc = ${description}`);
    this.code = code;
  }
}

/** A client of one gRPC server on a Unix socket, for calls of one message each way. */
export interface GrpcClient {
  /**
   * Sends a message and gives the answer's. A server that is not there yet is waited for.
   * @param method `/package.Service/Method`
   * @throws GrpcError
   */
  call(method: string, message: Uint8Array, timeoutMillis: number): Promise<Uint8Array>;
  close(): void;
}

export interface GrpcClientOptions {
  /** A path, or with a leading @ a name in Linux' abstract namespace. */
  readonly socketPath: string;
  readonly clock: Clock;
}

/** How long until a server that is not there is looked for again. */
const redialMillis = 200;
/** Answers are no longer, as grpc-go has it. */
const maxAnswerBytes = 4 * 1024 * 1024;
const headBytes = 5;

/** Makes a client; it connects with the first call. */
export function createGrpcClient(options: GrpcClientOptions): GrpcClient {
  return new SocketClient(options);
}

class SocketClient implements GrpcClient {
  readonly #options: GrpcClientOptions;
  #session: Promise<ClientHttp2Session> | undefined;
  readonly #closing = new AbortController();
  #calls = 0;

  constructor(options: GrpcClientOptions) {
    this.#options = options;
  }

  async call(method: string, message: Uint8Array, timeoutMillis: number): Promise<Uint8Array> {
    const expired = new AbortController();
    const timer = this.#options.clock.setTimer(() => expired.abort(), timeoutMillis, { unref: true });
    try {
      const signal = AbortSignal.any([expired.signal, this.#closing.signal]);
      const session = await this.#ready(signal);
      // A process waits for answers, not for a connection that nothing is asked on.
      this.#calls++;
      session.ref();
      try {
        return await exchange(session, method, message, signal);
      } finally {
        this.#calls--;
        if (this.#calls === 0) session.unref();
      }
    } finally {
      timer.cancel();
    }
  }

  close(): void {
    this.#closing.abort();
    void this.#session?.then((session) => session.destroy()).catch(() => undefined);
  }

  async #ready(signal: AbortSignal): Promise<ClientHttp2Session> {
    for (;;) {
      try {
        return await (this.#session ??= this.#connect());
      } catch (error) {
        this.#session = undefined;
        await sleep(this.#options.clock, redialMillis, signal);
        if (!signal.aborted) continue;
        const why = `transport: Error while dialing: dial unix ${this.#options.socketPath}: connect: ${systemReasonOrMessage(error)}`;
        throw new GrpcError(
          'DeadlineExceeded',
          `latest balancer error: connection error: desc = ${JSON.stringify(why)}`,
        );
      }
    }
  }

  #connect(): Promise<ClientHttp2Session> {
    const { socketPath } = this.#options;
    const path = socketPath.startsWith('@') ? `\0${socketPath.slice(1)}` : socketPath;
    const session = connectHttp2('http://localhost', { createConnection: () => connectSocket(path) });
    const connected = new Promise<ClientHttp2Session>((resolve, reject) => {
      session.once('connect', () => resolve(session));
      session.on('error', (error) => reject(error instanceof Error ? error : new Error(String(error))));
    });
    const forget = (): void => {
      if (this.#session === connected) this.#session = undefined;
    };
    session.on('close', forget).on('goaway', forget).on('error', forget);
    return connected;
  }
}

function exchange(
  session: ClientHttp2Session,
  method: string,
  message: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: method,
      [constants.HTTP2_HEADER_TE]: 'trailers',
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_USER_AGENT]: 'kubectl-ts-grpc/1.0',
    });
    const fail = (error: GrpcError): void => {
      reject(error);
      stream.close(constants.NGHTTP2_CANCEL);
    };
    const abort = (): void => fail(new GrpcError('DeadlineExceeded', 'context deadline exceeded'));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    let status: GrpcError | 'ok' | undefined;
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('response', (headers) => {
      const code = Number(headers[constants.HTTP2_HEADER_STATUS] ?? 0);
      if (code !== 200) fail(new GrpcError('Unknown', `unexpected HTTP status code received from server: ${code}`));
      status = statusOf(headers) ?? status;
    });
    stream.on('trailers', (trailers) => (status = statusOf(trailers) ?? status));
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size <= maxAnswerBytes + headBytes) return;
      fail(
        new GrpcError('ResourceExhausted', `grpc: received message larger than max (${size} vs. ${maxAnswerBytes})`),
      );
    });
    stream.on('error', (error: Error) => fail(new GrpcError('Unavailable', error.message)));
    stream.on('close', () => {
      signal.removeEventListener('abort', abort);
      if (status instanceof GrpcError) reject(status);
      else if (status === undefined) reject(new GrpcError('Unavailable', 'error reading from server: EOF'));
      else settle(Buffer.concat(chunks), resolve, reject);
    });
    stream.end(frame(message));
  });
}

function settle(body: Buffer, resolve: (message: Uint8Array) => void, reject: (error: Error) => void): void {
  if (body.byteLength < headBytes || body.byteLength < headBytes + body.readUInt32BE(1)) {
    reject(
      new GrpcError('Internal', 'cardinality violation: received no response message from non-server-streaming RPC'),
    );
  } else if (body[0] !== 0)
    reject(new GrpcError('Internal', 'grpc: compressed flag set with identity or empty encoding'));
  else resolve(body.subarray(headBytes, headBytes + body.readUInt32BE(1)));
}

/** What headers or trailers say of the call; undefined where they say nothing. */
function statusOf(headers: Readonly<Record<string, unknown>>): GrpcError | 'ok' | undefined {
  const text = headers['grpc-status'];
  if (typeof text !== 'string' && typeof text !== 'number') return undefined;
  const code = codes[Number(text)] ?? 'Unknown';
  if (code === 'OK') return 'ok';
  const message = headers['grpc-message'];
  return new GrpcError(code, typeof message === 'string' ? decodeMessage(message) : '');
}

/** Percent-encoded, as the protocol has it; what is not stays. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A message with its head: not compressed, so many bytes. */
function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}
