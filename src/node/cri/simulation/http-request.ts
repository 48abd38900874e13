import { request as httpRequest } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { secureConnection } from '../../../apimachinery/streaming/secure-connection.ts';
import type { ProcessContext } from './process-context.ts';

/** What is asked of a server. */
export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** PEM of whom its certificate must be from; taken as it is when absent. */
  readonly authority?: string;
}

/** What it answers. */
export interface Answered {
  readonly status: number;
  /** Names and values, one after the other, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** What of a process is needed to ask. */
export type AskingContext = Pick<ProcessContext, 'clock' | 'dial' | 'signal' | 'files' | 'resolve'>;

/** Asks a server for something over HTTP. @throws Error in the words of Go's net */
export async function ask(context: AskingContext, asked: Asked): Promise<Answered> {
  const url = new URL(asked.url.includes('://') ? asked.url : `http://${asked.url}`);
  const isSecure = url.protocol === 'https:';
  if (!isSecure && url.protocol !== 'http:') throw new Error('only HTTP is spoken in simulated pods');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const address = isIP(host) > 0 ? host : await addressOf(context, host);
  if (address === undefined) throw new Error(`Could not resolve host: ${host}`);
  const late = new AbortController();
  const timer = context.clock.setTimer(() => late.abort(), asked.timeoutSeconds * 1000, { unref: true });
  try {
    const connection = await context.dial(address, url.port === '' ? (isSecure ? 443 : 80) : Number(url.port));
    const spoken = isSecure ? await secureConnection(connection, asked.authority, host) : connection;
    return await exchange(spoken, url, asked, AbortSignal.any([context.signal, late.signal]));
  } finally {
    timer.cancel();
  }
}

function exchange(connection: Duplex, url: URL, asked: Asked, signal: AbortSignal): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      method: asked.method,
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, 'user-agent': 'curl/8', accept: '*/*', connection: 'close', ...asked.headers },
      createConnection: () => connection,
      signal,
    });
    sent.once('error', reject);
    sent.once('response', (answer) => {
      const chunks: Uint8Array[] = [];
      answer.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, rawHeaders: answer.rawHeaders, body: Buffer.concat(chunks) }),
      );
    });
    sent.end(asked.body);
  });
}

/** Names are those of the hosts file, then those that name servers have. */
export async function addressOf(
  context: Pick<ProcessContext, 'files' | 'resolve'>,
  host: string,
): Promise<string | undefined> {
  const node = context.files.find('/etc/hosts');
  const text = node?.kind === 'file' ? Buffer.from(node.content).toString('utf8') : '';
  const line = text.split('\n').find((candidate) => candidate.split(/\s+/).slice(1).includes(host));
  return line?.split(/\s+/)[0] ?? (await addressesOf(context, host))[0];
}

/** The addresses that name servers have for a name. */
export async function addressesOf(
  { resolve }: Pick<ProcessContext, 'resolve'>,
  name: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const type of ['A', 'AAAA'] as const) {
    found.push(...(await resolve(name, type)).flatMap((record) => (record.type === type ? [record.data] : [])));
  }
  return found;
}
