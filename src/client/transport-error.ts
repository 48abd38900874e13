/** An answer's headers may have as many, as in Go's net/http. */
export const maxResponseHeaderBytes = 10 * 1024 * 1024;

/** Why no answer came. */
export type TransportErrorKind = 'refused' | 'reset' | 'timeout' | 'dns' | 'tls' | 'aborted' | 'proxy' | 'other';

/** A request that got no answer. The cause is Node's error, with its code. */
export class TransportError extends Error {
  readonly kind: TransportErrorKind;
  /** `host:port` that was spoken to. */
  readonly address: string;
  /** Node's code, such as ECONNREFUSED or DEPTH_ZERO_SELF_SIGNED_CERT. */
  readonly code: string;
  /** The request that got no answer, as Go's net/http names it: `Get "https://host/api"`; empty where that is not known. */
  request = '';

  constructor(kind: TransportErrorKind, address: string, code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'TransportError';
    this.kind = kind;
    this.address = address;
    this.code = code;
  }
}

/** A request as Go's net/http names it in errors: `Get "https://host/api"`. */
export function requestName(method: string, url: string): string {
  return `${method.slice(0, 1)}${method.slice(1).toLowerCase()} "${url}"`;
}

/** An answer that began and broke off. */
export class BrokenAnswerError extends Error {
  /** @param reason in Go's words, such as `unexpected EOF` */
  constructor(reason: string, cause: TransportError) {
    super(`unexpected error when reading response body. Please retry. Original error: ${reason}`, { cause });
    this.name = 'BrokenAnswerError';
  }
}

/** A read that was tried again got no answer either, for another reason than before. */
export class RepeatedFailureError extends Error {
  /**
   * @param failure of the last attempt, in Go's words: `Get "https://host/api": EOF`
   * @param before why the attempt before it got none
   */
  constructor(failure: string, before: string, cause: TransportError) {
    super(`${failure} - error from a previous attempt: ${before}`, { cause });
    this.name = 'RepeatedFailureError';
  }
}

/** The time for a request was over before it could be sent again. */
export class RetryTimeoutError extends Error {
  /** @param reason why the last attempt got no answer, in Go's words; empty where it got one */
  constructor(reason: string, cause: TransportError) {
    const before = reason === '' ? '' : ` - error from a previous attempt: ${reason}`;
    super(`client rate limiter Wait returned an error: context deadline exceeded${before}`, { cause });
    this.name = 'RetryTimeoutError';
  }
}

const kindsByCode: Readonly<Record<string, TransportErrorKind>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_CLOSED: 'reset',
  UND_ERR_DESTROYED: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  UND_ERR_ABORTED: 'aborted',
  ABORT_ERR: 'aborted',
};

/** Wraps what a socket, TLS or undici threw; a TransportError stays as it is. */
export function asTransportError(error: unknown, address: string): TransportError {
  if (error instanceof TransportError) return error;
  const inner = error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as unknown) : error;
  const { code: given, message = String(inner) } = inner as { code?: unknown; message?: string };
  // A DOMException's code is a number.
  const code = typeof given === 'string' ? given : '';
  const isTls = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|ALTNAME|INVALID_PURPOSE/.test(code);
  const isAbort = (inner as { name?: string }).name === 'AbortError';
  const kind = kindsByCode[code] ?? (isTls ? 'tls' : isAbort ? 'aborted' : 'other');
  return new TransportError(kind, address, code, message, inner);
}
