import type { TableRowCondition } from '../../resource-definition.ts';
import type { ContainerStatus, Pod } from '../../types/core-v1.ts';
import { ageText } from '../../columns.ts';

/** What a table tells of a pod's containers. */
export interface PodSummary {
  /** Ready of all, `1/2`. */
  readonly ready: string;
  /** Phase, or the reason that says more. */
  readonly status: string;
  readonly restarts: number;
  /** When a container last ended and was started again; milliseconds since the epoch. */
  readonly lastRestart: number | undefined;
}

/** Counts and a reason, drawn from all container statuses. */
export function podSummary(pod: Pod): PodSummary {
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const total = containersOf(pod) + sidecars.size;
  const init = summarizeInitContainers(pod, sidecars);
  const initialized = pod.status?.conditions?.some(({ type, status }) => type === 'Initialized' && status === 'True');
  const waitsForInit = init.reason !== undefined && initialized !== true;
  const statuses = pod.status?.containerStatuses ?? [];
  // As far as was looked: restarts of those after the one that the pod waits for do not count.
  const initStatuses = (pod.status?.initContainerStatuses ?? []).slice(0, init.seen);
  const sidecarStatuses = initStatuses.filter(({ name }) => sidecars.has(name));
  const counted = waitsForInit ? initStatuses : [...sidecarStatuses, ...statuses];
  const readyMain = waitsForInit ? 0 : statuses.filter(isRunningReady).length;
  const reason = init.reason ?? phaseReason(pod);
  return {
    ready: `${init.ready + readyMain}/${total}`,
    status: withDeletion(pod, waitsForInit ? reason : reasonOfContainers(pod, reason)),
    restarts: counted.reduce((sum, { restartCount }) => sum + restartCount, 0),
    lastRestart: lastRestartOf(counted),
  };
}

/** Pods of bookmarks are empty: nothing stands where their containers would. */
function containersOf({ spec }: { readonly spec?: { readonly containers?: readonly unknown[] | null } }): number {
  return spec?.containers?.length ?? 0;
}

/** Restarts, with the time since the last one. */
export function restartsCell(pod: Pod, now: number): string {
  const { restarts, lastRestart } = podSummary(pod);
  if (restarts === 0 || lastRestart === undefined) return String(restarts);
  return `${restarts} (${ageText(new Date(lastRestart).toISOString(), now)} ago)`;
}

/** Readiness gates that hold, of all: `1/2`. */
export function readinessGatesCell(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const conditions = pod.status?.conditions ?? [];
  const open = gates.filter(
    ({ conditionType }) => conditions.find(({ type }) => type === conditionType)?.status === 'True',
  );
  return `${open.length}/${gates.length}`;
}

/** Conditions of a table row: clients may leave completed pods out. */
export function podRowConditions(pod: Pod): readonly TableRowCondition[] {
  const message = completedMessages[pod.status?.phase ?? ''];
  if (message === undefined) return [];
  return [{ type: 'Completed', status: 'True', reason: pod.status?.phase ?? '', message }];
}

const completedMessages: Readonly<Record<string, string>> = {
  Succeeded: 'The pod has completed successfully.',
  Failed: 'The pod failed.',
};

function phaseReason(pod: Pod): string {
  const gated = pod.status?.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  if (gated === true) return 'SchedulingGated';
  return pod.status?.reason || (pod.status?.phase ?? '');
}

/** The first init container that is not through, the last that is seen, says what the pod waits for; ready counts sidecars. */
function summarizeInitContainers(
  pod: Pod,
  sidecars: ReadonlySet<string>,
): { readonly reason: string | undefined; readonly ready: number; readonly seen: number } {
  let ready = 0;
  const upTo = (index: number, reason: string): { reason: string; ready: number; seen: number } => ({
    reason: `Init:${reason}`,
    ready,
    seen: index + 1,
  });
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const { terminated, waiting } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecars.has(status.name) && status.started === true) {
      if (status.ready) ready++;
      continue;
    }
    if (terminated !== undefined) return upTo(index, terminatedReason(terminated));
    const waitingReason = waiting?.reason ?? '';
    if (waitingReason !== '' && waitingReason !== 'PodInitializing') return upTo(index, waitingReason);
    return upTo(index, `${index}/${pod.spec?.initContainers?.length ?? 0}`);
  }
  return { reason: undefined, ready, seen: pod.status?.initContainerStatuses?.length ?? 0 };
}

/** The first container that waits or ended gives the reason, unless others still run. */
function reasonOfContainers(pod: Pod, phase: string): string {
  const statuses = pod.status?.containerStatuses ?? [];
  const reasons = statuses.map(({ state }) => ({
    text: state?.waiting?.reason || (state?.terminated === undefined ? '' : terminatedReason(state.terminated)),
    isError: !state?.waiting?.reason && (state?.terminated?.exitCode ?? 0) !== 0,
  }));
  const reason = reasons.find(({ text }) => text !== '')?.text ?? phase;
  if (reason !== 'Completed') return reason;
  const hasRunning = statuses.some((status) => isRunningReady(status));
  const isReady = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  if (hasRunning && isReady === true) return 'Running';
  const failure = reasons.find(({ isError }) => isError)?.text;
  return failure ?? (hasRunning ? 'NotReady' : reason);
}

function withDeletion(pod: Pod, reason: string): string {
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (pod.status?.reason === 'NodeLost') return 'Unknown';
  return ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '') ? reason : 'Terminating';
}

function terminatedReason(state: {
  readonly reason?: string;
  readonly signal?: number;
  readonly exitCode: number;
}): string {
  if (state.reason !== undefined && state.reason !== '') return state.reason;
  return state.signal !== undefined && state.signal !== 0 ? `Signal:${state.signal}` : `ExitCode:${state.exitCode}`;
}

/** A status counts as ready when nothing of it waits or ended. */
function isRunningReady({ state, ready }: ContainerStatus): boolean {
  return ready && !state?.waiting?.reason && state?.terminated === undefined && state?.running !== undefined;
}

function lastRestartOf(statuses: readonly ContainerStatus[]): number | undefined {
  const times = statuses
    .map(({ lastState }) => lastState?.terminated?.finishedAt)
    .filter((time) => typeof time === 'string')
    .map((time) => Date.parse(time));
  return times.length === 0 ? undefined : Math.max(...times);
}
