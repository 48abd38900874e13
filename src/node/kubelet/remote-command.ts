import { messageOf } from '../../apimachinery/error-message.ts';
import type { HttpRequest, HttpResponse } from '../../apimachinery/http.ts';
import type { MuxStream } from '../../apimachinery/streaming/mux-stream.ts';
import { exitCodeCause, nonZeroExitCode } from '../../apimachinery/streaming/protocols.ts';
import type { Status } from '../../apimachinery/status.ts';
import type { Clock } from '../../system/clock.ts';
import type { ByteSink, ProcessStreams, RuntimeService, TerminalSize } from '../cri/runtime.ts';
import { KubeletRequestError } from './kubelet-answers.ts';
import { acceptStreams, parseStreamOptions, type StreamChannels } from './stream-channels.ts';

/** What a container is reached through. */
export interface ContainerTarget {
  readonly runtime: RuntimeService;
  readonly clock: Clock;
  readonly containerId: string;
}

/** `/exec/…`: runs a command with the client's streams. @throws KubeletRequestError 400 */
export function handleExec(request: HttpRequest, query: URLSearchParams, target: ContainerTarget): HttpResponse {
  const cmd = query.getAll('command');
  const { tty } = streamOptions(query);
  return serveCommand(request, query, target, (streams, signal) =>
    target.runtime.exec({ containerId: target.containerId, cmd, tty }, streams, signal),
  );
}

/** `/attach/…`: connects the client's streams to those of a container. @throws KubeletRequestError 400 */
export function handleAttach(request: HttpRequest, query: URLSearchParams, target: ContainerTarget): HttpResponse {
  return serveCommand(request, query, target, async (streams, signal) => {
    await target.runtime.attach(target.containerId, streams, signal);
    return 0;
  });
}

function streamOptions(query: URLSearchParams): NonNullable<ReturnType<typeof parseStreamOptions>> {
  const options = parseStreamOptions(query);
  if (options !== undefined) return options;
  throw new KubeletRequestError(400, 'you must specify at least 1 of stdin, stdout, stderr');
}

function serveCommand(
  request: HttpRequest,
  query: URLSearchParams,
  target: ContainerTarget,
  run: (streams: ProcessStreams, signal: AbortSignal) => Promise<number>,
): HttpResponse {
  return acceptStreams(request, streamOptions(query), target.clock, async (channels) => {
    const { stdin, stdout, stderr, error, resize } = channels.streams;
    const gone = new AbortController();
    error?.once('close', () => gone.abort());
    // Whoever reads nothing must not hold up the others.
    error?.resume();
    stdout?.resume();
    stderr?.resume();
    const streams: ProcessStreams = {
      ...(stdin === undefined ? {} : { stdin: stdin.iterator({ destroyOnReturn: false }) }),
      ...(stdout === undefined ? {} : { stdout: sinkOf(stdout) }),
      ...(stderr === undefined ? {} : { stderr: sinkOf(stderr) }),
      ...(resize === undefined ? {} : { resize: terminalSizes(resize) }),
    };
    const status = await run(streams, gone.signal).then(statusOfExit, statusOfError);
    stdin?.resume();
    await finish(channels, status);
  });
}

/** The outcome, then the end of all that is written. */
async function finish(channels: StreamChannels, status: Outcome): Promise<void> {
  const { hasStatus } = channels;
  const { stdout, stderr, error } = channels.streams;
  stdout?.end();
  stderr?.end();
  if (error !== undefined) {
    const text = hasStatus ? JSON.stringify(status) : status.status === 'Success' ? '' : (status.message ?? '');
    await new Promise<void>((resolve) => {
      error.once('error', () => resolve());
      error.end(text, () => resolve());
    });
  }
  await channels.close();
}

/** A Status as it goes over the error stream: without its kind. */
type Outcome = Omit<Status, 'kind' | 'apiVersion'>;

function statusOfExit(exitCode: number): Outcome {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: nonZeroExitCode,
    details: { causes: [{ reason: exitCodeCause, message: String(exitCode) }] },
  };
}

function statusOfError(error: unknown): Outcome {
  const text = `error executing command in container: ${messageOf(error)}`;
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${text}`,
    reason: 'InternalError',
    details: { causes: [{ message: text }] },
    code: 500,
  };
}

function sinkOf(stream: MuxStream): ByteSink {
  return {
    write: (chunk) =>
      new Promise((resolve, reject) => {
        stream.write(chunk, (error) => {
          if (error === null || error === undefined) resolve();
          else reject(error);
        });
      }),
  };
}

/** `{"Width":80,"Height":24}`, one after the other. */
async function* terminalSizes(stream: MuxStream): AsyncGenerator<TerminalSize> {
  let pending = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    pending += chunk.toString('utf8');
    for (let end = pending.indexOf('}'); end >= 0; end = pending.indexOf('}')) {
      const { Width = 0, Height = 0 } = JSON.parse(pending.slice(0, end + 1)) as { Width?: number; Height?: number };
      pending = pending.slice(end + 1);
      if (Width > 0 && Height > 0) yield { width: Width, height: Height };
    }
  }
}
