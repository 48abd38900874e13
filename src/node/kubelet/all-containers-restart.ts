import type { Container, ContainerStatus, Pod, PodCondition } from '../../api/types/core-v1.ts';
import type { ContainerStatus as RuntimeContainer } from '../cri/runtime.ts';
import { restartRuleOf } from './pod-phase.ts';

/** Why a container waits, and ended, whose pod starts anew as a whole. */
export const restartingAllReason = 'RestartingAllContainers';

const conditionType = 'AllContainersRestarting';
const allAction = 'RestartAllContainers';

function containersOf({ spec }: Pod): Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}

function isTrigger(container: Container, exitCode: number): boolean {
  return restartRuleOf(container, exitCode)?.action === allAction;
}

function latestOf(all: readonly RuntimeContainer[], name: string): RuntimeContainer | undefined {
  const attempts = all.filter(({ metadata }) => metadata.name === name);
  return attempts.toSorted((left, right) => right.metadata.attempt - left.metadata.attempt)[0];
}

function isMarked({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === conditionType && value === 'True') === true;
}

/**
 * Whether all containers of a pod have to start anew (KEP-5532): it was told so, or one has ended with a code that a rule
 * has this action for, as the runtime or the status has it.
 */
export function mustRestartAll(pod: Pod, all: readonly RuntimeContainer[]): boolean {
  if (isMarked(pod)) return true;
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const told = new Map<string, ContainerStatus>(
    [...initContainerStatuses, ...containerStatuses].map((status) => [status.name, status]),
  );
  return containersOf(pod).some((container) => {
    const latest = latestOf(all, container.name);
    // What the runtime says of it is newer than what was told.
    if (latest !== undefined) return latest.state === 'CONTAINER_EXITED' && isTrigger(container, latest.exitCode);
    const ended = told.get(container.name)?.state?.terminated;
    return ended !== undefined && isTrigger(container, ended.exitCode);
  });
}

/** Whether nothing of a pod's containers is left in the runtime. */
export function isCleanedUp(pod: Pod, all: readonly RuntimeContainer[]): boolean {
  return containersOf(pod).every(({ name }) => latestOf(all, name) === undefined);
}

/** The containers in the order in which they are removed: those that made it necessary are last. */
export function resetOrder(pod: Pod, all: readonly RuntimeContainer[]): RuntimeContainer[] {
  const split = (containers: readonly Container[] | undefined) => {
    const found = (containers ?? []).flatMap((container) =>
      all.filter(({ metadata }) => metadata.name === container.name).map((one) => ({ container, one })),
    );
    const isSource = ({ container, one }: (typeof found)[number]): boolean =>
      one.state === 'CONTAINER_EXITED' && isTrigger(container, one.exitCode);
    return {
      sources: found.filter(isSource).map(({ one }) => one),
      targets: found.filter((entry) => !isSource(entry)).map(({ one }) => one),
    };
  };
  const init = split(pod.spec?.initContainers);
  const main = split(pod.spec?.containers);
  return [...main.targets, ...init.targets, ...main.sources, ...init.sources];
}

/** The condition that tells of it, for a pod that has a rule with this action. */
export function allContainersRestarting(
  pod: Pod,
  all: readonly RuntimeContainer[],
  phase: string,
): PodCondition | undefined {
  const hasRule = containersOf(pod).some(({ restartPolicyRules = [] }) =>
    restartPolicyRules.some(({ action }) => action === allAction),
  );
  if (!hasRule) return undefined;
  const reasons: Readonly<Record<string, string>> = { Succeeded: 'PodCompleted', Failed: 'PodFailed' };
  const reason = reasons[phase];
  if (reason !== undefined) return { type: conditionType, status: 'False', reason };
  if (!mustRestartAll(pod, all) || isCleanedUp(pod, all)) return { type: conditionType, status: 'False' };
  const message = 'container exited with restart policy rule';
  return { type: conditionType, status: 'True', reason: 'RestartAllContainersStarted', message };
}
