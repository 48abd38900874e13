import type { ContainerConfig, UserNamespace } from '../runtime.ts';
import type { MemoryFiles } from './memory-files.ts';
import type { ListedMount } from './mount-programs.ts';
import type { ProcessUser } from './process-context.ts';

/** As many as there are. */
const allIds = 4_294_967_295;

/** What a container's processes are in. */
export interface ProcessSurroundings {
  /** What is mounted at their start. */
  readonly mounts: readonly ListedMount[];
  readonly userNamespace: UserNamespace | undefined;
}

/** What the kernel says of every process of a container: its user, what keeps it from system calls, what is mounted at its start. */
export function writeProcessFiles(
  files: MemoryFiles,
  { uid, gid, groups }: ProcessUser,
  { noNewPrivileges, isSeccompFiltered }: Pick<ContainerConfig, 'noNewPrivileges' | 'isSeccompFiltered'>,
  { mounts, userNamespace = { hostId: 0, length: allIds } }: ProcessSurroundings,
): void {
  const four = (id: number): string => [id, id, id, id].join('\t');
  const status = [
    `Uid:\t${four(uid)}`,
    `Gid:\t${four(gid)}`,
    `Groups:\t${groups.join(' ')}`,
    `NoNewPrivs:\t${noNewPrivileges ? 1 : 0}`,
    // Filters are what profiles are made of.
    `Seccomp:\t${isSeccompFiltered ? 2 : 0}`,
    `Seccomp_filters:\t${isSeccompFiltered ? 1 : 0}`,
  ];
  const map = `${[0, userNamespace.hostId, userNamespace.length].map((id) => `${id}`.padStart(10)).join(' ')}\n`;
  for (const process of ['self', '1']) {
    files.makeFolder(`/proc/${process}`);
    files.writeFile(`/proc/${process}/status`, Buffer.from(`${status.join('\n')}\n`), { mode: 0o444 });
    for (const name of ['uid_map', 'gid_map']) {
      files.writeFile(`/proc/${process}/${name}`, Buffer.from(map), { mode: 0o644 });
    }
    const table = mounts.map(({ source, place, type, options: how }) => `${source} ${place} ${type} ${how} 0 0\n`);
    files.writeFile(`/proc/${process}/mounts`, Buffer.from(table.join('')), { mode: 0o444 });
  }
  files.link('/proc/mounts', 'self/mounts');
}
