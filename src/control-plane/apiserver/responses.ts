import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { messageOf } from '../../apimachinery/error-message.ts';
import { header, type HttpHeaders, type HttpResponse } from '../../apimachinery/http.ts';
import { StatusError, type Status } from '../../apimachinery/status.ts';
import { errorFormat, type MediaTypeCodec, type OutputFormat } from './negotiation.ts';
import type { ApiRequest } from './request-context.ts';

/**
 * How much of a large answer is made and sent at a time. Answers up to here are not worth compressing (as in
 * k8s.io/apiserver).
 */
const sliceBytes = 128 * 1024;

/** `text/plain` with this status. */
export function textResponse(status: number, text: string, headers: HttpHeaders = {}): HttpResponse {
  return {
    status,
    headers: {
      'cache-control': 'no-cache, private',
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    body: Buffer.from(text),
  };
}

/** The answer for a path that nothing serves. */
export function pageNotFound(): HttpResponse {
  return textResponse(404, '404 page not found\n');
}

/** Whether a client takes gzip: endpoints of resources look for the bare word, other handlers at weights too. */
function takesGzip(request: ApiRequest, looksAtWeights: boolean): boolean {
  const codings = (header(request.headers, 'accept-encoding') ?? '').split(',').map((coding) => coding.trim());
  if (!looksAtWeights) return codings.includes('gzip');
  return codings.some((coding) => {
    const [name = '', ...parameters] = coding.split(';').map((part) => part.trim());
    return name === 'gzip' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/**
 * Bytes that are already in the negotiated media type. Large ones are sent as fast as the client takes them, compressed
 * when it takes gzip.
 * @param body bytes, or the pieces that they are put together of, each made when it is needed
 */
export function bytesResponse(
  request: ApiRequest,
  status: number,
  contentType: string,
  body: Uint8Array | Iterable<Uint8Array>,
  looksAtWeights = false,
): HttpResponse {
  const headers: HttpHeaders = { 'cache-control': 'no-cache, private', 'content-type': contentType };
  const sent = sentBody(body);
  if (sent instanceof Uint8Array || status !== 200 || !takesGzip(request, looksAtWeights)) {
    return { status, headers, body: sent };
  }
  const packed = { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' };
  return { status, headers: packed, body: compressed(sent) };
}

/** Bytes up to a slice as they are, more of them slice by slice. */
function sentBody(body: Uint8Array | Iterable<Uint8Array>): Uint8Array | AsyncIterable<Uint8Array> {
  if (body instanceof Uint8Array && body.byteLength <= sliceBytes) return body;
  const slices = body instanceof Uint8Array ? slicesOf(body) : gathered(body);
  const first = slices.next();
  const second = slices.next();
  if (first.done === true) return new Uint8Array();
  return second.done === true ? first.value : oneByOne([first.value, second.value], slices);
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes);
}

/** Pieces put together to slices. */
function* gathered(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let slice: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    slice.push(piece);
    length += piece.byteLength;
    if (length < sliceBytes) continue;
    yield Buffer.concat(slice, length);
    slice = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(slice, length);
}

async function* oneByOne(begun: Iterable<Uint8Array>, rest: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* begun;
  yield* rest;
}

function compressed(slices: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = Readable.from(slices, { highWaterMark: 1 });
  // Whoever reads the end of it is told what went wrong.
  return pipeline(source, createGzip({ level: 4, chunkSize: sliceBytes }), () => undefined);
}

/** An object in the negotiated media type. */
export function objectResponse(
  request: ApiRequest,
  format: OutputFormat,
  status: number,
  object: unknown,
): HttpResponse {
  return bytesResponse(request, status, format.codec.mediaType, format.codec.encode(object, format.pretty));
}

/** A Status for an error; anything that is no StatusError is a 500 with its message. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  const message = messageOf(error);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 };
}

/** The error answer, in the media type that the request accepts. */
export function errorResponse(request: ApiRequest, codecs: readonly MediaTypeCodec[], error: unknown): HttpResponse {
  const status = statusOf(error);
  const code = status.code ?? 500;
  const format = errorFormat(request, codecs);
  const headers: HttpHeaders = { 'cache-control': 'no-cache, private', 'content-type': format.codec.mediaType };
  const retryAfterSeconds = status.details?.retryAfterSeconds;
  if (retryAfterSeconds !== undefined && retryAfterSeconds > 0) headers['retry-after'] = String(retryAfterSeconds);
  else if (isTooLargeResourceVersion(status)) headers['retry-after'] = '1';
  return { status: code, headers, body: format.codec.encode(status, format.pretty) };
}

/** A revision that is not reached yet will be soon, so the client is told to come back even without a time. */
function isTooLargeResourceVersion(status: Status): boolean {
  return status.details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge') === true;
}

/** Adds the headers that every answer carries: the audit id and the warnings. */
export function withCommonHeaders(request: ApiRequest, response: HttpResponse): HttpResponse {
  const headers: HttpHeaders = {
    'audit-id': request.auditId,
    ...request.responseHeaders,
    ...response.headers,
  };
  if (request.warnings.length > 0) {
    headers['warning'] = fittingWarnings(request.warnings).map((text) => `299 - ${quoteWarning(text)}`);
  }
  return { ...response, headers };
}

const maxWarningCharacters = 4096;
const maxLongWarningCharacters = 256;

/** The warnings as far as headers hold them: where all are too much, long ones are cut and the last ones left out. */
function fittingWarnings(warnings: readonly string[]): readonly string[] {
  const lengthOf = (text: string): number => Array.from(text).length;
  if (warnings.reduce((sum, text) => sum + lengthOf(text), 0) <= maxWarningCharacters) return warnings;
  const fitting: string[] = [];
  let given = 0;
  let total = 0;
  for (const warning of warnings) {
    // Those up to the one that was too much are all there.
    if (given > maxWarningCharacters && total >= maxWarningCharacters) break;
    given += lengthOf(warning);
    const text = Array.from(warning).slice(0, maxLongWarningCharacters).join('');
    fitting.push(text);
    total += lengthOf(text);
  }
  return fitting;
}

/**
 * A warning's text as an HTTP quoted string: control characters dropped, quotes and backslashes escaped. A header's
 * characters are octets, so those beyond ASCII are the ones of its UTF-8.
 */
function quoteWarning(text: string): string {
  let clean = '';
  for (const char of text) clean += char < ' ' || char === '\u007f' ? ' ' : char;
  return `"${Buffer.from(clean.replace(/[\\"]/g, '\\$&'), 'utf8').toString('latin1')}"`;
}
