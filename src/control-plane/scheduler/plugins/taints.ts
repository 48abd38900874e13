import { isTolerated, tolerates } from '../../../api/core/v1/node-matching.ts';
import type { Taint } from '../../../api/types/core-v1.ts';
import { type FilterPlugin, scaledReverse, type ScorePlugin, unresolvable } from '../framework.ts';

const unschedulableTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Keeps pods off nodes whose NoSchedule and NoExecute taints they do not tolerate. */
export const taintTolerationFilter: FilterPlugin = {
  name: 'TaintToleration',
  prepare:
    ({ spec }) =>
    ({ node }) => {
      const hard = (node.spec?.taints ?? []).filter((taint) => taint.effect !== 'PreferNoSchedule');
      const isKeptOff = hard.some((taint) => !isTolerated(spec?.tolerations, taint));
      return isKeptOff ? unresolvable('node(s) had untolerated taint(s)') : undefined;
    },
};

/** Prefers nodes with fewer PreferNoSchedule taints that the pod does not tolerate. */
export const taintTolerationScore: ScorePlugin = {
  name: 'TaintToleration',
  weight: 3,
  prepare({ spec }) {
    const soft = (spec?.tolerations ?? []).filter(({ effect = '' }) => effect === '' || effect === 'PreferNoSchedule');
    return {
      score: ({ node }) =>
        (node.spec?.taints ?? []).filter(
          (taint) => taint.effect === 'PreferNoSchedule' && !soft.some((toleration) => tolerates(toleration, taint)),
        ).length,
      normalize: scaledReverse,
    };
  },
};

/** Keeps pods off cordoned nodes. */
export const nodeUnschedulableFilter: FilterPlugin = {
  name: 'NodeUnschedulable',
  prepare({ spec }) {
    if (isTolerated(spec?.tolerations, unschedulableTaint)) return undefined;
    return ({ node }) => (node.spec?.unschedulable === true ? unresolvable('node(s) were unschedulable') : undefined);
  },
};
