import type { Column, ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { fieldReaders } from '../../selectable-fields.ts';
import { setNamespaceDefaults } from './core-defaults.ts';
import { namespaceStrategy } from './namespace-strategy.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { Namespace } from '../../types/core-v1.ts';

/** The types of Namespace objects. */
export const namespaceTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind Namespace
  metadata: meta.ObjectMeta=
  spec: NamespaceSpec=
  status: NamespaceStatus=

type NamespaceCondition
  lastTransitionTime: meta.Time
  message: string
  reason: string
  type!: string=
  status!: string=

type NamespaceSpec
  finalizers: [string] atomic

type NamespaceStatus
  conditions: [NamespaceCondition] map(type) merge(type)
  phase: string enum(Active, Terminating)
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column('Status', 'string', 'The status of the namespace', (object: Namespace) => object.status?.phase ?? ''),
  ageColumn,
];

/** The namespaces resource. */
export const namespaceResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  categories: [],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [
    { name: 'finalize', verbs: ['update'], hasTable: false },
    { name: 'status', verbs: ['get', 'patch', 'update'] },
  ],
  type: 'io.k8s.api.core.v1.Namespace',
  columns,
  setDefaults(object) {
    setNamespaceDefaults(object);
    const namespace: Namespace = object;
    if ((namespace.status?.phase ?? '') === '') namespace.status = { ...namespace.status, phase: 'Active' };
  },
  strategy: namespaceStrategy,
  selectableFields: fieldReaders(['status.phase']),
};
