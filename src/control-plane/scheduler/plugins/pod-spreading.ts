import type { Pod, PodAffinityTerm, TopologySpreadConstraint } from '../../../api/types/core-v1.ts';
import { labelSelectorMatches } from '../../../apimachinery/labels.ts';
import { type FilterPlugin, type ScorePlugin, unfit, unresolvable } from '../framework.ts';
import type { NodeInfo } from '../scheduler-cache.ts';
import { matchesNodeAffinity } from './node-affinity.ts';

function termMatches(term: PodAffinityTerm, owner: Pod, candidate: Pod): boolean {
  const namespaces = term.namespaces ?? [];
  const namespace = candidate.metadata.namespace ?? '';
  const everywhere = term.namespaceSelector !== undefined;
  const inNamespace = namespaces.length === 0 ? namespace === owner.metadata.namespace : namespaces.includes(namespace);
  if (!everywhere && !inNamespace) return false;
  return labelSelectorMatches(term.labelSelector, candidate.metadata.labels ?? {});
}

/** Whether a pod that the term matches runs on a node of the same topology. */
function hasMatchNearby(term: PodAffinityTerm, owner: Pod, info: NodeInfo, all: readonly NodeInfo[]): boolean {
  const domain = info.node.metadata.labels?.[term.topologyKey];
  if (domain === undefined) return false;
  return all.some(
    (other) =>
      other.node.metadata.labels?.[term.topologyKey] === domain &&
      [...other.pods.values()].some((pod) => termMatches(term, owner, pod)),
  );
}

/** Required pod affinity and anti-affinity, the anti-affinity of pods that run already included. */
export const interPodAffinityFilter: FilterPlugin = {
  name: 'InterPodAffinity',
  filter(pod, info, all) {
    const required = pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const unmet = required.filter((term) => !hasMatchNearby(term, pod, info, all));
    if (unmet.length > 0) {
      // The first of a group that wants to be together may go anywhere with the topology.
      const isFirst =
        required.every((term) => termMatches(term, pod, pod)) &&
        !all.some((other) =>
          required.some((term) => [...other.pods.values()].some((one) => termMatches(term, pod, one))),
        );
      const hasTopology = required.every((term) => info.node.metadata.labels?.[term.topologyKey] !== undefined);
      if (!isFirst || !hasTopology) return unresolvable("node(s) didn't match pod affinity rules");
    }
    const anti = pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    if (anti.some((term) => hasMatchNearby(term, pod, info, all))) {
      return unfit("node(s) didn't match pod anti-affinity rules");
    }
    const disliked = all.some((other) =>
      [...other.pods.values()].some((existing) =>
        (existing.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(
          (term) =>
            termMatches(term, existing, pod) &&
            info.node.metadata.labels?.[term.topologyKey] !== undefined &&
            info.node.metadata.labels[term.topologyKey] === other.node.metadata.labels?.[term.topologyKey],
        ),
      ),
    );
    return disliked ? unfit("node(s) didn't satisfy existing pods anti-affinity rules") : undefined;
  },
};

/** Preferred pod affinity and anti-affinity. */
export const interPodAffinityScore: ScorePlugin = {
  name: 'InterPodAffinity',
  weight: 2,
  normalize: 'max',
  score(pod, info, all) {
    const affinity = pod.spec?.affinity;
    let score = 0;
    for (const term of affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (hasMatchNearby(term.podAffinityTerm, pod, info, all)) score += term.weight;
    }
    for (const term of affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (!hasMatchNearby(term.podAffinityTerm, pod, info, all)) score += term.weight;
    }
    return score;
  },
};

function countPerDomain(constraint: TopologySpreadConstraint, pod: Pod, all: readonly NodeInfo[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const info of all) {
    const domain = info.node.metadata.labels?.[constraint.topologyKey];
    if (domain === undefined) continue;
    if ((constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor' && !matchesNodeAffinity(pod, info.node)) continue;
    const matching = [...info.pods.values()].filter(
      (other) =>
        other.metadata.namespace === pod.metadata.namespace &&
        other.metadata.deletionTimestamp === undefined &&
        labelSelectorMatches(constraint.labelSelector, other.metadata.labels ?? {}),
    ).length;
    counts.set(domain, (counts.get(domain) ?? 0) + matching);
  }
  return counts;
}

/** Hard topology spread constraints (KEP-895). */
export const podTopologySpreadFilter: FilterPlugin = {
  name: 'PodTopologySpread',
  filter(pod, info, all) {
    for (const constraint of pod.spec?.topologySpreadConstraints ?? []) {
      if (constraint.whenUnsatisfiable !== 'DoNotSchedule') continue;
      const domain = info.node.metadata.labels?.[constraint.topologyKey];
      if (domain === undefined) {
        return unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");
      }
      const counts = countPerDomain(constraint, pod, all);
      const enough = counts.size >= (constraint.minDomains ?? 1);
      const least = enough ? Math.min(...counts.values()) : 0;
      const self = labelSelectorMatches(constraint.labelSelector, pod.metadata.labels ?? {}) ? 1 : 0;
      if ((counts.get(domain) ?? 0) + self - least > constraint.maxSkew) {
        return unfit("node(s) didn't match pod topology spread constraints");
      }
    }
    return undefined;
  },
};

/** Soft topology spread constraints, and a spread over nodes of pods with the same labels where none is stated. */
export const podTopologySpreadScore: ScorePlugin = {
  name: 'PodTopologySpread',
  weight: 2,
  normalize: 'reverse',
  score(pod, info, all) {
    const stated = pod.spec?.topologySpreadConstraints ?? [];
    const soft = stated.filter((constraint) => constraint.whenUnsatisfiable === 'ScheduleAnyway');
    const constraints = stated.length > 0 ? soft : [defaultSpread(pod)];
    return constraints.reduce((sum, constraint) => {
      const domain = info.node.metadata.labels?.[constraint.topologyKey];
      return sum + (domain === undefined ? 0 : (countPerDomain(constraint, pod, all).get(domain) ?? 0));
    }, 0);
  },
};

function defaultSpread(pod: Pod): TopologySpreadConstraint {
  return {
    maxSkew: 3,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: pod.metadata.labels ?? {} },
  };
}
