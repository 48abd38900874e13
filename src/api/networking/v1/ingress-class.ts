import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of IngressClass objects. */
export const ingressClassTypes: TypeSource = {
  package: 'io.k8s.api.networking.v1',
  text: `
kind IngressClass
  metadata: meta.ObjectMeta=
  spec: IngressClassSpec=

type IngressClassParametersReference
  apiGroup: string
  kind!: string=
  name!: string=
  namespace: string
  scope: string

type IngressClassSpec
  controller: string
  parameters: IngressClassParametersReference
`,
};

/** The ingressclasses resource. */
export const ingressClassResource: ResourceDefinition = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  resource: 'ingressclasses',
  singular: 'ingressclass',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.networking.v1.IngressClass',
};
