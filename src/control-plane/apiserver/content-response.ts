import { header, type HttpHeaders, type HttpResponse } from '../../apimachinery/http.ts';
import type { ApiRequest } from './request-context.ts';
import { textResponse } from './responses.ts';

const noBytes = new Uint8Array();

/** Bytes that stay the same for a while. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Without the quotes; nothing when absent. */
  readonly tag?: string;
  /** When it became what it is, in milliseconds. */
  readonly modifiedAt: number;
  /** Goes with every answer. */
  readonly headers?: HttpHeaders;
}

/** Answers with content as Go's net/http serves it: conditions on tags and times, and a part when asked for (RFC 9110). */
export function contentResponse(request: ApiRequest, content: Content): HttpResponse {
  const { bytes, contentType, tag, modifiedAt } = content;
  const about: HttpHeaders = {
    'cache-control': 'no-cache, private',
    ...content.headers,
    ...(tag === undefined ? {} : { etag: `"${tag}"` }),
  };
  const modified = { 'last-modified': new Date(modifiedAt).toUTCString() };
  if (isAnother(request, content)) {
    const type = tag === undefined ? {} : { 'content-type': contentType };
    return { status: 412, headers: { ...about, ...modified, ...type }, body: noBytes };
  }
  if (isUnmodified(request, content)) {
    return { status: 304, headers: tag === undefined ? { ...about, ...modified } : about, body: noBytes };
  }
  const headers: HttpHeaders = { ...about, 'content-type': contentType, 'accept-ranges': 'bytes', ...modified };
  const range = isPartOfThis(request, content)
    ? askedRange(header(request.headers, 'range'), bytes.byteLength)
    : undefined;
  const sized = (body: Uint8Array): HttpHeaders => ({ ...headers, 'content-length': String(body.byteLength) });
  if (range === undefined) return { status: 200, headers: sized(bytes), body: bytes };
  if (range === 'beyond') {
    const { etag: _tag, ...rest } = about;
    return textResponse(416, 'invalid range: failed to overlap\n', {
      ...rest,
      'content-range': `bytes */${bytes.byteLength}`,
    });
  }
  const [from, to] = range;
  const part = bytes.subarray(from, to + 1);
  return {
    status: 206,
    headers: { ...sized(part), 'content-range': `bytes ${from}-${to}/${bytes.byteLength}` },
    body: part,
  };
}

/** Whether somebody wants it only as it was: by a tag, or where none is named by a time. */
function isAnother({ headers }: ApiRequest, { tag, modifiedAt }: Content): boolean {
  const tags = header(headers, 'if-match');
  if (tags !== undefined) {
    const names = tags.split(',').map((text) => text.trim());
    return !names.includes('*') && (tag === undefined || !names.includes(`"${tag}"`));
  }
  const since = Date.parse(header(headers, 'if-unmodified-since') ?? '');
  return !Number.isNaN(since) && Math.floor(modifiedAt / 1000) * 1000 > since;
}

/** Whether a part is wanted whatever it is a part of, or of what this is. */
function isPartOfThis({ method, headers }: ApiRequest, { tag, modifiedAt }: Content): boolean {
  const condition = header(headers, 'if-range');
  if (condition === undefined || (method !== 'GET' && method !== 'HEAD')) return true;
  if (condition.startsWith('"')) return tag !== undefined && condition === `"${tag}"`;
  return Date.parse(condition) === Math.floor(modifiedAt / 1000) * 1000;
}

/** Tags are looked at first; a time counts only where none is asked about. */
function isUnmodified({ method, headers }: ApiRequest, { tag, modifiedAt }: Content): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const tags = header(headers, 'if-none-match');
  if (tags !== undefined) return isTagAmong(tags, tag);
  const since = Date.parse(header(headers, 'if-modified-since') ?? '');
  return !Number.isNaN(since) && Math.floor(modifiedAt / 1000) * 1000 <= since;
}

/** Whether an `If-None-Match` names a tag, weakly compared. */
export function isTagAmong(tags: string, tag: string | undefined): boolean {
  const names = tags.split(',').map((text) => text.trim().replace(/^W\//, ''));
  return names.includes('*') || (tag !== undefined && names.includes(`"${tag}"`));
}

/** The one range that `bytes=0-9`, `bytes=9-` or `bytes=-9` asks for; several are answered with the whole. */
function askedRange(asked: string | undefined, length: number): readonly [number, number] | 'beyond' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(asked ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, length - Number(last)) : Number(first);
  const to = first === '' || last === '' ? length - 1 : Math.min(Number(last), length - 1);
  if (from >= length) return 'beyond';
  return from > to ? undefined : [from, to];
}
