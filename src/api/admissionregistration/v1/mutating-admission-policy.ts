import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { paramKindCell } from './param-cells.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { MutatingAdmissionPolicy } from '../../types/admissionregistration-v1.ts';
import { setMatchResourcesDefaults } from '../policies/match-validation.ts';
import { validateMutatingPolicy } from '../policies/mutating-policy-validation.ts';
import { staticNameWarnings } from './static-names.ts';

/** The types of MutatingAdmissionPolicy objects. */
export const mutatingAdmissionPolicyTypes: TypeSource = {
  package: 'io.k8s.api.admissionregistration.v1',
  text: `
kind MutatingAdmissionPolicy
  metadata: meta.ObjectMeta=
  spec: MutatingAdmissionPolicySpec=

type ApplyConfiguration
  expression: string

type JSONPatch
  expression: string

type MatchCondition
  name!: string=
  expression!: string=

type MatchResources atomic
  excludeResourceRules: [NamedRuleWithOperations] atomic
  matchPolicy: string enum(Equivalent, Exact)
  namespaceSelector: meta.LabelSelector
  objectSelector: meta.LabelSelector
  resourceRules: [NamedRuleWithOperations] atomic

type MutatingAdmissionPolicySpec
  failurePolicy: string enum(Fail, Ignore)
  matchConditions: [MatchCondition] map(name) merge(name)
  matchConstraints: MatchResources
  mutations: [Mutation] atomic
  paramKind: ParamKind
  reinvocationPolicy: string enum(IfNeeded, Never)
  variables: [Variable] atomic

type Mutation
  applyConfiguration: ApplyConfiguration
  jsonPatch: JSONPatch
  patchType!: string= enum(ApplyConfiguration, JSONPatch)

type NamedRuleWithOperations atomic
  apiGroups: [string] atomic
  apiVersions: [string] atomic
  operations: [string enum(*, CONNECT, CREATE, DELETE, UPDATE)] atomic
  resourceNames: [string] atomic
  resources: [string] atomic
  scope: string enum(*, Cluster, Namespaced)

type ParamKind atomic
  apiVersion: string
  kind: string

type Variable atomic
  name!: string=
  expression!: string=
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Mutations',
    'integer',
    'Mutation indicates the number of mutations rules defined in this configuration',
    (object: MutatingAdmissionPolicy) => object.spec?.mutations?.length ?? 0,
  ),
  column(
    'ParamKind',
    'string',
    'ParamKind specifies the kind of resources used to parameterize this policy',
    (object: MutatingAdmissionPolicy) => paramKindCell(object.spec?.paramKind),
  ),
  ageColumn,
];

/** The mutatingadmissionpolicies resource. */
export const mutatingAdmissionPolicyResource: ResourceDefinition = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  resource: 'mutatingadmissionpolicies',
  singular: 'mutatingadmissionpolicy',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy',
  storageVersion: { group: 'admissionregistration.k8s.io', version: 'v1beta1' },
  columns,
  setDefaults(object) {
    const { spec } = object as unknown as MutatingAdmissionPolicy;
    if (spec === undefined) return;
    spec.failurePolicy ??= 'Fail';
    setMatchResourcesDefaults(spec.matchConstraints);
  },
  strategy: {
    ...staticNameWarnings,
    allowUnconditionalUpdate: false,
    validateCreate: (object) => validateMutatingPolicy(object),
    validateUpdate: (object, old) => validateMutatingPolicy(object, old),
  },
};
