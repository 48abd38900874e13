import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { FlowSchema } from '../../types/flowcontrol-v1.ts';
import { flowSchemaStrategy, setFlowSchemaDefaults } from './flow-schema-validation.ts';

/** The types of FlowSchema objects. */
export const flowSchemaTypes: TypeSource = {
  package: 'io.k8s.api.flowcontrol.v1',
  text: `
kind FlowSchema
  metadata: meta.ObjectMeta=
  spec: FlowSchemaSpec=
  status: FlowSchemaStatus=

type FlowDistinguisherMethod
  type!: string=

type FlowSchemaCondition
  lastTransitionTime: meta.Time
  message: string
  reason: string
  status: string
  type: string

type FlowSchemaSpec
  distinguisherMethod: FlowDistinguisherMethod
  matchingPrecedence: int32=
  priorityLevelConfiguration!: PriorityLevelConfigurationReference=
  rules: [PolicyRulesWithSubjects] atomic

type FlowSchemaStatus
  conditions: [FlowSchemaCondition] map(type) merge(type)

type GroupSubject
  name!: string=

type NonResourcePolicyRule
  verbs!: [string] set
  nonResourceURLs!: [string] set

type PolicyRulesWithSubjects
  nonResourceRules: [NonResourcePolicyRule] atomic
  resourceRules: [ResourcePolicyRule] atomic
  subjects!: [Subject] atomic

type PriorityLevelConfigurationReference
  name!: string=

type ResourcePolicyRule
  verbs!: [string] set
  clusterScope: bool
  namespaces: [string] set null
  apiGroups!: [string] set
  resources!: [string] set

type ServiceAccountSubject
  namespace!: string=
  name!: string=

type Subject unions([{"discriminator":"kind","fields-to-discriminateBy":{"group":"Group","serviceAccount":"ServiceAccount","user":"User"}}])
  group: GroupSubject
  kind!: string=
  serviceAccount: ServiceAccountSubject
  user: UserSubject

type UserSubject
  name!: string=
`,
};

/** What matches first stands first; names break ties. */
function comparePrecedence(left: FlowSchema, right: FlowSchema): number {
  const byPrecedence = (left.spec?.matchingPrecedence ?? 0) - (right.spec?.matchingPrecedence ?? 0);
  return byPrecedence || ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1);
}

const columns: readonly Column[] = [
  nameColumn,
  column(
    'PriorityLevel',
    'string',
    '@flowcontrol.v1.PriorityLevelConfigurationReference.name',
    (object: FlowSchema) => object.spec?.priorityLevelConfiguration.name ?? '',
  ),
  column(
    'MatchingPrecedence',
    'string',
    '@flowcontrol.v1.FlowSchemaSpec.matchingPrecedence',
    (object: FlowSchema) => object.spec?.matchingPrecedence ?? 0,
  ),
  column(
    'DistinguisherMethod',
    'string',
    '`distinguisherMethod` defines how to compute the flow distinguisher for requests that match this schema. `nil` specifies that the distinguisher is disabled and thus will always be the empty string.',
    (object: FlowSchema) => object.spec?.distinguisherMethod?.type ?? '<none>',
  ),
  ageColumn,
  column(
    'MissingPL',
    'string',
    'references a broken or non-existent PriorityLevelConfiguration',
    (object: FlowSchema) => object.status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
  ),
];

/** The flowschemas resource. */
export const flowSchemaResource: ResourceDefinition = {
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  resource: 'flowschemas',
  singular: 'flowschema',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.flowcontrol.v1.FlowSchema',
  columns,
  compareRows: comparePrecedence,
  setDefaults: setFlowSchemaDefaults,
  strategy: flowSchemaStrategy,
};
