import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { MutatingWebhookConfiguration } from '../../types/admissionregistration-v1.ts';
import { setMutatingWebhookDefaults, webhookConfigurationStrategy } from './webhook-configuration-validation.ts';

/** The types of MutatingWebhookConfiguration objects. */
export const mutatingWebhookConfigurationTypes: TypeSource = {
  package: 'io.k8s.api.admissionregistration.v1',
  text: `
kind MutatingWebhookConfiguration
  metadata: meta.ObjectMeta=
  webhooks: [MutatingWebhook] map(name) merge(name)

type MutatingWebhook
  name!: string=
  clientConfig!: WebhookClientConfig=
  failurePolicy: string enum(Fail, Ignore)
  matchConditions: [MatchCondition] map(name) merge(name)
  matchPolicy: string enum(Equivalent, Exact)
  sideEffects!: string enum(None, NoneOnDryRun, Some, Unknown)
  namespaceSelector: meta.LabelSelector
  objectSelector: meta.LabelSelector
  reinvocationPolicy: string enum(IfNeeded, Never)
  rules: [RuleWithOperations] atomic
  admissionReviewVersions!: [string] atomic
  timeoutSeconds: int32

type RuleWithOperations
  apiGroups: [string] atomic
  apiVersions: [string] atomic
  operations: [string enum(*, CONNECT, CREATE, DELETE, UPDATE)] atomic
  resources: [string] atomic
  scope: string enum(*, Cluster, Namespaced)

type ServiceReference
  namespace!: string=
  name!: string=
  path: string
  port: int32

type WebhookClientConfig
  caBundle: bytes
  service: ServiceReference
  url: string
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Webhooks',
    'integer',
    'Webhooks indicates the number of webhooks registered in this configuration',
    (object: MutatingWebhookConfiguration) => object.webhooks?.length ?? 0,
  ),
  ageColumn,
];

/** The mutatingwebhookconfigurations resource. */
export const mutatingWebhookConfigurationResource: ResourceDefinition = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  resource: 'mutatingwebhookconfigurations',
  singular: 'mutatingwebhookconfiguration',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
  columns,
  setDefaults: setMutatingWebhookDefaults,
  strategy: webhookConfigurationStrategy,
};
