import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of PodTemplate objects. */
export const podTemplateTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind PodTemplate
  metadata: meta.ObjectMeta=
  template: PodTemplateSpec=

type PodTemplateSpec
  metadata: meta.ObjectMeta=
  spec: PodSpec=
`,
};

/** The podtemplates resource. */
export const podTemplateResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  resource: 'podtemplates',
  singular: 'podtemplate',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.core.v1.PodTemplate',
};
