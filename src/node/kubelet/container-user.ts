import type { Container, Pod } from '../../api/types/core-v1.ts';
import type { ContainerUser } from '../cri/runtime.ts';
import { ContainerConfigError } from './container-environment.ts';

/**
 * Who a container's processes run as: the container's own word, then the pod's, then the image's.
 * @param imageUid what the image says; root when absent
 */
export function containerUser(
  pod: Pod,
  container: Pick<Container, 'securityContext'>,
  imageUid?: number,
): ContainerUser {
  const forPod = pod.spec?.securityContext ?? {};
  const uid = container.securityContext?.runAsUser ?? forPod.runAsUser ?? imageUid;
  const gid = container.securityContext?.runAsGroup ?? forPod.runAsGroup;
  const groups = [...(forPod.supplementalGroups ?? []), ...(forPod.fsGroup === undefined ? [] : [forPod.fsGroup])];
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    supplementalGroups: groups,
    ...(forPod.supplementalGroupsPolicy === 'Strict' ? { isStrict: true } : {}),
  };
}

/**
 * Refuses what is not to run as root and would.
 * @throws ContainerConfigError
 */
export function checkNonRoot(pod: Pod, container: Container, imageUid = 0): void {
  const forPod = pod.spec?.securityContext ?? {};
  const isWanted = container.securityContext?.runAsNonRoot ?? forPod.runAsNonRoot ?? false;
  if (!isWanted) return;
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const where = `(pod: ${JSON.stringify(`${name}_${namespace}(${uid})`)}, container: ${container.name})`;
  const given = container.securityContext?.runAsUser ?? forPod.runAsUser;
  if (given === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (given === undefined && imageUid === 0) {
    throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${where}`);
  }
}

/** Whether a profile of seccomp, the container's or the pod's, keeps a container from some system calls. */
export function isSeccompFiltered(pod: Pod, { securityContext }: Pick<Container, 'securityContext'>): boolean {
  const type = (securityContext?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile)?.type ?? 'Unconfined';
  return type !== 'Unconfined' && securityContext?.privileged !== true;
}

/** The one user that every container of a pod is said to run as; undefined when they differ or one is not told. */
export function userOfAllContainers(pod: Pod): number | undefined {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const users = new Set(
    [...initContainers, ...containers, ...ephemeralContainers].map((container) => containerUser(pod, container).uid),
  );
  const [user] = users;
  return users.size === 1 ? user : undefined;
}
