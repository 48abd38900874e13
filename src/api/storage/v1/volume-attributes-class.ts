import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { VolumeAttributesClass } from '../../types/storage-v1.ts';
import { volumeAttributesClassStrategy } from './volume-attributes-class-strategy.ts';

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

const columns: readonly Column[] = [
  nameColumn,
  column(
    'DriverName',
    'string',
    '@storage.v1.VolumeAttributesClass.driverName',
    (object: VolumeAttributesClass) => object.driverName,
  ),
  ageColumn,
];

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
  columns,
  strategy: volumeAttributesClassStrategy,
};
