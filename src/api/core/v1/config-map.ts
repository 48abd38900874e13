import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of ConfigMap objects. */
export const configMapTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind ConfigMap
  binaryData: {bytes}
  data: {string}
  immutable: bool
  metadata: meta.ObjectMeta=
`,
};

/** The configmaps resource. */
export const configMapResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.core.v1.ConfigMap',
};
