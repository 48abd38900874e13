import type { Pod } from '../../api/types/core-v1.ts';
import type { NodeInfo } from './scheduler-cache.ts';

/** Why a pod does not fit a node; several reasons may hold at once. */
export interface Unfit {
  readonly reasons: readonly string[];
  /** Evicting other pods would not help. */
  readonly unresolvable: boolean;
}

/** Looks at one pod and one node; the names are those of kube-scheduler's plugins. */
export interface FilterPlugin {
  readonly name: string;
  /** @returns undefined when the pod fits. */
  filter(pod: Pod, node: NodeInfo, all: readonly NodeInfo[]): Unfit | undefined;
}

/** Ranks nodes that fit: 0 to 100 each, times the weight. */
export interface ScorePlugin {
  readonly name: string;
  readonly weight: number;
  score(pod: Pod, node: NodeInfo, all: readonly NodeInfo[]): number;
  /** `max`: scaled so that the best has 100; `reverse`: the same, lowest first; absent: scores are final. */
  readonly normalize?: 'max' | 'reverse';
}

/** Evicting other pods cannot make the pod fit. */
export function unresolvable(...reasons: readonly string[]): Unfit {
  return { reasons, unresolvable: true };
}

/** Another set of pods on the node could make it fit. */
export function unfit(...reasons: readonly string[]): Unfit {
  return { reasons, unresolvable: false };
}
