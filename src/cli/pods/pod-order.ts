import type { Pod } from '../../api/types/core-v1.ts';

type PodComparison = (left: Pod, right: Pod) => number;

/** Puts the pod whose log says most first: assigned, running, ready for long, often restarted, old. */
export const byLogging: PodComparison = (left, right) =>
  first(
    compare(isUnassigned(left), isUnassigned(right)),
    compare(phaseRank(left, loggingRanks), phaseRank(right, loggingRanks)),
    compare(!isReady(left), !isReady(right)),
    isReady(left) && isReady(right) ? -zeroIsAfter(readySince(left), readySince(right)) : 0,
    compare(restarts(right).regular, restarts(left).regular),
    compare(restarts(right).sidecar, restarts(left).sidecar),
    -zeroIsAfter(left.metadata.creationTimestamp ?? '', right.metadata.creationTimestamp ?? ''),
  );

/** Puts the pod that is best to attach to first: running, ready, not being deleted. */
export const byActivity: PodComparison = (left, right) => -byDeletability(left, right);

/** Puts the pod that is missed least first. */
const byDeletability: PodComparison = (left, right) =>
  first(
    compare(!isUnassigned(left), !isUnassigned(right)),
    compare(phaseRank(left, activeRanks), phaseRank(right, activeRanks)),
    compare(isReady(left), isReady(right)),
    compare(!isDeleting(left), !isDeleting(right)),
    isDeleting(left) && isDeleting(right)
      ? compare(left.metadata.deletionTimestamp ?? '', right.metadata.deletionTimestamp ?? '')
      : 0,
    isReady(left) && isReady(right) ? zeroIsAfter(readySince(left), readySince(right)) : 0,
    compare(restarts(right).regular, restarts(left).regular),
    compare(restarts(right).sidecar, restarts(left).sidecar),
    zeroIsAfter(left.metadata.creationTimestamp ?? '', right.metadata.creationTimestamp ?? ''),
  );

const loggingRanks: Readonly<Record<string, number>> = { Running: 0, Unknown: 1, Pending: 2 };
const activeRanks: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

function phaseRank(pod: Pod, ranks: Readonly<Record<string, number>>): number {
  return ranks[pod.status?.phase ?? ''] ?? 0;
}

function isUnassigned(pod: Pod): boolean {
  return (pod.spec?.nodeName ?? '') === '';
}

function isDeleting(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

function isReady(pod: Pod): boolean {
  return readySince(pod) !== undefined;
}

/** Since when a pod is ready, RFC 3339; undefined when it is not. */
function readySince(pod: Pod): string | undefined {
  const ready = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  return ready === undefined ? undefined : (ready.lastTransitionTime ?? '');
}

function restarts({ spec, status }: Pod): { regular: number; sidecar: number } {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const most = (counts: readonly number[]): number => Math.max(0, ...counts);
  return {
    regular: most((status?.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
    sidecar: most(
      (status?.initContainerStatuses ?? [])
        .filter(({ name }) => sidecars.some((sidecar) => sidecar.name === name))
        .map(({ restartCount }) => restartCount),
    ),
  };
}

function compare<T extends boolean | number | string>(left: T, right: T): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

/** Negative when `left` is the later time; no time counts as latest. */
function zeroIsAfter(left: string | undefined = '', right: string | undefined = ''): number {
  if (left === right) return 0;
  if (left === '' || right === '') return left === '' ? -1 : 1;
  return left > right ? -1 : 1;
}

function first(...results: readonly number[]): number {
  return results.find((result) => result !== 0) ?? 0;
}
