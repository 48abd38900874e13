import type { ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of SelfSubjectAccessReview objects. */
export const selfSubjectAccessReviewTypes: TypeSource = {
  package: 'io.k8s.api.authorization.v1',
  text: `
kind SelfSubjectAccessReview
  metadata: meta.ObjectMeta=
  spec!: SelfSubjectAccessReviewSpec=
  status: SubjectAccessReviewStatus=

type SelfSubjectAccessReviewSpec
  nonResourceAttributes: NonResourceAttributes
  resourceAttributes: ResourceAttributes
`,
};

/** The selfsubjectaccessreviews resource. */
export const selfSubjectAccessReviewResource: ResourceDefinition = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  resource: 'selfsubjectaccessreviews',
  singular: 'selfsubjectaccessreview',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['create'],
  subresources: [],
  type: 'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
};
