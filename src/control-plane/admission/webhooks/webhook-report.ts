import type { WebhookRejection, WebhookStep } from '../admission-observer.ts';
import type { AdmissionContext, AdmissionOperation } from '../admission-plugin.ts';
import { WebhookCallError, WebhookDenialError } from './webhook-call.ts';
import type { Webhook } from './webhook-source.ts';

/** Tells of a call of a webhook, whatever comes of it. */
export async function reportedCall<T>(
  context: AdmissionContext,
  { name, failurePolicy }: Webhook,
  step: WebhookStep,
  operation: AdmissionOperation,
  call: () => Promise<T>,
): Promise<T> {
  const observer = context.audience?.observer;
  if (observer === undefined) return call();
  const begun = context.clock.now();
  const told = (code: number, rejection?: WebhookRejection, hasFailedOpen = false): void => {
    const seconds = (context.clock.now() - begun) / 1000;
    observer.webhook({
      name,
      step,
      operation,
      seconds,
      code,
      hasFailedOpen,
      ...(rejection === undefined ? {} : { rejection }),
    });
  };
  try {
    const result = await call();
    told(200);
    return result;
  } catch (error) {
    if (error instanceof WebhookCallError) {
      const isIgnored = failurePolicy === 'Ignore';
      told(error.code, isIgnored ? undefined : 'calling_webhook_error', isIgnored);
    } else if (error instanceof WebhookDenialError) told(error.code, 'no_error');
    else told(0, 'apiserver_internal_error');
    throw error;
  }
}
