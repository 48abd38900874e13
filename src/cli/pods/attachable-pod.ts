import type { Pod } from '../../api/types/core-v1.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { type CommandContext, CommandError } from '../command.ts';
import { isPod } from './pod-object.ts';
import { byActivity } from './pod-order.ts';
import { findPods, goTypeOf, podSelectorOf } from './pods-of-object.ts';

/** The pod that an object stands for: itself, or the best of a workload's or service's pods. @throws CommandError */
export async function attachablePod(
  object: Unstructured,
  timeoutMillis: number,
  context: CommandContext,
): Promise<Pod> {
  if (isPod(object)) return object;
  let selector;
  try {
    selector = podSelectorOf(object);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`cannot attach to ${goTypeOf(object)}: ${error.message}`);
  }
  const { clock, signal } = context;
  const client = await context.cluster.client();
  const namespace = object.metadata.namespace ?? '';
  const [pod] = await findPods(selector, byActivity, { client, clock, namespace, timeoutMillis, signal });
  return pod;
}

/** @throws CommandError for a pod that has ended. @param what such as `exec into` */
export function requireRunning(pod: Pod, what: string): void {
  const phase = pod.status?.phase ?? '';
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw new CommandError(`cannot ${what} a container in a completed pod; current phase is ${phase}`);
  }
}
