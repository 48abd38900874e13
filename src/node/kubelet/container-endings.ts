import type { Container, Pod } from '../../api/types/core-v1.ts';
import { isSidecar } from './pod-phase.ts';

/** The container of a pod that has a name, also one of those that come before the others. */
export function containerOf({ spec }: Pod, name: string): Container | undefined {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find((container) => container.name === name);
}

/**
 * What events say when a container is ended for something that the pod did not ask for.
 * @param why `failed liveness probe`, or `definition changed`, after which every container starts anew
 */
export function killingMessage(pod: Pod, container: Container, why: string): string {
  if (isSidecar(container) && pod.spec?.initContainers?.includes(container) === true) {
    return `Init container ${container.name} ${why}`;
  }
  const isEndless = (container.restartPolicy ?? pod.spec?.restartPolicy) !== 'Never';
  const mayRestart = why === 'definition changed' || isEndless;
  return `Container ${container.name} ${why}${mayRestart ? ', will be restarted' : ''}`;
}

/** How many seconds a container whose probe failed gets to end: the probe's own, or the pod's. */
export function probeGraceSeconds(pod: Pod, container: Container, kind: 'startup' | 'liveness'): number {
  const probe = kind === 'startup' ? container.startupProbe : container.livenessProbe;
  const { deletionGracePeriodSeconds } = pod.metadata;
  return (
    deletionGracePeriodSeconds ?? probe?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30
  );
}

/** By what waits between restarts are told apart: a container with another image or other resources waits anew. */
export function backoffKey({ name, image = '', resources = {} }: Container): string {
  return JSON.stringify([name, image, resources]);
}
