import type { Job } from '../../api/types/batch-v1.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';

const jobsResource = { group: 'batch', version: 'v1', resource: 'jobs' } as const;

/** Deletes jobs, with their pods, `spec.ttlSecondsAfterFinished` after they ended. */
export function createTtlAfterFinishedController(context: ControllerContext): Controller {
  const jobs = context.informers.informer<Job>(jobsResource);
  return createKeyedController({
    name: 'ttl-after-finished-controller',
    context,
    register(queue) {
      const enqueue = (job: Job): void => {
        if (expiresAt(job) !== undefined) queue.add(keyOf(job));
      };
      jobs.addHandler({ added: enqueue, updated: enqueue });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const known = jobs.get(namespace, name);
      const left = known === undefined ? undefined : remaining(known, context.clock.now());
      if (left === undefined) return;
      if (left > 0) {
        queue.addAfter(key, left);
        return;
      }
      await removeExpired(context, namespace, name);
    },
  });
}

/** Asks the server itself before deleting: the time to live may have been raised meanwhile. */
async function removeExpired(context: ControllerContext, namespace: string, name: string): Promise<void> {
  const resource = context.client.resource<Job>(jobsResource, namespace);
  try {
    const fresh = await resource.get(name);
    const left = remaining(fresh, context.clock.now());
    if (left === undefined || left > 0) return;
    const { uid = '' } = fresh.metadata;
    await resource.delete(name, { propagationPolicy: 'Foreground', preconditions: { uid } });
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
  }
}

function remaining(job: Job, now: number): number | undefined {
  const at = expiresAt(job);
  return at === undefined ? undefined : at - now;
}

/** Milliseconds since the epoch when a job may go; undefined for one that runs, has no time to live, or goes already. */
function expiresAt(job: Job): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  if (ttl === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  const ended = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  const time = Date.parse(ended?.lastTransitionTime ?? '');
  return Number.isNaN(time) ? undefined : time + ttl * 1000;
}
