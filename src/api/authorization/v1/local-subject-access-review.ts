import type { ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of LocalSubjectAccessReview objects. */
export const localSubjectAccessReviewTypes: TypeSource = {
  package: 'io.k8s.api.authorization.v1',
  text: `
kind LocalSubjectAccessReview
  metadata: meta.ObjectMeta=
  spec!: SubjectAccessReviewSpec=
  status: SubjectAccessReviewStatus=

type FieldSelectorAttributes
  rawSelector: string
  requirements: [meta.FieldSelectorRequirement] atomic

type LabelSelectorAttributes
  rawSelector: string
  requirements: [meta.LabelSelectorRequirement] atomic

type NonResourceAttributes
  path: string
  verb: string

type ResourceAttributes
  fieldSelector: FieldSelectorAttributes
  group: string
  labelSelector: LabelSelectorAttributes
  name: string
  namespace: string
  resource: string
  subresource: string
  verb: string
  version: string

type SubjectAccessReviewSpec
  extra: {[string]}
  groups: [string] atomic
  nonResourceAttributes: NonResourceAttributes
  resourceAttributes: ResourceAttributes
  uid: string
  user: string

type SubjectAccessReviewStatus
  allowed!: bool=
  denied: bool
  evaluationError: string
  reason: string
`,
};

/** The localsubjectaccessreviews resource. */
export const localSubjectAccessReviewResource: ResourceDefinition = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'LocalSubjectAccessReview',
  resource: 'localsubjectaccessreviews',
  singular: 'localsubjectaccessreview',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['create'],
  subresources: [],
  type: 'io.k8s.api.authorization.v1.LocalSubjectAccessReview',
};
