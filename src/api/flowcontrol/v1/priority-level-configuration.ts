import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { PriorityLevelConfiguration } from '../../types/flowcontrol-v1.ts';
import {
  priorityLevelConfigurationStrategy,
  setPriorityLevelConfigurationDefaults,
} from './priority-level-configuration-validation.ts';

/** The types of PriorityLevelConfiguration objects. */
export const priorityLevelConfigurationTypes: TypeSource = {
  package: 'io.k8s.api.flowcontrol.v1',
  text: `
kind PriorityLevelConfiguration
  metadata: meta.ObjectMeta=
  spec: PriorityLevelConfigurationSpec=
  status: PriorityLevelConfigurationStatus=

type ExemptPriorityLevelConfiguration
  lendablePercent: int32
  nominalConcurrencyShares: int32

type LimitResponse unions([{"discriminator":"type","fields-to-discriminateBy":{"queuing":"Queuing"}}])
  queuing: QueuingConfiguration
  type!: string=

type LimitedPriorityLevelConfiguration
  borrowingLimitPercent: int32
  lendablePercent: int32
  limitResponse: LimitResponse=
  nominalConcurrencyShares: int32

type PriorityLevelConfigurationCondition
  lastTransitionTime: meta.Time
  message: string
  reason: string
  status: string
  type: string

type PriorityLevelConfigurationSpec unions([{"discriminator":"type","fields-to-discriminateBy":{"exempt":"Exempt","limited":"Limited"}}])
  exempt: ExemptPriorityLevelConfiguration
  limited: LimitedPriorityLevelConfiguration
  type!: string=

type PriorityLevelConfigurationStatus
  conditions: [PriorityLevelConfigurationCondition] map(type) merge(type)

type QueuingConfiguration
  handSize: int32=
  queueLengthLimit: int32=
  queues: int32=
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Type',
    'string',
    '@flowcontrol.v1.PriorityLevelConfigurationSpec.type',
    (object: PriorityLevelConfiguration) => object.spec?.type ?? '',
  ),
  column(
    'NominalConcurrencyShares',
    'string',
    '@flowcontrol.v1.LimitedPriorityLevelConfiguration.nominalConcurrencyShares',
    (object: PriorityLevelConfiguration) =>
      object.spec?.limited === undefined ? '<none>' : (object.spec.limited.nominalConcurrencyShares ?? 0),
  ),
  column(
    'Queues',
    'string',
    '@flowcontrol.v1.QueuingConfiguration.queues',
    (object: PriorityLevelConfiguration) => object.spec?.limited?.limitResponse?.queuing?.queues ?? '<none>',
  ),
  column(
    'HandSize',
    'string',
    '@flowcontrol.v1.QueuingConfiguration.handSize',
    (object: PriorityLevelConfiguration) => object.spec?.limited?.limitResponse?.queuing?.handSize ?? '<none>',
  ),
  column(
    'QueueLengthLimit',
    'string',
    '@flowcontrol.v1.QueuingConfiguration.queueLengthLimit',
    (object: PriorityLevelConfiguration) => object.spec?.limited?.limitResponse?.queuing?.queueLengthLimit ?? '<none>',
  ),
  ageColumn,
];

/** The prioritylevelconfigurations resource. */
export const priorityLevelConfigurationResource: ResourceDefinition = {
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  resource: 'prioritylevelconfigurations',
  singular: 'prioritylevelconfiguration',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration',
  columns,
  setDefaults: setPriorityLevelConfigurationDefaults,
  strategy: priorityLevelConfigurationStrategy,
};
