import { header } from '../../../apimachinery/http.ts';
import { compilePattern, PatternError } from '../../../cel/regular-expression.ts';
import type { Filter } from '../request-context.ts';

/** A pattern of origins that cannot be one. */
export class OriginError extends Error {}

/**
 * A pattern of origins in RE2's syntax. It must hold on to both ends of the host, or it would let in others that have it
 * in their name (CVE-2022-1996).
 * @throws OriginError
 */
export function allowedOrigin(text: string): RegExp {
  let pattern: RegExp;
  try {
    pattern = compilePattern(text);
  } catch (error) {
    throw error instanceof PatternError ? new OriginError(error.message) : error;
  }
  if (/\^|\/\//.test(text) && /[$:]/.test(text)) return pattern;
  throw new OriginError('regular expression does not pin to start/end of host in the origin header');
}

/** What browsers are told of this server. */
export interface BrowserRules {
  /** Origins whose pages may read answers, with credentials (CORS); none when empty. */
  readonly allowedOrigins: readonly RegExp[];
  /** Directives of Strict-Transport-Security (RFC 6797); the header is left out when empty. */
  readonly transportSecurity: readonly string[];
}

const allowed = {
  'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE, PATCH',
  'access-control-allow-headers':
    'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since',
  'access-control-expose-headers': 'Date',
  'access-control-allow-credentials': 'true',
};

/**
 * Adds the headers of CORS to answers for pages of allowed origins, whose questions beforehand (OPTIONS) are answered
 * before anyone asks who they come from; and that of Strict-Transport-Security to every answer.
 */
export function forBrowsers({ allowedOrigins, transportSecurity }: BrowserRules): Filter {
  return (next) => (request) => {
    const { responseHeaders } = request;
    if (transportSecurity.length > 0) responseHeaders['strict-transport-security'] = transportSecurity.join('; ');
    const origin = header(request.headers, 'origin') ?? '';
    if (origin === '' || !allowedOrigins.some((pattern) => pattern.test(origin))) return next(request);
    Object.assign(responseHeaders, { 'access-control-allow-origin': origin, ...allowed });
    if (request.method !== 'OPTIONS') return next(request);
    return Promise.resolve({
      status: 204,
      headers: { 'cache-control': 'no-cache, private' },
      body: new Uint8Array(),
    });
  };
}
