import type { ContainerConfig } from '../../src/node/cri/runtime.ts';

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
    resources: { cpuShares: 2, cpuQuota: -1, cpuPeriod: 100_000, memoryLimitBytes: 0, oomScoreAdjust: 1000 },
    readonlyRootfs: false,
    privileged: false,
    addedCapabilities: [],
    labels: {},
    annotations: {},
    ...special,
  };
}
