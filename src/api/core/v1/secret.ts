import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { secretStrategy, setSecretDefaults } from './secret-strategy.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { Secret } from '../../types/core-v1.ts';

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

const columns: readonly Column[] = [
  nameColumn,
  column('Type', 'string', '@core.v1.Secret.type', (object: Secret) => object.type ?? ''),
  column('Data', 'string', '@core.v1.Secret.data', (object: Secret) => Object.keys(object.data ?? {}).length),
  ageColumn,
];

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
  columns,
  setDefaults: setSecretDefaults,
  strategy: secretStrategy,
  selectableFields: fieldReaders(['type']),
};
