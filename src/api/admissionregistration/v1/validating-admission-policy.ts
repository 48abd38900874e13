import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { paramKindCell } from './param-cells.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { ValidatingAdmissionPolicy } from '../../types/admissionregistration-v1.ts';
import { setMatchResourcesDefaults } from '../policies/match-validation.ts';
import { validateValidatingPolicy, validateValidatingPolicyStatus } from '../policies/validating-policy-validation.ts';
import { metadataAside } from '../../status-metadata.ts';
import { staticNameWarnings } from './static-names.ts';

/** The types of ValidatingAdmissionPolicy objects. */
export const validatingAdmissionPolicyTypes: TypeSource = {
  package: 'io.k8s.api.admissionregistration.v1',
  text: `
kind ValidatingAdmissionPolicy
  metadata: meta.ObjectMeta=
  spec: ValidatingAdmissionPolicySpec=
  status: ValidatingAdmissionPolicyStatus=

type AuditAnnotation
  key!: string=
  valueExpression!: string=

type ExpressionWarning
  fieldRef!: string=
  warning!: string=

type TypeChecking
  expressionWarnings: [ExpressionWarning] atomic

type ValidatingAdmissionPolicySpec
  auditAnnotations: [AuditAnnotation] atomic
  failurePolicy: string enum(Fail, Ignore)
  matchConditions: [MatchCondition] map(name) merge(name)
  matchConstraints: MatchResources
  paramKind: ParamKind
  validations: [Validation] atomic
  variables: [Variable] map(name) merge(name)

type ValidatingAdmissionPolicyStatus
  conditions: [meta.Condition] map(type)
  observedGeneration: int64
  typeChecking: TypeChecking

type Validation
  expression!: string=
  message: string
  messageExpression: string
  reason: string
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Validations',
    'integer',
    'Validations indicates the number of validation rules defined in this configuration',
    (object: ValidatingAdmissionPolicy) => object.spec?.validations?.length ?? 0,
  ),
  column(
    'ParamKind',
    'string',
    'ParamKind specifies the kind of resources used to parameterize this policy',
    (object: ValidatingAdmissionPolicy) => paramKindCell(object.spec?.paramKind),
  ),
  ageColumn,
];

/** The validatingadmissionpolicies resource. */
export const validatingAdmissionPolicyResource: ResourceDefinition = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  resource: 'validatingadmissionpolicies',
  singular: 'validatingadmissionpolicy',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
  columns,
  setDefaults(object) {
    const { spec } = object as unknown as ValidatingAdmissionPolicy;
    if (spec === undefined) return;
    spec.failurePolicy ??= 'Fail';
    setMatchResourcesDefaults(spec.matchConstraints);
  },
  strategy: {
    ...staticNameWarnings,
    resetFields: { '': ['status'], status: ['metadata', 'spec'] },
    keptOnStatus: metadataAside,
    checksMetadata: 'object',
    allowUnconditionalUpdate: false,
    validateCreate: (object) => validateValidatingPolicy(object),
    validateUpdate: (object, old, { subresource }) =>
      subresource === 'status' ? validateValidatingPolicyStatus(object) : validateValidatingPolicy(object, old),
  },
};
