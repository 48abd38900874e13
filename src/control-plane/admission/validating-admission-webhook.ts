import { internalError } from '../../apimachinery/status.ts';
import type { ValidatingWebhook } from '../../api/types/admissionregistration-v1.ts';
import type { Random } from '../../system/random.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { PolicyAccess } from './policies/policy-access.ts';
import { policyMatcher } from './policies/policy-matching.ts';
import { askWebhook, WebhookCallError } from './webhooks/webhook-call.ts';
import { invocationOf, isExemptFromWebhooks, type WebhookInvocation } from './webhooks/webhook-invocation.ts';
import { reportedCall } from './webhooks/webhook-report.ts';
import { registeredWebhooks } from './webhooks/webhook-source.ts';

type Invocation = WebhookInvocation<ValidatingWebhook>;

const failedOpen = 'failed-open.validating.webhook.admission.k8s.io/';

/** Asks the webhooks of the ValidatingWebhookConfigurations, all at once, whether a request is all right. */
export function validatingAdmissionWebhook(context: AdmissionContext, random: Random): AdmissionPlugin {
  const webhooks = registeredWebhooks<ValidatingWebhook>(context, 'validatingwebhookconfigurations');
  const matcher = policyMatcher(context);

  /** Why the request is refused, or undefined. */
  async function refusalOf(invocation: Invocation, index: number, attributes: AdmissionAttributes): Promise<unknown> {
    const { webhook } = invocation.registered;
    try {
      const ask = (): Promise<unknown> => askWebhook(invocation, attributes, context, random, false);
      await reportedCall(context, webhook, 'validating', attributes.operation, ask);
      return undefined;
    } catch (error) {
      if (!(error instanceof WebhookCallError)) return error;
      if (webhook.failurePolicy !== 'Ignore') return internalError(error.message);
      attributes.annotate?.(`${failedOpen}round_0_index_${index}`, webhook.name);
      return undefined;
    }
  }

  return {
    name: 'ValidatingAdmissionWebhook',
    async validate(attributes) {
      if (isExemptFromWebhooks(attributes.kind)) return;
      const registered = await webhooks();
      if (registered.length === 0) return;
      const access = new PolicyAccess(context, attributes.user);
      const invocations: Invocation[] = [];
      for (const webhook of registered) {
        const invocation = await invocationOf(webhook, attributes, context, matcher, access, 'validating');
        if (invocation !== undefined) invocations.push(invocation);
      }
      const begun = context.clock.now();
      const refusals = await Promise.all(
        invocations.map((invocation, index) => refusalOf(invocation, index, attributes)),
      );
      if (invocations.length > 0) attributes.spent?.('validating-webhook', context.clock.now() - begun);
      const refusal = refusals.find((candidate) => candidate !== undefined);
      if (refusal !== undefined) throw refusal;
    },
  };
}
