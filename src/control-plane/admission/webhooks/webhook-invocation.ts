import { forbidden, internalError, StatusError } from '../../../apimachinery/status.ts';
import type { GroupVersionKind } from '../../../apimachinery/gvk.ts';
import { LabelSelectorError } from '../../../apimachinery/labels.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { AdmissionAttributes, AdmissionContext } from '../admission-plugin.ts';
import { evaluateConditions } from '../policies/match-conditions.ts';
import type { WebhookStep } from '../admission-observer.ts';
import type { PolicyAccess } from '../policies/policy-access.ts';
import { type PolicyMatch, type PolicyMatcher } from '../policies/policy-matching.ts';
import type { RegisteredWebhook, Webhook } from './webhook-source.ts';

/** A webhook that is to be called, and the objects in the version it wants. */
export interface WebhookInvocation<W extends Webhook> {
  readonly registered: RegisteredWebhook<W>;
  readonly match: PolicyMatch;
  readonly object: Unstructured | undefined;
  readonly oldObject: Unstructured | undefined;
}

/** The objects that configure admission: no webhook may have a say in them. */
const exempt: ReadonlySet<string> = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
]);

/** Whether webhooks are never asked about a kind. */
export function isExemptFromWebhooks({ group, kind }: GroupVersionKind): boolean {
  return group === 'admissionregistration.k8s.io' && exempt.has(kind);
}

/**
 * Finds out whether a webhook is to be called for a request: rules, selectors, then its match conditions.
 * @throws StatusError when that cannot be told
 */
export async function invocationOf<W extends Webhook>(
  registered: RegisteredWebhook<W>,
  attributes: AdmissionAttributes,
  context: AdmissionContext,
  matcher: PolicyMatcher,
  access: PolicyAccess,
  step: WebhookStep,
): Promise<WebhookInvocation<W> | undefined> {
  const { webhook, conditions } = registered;
  const match = await matchOf(webhook, attributes, matcher);
  if (match === undefined) return undefined;
  const seen = async (object: Unstructured | undefined): Promise<Unstructured | undefined> => {
    if (object === undefined) return undefined;
    return context.kinds.convert(object, attributes.kind, match.kind).catch((error: unknown) => {
      throw unconverted(error, step);
    });
  };
  const objects = { object: await seen(attributes.object), oldObject: await seen(attributes.oldObject) };
  const input = { attributes, match, ...objects, params: undefined, namespace: undefined };
  const owner = { name: webhook.name, kind: 'webhook', step, context } as const;
  const isIgnored = webhook.failurePolicy === 'Ignore';
  const result = await evaluateConditions(conditions, new Map(), input, access, isIgnored, owner);
  if ('error' in result) {
    const { group, resource } = attributes.resource;
    throw forbidden({ group, resource }, attributes.name, result.error);
  }
  return result.matches ? { registered, match, ...objects } : undefined;
}

/** What is said of an object that a webhook cannot be shown: the real server says it twice of those that mutate. */
function unconverted(error: unknown, step: WebhookStep): unknown {
  if (!(error instanceof StatusError)) return error;
  const once = internalError(error.message);
  return step === 'admit' ? internalError(once.message) : once;
}

async function matchOf(
  webhook: Webhook,
  attributes: AdmissionAttributes,
  matcher: PolicyMatcher,
): Promise<PolicyMatch | undefined> {
  const { rules = [], namespaceSelector, objectSelector, matchPolicy } = webhook;
  if (rules.length === 0) return undefined;
  const criteria = {
    resourceRules: rules,
    ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
    ...(objectSelector === undefined ? {} : { objectSelector }),
    ...(matchPolicy === undefined ? {} : { matchPolicy }),
  };
  try {
    return await matcher.match(criteria, attributes);
  } catch (error) {
    if (error instanceof LabelSelectorError) throw internalError(error.message);
    if (error instanceof StatusError && error.reason !== 'NotFound') throw internalError(error.message);
    throw error;
  }
}
