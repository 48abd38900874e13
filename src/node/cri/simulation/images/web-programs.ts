import { type ServerResponse, STATUS_CODES } from 'node:http';
import { isIP } from 'node:net';
import { formatDuration } from '../../../../apimachinery/duration.ts';
import { messageOf } from '../../../../apimachinery/error-message.ts';
import { sleep } from '../../../../system/clock.ts';
import { addressOf, ask } from '../http-request.ts';
import { MemoryFiles } from '../memory-files.ts';
import type { MessageProtocol } from '../../pod-place.ts';
import type { DatagramAnswer } from '../port-server.ts';
import { killedExitCode, type ProcessContext, type Program, terminatedExitCode } from '../process-context.ts';
import { runCapture } from '../run-capture.ts';
import { parseFlags } from './program-flags.ts';
import { type Answer, pathOf, query, readIdentity, serve } from './web-server.ts';

/** `agnhost serve-hostname`: the name of the pod to whoever asks, over HTTP or TCP, and over UDP. */
export const runServeHostname: Program = async (context) => {
  const flags = parseFlags(context.args.slice(1));
  const port = Number(flags.get('port') ?? 9376);
  const name = Buffer.from(context.hostname);
  const [isRaw, isUdp, isHttp] = [
    flags.get('tcp') === 'true',
    flags.get('udp') === 'true',
    flags.get('http') !== 'false',
  ];
  if (isHttp && (isRaw || isUdp)) {
    await context.stderr.write(Buffer.from("Can't server TCP/UDP mode and HTTP mode at the same time\n"));
    return 1;
  }
  const ends = [
    ...(isRaw ? [context.listenRaw(port, (connection) => void connection.end(name))] : []),
    ...(isUdp ? [context.listenDatagrams(port, () => name)] : []),
  ];
  if (isHttp) await serve(context, port, (_request, response) => void response.end(name));
  else await killed(context.signal);
  for (const end of ends) end();
  return killedExitCode;
};

function killed(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** `agnhost test-webserver`: the files of the container. */
export const runTestWebserver: Program = (context) => {
  const port = Number(parseFlags(context.args.slice(1)).get('port') ?? 80);
  if (context.files.find('/index.html') === undefined) {
    context.files.writeFile('/index.html', Buffer.from('<html>\n</html>\n'));
  }
  return serve(context, port, (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://pod').pathname);
    const place = MemoryFiles.absolute(path === '/' ? '/index.html' : path, '/');
    const node = context.files.find(place);
    response.setHeader('cache-control', 'private');
    if (node?.kind !== 'file') {
      response.statusCode = 404;
      response.end('404 page not found\n');
      return;
    }
    response.setHeader(
      'content-type',
      place.endsWith('.html') ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
    );
    response.end(node.content);
  });
};

/** `agnhost liveness`: healthy for ten seconds. */
export const runLiveness: Program = (context) => {
  const started = context.clock.now();
  return serve(context, 8080, (request, response) => {
    const millis = context.clock.now() - started;
    const url = new URL(request.url ?? '/', 'http://pod');
    if (url.pathname === '/started') response.end(formatDuration(millis));
    else if (url.pathname === '/redirect') {
      redirect(response, 302, url.searchParams.get('loc') ?? '/');
    } else if (url.pathname !== '/healthz') {
      response.statusCode = 404;
      response.end('404 page not found\n');
    } else {
      response.statusCode = millis > 10_000 ? 500 : 200;
      response.end(millis > 10_000 ? `error: ${millis / 1000}` : 'ok');
    }
  });
};

/** `agnhost netexec`: its paths over HTTP or HTTPS, but for `/upload`; over UDP and SCTP too. */
export const runNetexec: Program = async (context) => {
  const flags = parseFlags(context.args.slice(1));
  const port = Number(flags.get('http-port') ?? 8080);
  const ended = new AbortController();
  let [code, isLeaving] = [terminatedExitCode, false];
  const end = (exitCode: number, millis: number): void => {
    code = exitCode;
    const pause = sleep(context.clock, millis, context.signal);
    void pause.then(() => ended.abort());
  };
  context.signals.set('TERM', () => {
    isLeaving = true;
    end(0, Number(flags.get('delay-shutdown') ?? 0) * 1000);
  });
  const answers: Readonly<Record<string, Answer>> = {
    '/clientip': (request, response) => {
      response.end(`${request.socket.remoteAddress ?? '127.0.0.1'}:${request.socket.remotePort ?? 0}`);
    },
    '/dial': (request, response) => dialOthers(context, query(request), response),
    '/serverport': (_request, response) => void response.end(`${port}`),
    '/header': (request, response) => {
      const key = query(request).get('key') ?? '';
      response.end(key === '' ? JSON.stringify(request.headers) : String(request.headers[key.toLowerCase()] ?? ''));
    },
    '/echo': (request, response) => {
      response.statusCode = Number(query(request).get('code') ?? 200);
      response.end(query(request).get('msg') ?? '');
    },
    '/exit': (request, response) => {
      response.end();
      end(Number(query(request).get('code') ?? 0), seconds(query(request).get('wait')) * 1000);
    },
    '/healthz': (_request, response) => void response.end(),
    '/readyz': (_request, response) => {
      response.statusCode = isLeaving ? 503 : 200;
      response.end(isLeaving ? 'shutting down' : 'ok');
    },
    '/hostname': (_request, response) => void response.end(context.hostname),
    '/hostName': (_request, response) => void response.end(context.hostname),
    '/redirect': (request, response) => {
      redirect(response, Number(query(request).get('code') ?? 302), query(request).get('location') ?? '/');
    },
    '/shell': async (request, response) => {
      const command = query(request).get('shellCommand') ?? query(request).get('cmd') ?? '';
      const { output, exitCode } = await runCapture(context, ['sh', '-c', command]);
      response.statusCode = exitCode === 0 ? 200 : 417;
      response.end(JSON.stringify(exitCode === 0 ? { output } : { output, error: `exit status ${exitCode}` }));
    },
    '/shutdown': (_request, response) => {
      response.end();
      end(0, 0);
    },
  };
  await context.stderr.write(Buffer.from(`Started HTTP server on port ${port}\n`));
  const override = flags.get('http-override');
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const answerAny: Answer = async (request, response) => {
    await context.stderr.write(Buffer.from(`${request.method ?? ''} ${request.url ?? ''}\n`));
    if (override !== undefined) Object.assign(request, { url: override });
    const answer = answers[pathOf(request)];
    if (answer === undefined) response.end(`NOW: ${new Date(context.clock.now()).toISOString()}`);
    else await answer(request, response);
  };
  const [certificate = '', key = ''] = ['tls-cert-file', 'tls-private-key-file'].map((name) => flags.get(name));
  const identity = certificate === '' ? undefined : await readIdentity(context, certificate, key);
  const udpPort = Number(flags.get('udp-port') ?? 8081);
  const sctpPort = Number(flags.get('sctp-port') ?? -1);
  const listened = [{ protocol: 'UDP', port: udpPort } as const, { protocol: 'SCTP', port: sctpPort } as const].flatMap(
    ({ protocol, port: own }) =>
      own < 0 ? [] : [context.listenDatagrams(own, (...sent) => answerDatagram(context, own, sent), protocol)],
  );
  await serve({ ...context, signal }, port, answerAny, identity);
  for (const close of listened) close();
  return context.signal.aborted ? killedExitCode : code;
};

/** Sends a client elsewhere, with the page that Go's servers send along. */
function redirect(response: ServerResponse, code: number, location: string): void {
  response.writeHead(code, { location, 'content-type': 'text/html; charset=utf-8' });
  const shown = location.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  response.end(`<a href="${shown}">${STATUS_CODES[code] ?? ''}</a>.\n\n`);
}

/** Asks another server, as often as it is told, and tells what came of it. */
async function dialOthers(context: ProcessContext, wanted: URLSearchParams, response: ServerResponse): Promise<void> {
  const [host, port, path] = ['host', 'port', 'request'].map((name) => wanted.get(name) ?? '');
  const protocol = wanted.get('protocol') ?? 'http';
  const tries = Number(wanted.get('tries') ?? 1);
  const [responses, errors]: [string[], string[]] = [[], []];
  if (path === '' || !['http', 'udp', 'sctp'].includes(protocol) || !Number.isInteger(tries)) {
    response.statusCode = 400;
    response.end('only requests over HTTP, UDP and SCTP can be dialed here\n');
    return;
  }
  const authority = host?.includes(':') === true ? `[${host}]:${port ?? ''}` : `${host ?? ''}:${port ?? ''}`;
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      if (protocol !== 'http') {
        const kind = protocol === 'udp' ? 'UDP' : 'SCTP';
        responses.push(await askByMessage(context, { host: host ?? '', port: Number(port), kind }, path ?? ''));
        continue;
      }
      const url = `http://${authority}/${path ?? ''}`;
      const { body } = await ask(context, { url, method: 'GET', body: undefined, headers: {}, timeoutSeconds: 5 });
      responses.push(body.toString('utf8'));
    } catch (error) {
      errors.push(messageOf(error));
    }
  }
  response.statusCode = errors.length < tries ? 200 : 417;
  const told = { ...(responses.length > 0 ? { responses } : {}), ...(errors.length > 0 ? { errors } : {}) };
  response.end(JSON.stringify(told));
}

