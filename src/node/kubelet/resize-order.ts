import { qosClassOf } from '../../api/core/v1/pod-qos.ts';
import type { Pod } from '../../api/types/core-v1.ts';

/** A pod that may wait for other resources. */
export interface PendingResize {
  readonly pod: Pod;
  /** Since when; a time of the API. */
  readonly resizePendingSince: string | undefined;
}

/** Who gets room first: those of higher priority, then those that are guaranteed theirs, then who has waited longer (KEP-1287). */
export function byResizeOrder(left: PendingResize, right: PendingResize): number {
  const priority = ({ pod }: PendingResize): number => pod.spec?.priority ?? 0;
  const isGuaranteed = ({ pod }: PendingResize): number => Number(qosClassOf(pod) === 'Guaranteed');
  const since = ({ resizePendingSince }: PendingResize): number => Date.parse(resizePendingSince ?? '') || Infinity;
  return (
    priority(right) - priority(left) ||
    isGuaranteed(right) - isGuaranteed(left) ||
    (since(left) === since(right) ? 0 : since(left) - since(right))
  );
}
