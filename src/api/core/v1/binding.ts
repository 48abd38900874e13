import type { ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of Binding objects. */
export const bindingTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind Binding
  metadata: meta.ObjectMeta=
  target!: ObjectReference=

type ObjectReference atomic
  apiVersion: string
  fieldPath: string
  kind: string
  name: string
  namespace: string
  resourceVersion: string
  uid: string
`,
};

/** The bindings resource. */
export const bindingResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'Binding',
  resource: 'bindings',
  singular: 'binding',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['create'],
  subresources: [],
  type: 'io.k8s.api.core.v1.Binding',
};
