import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
};
