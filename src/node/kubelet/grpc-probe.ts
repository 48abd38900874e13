import { connect } from 'node:http2';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../apimachinery/error-message.ts';
import {
  decodeHealthResponse,
  encodeHealthRequest,
  grpcCodes,
  healthCheckPath,
} from '../../apimachinery/grpc-health.ts';
import type { HandlerContext, HandlerResult, HandlerTarget } from './runtime-prober.ts';

/** Asks a server how it is by the gRPC Health Checking Protocol. */
export async function grpcHandler(
  context: HandlerContext,
  target: HandlerTarget,
  { port, service = '' }: { readonly port: number; readonly service?: string },
  timeoutSeconds: number,
): Promise<HandlerResult> {
  if (!(await context.runtime.runs(target.containerId))) return { ok: true, output: '' };
  const address = `${target.podIP}:${port}`;
  let connection: Duplex;
  try {
    connection = await context.dial(target.podIP, port);
  } catch {
    const output = `timeout: failed to connect service ${JSON.stringify(address)} within ${timeoutSeconds}s: context deadline exceeded`;
    return { ok: false, output };
  }
  const late = new AbortController();
  const timer = context.clock.setTimer(() => late.abort(), timeoutSeconds * 1000, { unref: true });
  try {
    return await check(connection, address, service, late.signal);
  } catch (error) {
    if (late.signal.aborted)
      return { ok: false, output: `timeout: health rpc did not complete within ${timeoutSeconds}s` };
    return { ok: false, output: `error: health rpc failed: ${messageOf(error)}` };
  } finally {
    timer.cancel();
    connection.destroy();
  }
}

function check(connection: Duplex, authority: string, service: string, signal: AbortSignal): Promise<HandlerResult> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${authority}`, { createConnection: () => connection });
    session.once('error', reject);
    signal.addEventListener('abort', () => session.destroy(new Error('aborted')), { once: true });
    const call = session.request({
      ':method': 'POST',
      ':path': healthCheckPath,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.36',
    });
    const chunks: Uint8Array[] = [];
    let [code, message] = ['', ''];
    const note = (headers: Readonly<Record<string, unknown>>): void => {
      const { 'grpc-status': status, 'grpc-message': text } = headers;
      if (typeof status === 'string') code = status;
      if (typeof text === 'string') message = text;
    };
    call.on('response', note);
    call.on('trailers', note);
    call.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    call.once('error', reject);
    call.once('end', () => {
      session.close();
      resolve(resultOf(Number(code === '' ? '2' : code), message, Buffer.concat(chunks)));
    });
    call.end(encodeHealthRequest(service));
  });
}

function resultOf(code: number, message: string, body: Buffer): HandlerResult {
  if (code === grpcCodes.unimplemented) {
    const output = `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`;
    return { ok: false, output };
  }
  if (code !== grpcCodes.ok) return { ok: false, output: `error: health rpc failed: ${message}` };
  const status = decodeHealthResponse(body);
  if (status === 'SERVING') return { ok: true, output: '' };
  return { ok: false, output: `service unhealthy (responded with ${JSON.stringify(status)})` };
}
