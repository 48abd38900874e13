import type { UserInfo } from '../authentication/authenticator.ts';
import type { HttpHeaders, HttpRequest, HttpResponse } from '../../apimachinery/http.ts';
import { header } from '../../apimachinery/http.ts';
import type { AuditTrail } from './audit/audit-trail.ts';
import type { RequestInfo } from './request-info.ts';

/** Everyone that authentication knows nothing of. */
export const anonymousUser: UserInfo = {
  username: 'system:anonymous',
  uid: '',
  groups: ['system:unauthenticated'],
  extra: {},
};

/** One request on its way through the handler chain. */
export interface ApiRequest {
  readonly http: HttpRequest;
  readonly method: string;
  readonly headers: HttpHeaders;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  /** Set by authentication (and by impersonation); anonymous before. */
  readonly user: UserInfo;
  /** Texts of Warning headers, in order; see addWarning. */
  readonly warnings: string[];
  /** Headers that the answer gets, whatever it is. */
  readonly responseHeaders: HttpHeaders;
  /** Milliseconds since the epoch when the request came. */
  readonly receivedAt: number;
  readonly auditId: string;
  /** What authentication has to tell the audit log, which begins after it. */
  readonly authenticationNotes?: Readonly<Record<string, string>>;
  /** Collects what the audit log tells of the request; absent when it tells nothing. */
  readonly audit?: AuditTrail;
  /** What aborts when the client is gone or the server closes; made when asked for, as few requests need it. */
  readonly signal: () => AbortSignal;
  /** Milliseconds since the epoch when it is answered at the latest; undefined while it may take as long as it wants. */
  readonly deadline?: number;
}

/** A step that answers a request. */
export type Handler = (request: ApiRequest) => Promise<HttpResponse>;

/** A step of the chain around the next one. */
export type Filter = (next: Handler) => Handler;

/** Adds a warning once; it reaches the client as a Warning header. */
export function addWarning(request: ApiRequest, text: string): void {
  // A header can hold no control characters; the real server leaves such warnings out.
  if (/\p{Cc}/u.test(text)) return;
  if (text !== '' && !request.warnings.includes(text)) request.warnings.push(text);
}

/** The manager's name when a write does not say: the User-Agent up to its first slash. */
export function managerOf(request: ApiRequest): string {
  const named = request.query.get('fieldManager') ?? '';
  if (named !== '') return named;
  const agent = header(request.headers, 'user-agent') ?? '';
  const prefix = agent.split('/')[0] ?? '';
  // Names are limited to 128 printable characters, as fieldManager is.
  let manager = '';
  for (const char of prefix) {
    if (char < ' ' || char === '\u007f') continue;
    if (Buffer.byteLength(manager + char) > 128) break;
    manager += char;
  }
  return manager === '' ? 'unknown' : manager;
}
