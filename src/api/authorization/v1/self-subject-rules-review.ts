import type { ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of SelfSubjectRulesReview objects. */
export const selfSubjectRulesReviewTypes: TypeSource = {
  package: 'io.k8s.api.authorization.v1',
  text: `
kind SelfSubjectRulesReview
  metadata: meta.ObjectMeta=
  spec!: SelfSubjectRulesReviewSpec=
  status: SubjectRulesReviewStatus=

type NonResourceRule
  nonResourceURLs: [string] atomic
  verbs!: [string] atomic

type ResourceRule
  apiGroups: [string] atomic
  resourceNames: [string] atomic
  resources: [string] atomic
  verbs!: [string] atomic

type SelfSubjectRulesReviewSpec
  namespace: string

type SubjectRulesReviewStatus
  evaluationError: string
  resourceRules!: [ResourceRule] atomic
  nonResourceRules!: [NonResourceRule] atomic
  incomplete!: bool=
`,
};

/** The selfsubjectrulesreviews resource. */
export const selfSubjectRulesReviewResource: ResourceDefinition = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectRulesReview',
  resource: 'selfsubjectrulesreviews',
  singular: 'selfsubjectrulesreview',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['create'],
  subresources: [],
  type: 'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
};
