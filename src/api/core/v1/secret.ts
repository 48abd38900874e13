import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of Secret objects. */
export const secretTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind Secret
  data: {bytes}
  immutable: bool
  metadata: meta.ObjectMeta=
  stringData: {string}
  type: string
`,
};

/** The secrets resource. */
export const secretResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  singular: 'secret',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.core.v1.Secret',
};
