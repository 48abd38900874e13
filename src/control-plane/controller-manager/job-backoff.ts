import type { ContainerStatus, Pod } from '../../api/types/core-v1.ts';

const firstBackoffMillis = 10_000;
const longestBackoffMillis = 600_000;

/** How often pods of a job failed since one succeeded, and when the last time. */
export interface FailureStreak {
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
}

/** The streak after pods that ended since: a success begins a new one. */
export function continueStreak(
  before: FailureStreak,
  succeeded: readonly Pod[],
  failed: readonly Pod[],
): FailureStreak {
  const lastSuccess = Math.max(Number.NEGATIVE_INFINITY, ...succeeded.map(finishTime));
  const failures = failed.map(finishTime).filter((time) => time > lastSuccess);
  return {
    count: (succeeded.length > 0 ? 0 : before.count) + failures.length,
    lastAt: failures.length > 0 ? Math.max(...failures) : before.lastAt,
  };
}

/** How long new pods wait after failures: 10 s, twice as long each time, up to ten minutes. @returns milliseconds */
export function backoffLeft({ count, lastAt }: FailureStreak, now: number): number {
  if (count === 0) return 0;
  const whole = Math.min(firstBackoffMillis * 2 ** (count - 1), longestBackoffMillis);
  return Math.max(0, lastAt + whole - now);
}

/**
 * When a pod ended, in milliseconds: when its last container did, else when it stopped being ready, else when it was
 * asked to end, else (which a kubelet does not leave it at) when it was made.
 */
export function finishTime(pod: Pod): number {
  const { status, spec, metadata } = pod;
  const sidecars = new Set(
    (spec?.initContainers ?? []).flatMap(({ name, restartPolicy }) => (restartPolicy === 'Always' ? name : [])),
  );
  const ends = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
  ].map(endOf);
  if (ends.length > 0 && !ends.some(Number.isNaN)) return Math.max(...ends);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const unready = Date.parse((ready?.status === 'False' ? ready.lastTransitionTime : undefined) ?? '');
  if (!Number.isNaN(unready)) return unready;
  const deadline = Date.parse(metadata.deletionTimestamp ?? '');
  if (!Number.isNaN(deadline)) return deadline - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  return Date.parse(metadata.creationTimestamp ?? '') || 0;
}

function endOf({ state }: ContainerStatus): number {
  return Date.parse(state?.terminated?.finishedAt ?? '');
}
