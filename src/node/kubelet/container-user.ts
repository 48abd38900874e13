import type { Container, Pod } from '../../api/types/core-v1.ts';
import type { ContainerUser } from '../cri/runtime.ts';

/** Who a container's processes run as: the container's own word, then the pod's. */
export function containerUser(pod: Pod, container: Pick<Container, 'securityContext'>): ContainerUser {
  const forPod = pod.spec?.securityContext ?? {};
  const uid = container.securityContext?.runAsUser ?? forPod.runAsUser;
  const gid = container.securityContext?.runAsGroup ?? forPod.runAsGroup;
  const groups = [...(forPod.supplementalGroups ?? []), ...(forPod.fsGroup === undefined ? [] : [forPod.fsGroup])];
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    supplementalGroups: groups,
  };
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
