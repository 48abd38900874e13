/** What `version` says of the client: the Kubernetes version whose behaviour this program has. */
export const clientVersion = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.4',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform === 'win32' ? 'windows' : process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
} as const;

/** The version of kustomize whose behaviour this program has. */
export const kustomizeVersion = 'v5.8.1';
