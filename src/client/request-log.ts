import { STATUS_CODES } from 'node:http';
import { goQuote } from '../apimachinery/field-error.ts';
import { klogText } from '../apimachinery/klog-text.ts';
import { type HttpHeaders, type HttpRequest, type HttpResponse, type Transport } from '../apimachinery/http.ts';
import type { Clock } from '../system/clock.ts';
import type { ConnectionTrace } from './connection-trace.ts';
import { TransportError } from './transport-error.ts';

/** What is told of requests, and how. */
export interface RequestLog {
  /** `https://host:port`, which stands before every path. */
  readonly server: string;
  readonly clock: Clock;
  /** 6: each answer; 7: requests with their headers; 8: answers with theirs; 9: requests as calls of curl. */
  readonly level: number;
  /** From 8 on bodies are told, 1 KiB of each; at 9 10 KiB, at 10 all. */
  readonly bodyLevel: number;
  /** What is only passed on, as `proxy` does: requests wait for no other, and bodies are not told. */
  readonly isPassedOn?: boolean;
  /** The answers' bodies go through as they come, and are told of only where they say what went wrong. */
  readonly isStreamed?: boolean;
  /** What becomes of connections, from 9 on. */
  readonly trace?: ConnectionTrace;
  /** Where the real program sends a request. */
  sourceOf(request: HttpRequest): string;
  /** Takes a message. @param source where the real program says it */
  write(source: string, message: string): void;
}

/**
 * A transport that tells what goes through it, as client-go does with -v=6 to -v=10. Credentials in the headers are
 * masked; bodies are told as they are. Those of watches and of connections that were taken over are not told. Requests
 * go one after the other, so that what is told of each stands together.
 */
export function logRequests(transport: Transport, log: RequestLog): Transport {
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const inTurn = (send: () => Promise<HttpResponse>): Promise<HttpResponse> => {
    const response = last.then(() => {
      if (isClosed) throw new TransportError('aborted', '', '', 'the command ended before the request was sent');
      return send();
    });
    last = response.catch(() => undefined);
    return response;
  };
  return {
    send(request) {
      const isStream = isStreamed(request, log);
      const send = (): Promise<HttpResponse> => sendLogged(transport, request, log, isStream);
      return isStream || log.isPassedOn === true ? send() : inTurn(send);
    },
    close() {
      isClosed = true;
      return transport.close();
    },
  };
}

async function sendLogged(
  transport: Transport,
  request: HttpRequest,
  log: RequestLog,
  isStream: boolean,
): Promise<HttpResponse> {
  const source = log.sourceOf(request);
  logRequest(request, source, log);
  const start = log.clock.now();
  let response: HttpResponse | undefined;
  try {
    log.trace?.take();
    response = await transport.send(request);
  } finally {
    logResponse(request, response, log.clock.now() - start, log);
  }
  const isWhole = !isStream || (response.status >= 400 && !isUpgrade(request));
  if (log.bodyLevel < 8 || log.isPassedOn === true || !isWhole) return response;
  const place = isStream ? streamErrorPlace : answerPlace(source);
  return { ...response, body: await loggedBody(response.body, place, log) };
}

/** Reads a body and tells of it; one that breaks off is told of to who reads it alone. */
async function loggedBody(body: HttpResponse['body'], place: string, log: RequestLog): Promise<HttpResponse['body']> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body instanceof Uint8Array ? [body] : body) chunks.push(chunk);
  } catch (error) {
    return brokenOff(chunks, error);
  }
  const whole = Buffer.concat(chunks);
  logBody('Response Body', whole, place, log);
  return whole;
}

// What it is for is to fail where it would have failed unread.
// eslint-disable-next-line @typescript-eslint/require-await
async function* brokenOff(chunks: readonly Uint8Array[], error: unknown): AsyncGenerator<Uint8Array> {
  yield* chunks;
  throw error;
}

const requestPlace = 'round_trippers.go:527';
const responsePlace = 'round_trippers.go:632';
const streamErrorPlace = 'raw.go:84';

/** The texts of logs that are read as a whole are told of elsewhere. */
function answerPlace(source: string): string {
  return source.startsWith('clusterinfo_dump.go') ? 'request.go:1107' : source;
}

function logRequest(request: HttpRequest, source: string, log: RequestLog): void {
  const { method, body } = request;
  const url = `${log.server}${request.path}`;
  const isConnection = isUpgrade(request);
  const headers = isConnection ? withoutUpgrade(request.headers) : request.headers;
  const isTold = log.bodyLevel >= 8 && log.isPassedOn !== true && !isConnection;
  if (isTold && (body === undefined || body instanceof Uint8Array)) {
    logBody('Request Body', body ?? new Uint8Array(), source, log);
  }
  if (log.level >= 9) {
    const shown = headerLines(headers).map(([name, value]) => ` -H ${goQuote(`${name}: ${value}`)}`);
    const curl = `curl -v -X${method} ${shown.join('')} '${url}'\n`;
    log.write(requestPlace, klogFields('Request', [['curlCommand', curl]]));
  } else if (log.level >= 7) {
    const fields = [
      ['verb', method],
      ['url', url],
      ['headers', headerText(headers)],
    ] as const;
    log.write(requestPlace, klogFields('Request', fields));
  }
}

