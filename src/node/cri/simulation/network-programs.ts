import { STATUS_CODES } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { addressOf, type Answered, ask } from './http-request.ts';
import { exchangeDatagrams } from './udp-programs.ts';
import { runPause } from './images/pause-programs.ts';
import { FileError, MemoryFiles } from './memory-files.ts';
import type { ProcessContext, Program } from './process-context.ts';
import { messageOf } from '../../../apimachinery/error-message.ts';

/** Programs that ask servers in pods by their addresses. */
export const networkPrograms: Readonly<Record<string, Program>> = {
  curl: runCurl,
  ip: runIp,
  nc: runNetcat,
  netstat: runNetstat,
  wget: runWget,
};

/** `curl`, with -X, -d, -H, -m, --connect-timeout, -o, -f, -i, -I and -w '%{http_code}'. */
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
    '-H': 'header',
    '--header': 'header',
  };
  const give = (name: string, value: string): void => {
    if (name !== 'header') return void options.set(name, value);
    const [field = '', ...rest] = value.split(':');
    headers[field.trim().toLowerCase()] = rest.join(':').trim();
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word.startsWith('--')) {
      const option = valued[word];
      if (option !== undefined) give(option, words[++at] ?? '');
      else if (word === '--fail') flags += 'f';
      else if (word === '--head') flags += 'I';
      else if (word === '--include') flags += 'i';
      continue;
    }
    if (!word.startsWith('-') || word.length === 1) {
      url = word;
      continue;
    }
    // Letters stand together, the last of which may have a value, in the same word or the next one.
    for (let letter = 1; letter < word.length; letter++) {
      const option = valued[`-${word[letter] ?? ''}`];
      if (option === undefined) flags += word[letter] ?? '';
      else {
        give(option, letter + 1 < word.length ? word.slice(letter + 1) : (words[++at] ?? ''));
        break;
      }
    }
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
    const head = /[iI]/.test(flags) ? headOf(answer) : Buffer.alloc(0);
    await deliver(context, options.get('output') ?? '-', Buffer.concat([head, answer.body]));
    const format = (options.get('write') ?? '').replaceAll('%{http_code}', `${answer.status}`).replaceAll('\\n', '\n');
    await context.stdout.write(Buffer.from(format));
    return 0;
  } catch (error) {
    const text = messageOf(error);
    const code = text.startsWith('Could not resolve') ? 6 : 7;
    await context.stderr.write(Buffer.from(`curl: (${code}) ${text}\n`));
    return code;
  }
}

function headOf({ status, rawHeaders }: Answered): Buffer {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) head += `${rawHeaders[at] ?? ''}: ${rawHeaders[at + 1] ?? ''}\r\n`;
  return Buffer.from(`${head}\r\n`);
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
    const text = messageOf(error);
    await context.stderr.write(Buffer.from(`wget: can't connect to remote host: ${text}\n`));
    return 1;
  }
}

async function deliver({ files, stdout, workingFolder }: ProcessContext, output: string, body: Buffer): Promise<void> {
  if (output === '-') await stdout.write(body);
  else if (output !== '/dev/null') files.writeFile(MemoryFiles.absolute(output, workingFolder), body);
}

/** `nc -lU PATH` waits at a socket for somebody, who cannot come: other programs do not connect to sockets here. */
async function waitAtSocket(context: ProcessContext, path: string): Promise<number> {
  try {
    context.files.makeSpecial(MemoryFiles.absolute(path, context.workingFolder), 'socket');
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await context.stderr.write(Buffer.from('nc: Address in use\n'));
    return 1;
  }
  return runPause(context);
}

/** `nc [-v] [-t] [-u] [-z] [-w SECONDS] HOST PORT`, `nc -lU PATH`: its input goes there, and what comes back is its output. */
async function runNetcat(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  let [flags, seconds]: [string, number] = ['', 0];
  const places: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '-w') seconds = Number(words[++at] ?? 0);
    else if (/^-\w*w\d+$/.test(word)) seconds = Number(/\d+$/.exec(word)?.[0] ?? 0);
    // The port and address it comes from, and pauses, make no difference here.
    else if (/^-\w*[psiq]$/.test(word)) {
      flags += word.slice(0, -1);
      at++;
    } else if (word.startsWith('-')) flags += word;
    else places.push(word);
  }
  const [host = '', port = ''] = places;
  const say = (text: string): Promise<void> => context.stderr.write(Buffer.from(text));
  if (flags.includes('l') && flags.includes('U')) return waitAtSocket(context, host);
  if (flags.includes('l')) {
    await say('nc: this simulated nc does not listen\n');
    return 1;
  }
  const address = isIP(host) > 0 ? host : await addressOf(context, host);
  if (address === undefined) {
    await say(`nc: getaddrinfo: Name does not resolve\n`);
    return 1;
  }
  if (flags.includes('u')) return exchangeDatagrams(context, { host, address, port: Number(port), seconds, flags });
  let connection: Duplex;
  try {
    connection = await context.dial(address, Number(port));
  } catch {
    await say(`nc: connect to ${host} port ${port} (tcp) failed: Connection refused\n`);
    return 1;
  }
  if (flags.includes('v')) await say(`Connection to ${host} ${port} port [tcp/*] succeeded!\n`);
  if (flags.includes('z')) {
    connection.destroy();
    return 0;
  }
  const end = (): void => void connection.destroy();
  const timer = seconds > 0 ? context.clock.setTimer(end, seconds * 1000, { unref: true }) : undefined;
  context.signal.addEventListener('abort', end, { once: true });
  connection.on('data', (chunk: Uint8Array) => void context.stdout.write(chunk));
  const closed = new Promise<void>((resolve) => connection.once('close', () => resolve()));
  connection.on('error', end);
  connection.on('end', end);
  for await (const chunk of context.stdin.chunks(context.signal)) connection.write(chunk);
  await closed;
  timer?.cancel();
  return 0;
}

/** `ip link add NAME type dummy` and `ip link del NAME`, which only some may: the link is of no use here. */
async function runIp(context: ProcessContext): Promise<number> {
  const [object, command, ...rest] = context.args.slice(1);
  // A link is named after `add`, and gone after `del`; of what is there, nothing is known.
  const isDummy =
    object === 'link' &&
    ((command === 'add' && rest.join(' ').endsWith('type dummy')) || command === 'del' || command === 'delete');
  if (isDummy && context.mayChangeNetwork && context.user.uid === 0) return 0;
  const reason = isDummy ? 'RTNETLINK answers: Operation not permitted' : 'this simulated ip adds dummy links only';
  await context.stderr.write(Buffer.from(`ip: ${reason}\n`));
  return 2;
}

/** `netstat -na`: the ports that something listens on. */
async function runNetstat({ openPorts, stdout }: ProcessContext): Promise<number> {
  const lines = [
    'Active Internet connections (servers and established)',
    'Proto Recv-Q Send-Q Local Address           Foreign Address         State       ',
    ...openPorts().map(
      (port) => `tcp        0      0 ${`0.0.0.0:${port}`.padEnd(23)} ${'0.0.0.0:*'.padEnd(23)} LISTEN      `,
    ),
  ];
  await stdout.write(Buffer.from(`${lines.join('\n')}\n`));
  return 0;
}
