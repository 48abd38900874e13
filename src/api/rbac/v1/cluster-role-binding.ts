import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { roleBindingStrategy, setRoleBindingDefaults } from './rbac-strategy.ts';
import { subjectsCell } from './subjects-cell.ts';
import { ageColumn, column, nameColumn, wideColumn } from '../../columns.ts';
import type { ClusterRoleBinding } from '../../types/rbac-v1.ts';

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

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Role',
    'string',
    'RoleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.',
    (object: ClusterRoleBinding) => `${object.roleRef.kind}/${object.roleRef.name}`,
  ),
  ageColumn,
  wideColumn('Users', 'string', 'Users in the clusterRoleBinding', (object: ClusterRoleBinding) =>
    subjectsCell(object.subjects, 'User'),
  ),
  wideColumn('Groups', 'string', 'Groups in the clusterRoleBinding', (object: ClusterRoleBinding) =>
    subjectsCell(object.subjects, 'Group'),
  ),
  wideColumn('ServiceAccounts', 'string', 'ServiceAccounts in the clusterRoleBinding', (object: ClusterRoleBinding) =>
    subjectsCell(object.subjects, 'ServiceAccount'),
  ),
];

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
  columns,
  setDefaults: setRoleBindingDefaults,
  strategy: roleBindingStrategy,
};
