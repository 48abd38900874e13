import type { UserInfo } from '../../authentication/authenticator.ts';
import { formatDuration } from '../../../apimachinery/duration.ts';
import { cloneJson } from '../../../apimachinery/json.ts';
import type { JsonValue } from '../../../apimachinery/json.ts';
import { formatMicroTime, type Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Status } from '../../../apimachinery/status.ts';
import type { Clock } from '../../../system/clock.ts';
import {
  type AuditEvent,
  type AuditLevel,
  type AuditObjectReference,
  type AuditSink,
  type AuditStage,
  type AuditUser,
  keepsAtLeast,
} from './audit-event.ts';
import { type AuditDecision, omits } from './audit-policy.ts';

/** What is known of a request before it is answered. */
export interface AuditedRequest {
  readonly auditId: string;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: UserInfo | undefined;
  readonly sourceIPs: readonly string[];
  readonly userAgent: string;
  readonly objectRef: AuditObjectReference | undefined;
  readonly receivedAt: number;
}

/** Parts of the work whose time is told of. */
export type LatencyPart =
  | 'authentication'
  | 'authorization'
  | 'impersonation'
  | 'mutating-webhook'
  | 'validating-webhook';

/** Only for requests that took longer it is told where the time went. */
const slowMillis = 500;

type ResponseStatus = NonNullable<AuditEvent['responseStatus']>;

/** Collects what the audit log is to tell of one request, and writes its events. */
export class AuditTrail {
  readonly #request: AuditedRequest;
  readonly #decision: AuditDecision;
  readonly #sink: AuditSink;
  readonly #clock: Clock;
  readonly #annotations: Record<string, string> = {};
  #objectRef: AuditObjectReference | undefined;
  #impersonated: UserInfo | undefined;
  #constraint: string | undefined;
  #isLong = false;
  readonly #spent = new Map<string, number>();
  #responseStatus: ResponseStatus | undefined;
  #requestObject: unknown;
  #responseObject: unknown;

  constructor(request: AuditedRequest, decision: AuditDecision, sink: AuditSink, clock: Clock) {
    this.#request = request;
    this.#decision = decision;
    this.#sink = sink;
    this.#clock = clock;
    this.#objectRef = request.objectRef;
  }

