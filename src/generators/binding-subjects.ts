export const rbacGroup = 'rbac.authorization.k8s.io';

/** A subject that cannot be; the message is what follows `error: `. */
export class BindingSubjectError extends Error {}

/** A subject of a role binding, its fields in the order of the type. */
export interface BindingSubject {
  readonly kind: string;
  readonly apiGroup?: string;
  readonly name: string;
  readonly namespace?: string;
}

/** The subjects that --user, --group and --serviceaccount name, in this order. @throws BindingSubjectError */
export function bindingSubjects(
  users: readonly string[],
  groups: readonly string[],
  serviceAccounts: readonly string[],
): BindingSubject[] {
  return [
    ...users.map((name) => ({ kind: 'User', apiGroup: rbacGroup, name })),
    ...groups.map((name) => ({ kind: 'Group', apiGroup: rbacGroup, name })),
    ...serviceAccounts.map((text) => {
      const [namespace = '', name = '', ...rest] = text.split(':');
      if (rest.length > 0 || namespace === '' || name === '') {
        throw new BindingSubjectError('serviceaccount must be <namespace>:<name>');
      }
      return { kind: 'ServiceAccount', name, namespace };
    }),
  ];
}
