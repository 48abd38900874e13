import type { Container, Pod } from '../../api/types/core-v1.ts';
import type { Mount } from '../cri/runtime.ts';
import { ContainerConfigError, expandVariables } from './container-environment.ts';
import type { NodeFiles } from './node-files.ts';
import { podHostname } from './pod-hostname.ts';
import { podFolder } from './pod-volumes.ts';
import { subPathOnNode } from './sub-path.ts';

const propagations: Readonly<Record<string, NonNullable<Mount['propagation']>>> = {
  HostToContainer: 'hostToContainer',
  Bidirectional: 'bidirectional',
};

/** What the mounts of a container are made from. */
export interface MountContext {
  readonly files: NodeFiles;
  readonly pathOf: (volume: string) => string | undefined;
  readonly env: ReadonlyMap<string, string>;
  readonly podIPs: readonly string[];
}

/** A container's volumes, its hosts file and its termination message, as mounts. @throws ContainerConfigError */
export function containerMounts(pod: Pod, container: Container, attempt: number, context: MountContext): Mount[] {
  const mounts: Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = context.pathOf(mount.name);
    if (volume === undefined) continue;
    const subPath = subPathOf(mount, context.env);
    const { files } = context;
    const hostPath = subPath === '' ? volume : subPathOnNode({ files, volume, subPath, mount, container });
    mounts.push({
      containerPath: mount.mountPath,
      hostPath,
      readonly: mount.readOnly === true || isReadOnly(pod, mount.name),
      propagation: propagations[mount.mountPropagation ?? ''] ?? 'private',
    });
  }
  for (const { name, devicePath } of container.volumeDevices ?? []) {
    const hostPath = context.pathOf(name);
    if (hostPath !== undefined) mounts.push({ containerPath: devicePath, hostPath, readonly: false });
  }
  const { files } = context;
  const folder = podFolder(pod);
  files.makeFolder(folder);
  if (!mounts.some(({ containerPath }) => containerPath === '/etc/hosts')) {
    const hostPath = `${folder}/etc-hosts`;
    files.writeFile(hostPath, Buffer.from(hostsFile(pod, context.podIPs)));
    mounts.push({ containerPath: '/etc/hosts', hostPath, readonly: false });
  }
  const hostPath = terminationLog(pod, container.name, attempt);
  files.makeFolder(hostPath.slice(0, hostPath.lastIndexOf('/')));
  files.writeFile(hostPath, new Uint8Array(), { mode: 0o666 });
  const path = container.terminationMessagePath ?? '';
  mounts.push({ containerPath: path === '' ? '/dev/termination-log' : path, hostPath, readonly: false });
  return mounts;
}

/** Where a container's termination message is kept on the node. */
export function terminationLog(pod: Pod, container: string, attempt: number): string {
  return `${podFolder(pod)}/containers/${container}/${attempt}`;
}

/** What comes from the API is never written. */
function isReadOnly(pod: Pod, volume: string): boolean {
  const found = pod.spec?.volumes?.find(({ name }) => name === volume);
  return [found?.configMap, found?.secret, found?.downwardAPI, found?.projected, found?.image].some(
    (source) => source !== undefined,
  );
}

function subPathOf(
  { subPath = '', subPathExpr = '' }: { readonly subPath?: string; readonly subPathExpr?: string },
  env: ReadonlyMap<string, string>,
): string {
  if (subPathExpr === '') return subPath;
  const missing = [...subPathExpr.matchAll(/\$\(([^()]*)\)/g)].find(([, name = '']) => !env.has(name));
  const fail = (message: string): never => {
    throw new ContainerConfigError(message);
  };
  if (missing !== undefined) fail(`missing value for "${missing[1] ?? ''}"`);
  const path = expandVariables(subPathExpr, env);
  if (path.startsWith('/')) fail(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split('/').includes('..')) fail(`unable to provision SubPath \`${path}\`: must not contain '..'`);
  return path;
}

function hostsFile(pod: Pod, podIPs: readonly string[]): string {
  const { hostNetwork, hostAliases = [] } = pod.spec ?? {};
  const { name, domain } = podHostname(pod, 'cluster.local');
  const names = domain === '' ? name : `${name}.${domain}\t${name}`;
  const lines = [
    hostNetwork === true ? '# Kubernetes-managed hosts file (host network).' : '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...(hostNetwork === true ? [] : podIPs.map((ip) => `${ip}\t${names}`)),
  ];
  if (hostAliases.length > 0) {
    lines.push('', '# Entries added by HostAliases.');
    for (const { ip, hostnames = [] } of hostAliases) lines.push([ip, ...hostnames].join('\t'));
  }
  return `${lines.join('\n')}\n`;
}
