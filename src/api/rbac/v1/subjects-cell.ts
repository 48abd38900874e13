import type { Subject } from '../../types/rbac-v1.ts';

/** Names of the subjects of one kind; service accounts with their namespace. */
export function subjectsCell(
  subjects: readonly Subject[] | undefined,
  kind: 'User' | 'Group' | 'ServiceAccount',
): string {
  return (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace = '' }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
    .join(', ');
}
