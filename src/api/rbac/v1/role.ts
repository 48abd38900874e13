import { allVerbs, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { roleStrategy } from './rbac-strategy.ts';

/** The types of Role objects. */
export const roleTypes: TypeSource = {
  package: 'io.k8s.api.rbac.v1',
  text: `
kind Role
  metadata: meta.ObjectMeta=
  rules: [PolicyRule] atomic null
`,
};

/** The roles resource. */
export const roleResource: ResourceDefinition = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  resource: 'roles',
  singular: 'role',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  type: 'io.k8s.api.rbac.v1.Role',
  strategy: roleStrategy,
};
