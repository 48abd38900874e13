import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '../../../api/types/core-v1.ts';
import { type FilterPlugin, type ScorePlugin, unresolvable } from '../framework.ts';

/** Whether one requirement holds for a value (undefined: the label is not there). */
function requirementHolds(requirement: NodeSelectorRequirement, value: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      const bound = Number.parseInt(values[0] ?? '', 10);
      const actual = Number.parseInt(value ?? '', 10);
      if (Number.isNaN(bound) || Number.isNaN(actual)) return false;
      return requirement.operator === 'Gt' ? actual > bound : actual < bound;
    }
    default:
      return false;
  }
}

/** Whether a node matches a term; an empty term matches nothing. */
export function matchesNodeSelectorTerm(node: Node, term: NodeSelectorTerm): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return (
    expressions.every((requirement) => requirementHolds(requirement, node.metadata.labels?.[requirement.key])) &&
    fields.every(
      (requirement) => requirement.key === 'metadata.name' && requirementHolds(requirement, node.metadata.name ?? ''),
    )
  );
}

/** Whether spec.nodeSelector and the required node affinity allow a node. */
export function matchesNodeAffinity(pod: Pod, node: Node): boolean {
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  if (!selector.every(([key, value]) => node.metadata.labels?.[key] === value)) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return required.nodeSelectorTerms.some((term) => matchesNodeSelectorTerm(node, term));
}

/** spec.nodeSelector and required node affinity. */
export const nodeAffinityFilter: FilterPlugin = {
  name: 'NodeAffinity',
  filter(pod, { node }) {
    if (matchesNodeAffinity(pod, node)) return undefined;
    return unresolvable("node(s) didn't match Pod's node affinity/selector");
  },
};

/** Preferred node affinity: the sum of the weights that hold. */
export const nodeAffinityScore: ScorePlugin = {
  name: 'NodeAffinity',
  weight: 2,
  normalize: 'max',
  score(pod, { node }) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return preferred
      .filter((term) => matchesNodeSelectorTerm(node, term.preference))
      .reduce((sum, term) => sum + term.weight, 0);
  },
};

/** spec.nodeName asks for one node. */
export const nodeNameFilter: FilterPlugin = {
  name: 'NodeName',
  filter(pod, { node }) {
    const asked = pod.spec?.nodeName ?? '';
    if (asked === '' || asked === node.metadata.name) return undefined;
    return unresolvable("node(s) didn't match the requested node name");
  },
};
