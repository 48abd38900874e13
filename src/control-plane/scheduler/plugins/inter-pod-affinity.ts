import type { Pod, PodAffinityTerm } from '../../../api/types/core-v1.ts';
import { labelSelectorMatches, matchesLabels, selectorFromObject } from '../../../apimachinery/labels.ts';
import { type ClusterView, type FilterPlugin, type ScorePlugin, unfit, unresolvable } from '../framework.ts';
import type { NodeInfo } from '../scheduler-cache.ts';

/** How many pods, or how much weight, there is by `topologyKey=value`. */
type Counts = Map<string, number>;

interface Term {
  readonly topologyKey: string;
  matches(pod: Pod): boolean;
}

/** Required terms of pods on nodes weigh this much for a pod that they would like to have near. */
const hardWeight = 1;

/** A term as its owner means it: without namespaces, its own. */
function termOf(term: PodAffinityTerm, owner: Pod, cluster: ClusterView): Term {
  const { namespaces = [], namespaceSelector, labelSelector, topologyKey } = term;
  const byName = new Set(
    namespaces.length === 0 && namespaceSelector === undefined ? [owner.metadata.namespace ?? ''] : namespaces,
  );
  const selector = selectorFromObject(labelSelector);
  const inNamespace = (name: string): boolean =>
    byName.has(name) ||
    (namespaceSelector !== undefined &&
      labelSelectorMatches(namespaceSelector, cluster.namespace(name)?.metadata.labels ?? {}));
  return {
    topologyKey,
    matches: ({ metadata }) =>
      selector !== undefined && matchesLabels(selector, metadata.labels ?? {}) && inNamespace(metadata.namespace ?? ''),
  };
}

function pairOf(term: Term, { node }: NodeInfo): string | undefined {
  const value = node.metadata.labels?.[term.topologyKey];
  return value === undefined ? undefined : `${term.topologyKey}=${value}`;
}

function add(counts: Counts, term: Term, info: NodeInfo, amount: number): void {
  const pair = pairOf(term, info);
  if (pair !== undefined) counts.set(pair, (counts.get(pair) ?? 0) + amount);
}

function requiredAntiTerms(pod: Pod): readonly PodAffinityTerm[] {
  return pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** Required pod affinity and anti-affinity, the anti-affinity of pods that run already included. */
export const interPodAffinityFilter: FilterPlugin = {
  name: 'InterPodAffinity',
  prepare(pod, cluster) {
    const required = pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const affinity = required.map((term) => termOf(term, pod, cluster));
    const anti = requiredAntiTerms(pod).map((term) => termOf(term, pod, cluster));
    const near: Counts = new Map();
    const disliked: Counts = new Map();
    const disliking: Counts = new Map();
    const matchesAll = (other: Pod): boolean => affinity.length > 0 && affinity.every((term) => term.matches(other));
    for (const info of cluster.nodes) {
      for (const other of info.pods.values()) {
        if (matchesAll(other)) for (const term of affinity) add(near, term, info, 1);
        for (const term of anti) if (term.matches(other)) add(disliked, term, info, 1);
        for (const stated of requiredAntiTerms(other)) {
          const term = termOf(stated, other, cluster);
          if (term.matches(pod)) add(disliking, term, info, 1);
        }
      }
    }
    if (affinity.length === 0 && anti.length === 0 && disliking.size === 0) return undefined;
    const isNear = (info: NodeInfo): boolean => {
      const pairs = affinity.map((term) => pairOf(term, info));
      if (pairs.includes(undefined)) return false;
      if (pairs.every((pair) => near.has(pair ?? ''))) return true;
      // The first of a group that wants to be together may go anywhere with the topology.
      return near.size === 0 && matchesAll(pod);
    };
    return (info) => {
      if (!isNear(info)) return unresolvable("node(s) didn't match pod affinity rules");
      if (anti.some((term) => disliked.has(pairOf(term, info) ?? ''))) {
        return unfit("node(s) didn't match pod anti-affinity rules");
      }
      const isDisliked = [...disliking.keys()].some((pair) => {
        const [key = '', ...value] = pair.split('=');
        return info.node.metadata.labels?.[key] === value.join('=');
      });
      return isDisliked ? unfit("node(s) didn't satisfy existing pods anti-affinity rules") : undefined;
    };
  },
};

/** Preferred pod affinity and anti-affinity, of the pod and of those that run already. */
export const interPodAffinityScore: ScorePlugin = {
  name: 'InterPodAffinity',
  weight: 2,
  prepare(pod, cluster) {
    const weights: Counts = new Map();
    const weighted = (owner: Pod): { readonly term: Term; readonly weight: number }[] => {
      const { podAffinity, podAntiAffinity } = owner.spec?.affinity ?? {};
      return [
        ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
        ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => ({
          ...each,
          weight: -each.weight,
        })),
      ].map(({ weight, podAffinityTerm }) => ({ term: termOf(podAffinityTerm, owner, cluster), weight }));
    };
    const own = weighted(pod);
    for (const info of cluster.nodes) {
      for (const other of info.pods.values()) {
        for (const { term, weight } of own) if (term.matches(other)) add(weights, term, info, weight);
        const { affinity } = other.spec ?? {};
        if (affinity?.podAffinity === undefined && affinity?.podAntiAffinity === undefined) continue;
        for (const stated of affinity.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
          const term = termOf(stated, other, cluster);
          if (term.matches(pod)) add(weights, term, info, hardWeight);
        }
        for (const { term, weight } of weighted(other)) if (term.matches(pod)) add(weights, term, info, weight);
      }
    }
    if (weights.size === 0) return undefined;
    const pairs = [...weights].map(([pair, weight]) => {
      const [key = '', ...value] = pair.split('=');
      return { key, value: value.join('='), weight };
    });
    return {
      score: ({ node }) =>
        pairs.reduce((sum, { key, value, weight }) => sum + (node.metadata.labels?.[key] === value ? weight : 0), 0),
      normalize(scores) {
        const [lowest, highest] = [Math.min(...scores), Math.max(...scores)];
        return scores.map((score) =>
          highest === lowest ? 0 : Math.trunc((100 * (score - lowest)) / (highest - lowest)),
        );
      },
    };
  },
};
