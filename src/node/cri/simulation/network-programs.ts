import { request as httpRequest } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { MemoryFiles } from './memory-files.ts';
import type { ProcessContext, Program } from './process-context.ts';

/** Programs that ask servers in pods by their addresses. */
export const networkPrograms: Readonly<Record<string, Program>> = { curl: runCurl, wget: runWget };

interface Asked {
  readonly url: string;
  readonly method: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

interface Answered {
  readonly status: number;
  readonly body: Buffer;
}

/** @throws Error in the words of Go's net */
async function ask(context: ProcessContext, asked: Asked): Promise<Answered> {
  const url = new URL(asked.url.includes('://') ? asked.url : `http://${asked.url}`);
  if (url.protocol !== 'http:') throw new Error('only HTTP is spoken in simulated pods');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const address = isIP(host) > 0 ? host : addressOf(context, host);
  if (address === undefined) throw new Error(`Could not resolve host: ${host}`);
  const late = new AbortController();
  const timer = context.clock.setTimer(() => late.abort(), asked.timeoutSeconds * 1000, { unref: true });
  try {
    const connection = await context.dial(address, url.port === '' ? 80 : Number(url.port));
    return await exchange(connection, url, asked, AbortSignal.any([context.signal, late.signal]));
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
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks) }));
    });
    sent.end(asked.body);
  });
}

/** Names are those of the hosts file; there is no DNS. */
function addressOf({ files }: ProcessContext, host: string): string | undefined {
  const node = files.find('/etc/hosts');
  const text = node?.kind === 'file' ? Buffer.from(node.content).toString('utf8') : '';
  const line = text.split('\n').find((candidate) => candidate.split(/\s+/).slice(1).includes(host));
  return line?.split(/\s+/)[0];
}

/** `curl`, with -X, -d, -H, -m, --connect-timeout, -o, -f and -w '%{http_code}'. */
async function runCurl(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  const options = new Map<string, string>();
  const headers: Record<string, string> = {};
  let flags = '';
  let url = '';
  const valued: Readonly<Record<string, string>> = {
    '-X': 'method',
    '--request': 'method',
    '-d': 'data',
    '--data': 'data',
    '-m': 'time',
    '--max-time': 'time',
    '--connect-timeout': 'time',
    '-o': 'output',
    '--output': 'output',
    '-w': 'write',
    '--write-out': 'write',
    '--interface': 'ignored',
    '--retry': 'ignored',
    '-A': 'ignored',
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const option = valued[word];
    if (option !== undefined) options.set(option, words[++at] ?? '');
    else if (word === '-H' || word === '--header') {
      const [name = '', ...rest] = (words[++at] ?? '').split(':');
      headers[name.trim().toLowerCase()] = rest.join(':').trim();
    } else if (word === '--fail') flags += 'f';
    else if (word.startsWith('--')) continue;
    else if (word.startsWith('-') && word.length > 1) flags += word.slice(1);
    else url = word;
  }
  const body = options.get('data');
  const method = options.get('method') ?? (flags.includes('I') ? 'HEAD' : body === undefined ? 'GET' : 'POST');
  try {
    const timeoutSeconds = Number(options.get('time') ?? 300);
    const answer = await ask(context, { url, method, body, headers, timeoutSeconds });
    if (flags.includes('f') && answer.status >= 400) {
      await context.stderr.write(Buffer.from(`curl: (22) The requested URL returned error: ${answer.status}\n`));
      return 22;
    }
    await deliver(context, options.get('output') ?? '-', answer.body);
    const format = (options.get('write') ?? '').replaceAll('%{http_code}', `${answer.status}`).replaceAll('\\n', '\n');
    await context.stdout.write(Buffer.from(format));
    return 0;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const code = text.startsWith('Could not resolve') ? 6 : 7;
    await context.stderr.write(Buffer.from(`curl: (${code}) ${text}\n`));
    return code;
  }
}

/** `wget`, with -O, -q, -T and --post-data. */
async function runWget(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  let [output, timeoutSeconds, url]: [string | undefined, number, string] = [undefined, 900, ''];
  let body: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, inline] = /^(?:-[qS]*O|--output-document=)(.+)$/.exec(word) ?? [];
    if (inline !== undefined) output = inline;
    else if (/^-[qS]*O$/.test(word)) output = words[++at] ?? '-';
    else if (word === '-T') timeoutSeconds = Number(words[++at] ?? 900);
    else if (word.startsWith('--post-data=')) body = word.slice('--post-data='.length);
    else if (!word.startsWith('-')) url = word;
  }
  try {
    const method = body === undefined ? 'GET' : 'POST';
    const answer = await ask(context, { url, method, body, headers: {}, timeoutSeconds });
    if (answer.status >= 400) {
      await context.stderr.write(Buffer.from(`wget: server returned error: HTTP/1.1 ${answer.status}\n`));
      return 1;
    }
    const name = url.split('?')[0]?.split('/').slice(3).at(-1) ?? '';
    await deliver(context, output ?? (name === '' ? 'index.html' : name), answer.body);
    return 0;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    await context.stderr.write(Buffer.from(`wget: can't connect to remote host: ${text}\n`));
    return 1;
  }
}

async function deliver({ files, stdout, workingFolder }: ProcessContext, output: string, body: Buffer): Promise<void> {
  if (output === '-') await stdout.write(body);
  else if (output !== '/dev/null') files.writeFile(MemoryFiles.absolute(output, workingFolder), body);
}
