import type { Column, ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { column, nameColumn } from '../../columns.ts';
import type { ComponentStatus, ComponentCondition } from '../../types/core-v1.ts';

/** The types of ComponentStatus objects. */
export const componentStatusTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind ComponentStatus
  conditions: [ComponentCondition] map(type) merge(type)
  metadata: meta.ObjectMeta=

type ComponentCondition
  error: string
  message: string
  type!: string=
  status!: string=
`,
};

function healthy(object: ComponentStatus): ComponentCondition | undefined {
  return object.conditions?.find((condition) => condition.type === 'Healthy');
}

function statusCell(object: ComponentStatus): string {
  const condition = healthy(object);
  if (condition === undefined) return 'Unknown';
  return condition.status === 'True' ? 'Healthy' : 'Unhealthy';
}

const columns: readonly Column[] = [
  nameColumn,
  column('Status', 'string', 'Status of the component conditions', statusCell),
  column(
    'Message',
    'string',
    'Message of the component conditions',
    (object: ComponentStatus) => healthy(object)?.message ?? '',
  ),
  column(
    'Error',
    'string',
    'Error of the component conditions',
    (object: ComponentStatus) => healthy(object)?.error ?? '',
  ),
];

/** The componentstatuses resource. */
export const componentStatusResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  resource: 'componentstatuses',
  singular: 'componentstatus',
  calledInErrors: 'componentstatus',
  shortNames: ['cs'],
  categories: [],
  namespaced: false,
  verbs: ['get', 'list'],
  subresources: [],
  type: 'io.k8s.api.core.v1.ComponentStatus',
  deprecationWarning: 'v1 ComponentStatus is deprecated in v1.19+',
  columns,
};
