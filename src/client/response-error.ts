import { formatGroupResource } from '../apimachinery/gvk.ts';
import { header, type HttpHeaders, type HttpResponse } from '../apimachinery/http.ts';
import { isJsonObject } from '../apimachinery/json.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { ClientRequest } from './client.ts';

/** The seconds of a Retry-After header; undefined without one, or with a date, which API servers do not send. */
export function retryAfterSeconds(headers: HttpHeaders): number | undefined {
  const text = header(headers, 'retry-after') ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The error of an answer: the Status it carries, or one made up from its code and text as client-go does. */
export function errorFromResponse(request: ClientRequest, response: HttpResponse, body: Uint8Array): StatusError {
  const text = Buffer.from(body).toString('utf8');
  if (request.unread === true) return genericError({ ...request, raw: true }, response, text);
  try {
    const value = parseJson(text);
    if (isJsonObject(value) && value['kind'] === 'Status') return new StatusError({ message: '', ...value });
  } catch {
    // No JSON: a proxy's page, say.
  }
  return genericError(request, response, text);
}

interface GenericError {
  readonly reason: string;
  readonly message: string;
}

const genericErrors: Readonly<Record<number, GenericError>> = {
  400: { reason: 'BadRequest', message: 'the server rejected our request for an unknown reason' },
  401: { reason: 'Unauthorized', message: 'the server has asked for the client to provide credentials' },
  404: { reason: 'NotFound', message: 'the server could not find the requested resource' },
  405: { reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource' },
  409: { reason: 'Conflict', message: 'the server reported a conflict' },
  422: { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' },
  429: {
    reason: 'TooManyRequests',
    message: 'the server has received too many requests and has asked us to try again later',
  },
  503: { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' },
  504: {
    reason: 'Timeout',
    message: 'the server was unable to return a response in the time allotted, but may still be processing the request',
  },
};

/** Those that say what the server says. */
function describedByServer(code: number, text: string): GenericError | undefined {
  if (code === 403) return { reason: 'Forbidden', message: text };
  if (code === 415) return { reason: 'UnsupportedMediaType', message: text };
  if (code === 406) {
    const unsaid = 'the server was unable to respond with a content type that the client supports';
    return { reason: 'NotAcceptable', message: text === '' || text === 'unknown' ? unsaid : text };
  }
  if (code < 500) return undefined;
  return {
    reason: 'InternalError',
    message: `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding`,
  };
}

/** A longer text is cut off. */
const maxTextLength = 2048;

function genericError(request: ClientRequest, response: HttpResponse, body: string): StatusError {
  const { status: code, headers } = response;
  const type = header(headers, 'content-type') ?? '';
  const text = type === '' || type.startsWith('text/') ? body.slice(0, maxTextLength).trim() : 'unknown';
  const generic = genericErrors[code] ??
    describedByServer(code, text) ?? {
      reason: '',
      message: `the server responded with the status code ${code} but did not return more information`,
    };
  const retryAfter = retryAfterSeconds(headers) ?? 0;
  const { resource, group, name } = request.raw === true ? nothing : targetOf(request.path);
  const kind = formatGroupResource({ group, resource });
  const suffix = resource === '' ? '' : ` (${request.method.toLowerCase()} ${kind}${name === '' ? '' : ` ${name}`})`;
  return new StatusError({
    message: `${generic.message}${suffix}`,
    reason: code === 409 && request.method === 'POST' ? 'AlreadyExists' : generic.reason,
    details: {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      ...(resource === '' ? {} : { kind: resource }),
      causes: [{ reason: 'UnexpectedServerResponse', message: text }],
      ...(retryAfter > 0 ? { retryAfterSeconds: retryAfter } : {}),
    },
    code,
  });
}

interface RequestTarget {
  readonly group: string;
  readonly resource: string;
  readonly name: string;
}

const nothing: RequestTarget = { group: '', resource: '', name: '' };

/** What a path of the API is about; nothing for discovery and for paths outside the API. */
function targetOf(path: string): RequestTarget {
  const [root, ...segments] = path.split('/').slice(1);
  if (root !== 'api' && root !== 'apis') return nothing;
  const group = root === 'apis' ? (segments.shift() ?? '') : '';
  segments.shift();
  const isInside = segments[0] === 'namespaces' && !['status', 'finalize', undefined].includes(segments[2]);
  if (isInside) segments.splice(0, 2);
  const [resource = '', name = ''] = segments;
  return { group, resource, name: decodeURIComponent(name) };
}
