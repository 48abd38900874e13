import { cloneJson } from '../../apimachinery/json.ts';
import type { Container, ContainerStatus, Pod, PodStatus } from '../../api/types/core-v1.ts';

/** Whether an init container runs beside the others (a sidecar, KEP-753). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** The first of a container's rules that this exit code fits (KEP-5307). */
export function restartRuleOf(
  { restartPolicyRules = [] }: Container,
  exitCode: number,
): NonNullable<Container['restartPolicyRules']>[number] | undefined {
  return restartPolicyRules.find(({ exitCodes }) => {
    const isListed = exitCodes?.values?.includes(exitCode) === true;
    return exitCodes !== undefined && (exitCodes.operator === 'In' ? isListed : !isListed);
  });
}

/**
 * Whether a container that ended with this code is started again, alone or with all others: its rules first, then its
 * own policy, then the pod's.
 */
export function shouldRestart(pod: Pod, container: Container, exitCode: number): boolean {
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always';
  const action = restartRuleOf(container, exitCode)?.action ?? '';
  if (container.restartPolicy !== undefined && ['Restart', 'RestartAllContainers'].includes(action)) return true;
  if (policy === 'Always') return true;
  return policy === 'OnFailure' && exitCode !== 0;
}

/** Whether a container was ended because its pod starts anew as a whole. */
function isRestartingAll({ state, lastState }: ContainerStatus): boolean {
  const ended = state?.terminated ?? (state?.waiting === undefined ? undefined : lastState?.terminated);
  return ended?.reason === 'RestartingAllContainers';
}

/** The code a container ended with, also when it waits for its next start. */
function exitCodeOf({ state, lastState }: ContainerStatus): number | undefined {
  if (state?.running !== undefined) return undefined;
  return state?.terminated?.exitCode ?? lastState?.terminated?.exitCode;
}

function statusesOf(
  containers: readonly Container[] | undefined,
  statuses: readonly ContainerStatus[],
): { readonly container: Container; readonly status: ContainerStatus; readonly code: number | undefined }[] {
  return (containers ?? []).flatMap((container) => {
    const status = statuses.find(({ name }) => name === container.name);
    return status === undefined ? [] : { container, status, code: exitCodeOf(status) };
  });
}

/** Pending, Running, Succeeded or Failed, from what the containers do; a pod that is over stays so. */
export function podPhase(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): string {
  const old = pod.status?.phase;
  if (old === 'Succeeded' || old === 'Failed') return old;
  const init = statusesOf(pod.spec?.initContainers, initStatuses);
  const steps = init.filter(({ container }) => !isSidecar(container));
  const sidecars = init.filter(({ container }) => isSidecar(container));
  const main = statusesOf(pod.spec?.containers, statuses);
  const isLost = steps.some(
    ({ container, status, code }) =>
      code !== undefined && code !== 0 && !shouldRestart(pod, container, code) && !isRestartingAll(status),
  );
  if (isLost) return 'Failed';
  const hasBegun = statuses.some(({ containerID }) => containerID !== undefined);
  const startingSidecar = sidecars.some(({ status, code }) =>
    status.state?.running !== undefined ? status.started !== true : code === undefined,
  );
  const isWaiting = ({ status, code }: (typeof main)[number]): boolean =>
    status.state?.running === undefined && code === undefined;
  if (steps.some(({ code }) => code === undefined) || (startingSidecar && !hasBegun)) return 'Pending';
  if ([...main, ...sidecars].some(isWaiting)) return 'Pending';
  if ([...main, ...sidecars].some(({ status }) => status.state?.running !== undefined)) return 'Running';
  if (main.length === 0) return 'Pending';
  const isGoing = pod.metadata.deletionTimestamp !== undefined;
  const mayGoOn = ({ container, status, code = 0 }: (typeof main)[number]): boolean =>
    shouldRestart(pod, container, code) || isRestartingAll(status);
  if (!isGoing && main.some(mayGoOn)) return 'Running';
  return main.every(({ code }) => code === 0) ? 'Succeeded' : 'Failed';
}

const lostState = {
  terminated: {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
  },
};

/** The last status of a pod whose containers are all stopped: what never ran or was lost counts as failed. */
export function finalStatus(pod: Pod, status: PodStatus): PodStatus {
  const statuses = status.containerStatuses ?? [];
  const lastStep = status.initContainerStatuses?.at(-1);
  const hasInitialized =
    (pod.spec?.initContainers ?? []).length === 0 ||
    statuses.some(({ state, lastState }) => lastState?.terminated !== undefined || state?.waiting === undefined) ||
    (lastStep !== undefined && exitCodeOf(lastStep) === 0);
  const ended = (each: ContainerStatus): ContainerStatus =>
    each.state?.terminated === undefined ? { ...each, ready: false, state: cloneJson(lostState) } : each;
  const isOver = status.phase === 'Succeeded' || status.phase === 'Failed';
  return {
    ...status,
    phase: isOver ? (status.phase ?? 'Failed') : 'Failed',
    ...(hasInitialized ? { containerStatuses: statuses.map(ended) } : {}),
  };
}
