import type { ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

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
  status!: string=
  type!: string=
`,
};

/** The componentstatuses resource. */
export const componentStatusResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  resource: 'componentstatuses',
  singular: 'componentstatus',
  shortNames: ['cs'],
  categories: [],
  namespaced: false,
  verbs: ['get', 'list'],
  subresources: [],
  type: 'io.k8s.api.core.v1.ComponentStatus',
};
