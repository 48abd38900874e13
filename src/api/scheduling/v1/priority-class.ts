import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { setPriorityClassDefaults } from './priority-class-defaults.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { PriorityClass } from '../../types/scheduling-v1.ts';
import { priorityClassStrategy } from './priority-class-strategy.ts';

/** The types of PriorityClass objects. */
export const priorityClassTypes: TypeSource = {
  package: 'io.k8s.api.scheduling.v1',
  text: `
kind PriorityClass
  description: string
  globalDefault: bool
  metadata: meta.ObjectMeta=
  preemptionPolicy: string enum(Never, PreemptLowerPriority)
  value: int32=
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column('Value', 'integer', '@scheduling.v1.PriorityClass.value', (object: PriorityClass) => object.value ?? 0),
  column(
    'Global-Default',
    'boolean',
    '@scheduling.v1.PriorityClass.globalDefault',
    (object: PriorityClass) => object.globalDefault ?? false,
  ),
  ageColumn,
  column(
    'PreemptionPolicy',
    'string',
    '@scheduling.v1.PriorityClass.preemptionPolicy',
    (object: PriorityClass) => object.preemptionPolicy ?? '',
  ),
];

/** The priorityclasses resource. */
export const priorityClassResource: ResourceDefinition = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  singular: 'priorityclass',
  shortNames: ['pc'],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.scheduling.v1.PriorityClass',
  columns,
  setDefaults: setPriorityClassDefaults,
  strategy: priorityClassStrategy,
};
