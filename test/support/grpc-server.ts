import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** What a method answers: a message, or a code with a text. */
export type GrpcAnswer = Uint8Array | { readonly code: number; readonly message: string };

/** A gRPC server on a Unix socket, for calls of one message each way. */
export interface GrpcServer {
  readonly socketPath: string;
  close(): Promise<void>;
}

/** A path for a socket that is gone after the test. */
export function socketPathOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-grpc-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'plugin.sock');
}

/** Starts a server that ends with the test. */
export async function startGrpcServer(
  context: TestContext,
  socketPath: string,
  answer: (method: string, message: Uint8Array) => GrpcAnswer | Promise<GrpcAnswer>,
): Promise<GrpcServer> {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const message = Buffer.concat(chunks).subarray(5);
      void Promise.resolve(answer(headers[':path'] ?? '', message)).then((answered) => respond(stream, answered));
    });
  });
  server.listen(socketPath);
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    for (const session of sessions) session.destroy();
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
  };
  context.after(close);
  return { socketPath, close };
}

function respond(stream: ServerHttp2Stream, answer: GrpcAnswer): void {
  if (stream.destroyed) return;
  const head = { ':status': 200, 'content-type': 'application/grpc' };
  if (!(answer instanceof Uint8Array)) {
    stream.respond(
      { ...head, 'grpc-status': answer.code, 'grpc-message': encodeURIComponent(answer.message) },
      { endStream: true },
    );
    return;
  }
  stream.respond(head, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  const frame = Buffer.alloc(5 + answer.byteLength);
  frame.writeUInt32BE(answer.byteLength, 1);
  frame.set(answer, 5);
  stream.end(frame);
}
