import type { NodeSelectorRequirement, NodeSelectorTerm, Pod, Taint, Toleration } from '../../types/core-v1.ts';

/** What of a node selectors look at. */
export interface SelectableNode {
  readonly metadata: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
}

const nodeNameField = 'metadata.name';

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
      const [bound = '', actual = ''] = [values[0], value];
      if (!isInteger(bound) || !isInteger(actual)) return false;
      return requirement.operator === 'Gt' ? Number(actual) > Number(bound) : Number(actual) < Number(bound);
    }
    default:
      return false;
  }
}

function isInteger(text: string): boolean {
  return /^[-+]?\d+$/.test(text);
}

/** Whether a node matches a term; an empty term matches nothing. */
export function matchesNodeSelectorTerm({ metadata }: SelectableNode, term: NodeSelectorTerm): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((requirement) => requirementHolds(requirement, metadata.labels?.[requirement.key])) &&
    fields.every((field) => field.key === nodeNameField && requirementHolds(field, metadata.name ?? ''))
  );
}

/** Whether a pod's node selector and required node affinity allow a node. */
export function matchesNodeAffinity({ spec }: Pick<Pod, 'spec'>, node: SelectableNode): boolean {
  const selector = Object.entries(spec?.nodeSelector ?? {});
  if (!selector.every(([key, value]) => node.metadata.labels?.[key] === value)) return false;
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesNodeSelectorTerm(node, term));
}

/** Whether a toleration covers a taint (v1.Toleration.ToleratesTaint). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key = '', value = '', effect = '' } = toleration;
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return ['', 'Equal'].includes(toleration.operator ?? '') && key !== '' && value === (taint.value ?? '');
}

/** Whether any of them covers a taint. */
export function isTolerated(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some((toleration) => tolerates(toleration, taint));
}
