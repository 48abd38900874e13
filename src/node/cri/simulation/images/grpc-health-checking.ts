import { createServer, type ServerHttp2Stream } from 'node:http2';
import {
  decodeHealthRequest,
  encodeHealthResponse,
  grpcCodes,
  healthCheckPath,
} from '../../../../apimachinery/grpc-health.ts';
import { formatDuration } from '../../../../apimachinery/duration.ts';
import type { ProcessContext } from '../process-context.ts';
import { parseFlags } from './program-flags.ts';
import { pathOf, serve } from './web-server.ts';

/** `agnhost grpc-health-checking`: says over gRPC how it is, and over HTTP is told what to say. */
export async function runGrpcHealthChecking(context: ProcessContext): Promise<number> {
  const flags = parseFlags(context.args.slice(1));
  const service = flags.get('service') ?? '';
  const unhealthyAfter = Number(flags.get('delay-unhealthy-sec') ?? -1) * 1000;
  const started = context.clock.now();
  let told: boolean | undefined;
  const isServing = (): boolean => {
    if (told !== undefined) return told;
    return unhealthyAfter < 0 || context.clock.now() - started < unhealthyAfter;
  };
  const server = createServer();
  server.on('stream', (stream, { ':path': path }) => {
    const chunks: Uint8Array[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    stream.once('end', () => {
      if (path !== healthCheckPath) refuse(stream, grpcCodes.unimplemented, 'unknown method');
      else if (decodeHealthRequest(Buffer.concat(chunks)) !== service) {
        refuse(stream, grpcCodes.notFound, 'unknown service');
      } else answer(stream, encodeHealthResponse(isServing() ? 'SERVING' : 'NOT_SERVING'));
    });
  });
  const close = context.listenRaw(Number(flags.get('port') ?? 5000), (connection) => {
    server.emit('connection', connection);
  });
  const code = await serve(context, Number(flags.get('http-port') ?? 8080), (request, response) => {
    const path = pathOf(request);
    if (path !== '/make-serving' && path !== '/make-not-serving') {
      response.writeHead(404).end('404 page not found\n');
      return;
    }
    told = path === '/make-serving';
    response.end(formatDuration(context.clock.now() - started));
  });
  close();
  return code;
}

function answer(stream: ServerHttp2Stream, message: Buffer): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(grpcCodes.ok) }));
  stream.end(message);
}

function refuse(stream: ServerHttp2Stream, code: number, message: string): void {
  const headers = { 'grpc-status': String(code), 'grpc-message': message };
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...headers }, { endStream: true });
}
