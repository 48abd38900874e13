import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of RoleBinding objects. */
export const roleBindingTypes: TypeSource = {
  package: 'io.k8s.api.rbac.v1',
  text: `
kind RoleBinding
  metadata: meta.ObjectMeta=
  roleRef!: RoleRef=
  subjects: [Subject] atomic
`,
};

/** The rolebindings resource. */
export const roleBindingResource: ResourceDefinition = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  resource: 'rolebindings',
  singular: 'rolebinding',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.rbac.v1.RoleBinding',
};
