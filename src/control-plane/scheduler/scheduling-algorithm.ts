import type { Pod } from '../../api/types/core-v1.ts';
import type { Random } from '../../system/random.ts';
import type { FilterPlugin, ScorePlugin } from './framework.ts';
import { nodeAffinityFilter, nodeAffinityScore, nodeNameFilter } from './plugins/node-affinity.ts';
import {
  nodePortsFilter,
  nodeResourcesBalancedScore,
  nodeResourcesFitFilter,
  nodeResourcesFitScore,
} from './plugins/node-resources.ts';
import {
  interPodAffinityFilter,
  interPodAffinityScore,
  podTopologySpreadFilter,
  podTopologySpreadScore,
} from './plugins/pod-spreading.ts';
import { nodeUnschedulableFilter, taintTolerationFilter, taintTolerationScore } from './plugins/taints.ts';
import type { NodeInfo } from './scheduler-cache.ts';

/** In the order in which kube-scheduler asks them; the first that objects ends the look at a node. */
const filters: readonly FilterPlugin[] = [
  nodeUnschedulableFilter,
  nodeNameFilter,
  taintTolerationFilter,
  nodeAffinityFilter,
  nodePortsFilter,
  nodeResourcesFitFilter,
  podTopologySpreadFilter,
  interPodAffinityFilter,
];

const scorers: readonly ScorePlugin[] = [
  taintTolerationScore,
  nodeAffinityScore,
  nodeResourcesFitScore,
  podTopologySpreadScore,
  interPodAffinityScore,
  nodeResourcesBalancedScore,
];

export type SchedulingResult =
  | { readonly fits: true; readonly nodeName: string }
  /** `message` is the text of the PodScheduled condition and of the FailedScheduling event. */
  | { readonly fits: false; readonly message: string };

/** Filters and ranks the nodes for a pod; equal ones are chosen among by chance. */
export function schedulePod(pod: Pod, nodes: readonly NodeInfo[], random: Random): SchedulingResult {
  if (nodes.length === 0) return { fits: false, message: 'no nodes available to schedule pods' };
  const feasible: NodeInfo[] = [];
  const reasons = new Map<string, number>();
  for (const node of nodes) {
    const objection = firstObjection(pod, node, nodes);
    if (objection === undefined) feasible.push(node);
    for (const reason of objection ?? []) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  if (feasible.length === 0) return { fits: false, message: noNodeMessage(nodes.length, reasons) };
  const totals = feasible.length === 1 ? [0] : totalScores(pod, feasible, nodes);
  const best = Math.max(...totals);
  const winners = feasible.filter((_, index) => totals[index] === best);
  const chosen = winners[Math.floor(random.next() * winners.length)] ?? winners[0];
  return { fits: true, nodeName: chosen?.node.metadata.name ?? '' };
}

function firstObjection(pod: Pod, node: NodeInfo, nodes: readonly NodeInfo[]): readonly string[] | undefined {
  for (const plugin of filters) {
    const objection = plugin.filter(pod, node, nodes);
    if (objection !== undefined) return objection.reasons;
  }
  return undefined;
}

function noNodeMessage(count: number, reasons: ReadonlyMap<string, number>): string {
  const parts = [...reasons].map(([reason, times]) => `${times} ${reason}`).sort();
  return `0/${count} nodes are available: ${parts.join(', ')}.`;
}

function totalScores(pod: Pod, feasible: readonly NodeInfo[], all: readonly NodeInfo[]): number[] {
  const totals = feasible.map(() => 0);
  for (const plugin of scorers) {
    const raw = feasible.map((node) => plugin.score(pod, node, all));
    const highest = Math.max(...raw);
    raw.forEach((score, index) => {
      let normalized = score;
      if (plugin.normalize === 'max') normalized = highest === 0 ? 0 : Math.floor((score * 100) / highest);
      if (plugin.normalize === 'reverse') normalized = highest === 0 ? 100 : 100 - Math.floor((score * 100) / highest);
      totals[index] = (totals[index] ?? 0) + normalized * plugin.weight;
    });
  }
  return totals;
}
