import type { Job } from '../../api/types/batch-v1.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { matchesLabels, selectorFromObject } from '../../apimachinery/labels.ts';
import { hasReason, StatusError } from '../../apimachinery/status.ts';
import { claimObjects, controllerOf } from '../../client/controller-references.ts';
import { Expectations } from '../../client/expectations.ts';
import type { Informer } from '../../client/informer.ts';
import type { Workqueue } from '../../client/workqueue.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { isTracked, trackingFinalizer } from './job-pods.ts';
import { isFinished } from './job-status.ts';
import { JobSync } from './job-sync.ts';
import { type JobMemory, jobsResource, removeTracking } from './job-tracking.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { podsResource } from './pod-control.ts';

const ourselves = 'kubernetes.io/job-controller';
/** Keys of pods that may have lost their job begin so. */
const orphanPrefix = 'pod:';

/**
 * Runs pods until as many have succeeded as a job asks for, or too many have failed. Pods are kept by a finalizer until
 * they are counted (KEP-2307); jobs of another `managedBy` are left alone (KEP-4368).
 */
export function createJobController(context: ControllerContext): Controller {
  const jobs = context.informers.informer<Job>(jobsResource);
  const pods = context.informers.informer<Pod>(podsResource);
  const memory: JobMemory = {
    expectations: new Expectations(context.clock),
    removals: new Map(),
    streaks: new Map(),
    written: new Map(),
  };
  return createKeyedController({
    name: 'job-controller',
    context,
    register(queue) {
      watchJobs({ jobs, pods, memory, queue });
      watchPods({ jobs, pods, memory, queue });
    },
    async sync(key, queue) {
      if (key.startsWith(orphanPrefix)) {
        await releaseOrphan(context, jobs, pods, key.slice(orphanPrefix.length));
        return;
      }
      const { namespace, name } = splitKey(key);
      const job = jobs.get(namespace, name);
      if (job === undefined || isFinished(job)) {
        memory.streaks.delete(key);
        memory.written.delete(key);
        if (job === undefined) memory.expectations.forget(key);
        if (job === undefined) memory.removals.delete(key);
        return;
      }
      if (isManagedByOthers(job)) return;
      // Our last write has not come back yet; the event that brings it wakes the key again.
      const { resourceVersion = '' } = job.metadata;
      if (Number(resourceVersion) < (memory.written.get(key) ?? 0)) return;
      const isSettled = memory.expectations.satisfied(key);
      const claimed = await claimPods(context, job, pods);
      try {
        const again = await new JobSync(context, job, claimed, memory, isSettled).run();
        if (again !== undefined) queue.addAfter(key, again);
      } catch (error) {
        if (!isJobGone(error)) throw error;
      }
    },
  });
}

/** It was deleted while its status was written. */
function isJobGone(error: unknown): boolean {
  return error instanceof StatusError && error.code === 404 && error.status.details?.kind === 'jobs';
}

function isManagedByOthers(job: Job): boolean {
  return (job.spec?.managedBy ?? ourselves) !== ourselves;
}

interface Watching {
  readonly jobs: Informer<Job>;
  readonly pods: Informer<Pod>;
  readonly memory: JobMemory;
  readonly queue: Workqueue<string>;
}

function watchJobs({ jobs, pods, queue }: Watching): void {
  const release = (job: Job): void => {
    for (const pod of pods.ownedBy(job.metadata.uid ?? '')) if (isTracked(pod)) queue.add(orphanPrefix + keyOf(pod));
  };
  const look = (job: Job): void => {
    queue.add(keyOf(job));
    // Its pods should all have been counted; what is left must not be held for ever.
    if (isFinished(job)) release(job);
  };
  jobs.addHandler({
    added: look,
    updated: look,
    deleted(job) {
      queue.add(keyOf(job));
      release(job);
    },
  });
}

function watchPods({ jobs, pods, memory, queue }: Watching): void {
  const ownerOf = (pod: Pod): Job | undefined => {
    const reference = controllerOf(pod);
    if (reference?.kind !== 'Job') return undefined;
    const job = jobs.get(pod.metadata.namespace ?? '', reference.name);
    return job?.metadata.uid === reference.uid ? job : undefined;
  };
  const uncounted = (pod: Pod): void => {
    if (isTracked(pod)) queue.add(orphanPrefix + keyOf(pod));
  };
  const wakeMatching = (pod: Pod): void => {
    for (const job of jobs.list(pod.metadata.namespace)) {
      const selector = selectorFromObject(job.spec?.selector);
      if (selector !== undefined && matchesLabels(selector, pod.metadata.labels ?? {})) queue.add(keyOf(job));
    }
  };
  const going = (pod: Pod, isGone: boolean): void => {
    const { uid = '' } = pod.metadata;
    const job = ownerOf(pod);
    if (job === undefined || isFinished(job)) uncounted(pod);
    if (job === undefined) return;
    memory.expectations.deletionObserved(keyOf(job), uid);
    if (isGone || !isTracked(pod)) memory.removals.get(keyOf(job))?.delete(uid);
    queue.add(keyOf(job));
  };
  pods.addHandler({
    added(pod) {
      if (pod.metadata.deletionTimestamp !== undefined) {
        going(pod, false);
        return;
      }
      const job = ownerOf(pod);
      if (job !== undefined) {
        memory.expectations.creationObserved(keyOf(job));
        queue.add(keyOf(job));
      } else if (controllerOf(pod) === undefined) {
        uncounted(pod);
        wakeMatching(pod);
      }
    },
    updated(pod, old) {
      const before = ownerOf(old);
      const job = ownerOf(pod);
      for (const one of [before, job]) {
        if (one === undefined) continue;
        if (!isTracked(pod)) memory.removals.get(keyOf(one))?.delete(pod.metadata.uid ?? '');
        queue.add(keyOf(one));
      }
      if (pod.metadata.deletionTimestamp !== undefined) going(pod, false);
      else if (controllerOf(pod) === undefined) {
        uncounted(pod);
        if (before !== undefined || !equalJson(pod.metadata.labels, old.metadata.labels)) wakeMatching(pod);
      }
    },
    deleted: (pod) => going(pod, true),
  });
}

/** Nobody counts a pod without a job, or of one that ended: it must not be held. */
async function releaseOrphan(
  context: ControllerContext,
  jobs: Informer<Job>,
  pods: Informer<Pod>,
  key: string,
): Promise<void> {
  const { namespace, name } = splitKey(key);
  const pod = pods.get(namespace, name);
  if (pod === undefined || !isTracked(pod)) return;
  const owner = controllerOf(pod);
  if (owner !== undefined) {
    if (owner.kind !== 'Job' || owner.apiVersion !== 'batch/v1') return;
    const job = jobs.get(namespace, owner.name);
    if (job?.metadata.uid === owner.uid && (isManagedByOthers(job) || !isFinished(job))) return;
  }
  await removeTracking(context, pod);
}

function claimPods(context: ControllerContext, job: Job, pods: Informer<Pod>): Promise<Pod[]> {
  const { namespace = '', name = '', uid = '' } = job.metadata;
  return claimObjects(pods.claimable(uid, namespace), {
    client: context.client,
    resource: podsResource,
    owner: job,
    selector: selectorFromObject(job.spec?.selector) ?? [],
    finalizer: trackingFinalizer,
    freshOwner: () =>
      context.client
        .resource<Job>(jobsResource, namespace)
        .get(name)
        .catch((error: unknown) => {
          if (hasReason(error, 'NotFound')) return undefined;
          throw error;
        }),
  });
}
