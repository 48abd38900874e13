import type { UserInfo } from '../../authentication/authenticator.ts';
import { gunzipSync } from 'node:zlib';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { header, type HttpHeaders, type HttpRequest, type HttpResponse, readBody } from '../../../apimachinery/http.ts';
import { formatIp, parseIp } from '../../../apimachinery/ip-address.ts';
import { isJsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { type Status, StatusError } from '../../../apimachinery/status.ts';
import type { Clock } from '../../../system/clock.ts';
import type { AuditSink } from '../audit/audit-event.ts';
import type { AuditPolicy } from '../audit/audit-policy.ts';
import { AuditTrail, compactReference } from '../audit/audit-trail.ts';
import type { MediaTypeCodec } from '../negotiation.ts';
import type { ApiRequest, Filter } from '../request-context.ts';
import { withEnd } from '../response-end.ts';
import { statusOf, textResponse } from '../responses.ts';
import { authorizationAttributes } from './authorization.ts';
import { isLongRunning } from './max-in-flight.ts';

/** What is audited, and where events go. */
export interface AuditOptions {
  readonly policy: AuditPolicy;
  readonly sink: AuditSink;
  /** Told the level of each request. */
  readonly onLevel?: (level: string) => void;
  /** Told of each request that is refused because it cannot be kept. */
  readonly onReject?: () => void;
  /** Names who is told of events that are lost, and by which part. */
  readonly onLosses?: (listener: (plugin: string, count: number) => void) => void;
  /** Told how many seconds it took to write down that a request came. */
  readonly onBegun?: (seconds: number) => void;
}

/** The two places of the handler chain that audit. */
export interface AuditFilters {
  /** Around authentication: tells of requests that it refuses. */
  readonly failedAuthentication: Filter;
  /** After authentication: tells of everything else. */
  readonly requests: Filter;
}

const maxUserAgentLength = 1024;

/** Writes events of requests as the policy says (audit.k8s.io/v1). */
export function auditFilters(
  { policy, sink, onLevel, onReject, onBegun }: AuditOptions,
  codecs: readonly MediaTypeCodec[],
  clock: Clock,
): AuditFilters {
  const authenticated = new WeakSet<HttpRequest>();
  const begin = (request: ApiRequest, user: UserInfo | undefined): AuditTrail | undefined => {
    const question = { ...authorizationAttributes(request.info, request.user), user };
    const decision = policy.decide(question);
    onLevel?.(decision.level);
    if (decision.level === 'None') return undefined;
    return new AuditTrail(auditedRequest(request, user), decision, sink, clock);
  };
  return {
    failedAuthentication: (next) => async (request) => {
      try {
        return await next(request);
      } catch (error) {
        if (!authenticated.has(request.http)) {
          const trail = begin(request, undefined);
          const status = statusOf(error);
          trail?.responseStatus(status.code ?? 401, status);
          trail?.responseObject(status as unknown as JsonValue);
          await trail?.reach('ResponseStarted');
        }
        throw error;
      }
    },
    requests: (next) => async (request) => {
      authenticated.add(request.http);
      const begun = clock.now();
      const trail = begin(request, request.user);
      if (trail === undefined) {
        onBegun?.((clock.now() - begun) / 1000);
        return next(request);
      }
      trail.spent('authentication', begun - request.receivedAt);
      for (const [key, text] of Object.entries(request.authenticationNotes ?? {})) trail.annotate(key, text);
      if (!(await trail.reach('RequestReceived'))) {
        onReject?.();
        return notStored(request);
      }
      onBegun?.((clock.now() - begun) / 1000);
      let response: HttpResponse;
      try {
        response = await next({ ...request, audit: trail });
        if (trail.wantsResponseObject && !isLongRunning(request)) response = await wholeAnswer(response);
      } catch (error) {
        await recordError(trail, request, error);
        throw error;
      }
      recordAnswer(trail, request, response, codecs);
      if (isLongRunning(request)) await trail.reach('ResponseStarted');
      if (response.takeOver === undefined && response.body instanceof Uint8Array) {
        await trail.reach('ResponseComplete');
        return response;
      }
      return withEnd(response, () => trail.reach('ResponseComplete'));
    },
  };
}

/** An answer that can be looked at before it is sent. */
async function wholeAnswer(response: HttpResponse): Promise<HttpResponse> {
  return { ...response, body: await readBody(response.body) };
}

/** What a request is answered that has to be kept and could not be (--audit-…-mode=blocking-strict). */
function notStored(request: ApiRequest): HttpResponse {
  const text = `Internal Server Error: ${goQuote(request.http.path)}: failed to store audit event\n`;
  return textResponse(500, text);
}

async function recordError(trail: AuditTrail, request: ApiRequest, error: unknown): Promise<void> {
  const status = statusOf(error);
  if (!(error instanceof StatusError)) {
    const message = `APIServer panic'd: ${status.message ?? ''}`;
    trail.responseStatus(500, { ...status, message, reason: 'InternalError' });
    await trail.reach('Panic');
    return;
  }
  trail.responseStatus(status.code ?? 500, status);
  if (request.info.isResourceRequest) trail.responseObject(status as unknown as JsonValue);
  if (isLongRunning(request)) await trail.reach('ResponseStarted');
  await trail.reach('ResponseComplete');
}

function recordAnswer(
  trail: AuditTrail,
  request: ApiRequest,
  { status, headers, body }: HttpResponse,
  codecs: readonly MediaTypeCodec[],
): void {
  const { isResourceRequest, verb, resource, subresource } = request.info;
  // What is deleted, evicted or bound is answered with a Status when all is well.
  const mayBeStatus =
    verb.startsWith('delete') || ['eviction', 'binding'].includes(subresource) || resource === 'bindings';
  const isWanted = isResourceRequest && (trail.wantsResponseObject || mayBeStatus);
  const object = isWanted && body instanceof Uint8Array ? answeredObject(headers, body, codecs) : undefined;
  const isStatus = isJsonObject(object) && object['kind'] === 'Status' && object['apiVersion'] === 'v1';
  trail.responseStatus(status, isStatus ? (object as unknown as Status) : undefined);
  if (object !== undefined) trail.responseObject(object);
}

/** The object of an answer; undefined for what is in no media type of the API. */
function answeredObject(
  headers: HttpHeaders,
  body: Uint8Array,
  codecs: readonly MediaTypeCodec[],
): JsonValue | undefined {
  const mediaType = (header(headers, 'content-type') ?? '').split(';')[0];
  const codec = codecs.find((candidate) => candidate.mediaType === mediaType);
  if (codec === undefined || body.byteLength === 0) return undefined;
  return codec.decode(header(headers, 'content-encoding') === 'gzip' ? gunzipSync(body) : body).value;
}

function auditedRequest(request: ApiRequest, user: UserInfo | undefined): ConstructorParameters<typeof AuditTrail>[0] {
  const { info, headers, http, auditId, receivedAt } = request;
  const agent = header(headers, 'user-agent') ?? '';
  return {
    auditId,
    requestURI: http.path,
    verb: info.verb,
    user,
    sourceIPs: sourceAddresses(http),
    userAgent: agent.length > maxUserAgentLength ? `${agent.slice(0, maxUserAgentLength)}...TRUNCATED` : agent,
    objectRef: info.isResourceRequest ? compactReference(info) : undefined,
    receivedAt,
  };
}

/** Where a request comes from: the proxies that say so, then the connection. */
function sourceAddresses({ headers, peer }: HttpRequest): readonly string[] {
  const addressOf = (text: string): string[] => {
    const address = parseIp(text.trim());
    return address === undefined ? [] : [formatIp(address)];
  };
  const addresses = (header(headers, 'x-forwarded-for') ?? '').split(',').flatMap(addressOf);
  for (const address of addressOf(header(headers, 'x-real-ip') ?? '')) {
    if (!addresses.includes(address)) addresses.push(address);
  }
  for (const address of addressOf(peer?.address ?? '')) if (addresses.at(-1) !== address) addresses.push(address);
  return addresses;
}
