import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of VolumeAttributesClass objects. */
export const volumeAttributesClassTypes: TypeSource = {
  package: 'io.k8s.api.storage.v1',
  text: `
kind VolumeAttributesClass
  driverName!: string=
  metadata: meta.ObjectMeta=
  parameters: {string}
`,
};

/** The volumeattributesclasses resource. */
export const volumeAttributesClassResource: ResourceDefinition = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  resource: 'volumeattributesclasses',
  singular: 'volumeattributesclass',
  shortNames: ['vac'],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.storage.v1.VolumeAttributesClass',
};
