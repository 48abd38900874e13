import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { roleBindingStrategy, setRoleBindingDefaults } from './rbac-strategy.ts';
import { subjectsCell } from './subjects-cell.ts';
import { ageColumn, column, nameColumn, wideColumn } from '../../columns.ts';
import type { RoleBinding } from '../../types/rbac-v1.ts';

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

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Role',
    'string',
    'RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.',
    (object: RoleBinding) => `${object.roleRef.kind}/${object.roleRef.name}`,
  ),
  ageColumn,
  wideColumn('Users', 'string', 'Users in the roleBinding', (object: RoleBinding) =>
    subjectsCell(object.subjects, 'User'),
  ),
  wideColumn('Groups', 'string', 'Groups in the roleBinding', (object: RoleBinding) =>
    subjectsCell(object.subjects, 'Group'),
  ),
  wideColumn('ServiceAccounts', 'string', 'ServiceAccounts in the roleBinding', (object: RoleBinding) =>
    subjectsCell(object.subjects, 'ServiceAccount'),
  ),
];

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
  columns,
  setDefaults: setRoleBindingDefaults,
  strategy: roleBindingStrategy,
};
