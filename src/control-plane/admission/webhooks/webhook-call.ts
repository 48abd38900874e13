import { goQuote } from '../../../apimachinery/field-error.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import { badRequest, type Status, StatusError } from '../../../apimachinery/status.ts';
import { legacyNameReason } from '../../../client/transport-reason.ts';
import { WebhookConfigurationError, WebhookError, type WebhookTarget } from '../../../client/webhook-client.ts';
import type { Random } from '../../../system/random.ts';
import { type AdmissionAttributes, type AdmissionContext, annotateFor } from '../admission-plugin.ts';
import {
  admissionReview,
  chooseReviewVersion,
  readAdmissionReview,
  ReviewError,
  type ReviewVerdict,
} from './admission-review.ts';
import type { WebhookInvocation } from './webhook-invocation.ts';
import type { Webhook } from './webhook-source.ts';

/** A webhook could not be asked, or did not answer properly: what its failure policy is for. */
export class WebhookCallError extends Error {
  /** The status code that metrics show. */
  readonly code: number;

  constructor(name: string, reason: string, code = 503) {
    super(`failed calling webhook ${goQuote(name)}: ${reason}`);
    this.code = code;
  }
}

/** A webhook denies a request. */
export class WebhookDenialError extends StatusError {}

/**
 * Asks a webhook about a request (admission.k8s.io AdmissionReview), and passes its warnings and notes on.
 * @throws WebhookCallError, StatusError when the webhook denies the request or may not be asked in a dry run
 */
export async function askWebhook<W extends Webhook>(
  { registered: { webhook }, match, object, oldObject }: WebhookInvocation<W>,
  attributes: AdmissionAttributes,
  context: AdmissionContext,
  random: Random,
  isMutating: boolean,
): Promise<ReviewVerdict> {
  const { name, sideEffects, admissionReviewVersions, clientConfig, timeoutSeconds = 10 } = webhook;
  if (attributes.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') {
    throw badRequest(`admission webhook ${goQuote(name)} does not support dry run`);
  }
  const version = chooseReviewVersion(admissionReviewVersions);
  if (version === undefined) {
    const why = 'webhook does not accept known AdmissionReview versions (v1, v1beta1)';
    throw new WebhookCallError(name, `could not create admission objects: ${why}`, 400);
  }
  const uid = random.uuid();
  const review = admissionReview(version, uid, attributes, match, { object, oldObject });
  let verdict: ReviewVerdict;
  try {
    const answer = await context.callWebhook(clientConfig, review, secondsLeft(attributes, context, timeoutSeconds));
    verdict = readAdmissionReview(version, uid, isMutating, answer);
  } catch (error) {
    if (error instanceof WebhookConfigurationError) {
      throw new WebhookCallError(name, `could not get REST client: ${error.message}`, 500);
    }
    if (error instanceof WebhookError) {
      if (error.message.includes(legacyNameReason)) {
        attributes.annotate?.(`missing-san.invalid-cert.kubernetes.io/${hostOf(clientConfig)}`, legacyNameNote);
      }
      throw new WebhookCallError(name, `failed to call webhook: ${error.message}`, error.code);
    }
    if (error instanceof ReviewError) {
      throw new WebhookCallError(name, `received invalid webhook response: ${error.message}`);
    }
    throw error;
  }
  for (const [key, text] of verdict.auditAnnotations) annotateFor(attributes, `${name}/${key}`, text);
  for (const warning of verdict.warnings) attributes.warn(warning);
  if (!verdict.allowed) throw denial(name, verdict.result);
  return verdict;
}

/** How long a webhook may take: in whole seconds, no longer than its request may. */
function secondsLeft({ deadline }: AdmissionAttributes, { clock }: AdmissionContext, seconds: number): number {
  return deadline === undefined ? seconds : Math.max(1, Math.min(seconds, Math.ceil((deadline - clock.now()) / 1000)));
}

const legacyNameNote = 'relies on a legacy Common Name field instead of the SAN extension for subject validation';

function hostOf({ url = '', service }: WebhookTarget): string {
  if (service !== undefined) return `${service.name}.${service.namespace}.svc`;
  return URL.canParse(url) ? new URL(url).hostname : '';
}

/** The answer to a request that a webhook denies: its own Status, as far as it can be that of a failure. */
function denial(name: string, result: JsonObject = {}): StatusError {
  const deniedBy = `admission webhook ${goQuote(name)} denied the request`;
  const { message: explanation, reason, code, details } = result as Partial<Status>;
  let message = `${deniedBy} without explanation`;
  if (typeof reason === 'string' && reason !== '') message = `${deniedBy}: ${reason}`;
  if (typeof explanation === 'string' && explanation !== '') message = `${deniedBy}: ${explanation}`;
  return new WebhookDenialError({
    message,
    ...(typeof reason === 'string' && reason !== '' ? { reason } : {}),
    ...(typeof details === 'object' ? { details } : {}),
    code: typeof code === 'number' && code >= 400 ? code : 400,
  });
}
