import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from '../../api/types/core-v1.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import type { ContainerStatus as RuntimeContainer, PodSandbox } from '../cri/runtime.ts';
import { allContainersRestarting, isCleanedUp, mustRestartAll, restartingAllReason } from './all-containers-restart.ts';
import { podLevelResources } from './pod-level-resources.ts';
import { isSidecar, podPhase } from './pod-phase.ts';

/** What the node knows of a pod besides its spec. */
export interface PodRuntimeState {
  readonly sandbox: PodSandbox | undefined;
  /** All attempts of all containers, as the runtime lists them. */
  readonly containers: readonly RuntimeContainer[];
  /** Why a container is not started yet, by container name. */
  readonly waiting: ReadonlyMap<string, { readonly reason: string; readonly message: string }>;
  /** The condition of a resize that has to wait, or that goes wrong. */
  readonly resizing?: PodCondition | undefined;
  /** The pod with what the node has agreed to give, where its containers do not have that yet. */
  readonly accepted?: Pod | undefined;
  readonly isStarted: (container: string) => boolean;
  readonly isReady: (container: string) => boolean;
}

export interface NodeAddresses {
  readonly hostIP: string;
}

/** The newest attempt of a container. */
export function latestAttempt(containers: readonly RuntimeContainer[], name: string): RuntimeContainer | undefined {
  let latest: RuntimeContainer | undefined;
  for (const container of containers) {
    if (container.metadata.name !== name) continue;
    if (latest === undefined || container.metadata.attempt > latest.metadata.attempt) latest = container;
  }
  return latest;
}

/** A pod whose work is over for good. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/**
 * The status a kubelet reports (PodStatus without what others own: foreign conditions are kept as
 * they are). Conditions keep their lastTransitionTime while their status stays.
 * @param now milliseconds since the epoch.
 */
export function generatePodStatus(pod: Pod, state: PodRuntimeState, node: NodeAddresses, now: number): PodStatus {
  const old = pod.status ?? {};
  const initStatuses = (pod.spec?.initContainers ?? []).map((container) =>
    containerStatus(pod, container, state, old.initContainerStatuses, true),
  );
  const statuses = (pod.spec?.containers ?? []).map((container) =>
    containerStatus(pod, container, state, old.containerStatuses, false),
  );
  const ephemeralStatuses = (pod.spec?.ephemeralContainers ?? []).map((container) => ({
    ...containerStatus(pod, container, state, old.ephemeralContainerStatuses, true),
    ready: false,
  }));
  const phase = podPhase(pod, initStatuses, statuses);
  const { allocatedResources: _before, ...rest } = old;
  const resources = podLevelResources(pod);
  const status: PodStatus = {
    ...rest,
    phase,
    observedGeneration: pod.metadata.generation ?? 0,
    hostIP: node.hostIP,
    hostIPs: [{ ip: node.hostIP }],
    startTime: old.startTime ?? formatTime(now),
    containerStatuses: statuses,
    resources,
    ...(resources.requests === undefined ? {} : { allocatedResources: resources.requests }),
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    ...(ephemeralStatuses.length > 0 ? { ephemeralContainerStatuses: ephemeralStatuses } : {}),
    conditions: podConditions(pod, phase, initStatuses, statuses, state, now),
  };
  const ips = pod.spec?.hostNetwork === true ? [node.hostIP] : (state.sandbox?.ips ?? []);
  const first = ips[0];
  if (first !== undefined) {
    status.podIP = first;
    status.podIPs = ips.map((ip) => ({ ip }));
  }
  return status;
}

/** Conditions that are the node's to tell. */
const ownConditions = new Set([
  'PodScheduled',
  'Ready',
  'Initialized',
  'ContainersReady',
  'PodReadyToStartContainers',
  'PodResizeInProgress',
  'PodResizePending',
  'AllContainersRestarting',
]);

/** The status of a pod that the node does not take: nothing of it was ever there. */
export function rejectedStatus(pod: Pod, reason: string, message: string, now: number): PodStatus {
  const { qosClass, startTime = formatTime(now), conditions = [] } = pod.status ?? {};
  const foreign = conditions.filter(({ type }) => !ownConditions.has(type));
  return {
    phase: 'Failed',
    reason,
    message,
    startTime,
    observedGeneration: pod.metadata.generation ?? 0,
    ...(qosClass === undefined ? {} : { qosClass }),
    ...(foreign.length === 0 ? {} : { conditions: foreign }),
  };
}

