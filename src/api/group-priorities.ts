/** How a group version stands among others: spec.groupPriorityMinimum and spec.versionPriority of its APIService. */
export interface GroupPriority {
  readonly groupPriorityMinimum: number;
  readonly versionPriority: number;
}

/** Priorities of groups, and of their versions where it is not 15, as kube-apiserver registers them. */
const priorities: Readonly<Record<string, readonly [group: number, versions?: Readonly<Record<string, number>>]>> = {
  '': [18_000, { v1: 1 }],
  apps: [17_800],
  'events.k8s.io': [17_750, { v1beta1: 5 }],
  'authentication.k8s.io': [17_700, { v1beta1: 9, v1alpha1: 1 }],
  'authorization.k8s.io': [17_600],
  autoscaling: [17_500, { v2: 30, v2beta1: 9, v2beta2: 1 }],
  batch: [17_400, { v1beta1: 9, v2alpha1: 9 }],
  'certificates.k8s.io': [17_300, { v1beta1: 9, v1alpha1: 1 }],
  'networking.k8s.io': [17_200, { v1beta1: 9 }],
  policy: [17_100, { v1beta1: 9 }],
  'rbac.authorization.k8s.io': [17_000],
  'storage.k8s.io': [16_800, { v1beta1: 9, v1alpha1: 1 }],
  'apiextensions.k8s.io': [16_700],
  'admissionregistration.k8s.io': [16_700, { v1beta1: 12, v1alpha1: 9 }],
  'scheduling.k8s.io': [16_600, { v1alpha2: 2 }],
  'coordination.k8s.io': [16_500, { v1beta1: 13, v1alpha2: 12 }],
  'node.k8s.io': [16_300, { v1beta1: 9, v1alpha1: 1 }],
  'discovery.k8s.io': [16_200, { v1beta1: 12 }],
  'resource.k8s.io': [16_200, { v1: 21, v1beta2: 15, v1beta1: 9, v1alpha3: 1 }],
  'flowcontrol.apiserver.k8s.io': [16_100, { v1: 21, v1beta3: 18, v1beta2: 15, v1beta1: 12, v1alpha1: 9 }],
  'internal.apiserver.k8s.io': [16_000, { v1alpha1: 9 }],
  'storagemigration.k8s.io': [15_800, { v1beta1: 9 }],
};

/**
 * Priorities of a version of a group that a server has by itself; undefined for others, and for the group of the
 * APIServices themselves, which have none.
 */
export function builtInPriorityOf(group: string, version: string): GroupPriority | undefined {
  const [groupPriorityMinimum, versions = {}] = priorities[group] ?? [];
  const versionPriority = versions[version] ?? (version === 'v1' ? 15 : undefined);
  if (groupPriorityMinimum === undefined || versionPriority === undefined) return undefined;
  return { groupPriorityMinimum, versionPriority };
}

/** More than an APIService may ask for: their own group always comes first. */
const firstOfAll = 20_001;

/** Priorities of a group version; those of custom resources when the server does not have it by itself. */
export function groupPriorityOf(group: string, version: string): GroupPriority {
  if (group === 'apiregistration.k8s.io') return { groupPriorityMinimum: firstOfAll, versionPriority: 1 };
  return builtInPriorityOf(group, version) ?? { groupPriorityMinimum: 1000, versionPriority: 100 };
}
