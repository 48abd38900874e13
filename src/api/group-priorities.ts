/** How a group version stands among others: spec.groupPriorityMinimum and spec.versionPriority of its APIService. */
export interface GroupPriority {
  readonly groupPriorityMinimum: number;
  readonly versionPriority: number;
}

const builtIn: Readonly<Record<string, readonly [number, number]>> = {
  '/v1': [18000, 1],
  'apiregistration.k8s.io/v1': [18000, 1],
  'apps/v1': [17800, 15],
  'events.k8s.io/v1': [17750, 15],
  'authentication.k8s.io/v1': [17700, 15],
  'authorization.k8s.io/v1': [17600, 15],
  'autoscaling/v2': [17500, 30],
  'autoscaling/v1': [17500, 15],
  'batch/v1': [17400, 15],
  'certificates.k8s.io/v1': [17300, 15],
  'networking.k8s.io/v1': [17200, 15],
  'policy/v1': [17100, 15],
  'rbac.authorization.k8s.io/v1': [17000, 15],
  'storage.k8s.io/v1': [16800, 15],
  'admissionregistration.k8s.io/v1': [16700, 15],
  'admissionregistration.k8s.io/v1alpha1': [16700, 1],
  'apiextensions.k8s.io/v1': [16700, 15],
  'scheduling.k8s.io/v1': [16600, 15],
  'coordination.k8s.io/v1': [16500, 15],
  'node.k8s.io/v1': [16300, 15],
  'discovery.k8s.io/v1': [16200, 15],
  'resource.k8s.io/v1': [16200, 21],
  'flowcontrol.apiserver.k8s.io/v1': [16100, 21],
};

/** Priorities of a group version; those of custom resources when the server does not have it by itself. */
export function groupPriorityOf(group: string, version: string): GroupPriority {
  const [groupPriorityMinimum, versionPriority] = builtIn[`${group}/${version}`] ?? [1000, 100];
  return { groupPriorityMinimum, versionPriority };
}
