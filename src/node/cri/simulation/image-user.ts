import type { ContainerUser } from '../runtime.ts';
import type { MemoryFiles } from './memory-files.ts';
import type { ProcessUser } from './process-context.ts';

/**
 * Who processes run as: what the container says, and for the rest what the image's /etc/passwd and /etc/group say of the
 * user, whose groups there are added unless only those of the pod count (`supplementalGroupsPolicy: Strict`).
 */
export function imageUser(
  files: MemoryFiles,
  { uid = 0, gid, supplementalGroups, isStrict }: ContainerUser,
): ProcessUser {
  const account = lines(files, '/etc/passwd').find((fields) => Number(fields[2]) === uid);
  const own = gid ?? Number(account?.[3] ?? 0);
  const named =
    isStrict === true || account === undefined
      ? []
      : lines(files, '/etc/group')
          .filter((fields) => (fields[3] ?? '').split(',').includes(account[0] ?? ''))
          .map((fields) => Number(fields[2]));
  return { uid, gid: own, groups: [...new Set([...named, ...supplementalGroups])] };
}

function lines(files: MemoryFiles, path: string): string[][] {
  const node = files.find(path);
  if (node?.kind !== 'file') return [];
  return Buffer.from(node.content)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}
