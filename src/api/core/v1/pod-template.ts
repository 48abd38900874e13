import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setPodTemplateObjectDefaults } from './core-defaults.ts';
import { column, containerImages, containerNames, labelsText, nameColumn } from '../../columns.ts';
import type { PodTemplate } from '../../types/core-v1.ts';
import { podTemplateStrategy } from './pod-template-strategy.ts';

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

const columns: readonly Column[] = [
  nameColumn,
  column('Containers', 'string', 'Names of each container in the template.', (object: PodTemplate) =>
    containerNames(object.template?.spec?.containers),
  ),
  column('Images', 'string', 'Images referenced by each container in the template.', (object: PodTemplate) =>
    containerImages(object.template?.spec?.containers),
  ),
  column('Pod Labels', 'string', 'The labels for the pod template.', (object: PodTemplate) =>
    labelsText(object.template?.metadata?.labels),
  ),
];

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
  columns,
  setDefaults: setPodTemplateObjectDefaults,
  strategy: podTemplateStrategy,
};
