import { isTolerated, matchesNodeAffinity } from '../../api/core/v1/node-matching.ts';
import type { DaemonSet } from '../../api/types/apps-v1.ts';
import type { Affinity, Node, Pod, PodSpec, Toleration } from '../../api/types/core-v1.ts';

const nodeNameField = 'metadata.name';

/** Taints that say how a node fares; daemons run in spite of them. */
const toleratedConditions: readonly (readonly [key: string, effect: string])[] = [
  ['not-ready', 'NoExecute'],
  ['unreachable', 'NoExecute'],
  ['disk-pressure', 'NoSchedule'],
  ['memory-pressure', 'NoSchedule'],
  ['pid-pressure', 'NoSchedule'],
  ['unschedulable', 'NoSchedule'],
];

/** What a daemon's pod tolerates: what its template says, and troubles of its node. */
export function daemonTolerations(spec: PodSpec): Toleration[] {
  const conditions = spec.hostNetwork === true ? [['network-unavailable', 'NoSchedule'] as const] : [];
  const tolerations = [...(spec.tolerations ?? [])];
  for (const [name, effect] of [...toleratedConditions, ...conditions]) {
    const key = `node.kubernetes.io/${name}`;
    const isThere = tolerations.some(
      (known) => known.key === key && known.effect === effect && known.operator === 'Exists',
    );
    if (!isThere) tolerations.push({ key, operator: 'Exists', effect });
  }
  return tolerations;
}

/** The template's affinity, with the one node in place of all the nodes that it requires. */
export function affinityToNode(affinity: Affinity | undefined, node: string): Affinity {
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: nodeNameField, operator: 'In', values: [node] }] }],
      },
    },
  };
}

/** The node that a daemon's pod runs on, or was made for. */
export function targetNode(pod: Pod): string | undefined {
  const assigned = pod.spec?.nodeName ?? '';
  if (assigned !== '') return assigned;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required?.nodeSelectorTerms
    .flatMap((term) => term.matchFields ?? [])
    .find((field) => field.key === nodeNameField && field.operator === 'In')?.values?.[0];
}

/** Whether a set's pod belongs on a node, and whether one that is there may stay. */
export function daemonPlacement(set: DaemonSet, node: Node): { readonly runs: boolean; readonly stays: boolean } {
  const spec = set.spec?.template.spec ?? { containers: [] };
  const named = spec.nodeName ?? '';
  if ((named !== '' && named !== node.metadata.name) || !matchesNodeAffinity({ spec }, node))
    return { runs: false, stays: false };
  const tolerations = daemonTolerations(spec);
  const isKeptOff = (effects: readonly string[]): boolean =>
    (node.spec?.taints ?? []).some((taint) => effects.includes(taint.effect) && !isTolerated(tolerations, taint));
  const runs = !isKeptOff(['NoExecute', 'NoSchedule']);
  return { runs, stays: runs || !isKeptOff(['NoExecute']) };
}
