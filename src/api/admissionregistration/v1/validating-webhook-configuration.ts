import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { ValidatingWebhookConfiguration } from '../../types/admissionregistration-v1.ts';
import { setValidatingWebhookDefaults, webhookConfigurationStrategy } from './webhook-configuration-validation.ts';

/** The types of ValidatingWebhookConfiguration objects. */
export const validatingWebhookConfigurationTypes: TypeSource = {
  package: 'io.k8s.api.admissionregistration.v1',
  text: `
kind ValidatingWebhookConfiguration
  metadata: meta.ObjectMeta=
  webhooks: [ValidatingWebhook] map(name) merge(name)

type ValidatingWebhook
  name!: string=
  clientConfig!: WebhookClientConfig=
  failurePolicy: string enum(Fail, Ignore)
  matchConditions: [MatchCondition] map(name) merge(name)
  matchPolicy: string enum(Equivalent, Exact)
  sideEffects!: string enum(None, NoneOnDryRun, Some, Unknown)
  namespaceSelector: meta.LabelSelector
  objectSelector: meta.LabelSelector
  rules: [RuleWithOperations] atomic
  admissionReviewVersions!: [string] atomic
  timeoutSeconds: int32
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Webhooks',
    'integer',
    'Webhooks indicates the number of webhooks registered in this configuration',
    (object: ValidatingWebhookConfiguration) => object.webhooks?.length ?? 0,
  ),
  ageColumn,
];

/** The validatingwebhookconfigurations resource. */
export const validatingWebhookConfigurationResource: ResourceDefinition = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  resource: 'validatingwebhookconfigurations',
  singular: 'validatingwebhookconfiguration',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
  columns,
  setDefaults: setValidatingWebhookDefaults,
  strategy: webhookConfigurationStrategy,
};
