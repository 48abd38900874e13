import { buildCommit, buildDate } from '../system/build.ts';

/**
 * What `version` says of the client: the Kubernetes version whose behaviour this program has, and of what it is made.
 * The build puts in which commit it was made from, and when that was; the runtime stands where kubectl has Go.
 */
export const clientVersion = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.4',
  gitCommit: buildCommit,
  gitTreeState: 'clean',
  buildDate,
  goVersion: `node${process.versions.node}`,
  compiler: 'node',
  platform: `${process.platform === 'win32' ? 'windows' : process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
} as const;

/** The version of kustomize whose behaviour this program has. */
export const kustomizeVersion = 'v5.8.1';
