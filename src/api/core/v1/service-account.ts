import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { ServiceAccount } from '../../types/core-v1.ts';
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
  strategy: {
    warningsOnCreate: (object) => mountableSecretsWarnings(object),
    warningsOnUpdate: (object, old) => mountableSecretsWarnings(object, old),
    adjustForCreate: keepNamesOfSecrets,
    adjustForUpdate: keepNamesOfSecrets,
  },
};

/** Namespaces keep secrets apart better than an annotation does (KEP-2799). */
function mountableSecretsWarnings({ metadata }: Unstructured, old?: Unstructured): string[] {
  const key = 'kubernetes.io/enforce-mountable-secrets';
  if (metadata.annotations?.[key] === undefined || old?.metadata.annotations?.[key] !== undefined) return [];
  const advice = 'prefer separate namespaces to isolate access to mounted secrets';
  return [`metadata.annotations[${key}]: deprecated in v1.32+; ${advice}`];
}

/** Secrets are referred to by name; what else is said of them is dropped. */
function keepNamesOfSecrets(object: Unstructured): void {
  const account = object as unknown as ServiceAccount;
  if (account.secrets !== undefined) account.secrets = account.secrets.map(({ name }) => (name ? { name } : {}));
}
