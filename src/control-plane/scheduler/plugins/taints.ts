import type { Pod, Taint, Toleration } from '../../../api/types/core-v1.ts';
import { type FilterPlugin, type ScorePlugin, unresolvable } from '../framework.ts';

const unschedulableTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Whether a toleration covers a taint (v1.Toleration.ToleratesTaint). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false;
  const operator = toleration.operator ?? 'Equal';
  if (operator === 'Exists') return true;
  return (toleration.value ?? '') === (taint.value ?? '') && (toleration.key ?? '') !== '';
}

function isTolerated(pod: Pod, taint: Taint): boolean {
  return (pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, taint));
}

/** Keeps pods off nodes whose NoSchedule and NoExecute taints they do not tolerate. */
export const taintTolerationFilter: FilterPlugin = {
  name: 'TaintToleration',
  filter(pod, { node }) {
    const hard = (node.spec?.taints ?? []).filter((taint) => taint.effect !== 'PreferNoSchedule');
    const untolerated = hard.find((taint) => !isTolerated(pod, taint));
    return untolerated === undefined ? undefined : unresolvable('node(s) had untolerated taint(s)');
  },
};

/** Prefers nodes with fewer PreferNoSchedule taints that the pod does not tolerate. */
export const taintTolerationScore: ScorePlugin = {
  name: 'TaintToleration',
  weight: 3,
  normalize: 'reverse',
  score(pod, { node }) {
    const soft = (node.spec?.taints ?? []).filter((taint) => taint.effect === 'PreferNoSchedule');
    return soft.filter((taint) => !isTolerated(pod, taint)).length;
  },
};

/** Keeps pods off cordoned nodes. */
export const nodeUnschedulableFilter: FilterPlugin = {
  name: 'NodeUnschedulable',
  filter(pod, { node }) {
    if (node.spec?.unschedulable !== true || isTolerated(pod, unschedulableTaint)) return undefined;
    return unresolvable('node(s) were unschedulable');
  },
};
