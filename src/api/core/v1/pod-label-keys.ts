import type { Pod, PodAffinity } from '../../types/core-v1.ts';
import type { LabelSelector } from '../../types/meta-v1.ts';

/**
 * Writes what a new pod's matchLabelKeys and mismatchLabelKeys mean into the selectors beside them, with the values that
 * the pod itself has: that is what schedulers read (KEP-3633 for affinity, KEP-3243 for spreading). Keys that the pod
 * does not have say nothing; without a selector there is nothing to narrow.
 */
export function mergeLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata?.labels ?? {};
  const narrow = (
    selector: LabelSelector | undefined,
    operator: 'In' | 'NotIn',
    keys: readonly string[] | undefined,
  ): void => {
    if (selector === undefined) return;
    const expressions = (keys ?? []).flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    });
    if (expressions.length > 0) selector.matchExpressions = [...(selector.matchExpressions ?? []), ...expressions];
  };
  for (const { labelSelector, matchLabelKeys, mismatchLabelKeys } of termsOf(spec?.affinity)) {
    narrow(labelSelector, 'In', matchLabelKeys);
    narrow(labelSelector, 'NotIn', mismatchLabelKeys);
  }
  for (const { labelSelector, matchLabelKeys } of spec?.topologySpreadConstraints ?? []) {
    narrow(labelSelector, 'In', matchLabelKeys);
  }
}

type Affinity = NonNullable<NonNullable<Pod['spec']>['affinity']>;
type Term = NonNullable<PodAffinity['requiredDuringSchedulingIgnoredDuringExecution']>[number];

function termsOf(affinity: Affinity | undefined): Term[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((one) => [
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
  ]);
}
