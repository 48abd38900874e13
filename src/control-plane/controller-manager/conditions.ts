import { formatTime } from '../../apimachinery/object-meta.ts';

/** What the conditions of workloads have in common. */
export interface WorkloadCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
}

/**
 * The list with this condition in it. One that has the same status and reason already stays as it is; one with the same
 * status keeps its lastTransitionTime. Times are only given to conditions that carry them.
 */
export function withCondition<C extends WorkloadCondition>(
  conditions: readonly C[] | undefined,
  condition: C,
  now: number,
  withUpdateTime = false,
): C[] {
  const current = conditions?.find((entry) => entry.type === condition.type);
  if (current !== undefined && current.status === condition.status && current.reason === condition.reason) {
    return [...(conditions ?? [])];
  }
  const time = formatTime(now);
  const since = current?.status === condition.status ? current.lastTransitionTime : undefined;
  const stamped: C = {
    ...condition,
    lastTransitionTime: since ?? time,
    ...(withUpdateTime ? { lastUpdateTime: time } : {}),
  };
  return [...withoutCondition(conditions, condition.type), stamped];
}

/** The list without this type. */
export function withoutCondition<C extends WorkloadCondition>(conditions: readonly C[] | undefined, type: string): C[] {
  return (conditions ?? []).filter((entry) => entry.type !== type);
}
