import type { ParamKind, ParamRef } from '../../types/admissionregistration-v1.ts';
import type { LabelSelector } from '../../types/meta-v1.ts';

/** `v1/ConfigMap`. */
export function paramKindCell(paramKind: ParamKind | undefined): string {
  return paramKind === undefined ? '<unset>' : `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}`;
}

/** `namespace/name`, with `*` where the namespace is not said, or the selector as the real server prints it. */
export function paramRefCell(paramRef: ParamRef | undefined): string {
  if (paramRef?.name) return `${paramRef.namespace || '*'}/${paramRef.name}`;
  return paramRef?.selector === undefined ? '<unset>' : goText(paramRef.selector);
}

/** A selector in the form of Go's generated protobuf types. */
function goText(selector: LabelSelector): string {
  const labels = Object.entries(selector.matchLabels ?? {})
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`)
    .join('');
  const expressions = (selector.matchExpressions ?? [])
    .map(
      ({ key, operator, values = [] }) =>
        `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
    )
    .join('');
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${expressions}},}`;
}
