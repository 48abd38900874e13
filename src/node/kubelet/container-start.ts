import type { Container, Pod } from '../../api/types/core-v1.ts';
import { RuntimeError } from '../cri/runtime.ts';
import type { Waiting } from './pod-images.ts';
import { shouldRestart } from './pod-phase.ts';
import type { PodWorkerContext } from './pod-worker-context.ts';

/** What a container ends with whose command cannot be started. */
const startErrorCode = 128;

/**
 * Starts a created container.
 * @param waiting why containers are not started yet: it waits for its next start when its command cannot be started
 * @returns whether it runs; where its command cannot be started, it has ended
 */
export async function startCreated(
  { runtime, recordEvent }: Pick<PodWorkerContext, 'runtime' | 'recordEvent'>,
  { pod, container, containerId }: { readonly pod: Pod; readonly container: Container; readonly containerId: string },
  waiting: Map<string, Waiting>,
): Promise<boolean> {
  try {
    await runtime.startContainer(containerId);
    recordEvent(pod, 'Normal', 'Started', 'Container started', container.name);
    waiting.delete(container.name);
    return true;
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== 'Unknown') throw error;
    const { message } = error;
    recordEvent(pod, 'Warning', 'Failed', `Error: ${message}`, container.name);
    if (shouldRestart(pod, container, startErrorCode)) {
      waiting.set(container.name, { reason: 'RunContainerError', message });
    } else waiting.delete(container.name);
    return false;
  }
}
