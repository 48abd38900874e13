import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../api/types/apps-v1.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { withCondition, withoutCondition } from './conditions.ts';
import { desiredTotal, fenceposts, replicasOf, statusTotal } from './deployment-rollout.ts';

const availableReason = 'NewReplicaSetAvailable';
const timedOutReason = 'ProgressDeadlineExceeded';
const noDeadline = 2 ** 31 - 1;

/** The Progressing condition, which says why it is as it is. */
export function progressing(deployment: Deployment): DeploymentCondition | undefined {
  return deployment.status?.conditions?.find((condition) => condition.type === 'Progressing');
}

/** Whether the deployment wants to be told when it makes no progress. */
export function hasDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== noDeadline;
}

/** A deployment's status with one condition set. */
export function withDeploymentCondition(
  status: DeploymentStatus,
  condition: DeploymentCondition,
  now: number,
): DeploymentStatus {
  return { ...status, conditions: withCondition(status.conditions, condition, now, true) };
}

/** Figures and the Available condition, from the replica sets. */
export function deploymentStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const available = statusTotal(all, 'availableReplicas');
  const unavailable = Math.max(0, desiredTotal(all) - available);
  const counts = {
    replicas: statusTotal(all, 'replicas'),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: statusTotal(all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: unavailable,
  };
  const { collisionCount, conditions = [] } = deployment.status ?? {};
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    terminatingReplicas: statusTotal(all, 'terminatingReplicas'),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...conditions],
  };
  const isAvailable = available >= replicasOf(deployment) - fenceposts(deployment).maxUnavailable;
  return withDeploymentCondition(
    status,
    isAvailable
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    now,
  );
}

/** Every pod is of the new template, and available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(deployment: Deployment, status: DeploymentStatus): boolean {
  const old = deployment.status ?? {};
  const oldSize = (old.replicas ?? 0) - (old.updatedReplicas ?? 0);
  const size = (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (status.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    size < oldSize ||
    (status.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, status: DeploymentStatus, now: number): boolean {
  const condition = status.conditions?.find((candidate) => candidate.type === 'Progressing');
  if (condition === undefined || condition.reason === availableReason) return false;
  if (condition.reason === timedOutReason) return true;
  const since = Date.parse(condition.lastUpdateTime ?? '') || now;
  return since + (deployment.spec?.progressDeadlineSeconds ?? 600) * 1000 < now;
}

/** The status with its Progressing and ReplicaFailure conditions brought up to date. */
export function withProgress(
  deployment: Deployment,
  calculated: DeploymentStatus,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  let status = calculated;
  const current = progressing(deployment);
  const what =
    newSet === undefined
      ? `Deployment "${deployment.metadata.name ?? ''}"`
      : `ReplicaSet "${newSet.metadata.name ?? ''}"`;
  const wasDone = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === availableReason;
  const condition = (state: string, reason: string, text: string): DeploymentCondition => ({
    type: 'Progressing',
    status: state,
    reason,
    message: `${what} ${text}`,
  });
  if (!hasDeadline(deployment)) {
    status = { ...status, conditions: withoutCondition(status.conditions, 'Progressing') };
  } else if (!wasDone) {
    if (isComplete(deployment, status)) {
      const done = condition('True', availableReason, 'has successfully progressed.');
      status = withDeploymentCondition(status, done, now);
    } else if (hasProgressed(deployment, status)) {
      const moving = condition('True', 'ReplicaSetUpdated', 'is progressing.');
      const since = current?.status === 'True' ? current.lastTransitionTime : undefined;
      const time = formatTime(now);
      const stamped = { ...moving, lastTransitionTime: since ?? time, lastUpdateTime: time };
      status = { ...status, conditions: [...withoutCondition(status.conditions, 'Progressing'), stamped] };
    } else if (hasTimedOut(deployment, status, now)) {
      const late = condition('False', timedOutReason, 'has timed out progressing.');
      status = withDeploymentCondition(status, late, now);
    }
  }
  const failed = [...(newSet === undefined ? [] : [newSet]), ...all]
    .flatMap((set) => set.status?.conditions ?? [])
    .find((candidate) => candidate.type === 'ReplicaFailure');
  if (failed === undefined) return { ...status, conditions: withoutCondition(status.conditions, 'ReplicaFailure') };
  return withDeploymentCondition(status, { ...failed }, now);
}
