/** What the arguments of a command are, for completion. */
export type ArgumentCompletion =
  /** A type and names of it, or `TYPE/NAME`; only these types where they are given, and once where it says so. */
  | { readonly kind: 'objects'; readonly types?: readonly string[]; readonly once?: boolean }
  /** One name of a type. */
  | { readonly kind: 'name'; readonly type: string }
  /** A pod or something with pods; behind it its containers or its ports. */
  | { readonly kind: 'pod'; readonly next?: 'containers' | 'ports' }
  /** A file here or in a pod, as `cp` takes them. */
  | { readonly kind: 'file' }
  /** One entry of the kubeconfig. */
  | { readonly kind: 'contexts' | 'clusters' | 'users' }
  | { readonly kind: 'words'; readonly words: readonly string[] };

const objects: ArgumentCompletion = { kind: 'objects' };
const ofTypes = (...types: string[]): ArgumentCompletion => ({ kind: 'objects', types });
const rolledOut = ['deployment', 'daemonset', 'statefulset'];
const scaled = ['deployment', 'replicaset', 'replicationcontroller', 'statefulset'];

/** The arguments of commands, by their paths; those that are not here are the shell's. */
export const argumentCompletions: Readonly<Record<string, ArgumentCompletion>> = {
  annotate: objects,
  'apply edit-last-applied': objects,
  'apply view-last-applied': objects,
  attach: { kind: 'pod' },
  autoscale: ofTypes(...scaled),
  completion: { kind: 'words', words: ['bash', 'zsh', 'fish', 'powershell'] },
  'config delete-cluster': { kind: 'clusters' },
  'config delete-context': { kind: 'contexts' },
  'config delete-user': { kind: 'users' },
  'config rename-context': { kind: 'contexts' },
  'config set-context': { kind: 'contexts' },
  'config use-context': { kind: 'contexts' },
  cordon: { kind: 'name', type: 'node' },
  cp: { kind: 'file' },
  'create token': { kind: 'name', type: 'serviceaccount' },
  debug: objects,
  delete: objects,
  describe: objects,
  drain: { kind: 'name', type: 'node' },
  edit: objects,
  exec: { kind: 'pod' },
  expose: ofTypes('pod', 'service', 'replicationcontroller', 'deployment', 'replicaset'),
  get: objects,
  label: objects,
  logs: { kind: 'pod', next: 'containers' },
  patch: objects,
  'port-forward': { kind: 'pod', next: 'ports' },
  'rollout history': ofTypes(...rolledOut),
  'rollout pause': ofTypes('deployment'),
  'rollout restart': ofTypes(...rolledOut),
  'rollout resume': ofTypes('deployment'),
  'rollout status': { kind: 'objects', types: rolledOut, once: true },
  'rollout undo': ofTypes(...rolledOut),
  scale: ofTypes(...scaled),
  'set image': {
    kind: 'objects',
    types: ['daemonsets', 'deployments', 'pods', 'cronjobs', 'replicasets', 'replicationcontrollers', 'statefulsets'],
    once: true,
  },
  taint: ofTypes('node'),
  'top node': { kind: 'name', type: 'node' },
  'top pod': { kind: 'name', type: 'pod' },
  uncordon: { kind: 'name', type: 'node' },
};

/** Flags that must be given, by the paths of commands: they are offered first. */
export const requiredFlags: Readonly<Record<string, readonly string[]>> = {
  autoscale: ['max'],
  'create clusterrolebinding': ['clusterrole'],
  'create cronjob': ['image', 'schedule'],
  'create deployment': ['image'],
  'create priorityclass': [],
  'create service externalname': ['external-name'],
  'kuberc set': ['section'],
  run: ['image'],
  scale: ['replicas'],
};
