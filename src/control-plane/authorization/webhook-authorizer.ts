import type { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from '../../api/types/authorization-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { StatusError } from '../../apimachinery/status.ts';
import { TransportError } from '../../client/transport-error.ts';
import type { Clock } from '../../system/clock.ts';
import { ExpiringCache } from '../authentication/expiring-cache.ts';
import type { ReviewWebhook } from '../authentication/review-webhook.ts';
import { accessQuestion } from './access-question.ts';
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from './authorizer.ts';
import type { WebhookConditions } from './webhook-conditions.ts';

/** The versions of SubjectAccessReview that webhooks are asked in. */
export type AccessReviewVersion = 'v1' | 'v1beta1';

/** How a question to a webhook went. */
export type EvaluationResult = 'success' | 'timeout' | 'error';

/** Is told how a webhook does. */
export interface WebhookObserver {
  /** A question was sent. */
  evaluated(result: EvaluationResult, seconds: number): void;
  /** A question goes on to others because this one could not be asked. */
  failedOpen(result: EvaluationResult): void;
  /** Match conditions were evaluated. */
  matched(seconds: number, outcome: 'included' | 'excluded' | 'error'): void;
}

export interface WebhookAuthorizerOptions {
  readonly webhook: ReviewWebhook;
  readonly version: AccessReviewVersion;
  /** How long a yes is remembered; 0 for not at all. */
  readonly authorizedMillis: number;
  /** How long anything but a yes is remembered; 0 for not at all. */
  readonly unauthorizedMillis: number;
  /** What it says when it cannot be asked. */
  readonly onFailure: 'noOpinion' | 'deny';
  /** Which questions it is asked; all without. */
  readonly conditions?: WebhookConditions;
  readonly clock: Clock;
  /** Told why it could not be asked. */
  readonly onError?: (reason: string) => void;
  readonly observer?: WebhookObserver;
}

const cachedAnswers = 8192;
/** Questions whose texts are longer than this together are not remembered. */
const maxRememberedLength = 10_000;

/** Asks a server with a SubjectAccessReview, and remembers what it said (--authorization-mode=Webhook). */
export function webhookAuthorizer(options: WebhookAuthorizerOptions): Authorizer {
  const { webhook, version, onFailure, observer } = options;
  const known = new ExpiringCache<SubjectAccessReviewStatus>(options.clock, cachedAnswers);
  const failed = (error: unknown): AuthorizationDecision => {
    const reason = messageOf(error);
    options.onError?.(reason);
    return { decision: onFailure, reason: '', error: reason };
  };
  return {
    rulesProblem: () => 'webhook authorizer does not support user rule resolution',
    async authorize(attributes) {
      const spec = accessQuestion(attributes);
      try {
        if (!isAsked(spec, options)) return { decision: 'noOpinion', reason: '' };
        const key = JSON.stringify(spec);
        let status = known.get(key);
        if (status === undefined) {
          let last: EvaluationResult = 'success';
          const onAttempt = (error: unknown, millis: number): void => {
            last = resultOf(error);
            observer?.evaluated(last, millis / 1000);
          };
          const answer = webhook.ask(review(spec, version), onAttempt);
          status = statusOf(
            await answer.catch((error: unknown) => {
              if (onFailure === 'noOpinion') observer?.failedOpen(last);
              throw error;
            }),
          );
          const millis = status.allowed ? options.authorizedMillis : options.unauthorizedMillis;
          if (isShort(attributes)) known.set(key, status, millis);
        }
        return decisionOf(status);
      } catch (error) {
        return failed(error);
      }
    },
  };
}

function resultOf(error: unknown): EvaluationResult {
  if (error === undefined) return 'success';
  const isTimeout =
    (error instanceof TransportError && error.kind === 'timeout') ||
    (error instanceof StatusError && (error.code === 504 || error.reason === 'Timeout'));
  return isTimeout ? 'timeout' : 'error';
}

/** @throws Error when the conditions cannot tell */
function isAsked(spec: SubjectAccessReviewSpec, { conditions, observer, clock }: WebhookAuthorizerOptions): boolean {
  if (conditions === undefined) return true;
  const begun = clock.now();
  const told = (outcome: 'included' | 'excluded' | 'error'): void =>
    observer?.matched((clock.now() - begun) / 1000, outcome);
  try {
    const isMatch = conditions.match(spec);
    told(isMatch ? 'included' : 'excluded');
    return isMatch;
  } catch (error) {
    told('error');
    throw error;
  }
}

function review(spec: SubjectAccessReviewSpec, version: AccessReviewVersion): JsonObject {
  const { groups, ...rest } = spec;
  // v1beta1 calls the list by its singular.
  const named = groups === undefined ? {} : version === 'v1' ? { groups } : { group: groups };
  return {
    kind: 'SubjectAccessReview',
    apiVersion: `authorization.k8s.io/${version}`,
    metadata: {},
    spec: { ...rest, ...named } as JsonObject,
    status: { allowed: false },
  };
}

/** @throws Error for a status that is none */
function statusOf(answer: JsonObject): SubjectAccessReviewStatus {
  const status = answer['status'] ?? {};
  const { allowed = false, denied = false, reason = '' } = isJsonObject(status) ? status : {};
  if (
    !isJsonObject(status) ||
    typeof allowed !== 'boolean' ||
    typeof denied !== 'boolean' ||
    typeof reason !== 'string'
  ) {
    throw new Error(unreadable(status));
  }
  return { allowed, denied, reason };
}

const fieldTypes: ReadonlyMap<string, string> = new Map([
  ['allowed', 'bool'],
  ['denied', 'bool'],
  ['reason', 'string'],
]);

/** Why a status cannot be read, in the words of encoding/json. */
function unreadable(status: JsonValue): string {
  const place = 'into Go struct field SubjectAccessReview';
  if (!isJsonObject(status)) {
    return `json: cannot unmarshal ${describeJsonKind(status)} ${place}.status of type SubjectAccessReviewStatus`;
  }
  for (const [field, type] of fieldTypes) {
    const kind = describeJsonKind(status[field] ?? null);
    if (status[field] === undefined || kind === type) continue;
    return `json: cannot unmarshal ${kind} ${place}Status.status.${field} of type ${type}`;
  }
  return 'the status of the SubjectAccessReview cannot be read';
}

function decisionOf({ allowed, denied = false, reason = '' }: SubjectAccessReviewStatus): AuthorizationDecision {
  if (denied && allowed) {
    const error = 'webhook subject access review returned both allow and deny response';
    return { decision: 'deny', reason, error };
  }
  return { decision: denied ? 'deny' : allowed ? 'allow' : 'noOpinion', reason };
}

function isShort(attributes: AuthorizationAttributes): boolean {
  const { namespace, verb, apiGroup, apiVersion, resource, subresource, name, path } = attributes;
  const length = [namespace, verb, apiGroup, apiVersion, resource, subresource, name, path].join('').length;
  return length < maxRememberedLength;
}
