import type { Pod } from '../../api/types/core-v1.ts';
import type { Random } from '../../system/random.ts';
import type { ClusterView, FilterPlugin, NodeCheck, Rejection, ScorePlugin, Unfit } from './framework.ts';
import { dynamicResourcesFilter } from './plugins/dynamic-resources.ts';
import { imageLocalityScore } from './plugins/image-locality.ts';
import { interPodAffinityFilter, interPodAffinityScore } from './plugins/inter-pod-affinity.ts';
import { nodeAffinityFilter, nodeAffinityScore, nodeNameFilter } from './plugins/node-affinity.ts';
import {
  nodePortsFilter,
  nodeResourcesBalancedScore,
  nodeResourcesFitFilter,
  nodeResourcesFitScore,
} from './plugins/node-resources.ts';
import { podTopologySpreadFilter, podTopologySpreadScore } from './plugins/pod-topology-spread.ts';
import { nodeUnschedulableFilter, taintTolerationFilter, taintTolerationScore } from './plugins/taints.ts';
import { volumeBindingFilter, volumeRestrictionsFilter, volumeZoneFilter } from './plugins/volumes.ts';
import { type NodeInfo, withPods } from './scheduler-cache.ts';

/** In the order in which kube-scheduler asks them; the first that objects ends the look at a node. */
const filters: readonly FilterPlugin[] = [
  nodeUnschedulableFilter,
  nodeNameFilter,
  taintTolerationFilter,
  nodeAffinityFilter,
  nodePortsFilter,
  nodeResourcesFitFilter,
  volumeRestrictionsFilter,
  volumeBindingFilter,
  volumeZoneFilter,
  podTopologySpreadFilter,
  interPodAffinityFilter,
  dynamicResourcesFilter,
];

const scorers: readonly ScorePlugin[] = [
  taintTolerationScore,
  nodeAffinityScore,
  nodeResourcesFitScore,
  podTopologySpreadScore,
  interPodAffinityScore,
  nodeResourcesBalancedScore,
  imageLocalityScore,
];

/** Pods that were promised a node, by its name: they have made room there, and have not come yet. */
export type NominatedPods = (nodeName: string) => readonly Pod[];

export type SchedulingResult =
  | { readonly fits: true; readonly nodeName: string }
  | {
      readonly fits: false;
      /** Why, without what preemption found. */
      readonly message: string;
      /** By node name; none when the pod fits nowhere whatever the nodes are like. */
      readonly unfit: ReadonlyMap<string, Unfit>;
      /** Whether making room could help, so that it is worth a look. */
      readonly mayPreempt: boolean;
      /** Something is wrong with what the pod claims. */
      readonly isError?: boolean;
    };

/** All filters as one. */
export function prepareFilters(pod: Pod, cluster: ClusterView): NodeCheck | Rejection {
  const checks: NodeCheck[] = [];
  for (const plugin of filters) {
    const prepared = plugin.prepare(pod, cluster);
    if (prepared !== undefined && 'rejected' in prepared) return prepared;
    if (prepared !== undefined) checks.push(prepared);
  }
  return (node) => {
    for (const check of checks) {
      const objection = check(node);
      if (objection !== undefined) return objection;
    }
    return undefined;
  };
}

/** The same cluster with other nodes. */
export function withNodes(cluster: ClusterView, nodes: readonly NodeInfo[]): ClusterView {
  return { ...cluster, nodes };
}

/** The nodes with the pods on them that were promised them, and are as important as this one or more so. */
export function withNominated(pod: Pod, nodes: readonly NodeInfo[], nominated: NominatedPods): readonly NodeInfo[] {
  const priority = pod.spec?.priority ?? 0;
  return nodes.map((info) => {
    const expected = nominated(info.node.metadata.name ?? '').filter(
      (other) => other.metadata.uid !== pod.metadata.uid && (other.spec?.priority ?? 0) >= priority,
    );
    return expected.length === 0 ? info : withPods(info, expected);
  });
}

/**
 * Filters and ranks the nodes for a pod; equal ones are chosen among by chance. Where pods are promised to a node, the
 * pod must fit with them and without them; the node that it was promised itself is taken when it still fits.
 */
export function schedulePod(
  pod: Pod,
  cluster: ClusterView,
  random: Random,
  nominated: NominatedPods = () => [],
): SchedulingResult {
  const { nodes } = cluster;
  const total = nodes.length;
  if (total === 0) {
    return { fits: false, message: 'no nodes available to schedule pods', unfit: new Map(), mayPreempt: false };
  }
  const check = prepareFilters(pod, cluster);
  if ('rejected' in check) {
    // The plugin for resource claims, which looks at what was prepared, was not reached, unless it says so itself.
    const isReached = check.isOfClaims === true;
    const message = `${noNodes(total)} ${check.rejected}.${isReached ? '' : ' not found'}`;
    return { fits: false, message, unfit: new Map(), mayPreempt: isReached };
  }
  const crowded = withNominated(pod, nodes, nominated);
  const isCrowded = crowded.some((info, index) => info !== nodes[index]);
  const crowdedCheck = isCrowded ? prepareFilters(pod, withNodes(cluster, crowded)) : check;
  const objections = new Map<string, Unfit>();
  const feasible = nodes.filter((info, index) => {
    const busy = crowded[index] ?? info;
    const objection = (busy !== info && !('rejected' in crowdedCheck) ? crowdedCheck(busy) : undefined) ?? check(info);
    if (objection !== undefined) objections.set(info.node.metadata.name ?? '', objection);
    return objection === undefined;
  });
  if (feasible.length === 0) {
    return { fits: false, message: fitMessage(total, objections), unfit: objections, mayPreempt: true };
  }
  const promised = pod.status?.nominatedNodeName;
  const own = feasible.find(({ node }) => node.metadata.name === promised);
  const chosen = own ?? best(pod, feasible, cluster, random);
  return { fits: true, nodeName: chosen?.node.metadata.name ?? '' };
}

function best(pod: Pod, feasible: readonly NodeInfo[], cluster: ClusterView, random: Random): NodeInfo | undefined {
  if (feasible.length === 1) return feasible[0];
  const totals = totalScores(pod, feasible, cluster);
  const highest = Math.max(...totals);
  const winners = feasible.filter((_, index) => totals[index] === highest);
  return winners[Math.floor(random.next() * winners.length)] ?? winners[0];
}

/** `0/3 nodes are available:` */
export function noNodes(total: number): string {
  return `0/${total} nodes are available:`;
}

/** What the nodes have against a pod, by how many have it. */
export function fitMessage(total: number, objections: ReadonlyMap<string, Unfit>): string {
  const times = new Map<string, number>();
  for (const { reasons } of objections.values()) {
    for (const reason of reasons) times.set(reason, (times.get(reason) ?? 0) + 1);
  }
  const parts = [...times].map(([reason, count]) => `${count} ${reason}`).sort();
  return `${noNodes(total)} ${parts.join(', ')}.`;
}

/** The marks of the nodes, each plugin's times its weight. */
export function totalScores(pod: Pod, feasible: readonly NodeInfo[], cluster: ClusterView): number[] {
  const totals = feasible.map(() => 0);
  for (const plugin of scorers) {
    const marks = plugin.prepare(pod, cluster, feasible);
    if (marks === undefined) continue;
    const raw = feasible.map((node) => marks.score(node));
    const scores = marks.normalize?.(raw, feasible) ?? raw;
    scores.forEach((score, index) => {
      totals[index] = (totals[index] ?? 0) + score * plugin.weight;
    });
  }
  return totals;
}
