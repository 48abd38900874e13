import type { Duplex } from 'node:stream';
import type { Container, HTTPGetAction, Pod } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { readBody, type Transport } from '../../apimachinery/http.ts';
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
  /** It went well, but not as it should. */
  readonly isWarning?: boolean;
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

const mostRedirects = 10;

/**
 * Asks a server for a path; anything from 200 to 399 is well. It goes where it is sent as long as that is on the same
 * host; that it is sent elsewhere is well, with a warning.
 */
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
  const scheme = action.scheme === 'HTTPS' ? 'https' : 'http';
  const url = `${scheme}://${address}:${port}${path.startsWith('/') ? path : `/${path}`}`;
  const late = new AbortController();
  const timer = context.clock.setTimer(() => late.abort(), timeoutSeconds * 1000, { unref: true });
  const given = Object.fromEntries(httpHeaders.map(({ name, value }) => [name.toLowerCase(), value]));
  try {
    return await follow(context, url, given, late.signal);
  } catch (error) {
    const text = messageOf(error);
    const reason = late.signal.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : text;
    return { ok: false, output: `Get "${scheme}://${address}:${port}${path}": ${reason}` };
  } finally {
    timer.cancel();
  }
}

async function follow(
  context: HandlerContext,
  first: string,
  given: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HandlerResult> {
  let url = new URL(first);
  for (let requests = 1; ; requests++) {
    const headers = { 'user-agent': 'kube-probe/1.36', accept: '*/*', connection: 'close', ...given };
    const response = await transportTo(context, url, signal).send({
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      headers: { host: given['host'] ?? hostOf(url), ...headers },
      signal,
    });
    const body = Buffer.from(await readBody(response.body)).toString('utf8');
    const location = [301, 302, 303, 307, 308].includes(response.status) ? response.headers['location'] : undefined;
    const next = location === undefined ? undefined : new URL(String(location), url);
    if (next === undefined || next.hostname !== url.hostname) {
      if (response.status < 200 || response.status >= 400) {
        return { ok: false, output: `HTTP probe failed with statuscode: ${response.status}` };
      }
      if (response.status < 300) return { ok: true, output: body };
      return { ok: true, isWarning: true, output: `Probe terminated redirects, Response body: ${body}` };
    }
    if (requests >= mostRedirects) throw new Error(`stopped after ${mostRedirects} redirects`);
    url = next;
  }
}

/** With the port, also where a URL leaves it out. */
function hostOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}

function transportTo({ dial }: HandlerContext, url: URL, signal: AbortSignal): Transport {
  const isSecure = url.protocol === 'https:';
  return createDialedTransport(async () => {
    const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
    const connection = await dial(url.hostname.replace(/^\[|\]$/g, ''), port);
    // Also a handshake that nobody answers ends in time.
    signal.addEventListener('abort', () => connection.destroy(), { once: true });
    return isSecure ? secureConnection(connection) : connection;
  });
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
