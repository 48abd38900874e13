import type { ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of SubjectAccessReview objects. */
export const subjectAccessReviewTypes: TypeSource = {
  package: 'io.k8s.api.authorization.v1',
  text: `
kind SubjectAccessReview
  metadata: meta.ObjectMeta=
  spec!: SubjectAccessReviewSpec=
  status: SubjectAccessReviewStatus=
`,
};

/** The subjectaccessreviews resource. */
export const subjectAccessReviewResource: ResourceDefinition = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  resource: 'subjectaccessreviews',
  singular: 'subjectaccessreview',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['create'],
  subresources: [],
  type: 'io.k8s.api.authorization.v1.SubjectAccessReview',
};
