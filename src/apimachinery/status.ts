import { formatGroupResource } from './gvk.ts';
import { goQuote } from './go-quote.ts';

/** One cause of a failed request (metav1.StatusCause). */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** Details of a failed request (metav1.StatusDetails). */
export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** The answer to a request that failed, or to a delete (metav1.Status). */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, unknown>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/** The error that both sides throw: it carries the Status that travels. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(status: Omit<Status, 'kind' | 'apiVersion' | 'metadata' | 'status'>) {
    super(status.message ?? status.reason ?? 'unknown');
    this.name = 'StatusError';
    this.status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...status };
  }

  get reason(): string {
    return this.status.reason ?? '';
  }

  get code(): number {
    return this.status.code ?? 500;
  }
}

/** Names a resource in an error: group and plural resource. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

function details(gr: GroupResource, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(gr.group === '' ? {} : { group: gr.group }),
    ...(gr.resource === '' ? {} : { kind: gr.resource }),
  };
}

/** 404: `pods "x" not found`. */
export function notFound(gr: GroupResource, name: string): StatusError {
  return new StatusError({
    message: `${formatGroupResource(gr)} ${goQuote(name)} not found`,
    reason: 'NotFound',
    details: details(gr, name),
    code: 404,
  });
}

/** 409 on create: `pods "x" already exists`. */
export function alreadyExists(gr: GroupResource, name: string): StatusError {
  return new StatusError({
    message: `${formatGroupResource(gr)} ${goQuote(name)} already exists`,
    reason: 'AlreadyExists',
    details: details(gr, name),
    code: 409,
  });
}

/** 409 on update: `Operation cannot be fulfilled on pods "x": …`. */
export function conflict(gr: GroupResource, name: string, message: string): StatusError {
  return new StatusError({
    message: `Operation cannot be fulfilled on ${formatGroupResource(gr)} ${goQuote(name)}: ${message}`,
    reason: 'Conflict',
    details: details(gr, name),
    code: 409,
  });
}

/** 400. */
export function badRequest(message: string): StatusError {
  return new StatusError({ message, reason: 'BadRequest', code: 400 });
}

/** 401. */
export function unauthorized(message = 'Unauthorized'): StatusError {
  return new StatusError({ message, reason: 'Unauthorized', code: 401 });
}

/** 403: `pods "x" is forbidden: …`. */
export function forbidden(gr: GroupResource, name: string, message: string): StatusError {
  let text: string;
  const isOfResource = gr.resource !== '' || gr.group !== '';
  if (isOfResource && name !== '') text = `${formatGroupResource(gr)} ${goQuote(name)} is forbidden: ${message}`;
  else if (isOfResource) text = `${formatGroupResource(gr)} is forbidden: ${message}`;
  else text = `forbidden: ${message}`;
  return new StatusError({ message: text, reason: 'Forbidden', details: details(gr, name), code: 403 });
}

/** 405: `create is not supported on resources of kind "pods"`. */
export function methodNotSupported(gr: GroupResource, action: string): StatusError {
  return new StatusError({
    message: `${action} is not supported on resources of kind "${formatGroupResource(gr)}"`,
    reason: 'MethodNotAllowed',
    details: details(gr, ''),
    code: 405,
  });
}

/** 410 for a resourceVersion that is gone. */
export function expired(message: string): StatusError {
  return new StatusError({ message, reason: 'Expired', code: 410 });
}

/** 500: `Internal error occurred: …`. */
export function internalError(message: string): StatusError {
  return new StatusError({
    message: `Internal error occurred: ${message}`,
    reason: 'InternalError',
    details: { causes: [{ message }] },
    code: 500,
  });
}

/** 500 with nothing but a message: what the real server answers where its code has no Status to say. */
export function plainError(message: string): StatusError {
  return new StatusError({ message, code: 500 });
}

/** Whether an error is a StatusError with this reason. */
export function hasReason(error: unknown, reason: string): error is StatusError {
  return error instanceof StatusError && error.reason === reason;
}
