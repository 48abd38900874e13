import {
  duplicate,
  type FieldError,
  FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { validateLabelSelector } from '../../../apimachinery/labels.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { MutatingWebhook, ValidatingWebhook } from '../../types/admissionregistration-v1.ts';
import { validateMatchConditions, validateRuleWithOperations } from '../policies/match-validation.ts';
import { validateWebhookService, validateWebhookUrl } from './webhook-client-validation.ts';
import { staticNameWarnings } from './static-names.ts';

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;

const acceptedReviews = ['v1', 'v1beta1'];
const harmless = ['None', 'NoneOnDryRun'];

function webhooksOf(object: Unstructured): Webhook[] {
  const { webhooks } = object as { webhooks?: Webhook[] };
  return webhooks ?? [];
}

/** What a webhook gets that says nothing else: refuses what it cannot be asked about, after ten seconds. */
function setWebhookDefaults(object: Unstructured): void {
  for (const webhook of webhooksOf(object)) {
    webhook.failurePolicy ??= 'Fail';
    webhook.matchPolicy ??= 'Equivalent';
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= 10;
    for (const rule of webhook.rules ?? []) rule.scope ??= '*';
    const { service } = webhook.clientConfig;
    if (service !== undefined) service.port ??= 443;
  }
}

/** @see setWebhookDefaults */
export function setValidatingWebhookDefaults(object: Unstructured): void {
  setWebhookDefaults(object);
}

/** The same, and is asked once. */
export function setMutatingWebhookDefaults(object: Unstructured): void {
  setWebhookDefaults(object);
  for (const webhook of webhooksOf(object)) webhook.reinvocationPolicy ??= 'Never';
}

/** Checks the webhooks of a configuration, of either kind. */
function validateWebhookConfiguration(object: Unstructured): FieldError[] {
  const seen = new Set<string>();
  return webhooksOf(object).flatMap((webhook, index) => {
    const path = new FieldPath('webhooks').index(index);
    const errors = [
      ...validateWebhook(webhook, path),
      ...validateReviewVersions(webhook.admissionReviewVersions, path.child('admissionReviewVersions')),
    ];
    if (seen.has(webhook.name)) errors.push(duplicate(path.child('name'), webhook.name));
    if (webhook.name !== '') seen.add(webhook.name);
    return errors;
  });
}

function validateWebhook(webhook: Webhook, path: FieldPath): FieldError[] {
  const { failurePolicy, matchPolicy, sideEffects, timeoutSeconds, reinvocationPolicy } = webhook;
  const choice = (field: keyof Webhook, value: string | undefined, choices: readonly string[]): FieldError[] =>
    value === undefined || choices.includes(value) ? [] : [notSupported(path.child(field), value, choices)];
  const errors = [
    ...validateWebhookName(webhook.name, path.child('name')),
    ...(webhook.rules ?? []).flatMap((rule, index) =>
      validateRuleWithOperations(rule, path.child('rules').index(index)),
    ),
    ...choice('failurePolicy', failurePolicy, ['Fail', 'Ignore']),
    ...choice('matchPolicy', matchPolicy, ['Equivalent', 'Exact']),
  ];
  // What is decoded may lack what its type asks for.
  if (sideEffects === undefined) {
    errors.push(required(path.child('sideEffects'), `must specify one of ${harmless.join(', ')}`));
  } else errors.push(...choice('sideEffects', sideEffects, harmless));
  if (timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > 30)) {
    const problem = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalid(path.child('timeoutSeconds'), timeoutSeconds, problem));
  }
  return [
    ...errors,
    ...validateLabelSelector(webhook.namespaceSelector, path.child('namespaceSelector')),
    ...validateLabelSelector(webhook.objectSelector, path.child('objectSelector')),
    ...choice('reinvocationPolicy', reinvocationPolicy, ['IfNeeded', 'Never']),
    ...validateClient(webhook.clientConfig, path.child('clientConfig')),
    ...validateMatchConditions(webhook.matchConditions ?? [], false, path.child('matchConditions')),
  ];
}

/** Names of webhooks, and of initializers: domains of three parts at least. */
export function validateWebhookName(name: string, path: FieldPath): FieldError[] {
  if (name === '') return [required(path)];
  const problems = isDns1123Subdomain(name);
  if (problems.length > 0) return [invalid(path, name, problems.join(','))];
  if (name.split('.').length >= 3) return [];
  return [invalid(path, name, 'should be a domain with at least three segments separated by dots')];
}

function validateClient({ url, service }: Webhook['clientConfig'], path: FieldPath): FieldError[] {
  if (url !== undefined && service === undefined) return validateWebhookUrl(path.child('url'), url);
  if (url === undefined && service !== undefined) return validateWebhookService(path.child('service'), service);
  return [required(path, 'exactly one of url or service is required')];
}

function validateReviewVersions(versions: readonly string[] | null, path: FieldPath): FieldError[] {
  if (versions === null || versions.length === 0) {
    return [required(path, `must specify one of ${acceptedReviews.join(', ')}`)];
  }
  const errors = versions.flatMap((version, index) => {
    if (versions.indexOf(version) < index) return [invalid(path.index(index), version, 'duplicate version')];
    return isDns1035Label(version).map((problem) => invalid(path.index(index), version, problem));
  });
  if (versions.some((version) => acceptedReviews.includes(version))) return errors;
  return [...errors, invalid(path, versions, `must include at least one of ${acceptedReviews.join(', ')}`)];
}

/** What the registry does with configurations of webhooks, of either kind. */
export const webhookConfigurationStrategy: Strategy = {
  ...staticNameWarnings,
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  validateCreate: validateWebhookConfiguration,
  validateUpdate: validateWebhookConfiguration,
};
