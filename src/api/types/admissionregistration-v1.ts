// Made by scripts/generate-api-types.js from the type data in src/api. Do not edit.
import type { ListMeta, ObjectMeta } from '../../apimachinery/object-meta.ts';
import type { Condition, LabelSelector } from './meta-v1.ts';

/** io.k8s.api.admissionregistration.v1.ApplyConfiguration */
export interface ApplyConfiguration {
  expression?: string;
}

/** io.k8s.api.admissionregistration.v1.AuditAnnotation */
export interface AuditAnnotation {
  key: string;
  valueExpression: string;
}

/** io.k8s.api.admissionregistration.v1.ExpressionWarning */
export interface ExpressionWarning {
  fieldRef: string;
  warning: string;
}

/** io.k8s.api.admissionregistration.v1.JSONPatch */
export interface JSONPatch {
  expression?: string;
}

/** io.k8s.api.admissionregistration.v1.MatchCondition */
export interface MatchCondition {
  expression: string;
  name: string;
}

/** io.k8s.api.admissionregistration.v1.MatchResources */
export interface MatchResources {
  excludeResourceRules?: NamedRuleWithOperations[];
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  resourceRules?: NamedRuleWithOperations[];
}

/** io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy */
export interface MutatingAdmissionPolicy {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: MutatingAdmissionPolicySpec;
}

/** io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding */
export interface MutatingAdmissionPolicyBinding {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: MutatingAdmissionPolicyBindingSpec;
}

/** io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingList */
export interface MutatingAdmissionPolicyBindingList {
  apiVersion: string;
  items: MutatingAdmissionPolicyBinding[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingSpec */
export interface MutatingAdmissionPolicyBindingSpec {
  matchResources?: MatchResources;
  paramRef?: ParamRef;
  policyName?: string;
}

/** io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyList */
export interface MutatingAdmissionPolicyList {
  apiVersion: string;
  items: MutatingAdmissionPolicy[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicySpec */
export interface MutatingAdmissionPolicySpec {
  failurePolicy?: string;
  matchConditions?: MatchCondition[];
  matchConstraints?: MatchResources;
  mutations?: Mutation[];
  paramKind?: ParamKind;
  reinvocationPolicy?: string;
  variables?: Variable[];
}

/** io.k8s.api.admissionregistration.v1.MutatingWebhook */
export interface MutatingWebhook {
  admissionReviewVersions: string[];
  clientConfig: WebhookClientConfig;
  failurePolicy?: string;
  matchConditions?: MatchCondition[];
  matchPolicy?: string;
  name: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  reinvocationPolicy?: string;
  rules?: RuleWithOperations[];
  sideEffects: string;
  timeoutSeconds?: number;
}

/** io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration */
export interface MutatingWebhookConfiguration {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  webhooks?: MutatingWebhook[];
}

/** io.k8s.api.admissionregistration.v1.MutatingWebhookConfigurationList */
export interface MutatingWebhookConfigurationList {
  apiVersion: string;
  items: MutatingWebhookConfiguration[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.admissionregistration.v1.Mutation */
export interface Mutation {
  applyConfiguration?: ApplyConfiguration;
  jsonPatch?: JSONPatch;
  patchType: string;
}

/** io.k8s.api.admissionregistration.v1.NamedRuleWithOperations */
export interface NamedRuleWithOperations {
  apiGroups?: string[];
  apiVersions?: string[];
  operations?: string[];
  resourceNames?: string[];
  resources?: string[];
  scope?: string;
}

/** io.k8s.api.admissionregistration.v1.ParamKind */
export interface ParamKind {
  apiVersion?: string;
  kind?: string;
}

/** io.k8s.api.admissionregistration.v1.ParamRef */
export interface ParamRef {
  name?: string;
  namespace?: string;
  parameterNotFoundAction?: string;
  selector?: LabelSelector;
}

/** io.k8s.api.admissionregistration.v1.RuleWithOperations */
export interface RuleWithOperations {
  apiGroups?: string[];
  apiVersions?: string[];
  operations?: string[];
  resources?: string[];
  scope?: string;
}

/** io.k8s.api.admissionregistration.v1.ServiceReference */
export interface ServiceReference {
  name: string;
  namespace: string;
  path?: string;
  port?: number;
}

/** io.k8s.api.admissionregistration.v1.TypeChecking */
export interface TypeChecking {
  expressionWarnings?: ExpressionWarning[];
}

/** io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy */
export interface ValidatingAdmissionPolicy {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: ValidatingAdmissionPolicySpec;
  status?: ValidatingAdmissionPolicyStatus;
}

/** io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding */
export interface ValidatingAdmissionPolicyBinding {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: ValidatingAdmissionPolicyBindingSpec;
}

/** io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingList */
export interface ValidatingAdmissionPolicyBindingList {
  apiVersion: string;
  items: ValidatingAdmissionPolicyBinding[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec */
export interface ValidatingAdmissionPolicyBindingSpec {
  matchResources?: MatchResources;
  paramRef?: ParamRef;
  policyName: string;
  validationActions: string[];
}

/** io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyList */
export interface ValidatingAdmissionPolicyList {
  apiVersion: string;
  items: ValidatingAdmissionPolicy[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec */
export interface ValidatingAdmissionPolicySpec {
  auditAnnotations?: AuditAnnotation[];
  failurePolicy?: string;
  matchConditions?: MatchCondition[];
  matchConstraints?: MatchResources;
  paramKind?: ParamKind;
  validations?: Validation[];
  variables?: Variable[];
}

/** io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyStatus */
export interface ValidatingAdmissionPolicyStatus {
  conditions?: Condition[];
  observedGeneration?: number;
  typeChecking?: TypeChecking;
}

/** io.k8s.api.admissionregistration.v1.ValidatingWebhook */
export interface ValidatingWebhook {
  admissionReviewVersions: string[];
  clientConfig: WebhookClientConfig;
  failurePolicy?: string;
  matchConditions?: MatchCondition[];
  matchPolicy?: string;
  name: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  rules?: RuleWithOperations[];
  sideEffects: string;
  timeoutSeconds?: number;
}

/** io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration */
export interface ValidatingWebhookConfiguration {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  webhooks?: ValidatingWebhook[];
}

/** io.k8s.api.admissionregistration.v1.ValidatingWebhookConfigurationList */
export interface ValidatingWebhookConfigurationList {
  apiVersion: string;
  items: ValidatingWebhookConfiguration[];
  kind: string;
  metadata: ListMeta;
}

/** io.k8s.api.admissionregistration.v1.Validation */
export interface Validation {
  expression: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
}

/** io.k8s.api.admissionregistration.v1.Variable */
export interface Variable {
  expression: string;
  name: string;
}

/** io.k8s.api.admissionregistration.v1.WebhookClientConfig */
export interface WebhookClientConfig {
  caBundle?: string;
  service?: ServiceReference;
  url?: string;
}