function containerStatus(
  pod: Pod,
  container: Container,
  state: PodRuntimeState,
  oldStatuses: readonly ContainerStatus[] | undefined,
  isInit: boolean,
): ContainerStatus {
  const old = oldStatuses?.find((status) => status.name === container.name);
  const current = latestAttempt(state.containers, container.name);
  const waiting = state.waiting.get(container.name);
  const shared = sharedStatus(container);
  if (current === undefined) {
    const isRemoved = old !== undefined && old.state?.waiting === undefined && isRestartingAll(pod, state);
    if (isRemoved) return removedStatus(container, shared, old);
    return notStartedStatus(pod, container, shared, old, waiting);
  }
  const ended = current.state === 'CONTAINER_EXITED';
  const { requests } = (acceptedOf(state.accepted, container) ?? container).resources ?? {};
  const status: ContainerStatus = {
    ...shared,
    resources: container.resources ?? {},
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    image: current.image,
    imageID: current.imageRef,
    containerID: `${runtimeScheme}${current.id}`,
    restartCount: current.metadata.attempt,
    ready: isInit && !isSidecar(container) ? ended && current.exitCode === 0 : !ended && state.isReady(container.name),
    started: isInit && !isSidecar(container) ? false : !ended && state.isStarted(container.name),
    state: runningOrEnded(current),
    lastState: lastTermination(current, state.containers, old),
    user: { linux: { ...current.user, supplementalGroups: [...current.user.supplementalGroups] } },
  };
  if (ended && waiting !== undefined) {
    // Waiting for its next start: the end moves to lastState.
    status.lastState = status.state ?? {};
    status.state = waitingState(waiting);
  }
  return status;
}

function acceptedOf(pod: Pod | undefined, { name }: Container): Container | undefined {
  return [...(pod?.spec?.initContainers ?? []), ...(pod?.spec?.containers ?? [])].find((one) => one.name === name);
}

/** Prefix of container IDs: the runtime's name, as `containerd://` would be. */
const runtimeScheme = 'simulated://';

type SharedStatus = Pick<ContainerStatus, 'name' | 'volumeMounts'>;

