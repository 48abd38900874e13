import type { ContainerConfig, PodSandboxConfig } from '../../src/node/cri/runtime.ts';

/** A container with nothing special but what is said. */
export function containerConfig(special: Partial<ContainerConfig> & Pick<ContainerConfig, 'image'>): ContainerConfig {
  return {
    metadata: { name: 'main', attempt: 0 },
    command: [],
    args: [],
    workingDir: '',
    envs: [],
    stdin: false,
    stdinOnce: false,
    tty: false,
    mounts: [],
    user: { supplementalGroups: [] },
    noNewPrivileges: false,
    isSeccompFiltered: false,
    resources: { cpuShares: 2, cpuQuota: -1, cpuPeriod: 100_000, memoryLimitBytes: 0, oomScoreAdjust: 1000 },
    readonlyRootfs: false,
    privileged: false,
    addedCapabilities: [],
    labels: {},
    annotations: {},
    ...special,
  };
}

/** A sandbox with nothing special about it, but for what is given. */
export function podSandbox(name: string, special: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
  return {
    metadata: { name, namespace: 'default', uid: name, attempt: 0 },
    hostname: name,
    labels: {},
    annotations: {},
    hostNetwork: false,
    portMappings: [],
    sysctls: {},
    runtimeHandler: '',
    dnsConfig: { servers: [], searches: [], options: [] },
    ...special,
  };
}
