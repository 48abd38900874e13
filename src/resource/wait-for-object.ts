import type { Unstructured } from '../apimachinery/object-meta.ts';
import { notFound } from '../apimachinery/status.ts';
import type { ResourceClient } from '../client/client.ts';
import { startDeadline } from '../system/deadline.ts';
import { type WaitGoneOptions, WaitTimeoutError } from './wait-until-gone.ts';

/**
 * Watches one object until something holds for it: looks once, then watches, and looks again when the watch ends.
 * @param holds what is waited for; it may throw to end the waiting
 * @returns the object for which it holds
 * @throws WaitTimeoutError; StatusError NotFound when the object is deleted
 */
export async function waitForObject(
  resource: ResourceClient,
  name: string,
  holds: (object: Unstructured) => boolean,
  options: WaitGoneOptions,
): Promise<Unstructured> {
  const deadline = startDeadline(options.clock, options.timeoutMillis, options.signal);
  const fieldSelector = `metadata.name=${name}`;
  const { signal } = deadline;
  try {
    for (;;) {
      const list = await resource.list({ fieldSelector, signal });
      for (const object of list.items) if (holds(object)) return object;
      const { resourceVersion = '' } = list.metadata;
      for await (const event of resource.watch({ fieldSelector, resourceVersion, signal })) {
        if (event.type === 'ERROR') break;
        if (event.type === 'DELETED') throw notFound({ group: '', resource: 'pods' }, '');
        if (event.type !== 'BOOKMARK' && holds(event.object)) return event.object;
      }
    }
  } catch (error) {
    if (deadline.hasPassed) throw new WaitTimeoutError('timed out waiting for the condition');
    throw error;
  } finally {
    deadline.stop();
  }
}
