import type { Duplex } from 'node:stream';
import type { Container, HTTPGetAction, Pod } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { readBody } from '../../apimachinery/http.ts';
import { secureConnection } from '../../apimachinery/streaming/secure-connection.ts';
import { createDialedTransport } from '../../client/dialed-transport.ts';
import { type Clock, sleep } from '../../system/clock.ts';
import { RuntimeError, type RuntimeService } from '../cri/runtime.ts';

/** Connects to a port of a pod or service by its address. @param from the address of who connects @throws Error in the words of Go's net when nothing listens there */
export type DialPod = (address: string, port: number, from?: string) => Promise<Duplex>;

/** What probes and hooks are carried out with. */
export interface HandlerContext {
  readonly runtime: RuntimeService;
  readonly clock: Clock;
  readonly dial: DialPod;
}

/** Whose probe or hook it is. */
export interface HandlerTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly podIP: string;
}

/** How a probe or hook went. */
export interface HandlerResult {
  readonly ok: boolean;
  readonly output: string;
}

const longestOutput = 10 * 1024;
const done: HandlerResult = { ok: true, output: '' };

/**
 * Runs a command in a container. Where the runtime does not have the program at all, that says nothing of the container:
 * it counts as done.
 */
export async function execHandler(
  { runtime }: HandlerContext,
  { containerId }: HandlerTarget,
  command: readonly string[],
  timeoutSeconds: number,
): Promise<HandlerResult> {
  try {
    const { stdout, stderr, exitCode } = await runtime.execSync(containerId, command, timeoutSeconds);
    const output = Buffer.concat([stdout, stderr]).subarray(0, longestOutput).toString('utf8');
    if (exitCode === 0) return { ok: true, output };
    const isUnknown = (exitCode === 126 || exitCode === 127) && /unable to start container process/.test(output);
    return isUnknown ? done : { ok: false, output };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    if (error.code !== 'DeadlineExceeded') return { ok: false, output: error.message };
    const text = `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutSeconds}s`;
    return { ok: false, output: text };
  }
}

/** Asks a server for a path; anything from 200 to 399 is well. */
export async function httpHandler(
  context: HandlerContext,
  target: HandlerTarget,
  action: HTTPGetAction,
  timeoutSeconds: number,
): Promise<HandlerResult> {
  const { host = '', path = '/', httpHeaders = [] } = action;
  const port = portNumber(target.container, action.port);
  const address = host === '' ? target.podIP : host;
  // Nothing runs that could answer.
  if (host === '' && !(await context.runtime.runs(target.containerId))) return done;
  const isSecure = action.scheme === 'HTTPS';
  const late = new AbortController();
  const timer = context.clock.setTimer(() => late.abort(), timeoutSeconds * 1000, { unref: true });
  try {
    const transport = createDialedTransport(async () => {
      const connection = await context.dial(address, port);
      // Also a handshake that nobody answers ends in time.
      late.signal.addEventListener('abort', () => connection.destroy(), { once: true });
      return isSecure ? secureConnection(connection) : connection;
    });
    const headers = { host: `${address}:${port}`, 'user-agent': 'kube-probe/1.36', accept: '*/*', connection: 'close' };
    const given = Object.fromEntries(httpHeaders.map(({ name, value }) => [name.toLowerCase(), value]));
    const response = await transport.send({
      method: 'GET',
      path: path.startsWith('/') ? path : `/${path}`,
      headers: { ...headers, ...given },
      signal: late.signal,
    });
    const body = Buffer.from(await readBody(response.body)).toString('utf8');
    if (response.status >= 200 && response.status < 400) return { ok: true, output: body };
    return { ok: false, output: `HTTP probe failed with statuscode: ${response.status}` };
  } catch (error) {
    const text = messageOf(error);
    const reason = late.signal.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : text;
    return { ok: false, output: `Get "${isSecure ? 'https' : 'http'}://${address}:${port}${path}": ${reason}` };
  } finally {
    timer.cancel();
  }
}

/** Opens a connection and closes it. */
export async function tcpHandler(
  context: HandlerContext,
  target: HandlerTarget,
  action: { readonly host?: string; readonly port: number | string },
): Promise<HandlerResult> {
  const { host = '' } = action;
  if (host === '' && !(await context.runtime.runs(target.containerId))) return done;
  try {
    const connection = await context.dial(host === '' ? target.podIP : host, portNumber(target.container, action.port));
    connection.destroy();
    return done;
  } catch (error) {
    return { ok: false, output: messageOf(error) };
  }
}

/** Waits. */
export async function sleepHandler({ clock }: HandlerContext, seconds: number): Promise<HandlerResult> {
  await sleep(clock, seconds * 1000);
  return done;
}

function portNumber({ ports = [] }: Container, port: number | string): number {
  if (typeof port === 'number') return port;
  return ports.find(({ name }) => name === port)?.containerPort ?? Number(port);
}
