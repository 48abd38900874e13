import { STATUS_CODES } from 'node:http';
import { goQuote } from '../apimachinery/field-error.ts';
import { klogText } from '../apimachinery/klog-text.ts';
import { type HttpHeaders, type HttpRequest, type HttpResponse, type Transport } from '../apimachinery/http.ts';
import type { Clock } from '../system/clock.ts';

/** What is told of requests, and how. */
export interface RequestLog {
  /** `https://host:port`, which stands before every path. */
  readonly server: string;
  readonly clock: Clock;
  /** 6: each answer; 7: requests with their headers; 8: answers with theirs; 9: requests as calls of curl. */
  readonly level: number;
  /** From 8 on bodies are told, 1 KiB of each; at 9 10 KiB, at 10 all. */
  readonly bodyLevel: number;
  /** Takes a message. @param source where the real program says it */
  write(source: string, message: string): void;
}

/**
 * A transport that tells what goes through it, as client-go does with -v=6 to -v=10. Credentials in the headers are
 * masked; bodies are told as they are. Those of watches and of connections that were taken over are not told.
 */
export function logRequests(transport: Transport, log: RequestLog): Transport {
  return {
    async send(request) {
      logRequest(request, log);
      const start = log.clock.now();
      let response: HttpResponse | undefined;
      try {
        response = await transport.send(request);
      } finally {
        logResponse(request, response, log.clock.now() - start, log);
      }
      return log.bodyLevel >= 8 && !isStream(request, response) ? withLoggedBody(response, log) : response;
    },
    close: () => transport.close(),
  };
}

const requestPlace = 'round_trippers.go:527';
const responsePlace = 'round_trippers.go:632';
const bodyPlace = 'helper.go:105';

function logRequest(request: HttpRequest, log: RequestLog): void {
  const { method, body } = request;
  const url = `${log.server}${request.path}`;
  const isUpgrade = request.headers['upgrade'] !== undefined;
  const headers = isUpgrade ? withoutUpgrade(request.headers) : request.headers;
  if (log.bodyLevel >= 8 && !isUpgrade && (body === undefined || body instanceof Uint8Array)) {
    logBody('Request Body', body ?? new Uint8Array(), log);
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
  const status = response === undefined ? '' : `${response.status} ${STATUS_CODES[response.status] ?? ''}`.trimEnd();
  fields.push(['status', status]);
  if (log.level >= 8) fields.push(['headers', response === undefined ? '' : headerText(response.headers)]);
  fields.push(['milliseconds', Math.floor(millis)]);
  log.write(responsePlace, klogFields('Response', fields));
}

/** What is passed on as it comes: logs, what --raw gets, watches and connections. */
function isStream({ method, path, headers }: HttpRequest, response: HttpResponse): boolean {
  const [place = '', rest = ''] = path.split('?');
  if (method === 'GET' && (headers['accept'] === '*/*' || place.endsWith('/log'))) return true;
  const query = new URLSearchParams(rest);
  const isEndless = ['watch', 'follow'].some((name) => ['true', '1'].includes(query.get(name) ?? ''));
  return isEndless || response.status === 101;
}

function withLoggedBody(response: HttpResponse, log: RequestLog): HttpResponse {
  const { body } = response;
  if (body instanceof Uint8Array) {
    logBody('Response Body', body, log);
    return response;
  }
  return { ...response, body: passedOn(body, log) };
}

async function* passedOn(body: AsyncIterable<Uint8Array>, log: RequestLog): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    chunks.push(chunk);
    yield chunk;
  }
  logBody('Response Body', Buffer.concat(chunks), log);
}

const bodyLimits: Readonly<Record<number, number>> = { 8: 1024, 9: 10_240 };

/** Bytes that are no text come as a dump. */
function logBody(name: string, bytes: Uint8Array, log: RequestLog): void {
  const buffer = Buffer.from(bytes);
  const text = buffer.some((byte) => byte < 0x0a) ? hexDump(buffer) : buffer.toString('utf8');
  const limit = bodyLimits[log.bodyLevel] ?? Number.POSITIVE_INFINITY;
  const size = Buffer.byteLength(text);
  const shown =
    size <= limit ? text : `${Buffer.from(text).subarray(0, limit).toString('utf8')} [truncated ${size - limit} chars]`;
  log.write(bodyPlace, klogFields(name, [['body', shown]]));
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
