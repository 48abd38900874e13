import { isTolerated, matchesNodeAffinity } from '../../../api/core/v1/node-matching.ts';
import type { Pod, TopologySpreadConstraint } from '../../../api/types/core-v1.ts';
import { type LabelSelector, matchesLabels, selectorFromObject } from '../../../apimachinery/labels.ts';
import { type ClusterView, type FilterPlugin, type ScorePlugin, unfit, unresolvable } from '../framework.ts';
import type { NodeInfo } from '../scheduler-cache.ts';

const hostname = 'kubernetes.io/hostname';

interface Constraint {
  readonly key: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  /** Absent, it matches nothing. */
  readonly selector: LabelSelector | undefined;
  /** Whether a node's pods count. */
  counts(info: NodeInfo): boolean;
}

/** A constraint as the pod means it: with the values of its matchLabelKeys, and the nodes that it could run on. */
function constraintOf(stated: TopologySpreadConstraint, pod: Pod, selector: LabelSelector | undefined): Constraint {
  const labels = pod.metadata.labels ?? {};
  const byKeys = (stated.matchLabelKeys ?? []).flatMap((key) => {
    const value = labels[key];
    return value === undefined ? [] : { key, operator: '=' as const, values: [value] };
  });
  return {
    key: stated.topologyKey,
    maxSkew: stated.maxSkew,
    minDomains: stated.minDomains ?? 1,
    selector: selector === undefined ? undefined : [...selector, ...byKeys],
    counts({ node }) {
      if ((stated.nodeAffinityPolicy ?? 'Honor') === 'Honor' && !matchesNodeAffinity(pod, node)) return false;
      if (stated.nodeTaintsPolicy !== 'Honor') return true;
      const hard = (node.spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
      return hard.every((taint) => isTolerated(pod.spec?.tolerations, taint));
    },
  };
}

function statedConstraints(pod: Pod, whenUnsatisfiable: string): Constraint[] {
  return (pod.spec?.topologySpreadConstraints ?? [])
    .filter((stated) => stated.whenUnsatisfiable === whenUnsatisfiable)
    .map((stated) => constraintOf(stated, pod, selectorFromObject(stated.labelSelector)));
}

/** Where a pod states none, its like are spread over nodes and zones. */
function defaultConstraints(pod: Pod, cluster: ClusterView): Constraint[] {
  const selector = cluster.selectorOfLike(pod);
  if (selector === undefined || selector.length === 0) return [];
  return [
    { maxSkew: 3, topologyKey: hostname, whenUnsatisfiable: 'ScheduleAnyway' },
    { maxSkew: 5, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
  ].map((stated) => constraintOf(stated, pod, selector));
}

function countMatching({ pods }: NodeInfo, selector: LabelSelector | undefined, namespace: string | undefined): number {
  if (selector === undefined || selector.length === 0) return 0;
  let count = 0;
  for (const { metadata } of pods.values()) {
    if (metadata.namespace !== namespace || metadata.deletionTimestamp !== undefined) continue;
    if (matchesLabels(selector, metadata.labels ?? {})) count++;
  }
  return count;
}

function valueOf({ node }: NodeInfo, { key }: Constraint): string | undefined {
  return node.metadata.labels?.[key];
}

/** Hard topology spread constraints (KEP-895). */
export const podTopologySpreadFilter: FilterPlugin = {
  name: 'PodTopologySpread',
  prepare(pod, { nodes }) {
    const constraints = statedConstraints(pod, 'DoNotSchedule');
    if (constraints.length === 0) return undefined;
    const inTopology = nodes.filter((info) => constraints.every((each) => valueOf(info, each) !== undefined));
    const prepared = constraints.map((constraint) => {
      const domains = new Map<string, number>();
      for (const info of inTopology) {
        if (!constraint.counts(info)) continue;
        const value = valueOf(info, constraint) ?? '';
        const found = countMatching(info, constraint.selector, pod.metadata.namespace);
        domains.set(value, (domains.get(value) ?? 0) + found);
      }
      const least = domains.size < constraint.minDomains ? 0 : Math.min(...domains.values());
      const { selector } = constraint;
      const self = Number(selector !== undefined && matchesLabels(selector, pod.metadata.labels ?? {}));
      return { constraint, domains, least, self };
    });
    return (info) => {
      for (const { constraint, domains, least, self } of prepared) {
        const value = valueOf(info, constraint);
        if (value === undefined) {
          return unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");
        }
        if ((domains.get(value) ?? 0) + self - least > constraint.maxSkew) {
          return unfit("node(s) didn't match pod topology spread constraints");
        }
      }
      return undefined;
    };
  },
};

/** Soft topology spread constraints: the fewer of its like in a domain, and the more domains, the better. */
export const podTopologySpreadScore: ScorePlugin = {
  name: 'PodTopologySpread',
  weight: 2,
  prepare(pod, cluster, feasible) {
    const isStated = (pod.spec?.topologySpreadConstraints ?? []).length > 0;
    const constraints = isStated ? statedConstraints(pod, 'ScheduleAnyway') : defaultConstraints(pod, cluster);
    if (constraints.length === 0) return undefined;
    const hasAll = (info: NodeInfo): boolean => constraints.every((each) => valueOf(info, each) !== undefined);
    const isRanked = (info: NodeInfo): boolean => !isStated || hasAll(info);
    const ranked = feasible.filter(isRanked);
    const counted = constraints.map((constraint) => {
      const domains = new Map(ranked.map((info) => [valueOf(info, constraint) ?? '', 0]));
      const isPerNode = constraint.key === hostname;
      for (const info of isPerNode ? [] : cluster.nodes.filter(isRanked)) {
        const value = valueOf(info, constraint) ?? '';
        const before = domains.get(value);
        if (before === undefined || !constraint.counts(info)) continue;
        domains.set(value, before + countMatching(info, constraint.selector, pod.metadata.namespace));
      }
      return { constraint, domains, weight: Math.log((isPerNode ? ranked.length : domains.size) + 2) };
    });
    return {
      score(info) {
        if (!isRanked(info)) return 0;
        let score = 0;
        for (const { constraint, domains, weight } of counted) {
          const value = valueOf(info, constraint);
          if (value === undefined) continue;
          const isPerNode = constraint.key === hostname;
          const count = isPerNode
            ? countMatching(info, constraint.selector, pod.metadata.namespace)
            : (domains.get(value) ?? 0);
          score += count * weight + (constraint.maxSkew - 1);
        }
        return Math.round(score);
      },
      normalize(scores, nodes) {
        const judged = scores.filter((_, index) => nodes.slice(index, index + 1).some(isRanked));
        const [lowest, highest] = [Math.min(...judged), Math.max(0, ...judged)];
        return scores.map((score, index) => {
          const node = nodes[index];
          if (node === undefined || !isRanked(node)) return 0;
          return highest === 0 ? 100 : Math.floor((100 * (highest + lowest - score)) / highest);
        });
      },
    };
  },
};
