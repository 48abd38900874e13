import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { configMapStrategy } from './config-map-strategy.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { ConfigMap } from '../../types/core-v1.ts';

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

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Data',
    'string',
    '@core.v1.ConfigMap.data',
    (object: ConfigMap) => Object.keys(object.data ?? {}).length + Object.keys(object.binaryData ?? {}).length,
  ),
  ageColumn,
];

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
  columns,
  strategy: configMapStrategy,
};
