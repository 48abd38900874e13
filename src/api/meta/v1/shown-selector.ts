import type { LabelSelector } from '../../types/meta-v1.ts';

/** A label selector as messages show it: it is of a published type everywhere, which leaves out what is empty. */
export function shownSelector(selector: LabelSelector | undefined): LabelSelector | null {
  if (selector === undefined) return null;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const labels = Object.entries(matchLabels).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => ({
    key,
    operator,
    ...(values.length === 0 ? {} : { values }),
  }));
  return {
    ...(labels.length === 0 ? {} : { matchLabels: Object.fromEntries(labels) }),
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
  };
}
