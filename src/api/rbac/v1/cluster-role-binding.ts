import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';

/** The types of ClusterRoleBinding objects. */
export const clusterRoleBindingTypes: TypeSource = {
  package: 'io.k8s.api.rbac.v1',
  text: `
kind ClusterRoleBinding
  metadata: meta.ObjectMeta=
  roleRef!: RoleRef=
  subjects: [Subject] atomic

type RoleRef atomic
  apiGroup: string=
  kind!: string=
  name!: string=

type Subject atomic
  apiGroup: string
  kind!: string=
  name!: string=
  namespace: string
`,
};

/** The clusterrolebindings resource. */
export const clusterRoleBindingResource: ResourceDefinition = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  resource: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
};