function sharedStatus(container: Container): SharedStatus {
  const mounts = (container.volumeMounts ?? []).map((mount) => ({
    name: mount.name,
    mountPath: mount.mountPath,
    ...(mount.readOnly === true ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
  }));
  return {
    name: container.name,
    ...(mounts.length > 0 ? { volumeMounts: mounts } : {}),
  };
}

function notStartedStatus(
  pod: Pod,
  container: Container,
  shared: SharedStatus,
  old: ContainerStatus | undefined,
  waiting: { reason: string; message: string } | undefined,
): ContainerStatus {
  if (old?.state?.terminated !== undefined && (isTerminal(pod) || pod.metadata.deletionTimestamp !== undefined)) {
    return old;
  }
  const hasInit = (pod.spec?.initContainers ?? []).length > 0;
  const usual = hasInit ? 'PodInitializing' : 'ContainerCreating';
  return {
    ...shared,
    image: container.image ?? '',
    imageID: '',
    restartCount: old?.restartCount ?? 0,
    ready: false,
    started: false,
    state: waitingState(waiting ?? { reason: usual, message: '' }),
    lastState: old?.lastState ?? {},
  };
}

/** Whether the pod starts anew as a whole, and nothing of it is left to do so. */
function isRestartingAll(pod: Pod, { containers }: PodRuntimeState): boolean {
  return mustRestartAll(pod, containers) && isCleanedUp(pod, containers);
}

/** A container that was removed because its pod starts anew as a whole. */
function removedStatus(container: Container, shared: SharedStatus, old: ContainerStatus): ContainerStatus {
  const why = {
    reason: restartingAllReason,
    message: 'The container is removed because RestartAllContainers in place',
  };
  return {
    ...shared,
    image: container.image ?? '',
    imageID: '',
    restartCount: (old.restartCount ?? 0) + 1,
    ready: false,
    started: false,
    state: { waiting: why },
    lastState: { terminated: { ...why, exitCode: 137 } },
  };
}

function waitingState({ reason, message }: { readonly reason: string; readonly message: string }): ContainerState {
  return { waiting: { reason, ...(message === '' ? {} : { message }) } };
}

function runningOrEnded(container: RuntimeContainer): ContainerState {
  if (container.state === 'CONTAINER_RUNNING') return { running: { startedAt: formatTime(container.startedAt) } };
  if (container.state === 'CONTAINER_EXITED') {
    return {
      terminated: {
        exitCode: container.exitCode,
        reason: container.reason,
        ...(container.message === '' ? {} : { message: container.message }),
        startedAt: formatTime(container.startedAt),
        finishedAt: formatTime(container.finishedAt),
        containerID: `${runtimeScheme}${container.id}`,
      },
    };
  }
  return { waiting: { reason: 'ContainerCreating' } };
}

function lastTermination(
  current: RuntimeContainer,
  all: readonly RuntimeContainer[],
  old: ContainerStatus | undefined,
): ContainerState {
  const before = all
    .filter((container) => container.metadata.name === current.metadata.name && container.id !== current.id)
    .sort((left, right) => right.metadata.attempt - left.metadata.attempt)[0];
  if (before?.state === 'CONTAINER_EXITED') return runningOrEnded(before);
  if (old === undefined) return {};
  const sameContainer = old.containerID === `${runtimeScheme}${current.id}`;
  if (!sameContainer && old.state?.terminated !== undefined) return { terminated: old.state.terminated };
  return old.lastState ?? {};
}

/** They are there while a resize is under way. */
const resizeConditions: readonly string[] = ['PodResizePending', 'PodResizeInProgress'];

function podConditions(
  pod: Pod,
  phase: string,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  state: PodRuntimeState,
  now: number,
): PodCondition[] {
  const containersReady = containersReadyCondition(pod, phase, initStatuses, statuses);
  const own: PodCondition[] = [
    condition('PodReadyToStartContainers', state.sandbox?.state === 'SANDBOX_READY'),
    initializedCondition(pod, phase, initStatuses, statuses),
    readyCondition(pod, containersReady),
    containersReady,
    // Also of pods that were made for this node and never went through a scheduler.
    condition('PodScheduled', true),
  ];
  const restarting = allContainersRestarting(pod, state.containers, phase);
  if (restarting !== undefined) own.push(restarting);
  const old = pod.status?.conditions ?? [];
  const ownTypes = new Set(own.map((entry) => entry.type));
  const foreign = old.filter(({ type }) => !ownTypes.has(type) && !resizeConditions.includes(type));
  const generation = pod.metadata.generation;
  const stamped = own.map((entry): PodCondition => {
    const before = old.find((candidate) => candidate.type === entry.type);
    const since = before?.status === entry.status ? before.lastTransitionTime : undefined;
    return {
      ...entry,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      // As the server tells it; without it each look would find a difference.
      ...(before?.lastProbeTime === undefined ? {} : { lastProbeTime: before.lastProbeTime }),
      lastTransitionTime: since ?? formatTime(now),
    };
  });
  const resizing = state.resizing === undefined || phase === 'Succeeded' || phase === 'Failed' ? [] : [state.resizing];
  return [...foreign, ...resizing, ...stamped];
}

function condition(type: string, holds: boolean, reason = '', message = ''): PodCondition {
  return {
    type,
    status: holds ? 'True' : 'False',
    ...(reason === '' ? {} : { reason }),
    ...(message === '' ? {} : { message }),
  };
}

function goList(names: readonly string[]): string {
  return `[${names.join(' ')}]`;
}

function initializedCondition(
  pod: Pod,
  phase: string,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): PodCondition {
  const incomplete = (pod.spec?.initContainers ?? []).filter((container) => {
    const status = initStatuses.find((candidate) => candidate.name === container.name);
    return isSidecar(container) ? status?.started !== true : status?.ready !== true;
  });
  if (phase === 'Succeeded') return condition('Initialized', true, 'PodCompleted');
  // Once it is, it stays so, also when all containers start anew.
  const wasBefore = pod.status?.conditions?.some(({ type, status }) => type === 'Initialized' && status === 'True');
  if (incomplete.length === 0 || wasBefore === true || statuses.some(({ containerID }) => containerID !== undefined)) {
    return condition('Initialized', true);
  }
  const names = goList(incomplete.map((container) => container.name));
  return condition('Initialized', false, 'ContainersNotInitialized', `containers with incomplete status: ${names}`);
}

function containersReadyCondition(
  pod: Pod,
  phase: string,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): PodCondition {
  if (phase === 'Succeeded') return condition('ContainersReady', false, 'PodCompleted');
  if (phase === 'Failed') return condition('ContainersReady', false, 'PodFailed');
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name));
  const unready = [...initStatuses.filter((status) => sidecars.has(status.name)), ...statuses]
    .filter((status) => !status.ready)
    .map((status) => status.name);
  if (unready.length === 0) return condition('ContainersReady', true);
  const message = `containers with unready status: ${goList(unready)}`;
  return condition('ContainersReady', false, 'ContainersNotReady', message);
}

function readyCondition(pod: Pod, containersReady: PodCondition): PodCondition {
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' };
  const messages = (pod.spec?.readinessGates ?? []).flatMap((gate) => {
    const found = pod.status?.conditions?.find((candidate) => candidate.type === gate.conditionType);
    if (found === undefined) {
      return [`corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`];
    }
    if (found.status === 'True') return [];
    return [`the status of pod readiness gate "${gate.conditionType}" is not "True", but ${found.status}`];
  });
  if (messages.length === 0) return condition('Ready', true);
  return condition('Ready', false, 'ReadinessGatesNotReady', messages.join(', '));
}
