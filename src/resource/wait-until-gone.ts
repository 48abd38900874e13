import type { RestMapping } from '../apimachinery/rest-mapping.ts';
import { hasReason, StatusError } from '../apimachinery/status.ts';
import type { Client } from '../client/client.ts';
import { startDeadline } from '../system/deadline.ts';
import type { Clock } from '../system/clock.ts';
import { resourceOf } from './resource-access.ts';

/** Waiting took longer than allowed; the message is what follows `error: `. */
export class WaitTimeoutError extends Error {}

export interface WaitGoneOptions {
  readonly clock: Clock;
  /** 0: as long as it takes. */
  readonly timeoutMillis: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until an object is gone (or another one has its name): looks once, then watches. @throws WaitTimeoutError
 */
export async function waitUntilGone(
  client: Client,
  mapping: RestMapping,
  target: { readonly namespace: string; readonly name: string },
  uid: string,
  options: WaitGoneOptions,
): Promise<void> {
  const resource = resourceOf(client, mapping, target.namespace);
  const deadline = startDeadline(options.clock, options.timeoutMillis, options.signal);
  try {
    for (;;) {
      let resourceVersion: string;
      try {
        const current = await resource.get(target.name);
        if (current.metadata.uid !== uid) return;
        resourceVersion = current.metadata.resourceVersion ?? '';
      } catch (error) {
        if (hasReason(error, 'NotFound')) return;
        throw error;
      }
      const events = resource.watch({
        fieldSelector: `metadata.name=${target.name}`,
        resourceVersion,
        signal: deadline.signal,
      });
      for await (const event of events) {
        if (event.type === 'ERROR') break;
        if (event.type === 'DELETED' && event.object.metadata.uid === uid) return;
      }
    }
  } catch (error) {
    if (deadline.hasPassed) {
      throw new WaitTimeoutError(`timed out waiting for the condition on ${mapping.gvr.resource}/${target.name}`);
    }
    if (error instanceof StatusError && error.code === 410) return waitUntilGone(client, mapping, target, uid, options);
    throw error;
  } finally {
    deadline.stop();
  }
}
