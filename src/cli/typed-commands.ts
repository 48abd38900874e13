/** Commands that read what they get into types of their own, not into objects of any kind. */
export const typedCommands: readonly string[] = [
  'attach',
  'cluster-info',
  'cordon',
  'debug',
  'drain',
  'exec',
  'expose',
  'logs',
  'port-forward',
  'rollout',
  'run',
  'set',
  'taint',
  'uncordon',
];
