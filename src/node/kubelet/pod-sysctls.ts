import type { Pod } from '../../api/types/core-v1.ts';

type Namespace = 'IPC' | 'Net';

/** What a pod may set without harm to others, and the kernel's namespace that keeps it to the pod. */
const safe: ReadonlyMap<string, Namespace> = new Map([
  ['kernel.shm_rmid_forced', 'IPC'],
  ['net.ipv4.ip_local_port_range', 'Net'],
  ['net.ipv4.tcp_syncookies', 'Net'],
  ['net.ipv4.ping_group_range', 'Net'],
  ['net.ipv4.ip_unprivileged_port_start', 'Net'],
  ['net.ipv4.ip_local_reserved_ports', 'Net'],
  ['net.ipv4.tcp_keepalive_time', 'Net'],
  ['net.ipv4.tcp_fin_timeout', 'Net'],
  ['net.ipv4.tcp_keepalive_intvl', 'Net'],
  ['net.ipv4.tcp_keepalive_probes', 'Net'],
  ['net.ipv4.tcp_rmem', 'Net'],
  ['net.ipv4.tcp_wmem', 'Net'],
]);

/** A kernel parameter as sysctl(8) names it, with dots; where slashes come first, dots are part of names. */
export function dottedSysctl(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  if (first !== '/') return name;
  return name.replaceAll(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}

/** The kernel parameters that a pod sets, by their names with dots. */
export function podSysctls({ spec }: Pod): Record<string, string> {
  const { sysctls = [] } = spec?.securityContext ?? {};
  return Object.fromEntries(sysctls.map(({ name, value }) => [dottedSysctl(name), value]));
}

/** Why a node does not take a pod for the kernel parameters that it sets; undefined when it does. */
export function forbiddenSysctl(pod: Pod): string | undefined {
  const { hostNetwork = false, hostIPC = false } = pod.spec ?? {};
  const shared: Readonly<Record<Namespace, boolean>> = { IPC: hostIPC, Net: hostNetwork };
  for (const name of Object.keys(podSysctls(pod))) {
    const namespace = safe.get(name);
    if (namespace === undefined) return `forbidden sysctl: "${name}" not allowlisted`;
    if (shared[namespace]) return `forbidden sysctl: "${name}" not allowed with host ${namespace} enabled`;
  }
  return undefined;
}
