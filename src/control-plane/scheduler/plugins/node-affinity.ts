import { matchesNodeAffinity, matchesNodeSelectorTerm } from '../../../api/core/v1/node-matching.ts';
import { type FilterPlugin, scaledToHighest, type ScorePlugin, unresolvable } from '../framework.ts';

/** spec.nodeSelector and required node affinity. */
export const nodeAffinityFilter: FilterPlugin = {
  name: 'NodeAffinity',
  prepare(pod) {
    const { nodeSelector, affinity } = pod.spec ?? {};
    if (nodeSelector === undefined && affinity?.nodeAffinity === undefined) return undefined;
    return ({ node }) =>
      matchesNodeAffinity(pod, node) ? undefined : unresolvable("node(s) didn't match Pod's node affinity/selector");
  },
};

/** Preferred node affinity: the sum of the weights that hold. */
export const nodeAffinityScore: ScorePlugin = {
  name: 'NodeAffinity',
  weight: 2,
  prepare(pod) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    return {
      score: ({ node }) =>
        preferred
          .filter((term) => matchesNodeSelectorTerm(node, term.preference))
          .reduce((sum, term) => sum + term.weight, 0),
      normalize: scaledToHighest,
    };
  },
};

/** spec.nodeName asks for one node. */
export const nodeNameFilter: FilterPlugin = {
  name: 'NodeName',
  prepare(pod) {
    const asked = pod.spec?.nodeName ?? '';
    if (asked === '') return undefined;
    return ({ node }) =>
      asked === node.metadata.name ? undefined : unresolvable("node(s) didn't match the requested node name");
  },
};