function isUpgrade({ headers }: HttpRequest): boolean {
  return headers['upgrade'] !== undefined;
}

const upgradeHeaders: ReadonlySet<string> = new Set([
  'accept',
  'connection',
  'sec-websocket-key',
  'sec-websocket-version',
  'upgrade',
]);

/** Of a request for another protocol what has to do with it alone is not told. */
function withoutUpgrade(headers: HttpHeaders): HttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !upgradeHeaders.has(name.toLowerCase())));
}

/** @param response undefined where none came */
function logResponse(request: HttpRequest, response: HttpResponse | undefined, millis: number, log: RequestLog): void {
  const fields: (readonly [string, string | number])[] = [];
  if (log.level === 6 || log.level >= 9) {
    fields.push(['verb', request.method], ['url', `${log.server}${request.path}`]);
  }
  // A WebSocket that does not come about is no answer.
  const isNone = isUpgrade(request) && request.headers['upgrade'] === 'websocket' && response?.status !== 101;
  const answer = isNone ? undefined : response;
  const status = answer === undefined ? '' : `${answer.status} ${STATUS_CODES[answer.status] ?? ''}`.trimEnd();
  fields.push(['status', status]);
  if (log.level >= 8) fields.push(['headers', answer === undefined ? '' : headerText(answer.headers)]);
  fields.push(['milliseconds', Math.floor(millis)]);
  if (log.trace !== undefined) fields.push(...tracedFields(log.trace, answer !== undefined, millis));
  log.write(responsePlace, klogFields('Response', fields));
}

function tracedFields(trace: ConnectionTrace, isAnswered: boolean, millis: number): [string, number][] {
  const steps = trace.take();
  const fields: [string, number][] =
    steps === undefined && isAnswered
      ? [['getConnectionMilliseconds', 0]]
      : [
          ['dnsLookupMilliseconds', steps?.lookup ?? 0],
          ['dialMilliseconds', steps?.dial ?? 0],
          ['tlsHandshakeMilliseconds', steps?.handshake ?? 0],
        ];
  if (!isAnswered) return fields;
  const spent = steps === undefined ? 0 : steps.lookup + steps.dial + steps.handshake;
  return [...fields, ['serverProcessingMilliseconds', Math.max(0, Math.floor(millis - spent))]];
}

/** What is passed on as it comes: logs, what --raw gets, watches and connections. */
function isStreamed(request: HttpRequest, log: RequestLog): boolean {
  if (log.isStreamed === true && request.method === 'GET') return true;
  const [, rest = ''] = request.path.split('?');
  const query = new URLSearchParams(rest);
  const isEndless = ['watch', 'follow'].some((name) => ['true', '1'].includes(query.get(name) ?? ''));
  return isEndless || isUpgrade(request) || log.sourceOf(request).startsWith('logs.go');
}

const bodyLimits: Readonly<Record<number, number>> = { 8: 1024, 9: 10_240 };

/** Bytes that are no text come as a dump. */
function logBody(name: string, bytes: Uint8Array, place: string, log: RequestLog): void {
  const buffer = Buffer.from(bytes);
  const text = buffer.some((byte) => byte < 0x0a) ? hexDump(buffer) : buffer.toString('utf8');
  const limit = bodyLimits[log.bodyLevel] ?? Number.POSITIVE_INFINITY;
  const size = Buffer.byteLength(text);
  const shown =
    size <= limit ? text : `${Buffer.from(text).subarray(0, limit).toString('utf8')} [truncated ${size - limit} chars]`;
  log.write(place, klogFields(name, [['body', shown]]));
}

/** As `hexdump -C` and Go's encoding/hex show bytes. */
function hexDump(bytes: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const hex = part.map((byte, index) => `${byte.toString(16).padStart(2, '0')} ${index === 7 ? ' ' : ''}`).join('');
    const text = part.map((byte) => (byte < 32 || byte > 126 ? '.' : String.fromCharCode(byte))).join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(50)}|${text}|\n`);
  }
  return lines.join('');
}

function headerText(headers: HttpHeaders): string {
  return headerLines(headers)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

/** Headers by name, in Go's capitals, credentials masked. */
function headerLines(headers: HttpHeaders): readonly (readonly [string, string])[] {
  return Object.keys(headers)
    .map((name) => [name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()), headers[name]] as const)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, value]) => {
      const values = value === undefined ? [] : typeof value === 'string' ? [value] : value;
      return values.map((one) => [name, name === 'Authorization' ? masked(one) : one] as const);
    });
}

/** Of a credential no more than its kind, where that is a usual one. */
function masked(value: string): string {
  if (value === '') return '';
  const [type = ''] = value.split(' ');
  if (!['bearer', 'basic', 'negotiate'].includes(type.toLowerCase())) return '<masked>';
  return value.length > type.length + 1 ? `${type} <masked>` : type;
}

/** A message with its values, as klog's structured lines: `"Response" status="200 OK" milliseconds=4`. */
function klogFields(message: string, fields: readonly (readonly [string, string | number])[]): string {
  const shown = fields.map(([name, value]) => `${name}=${typeof value === 'number' ? `${value}` : klogText(value)}`);
  return [JSON.stringify(message), ...shown].join(' ');
}
