import type { ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of SelfSubjectReview objects. */
export const selfSubjectReviewTypes: TypeSource = {
  package: 'io.k8s.api.authentication.v1',
  text: `
kind SelfSubjectReview
  metadata: meta.ObjectMeta=
  status: SelfSubjectReviewStatus=

type SelfSubjectReviewStatus
  userInfo: UserInfo=

type UserInfo
  extra: {[string]}
  groups: [string] atomic
  uid: string
  username: string
`,
};

/** The selfsubjectreviews resource. */
export const selfSubjectReviewResource: ResourceDefinition = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  resource: 'selfsubjectreviews',
  singular: 'selfsubjectreview',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['create'],
  subresources: [],
  type: 'io.k8s.api.authentication.v1.SelfSubjectReview',
};
