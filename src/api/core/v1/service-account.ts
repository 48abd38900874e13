import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, nameColumn } from '../../columns.ts';

/** The types of ServiceAccount objects. */
export const serviceAccountTypes: TypeSource = {
  package: 'io.k8s.api.core.v1',
  text: `
kind ServiceAccount
  automountServiceAccountToken: bool
  imagePullSecrets: [LocalObjectReference] atomic
  metadata: meta.ObjectMeta=
  secrets: [ObjectReference] map(name) merge(name)
`,
};

const columns: readonly Column[] = [nameColumn, ageColumn];

/** The serviceaccounts resource. */
export const serviceAccountResource: ResourceDefinition = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [
    { name: 'token', kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }, verbs: ['create'] },
  ],
  type: 'io.k8s.api.core.v1.ServiceAccount',
  columns,
};
