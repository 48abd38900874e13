import type { ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of TokenReview objects. */
export const tokenReviewTypes: TypeSource = {
  package: 'io.k8s.api.authentication.v1',
  text: `
kind TokenReview
  metadata: meta.ObjectMeta=
  spec!: TokenReviewSpec=
  status: TokenReviewStatus=

type TokenReviewSpec
  audiences: [string] atomic
  token!: string

type TokenReviewStatus
  audiences: [string] atomic
  authenticated: bool
  error: string
  user: UserInfo=
`,
};

/** The tokenreviews resource. */
export const tokenReviewResource: ResourceDefinition = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  resource: 'tokenreviews',
  singular: 'tokenreview',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['create'],
  subresources: [],
  type: 'io.k8s.api.authentication.v1.TokenReview',
};