  /** Whether the answer's object is wanted. */
  get wantsResponseObject(): boolean {
    return keepsAtLeast(this.#decision.level, 'RequestResponse');
  }

  /** Adds an annotation; the first value of a key stays. @param least the level from which on it is kept */
  annotate(key: string, value: string, least: AuditLevel = 'Metadata'): void {
    if (!keepsAtLeast(this.#decision.level, least)) return;
    if (!Object.hasOwn(this.#annotations, key)) this.#annotations[key] = value;
  }

  /** Tells who the request goes on as. @param constraint the verb of the constrained way that allowed it (KEP-5284) */
  impersonate(user: UserInfo, constraint?: string): void {
    this.#impersonated = user;
    this.#constraint = constraint;
  }

  /** Tells how long a part of the work took; told of where the whole took long. */
  spent(part: LatencyPart, millis: number): void {
    this.#spent.set(part, (this.#spent.get(part) ?? 0) + millis);
  }

  /** Tells of the object that was sent: what the URL leaves open is taken from it. */
  requestObject(object: Unstructured): void {
    const { namespace, name, uid, resourceVersion } = object.metadata ?? {};
    this.#objectRef = compactReference({
      ...this.#objectRef,
      namespace: filled(this.#objectRef?.namespace, namespace),
      name: filled(this.#objectRef?.name, name),
      uid: filled(this.#objectRef?.uid, uid),
      resourceVersion: filled(this.#objectRef?.resourceVersion, resourceVersion),
    });
    if (keepsAtLeast(this.#decision.level, 'Request')) this.#requestObject = cloneJson(this.#trimmed(object));
  }

  /** Tells of a patch or of options that were sent. */
  requestBody(body: JsonValue): void {
    if (keepsAtLeast(this.#decision.level, 'Request')) this.#requestObject = body;
  }

  /** Tells how the answer begins; of a Status its bounded fields are kept. */
  responseStatus(code: number, status?: Status): void {
    const { status: outcome, message, reason, details } = status ?? {};
    this.#responseStatus = {
      metadata: {},
      ...(outcome === undefined ? {} : { status: outcome }),
      ...(message === undefined ? {} : { message }),
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }

  /** Tells of the answer's object. */
  responseObject(object: JsonValue): void {
    if (this.wantsResponseObject) this.#responseObject = this.#trimmed(object);
  }

  /** Writes the event of a stage, unless the policy omits it. @returns whether it is kept */
  reach(stage: AuditStage): boolean | Promise<boolean> {
    if (stage === 'ResponseStarted') this.#isLong = true;
    if (omits(this.#decision, stage)) return true;
    const request = this.#request;
    const reference = this.#objectRef;
    const stageTime = stage === 'RequestReceived' ? request.receivedAt : this.#clock.now();
    // Requests that are meant to last are not slow.
    if (stage === 'ResponseComplete' && !this.#isLong) this.#annotateLatency(stageTime - request.receivedAt);
    return this.#sink.write({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: this.#decision.level,
      auditID: request.auditId,
      stage,
      requestURI: request.requestURI,
      verb: request.verb,
      user: shownUser(request.user),
      ...(this.#impersonated === undefined ? {} : { impersonatedUser: shownUser(this.#impersonated) }),
      ...(this.#constraint === undefined
        ? {}
        : { authenticationMetadata: { impersonationConstraint: this.#constraint } }),
      ...(request.sourceIPs.length === 0 ? {} : { sourceIPs: request.sourceIPs }),
      ...(request.userAgent === '' ? {} : { userAgent: request.userAgent }),
      ...(reference === undefined ? {} : { objectRef: reference }),
      ...(this.#responseStatus === undefined ? {} : { responseStatus: this.#responseStatus }),
      ...(this.#requestObject === undefined ? {} : { requestObject: this.#requestObject }),
      ...(this.#responseObject === undefined ? {} : { responseObject: this.#responseObject }),
      requestReceivedTimestamp: formatMicroTime(request.receivedAt),
      stageTimestamp: formatMicroTime(stageTime),
      ...(Object.keys(this.#annotations).length === 0 ? {} : { annotations: { ...this.#annotations } }),
    });
  }

  #annotateLatency(total: number): void {
    if (total <= slowMillis) return;
    for (const [part, millis] of [...this.#spent, ['total', total] as const]) {
      this.annotate(`apiserver.latency.k8s.io/${part}`, formatDuration(millis));
    }
  }

  #trimmed(object: unknown): unknown {
    return this.#decision.omitManagedFields ? withoutManagedFields(object) : object;
  }
}

function filled(known: string | undefined, own: string | undefined): string {
  return known !== undefined && known !== '' ? known : (own ?? '');
}

/** A reference with its fields in order, empty ones left out. */
export function compactReference(
  reference: Readonly<Partial<Record<keyof AuditObjectReference, string>>>,
): AuditObjectReference {
  const names = [
    ...(['resource', 'namespace', 'name', 'uid', 'apiGroup', 'apiVersion'] as const),
    ...(['resourceVersion', 'subresource'] as const),
  ];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = reference[name] ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
}

function shownUser(user: UserInfo | undefined): AuditUser {
  if (user === undefined) return {};
  const { username, uid, groups, extra } = user;
  return {
    ...(username === '' ? {} : { username }),
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** An object, the items of a list or the objects of a Table without metadata.managedFields. */
function withoutManagedFields(object: unknown): unknown {
  if (typeof object !== 'object' || object === null) return object;
  const { metadata, items, rows } = object as {
    readonly metadata?: Readonly<Record<string, unknown>>;
    readonly items?: unknown;
    readonly rows?: unknown;
  };
  const { managedFields: _left, ...kept } = metadata ?? {};
  return {
    ...object,
    ...(metadata === undefined ? {} : { metadata: kept }),
    ...(Array.isArray(items) ? { items: items.map(withoutManagedFields) } : {}),
    ...(Array.isArray(rows)
      ? {
          rows: rows.map((row: unknown) =>
            typeof row === 'object' && row !== null && 'object' in row
              ? { ...row, object: withoutManagedFields(row.object) }
              : row,
          ),
        }
      : {}),
  };
}