interface MessageTarget {
  readonly host: string;
  readonly port: number;
  readonly kind: MessageProtocol;
}

async function askByMessage(
  context: ProcessContext,
  { host, port, kind }: MessageTarget,
  text: string,
): Promise<string> {
  const address = isIP(host) > 0 ? host : await addressOf(context, host);
  const answer = address === undefined ? undefined : await sendMessage(context, address, { port, kind }, text);
  if (answer === undefined) {
    throw new Error(`reading from ${kind.toLowerCase()} connection failed. err:'i/o timeout'`);
  }
  return Buffer.from(answer).toString('utf8');
}

async function sendMessage(
  { sendDatagram }: ProcessContext,
  address: string,
  { port, kind }: Pick<MessageTarget, 'port' | 'kind'>,
  text: string,
): Promise<Uint8Array | undefined> {
  try {
    return await sendDatagram(address, port, Buffer.from(text), kind);
  } catch (error) {
    throw kind === 'SCTP' ? new Error(`sctp dial failed. err:${messageOf(error)}`, { cause: error }) : error;
  }
}

/** What netexec answers to a datagram, and to a message of SCTP. */
function answerDatagram(
  context: ProcessContext,
  port: number,
  [payload, from]: Parameters<DatagramAnswer>,
): Uint8Array | undefined {
  const text = Buffer.from(payload).toString('utf8').trim().toLowerCase();
  if (text === 'hostname') return Buffer.from(context.hostname);
  if (text === 'clientip') return Buffer.from(`${from === '' ? '127.0.0.1' : from}:${port}`);
  if (text === 'serverport') return Buffer.from(`${port}`);
  return text.startsWith('echo ') ? Buffer.from(text.slice('echo '.length)) : undefined;
}

/** A Go duration of whole units (`10s`, `2m`). */
function seconds(text: string | null): number {
  const [, amount = '0', unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text ?? '') ?? [];
  return Number(amount) * ({ ms: 0.001, s: 1, m: 60, h: 3600 }[unit] ?? 1);
}
