import type { Node, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { Clock } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { Random } from '../../system/random.ts';
import { SchedulerCache } from './scheduler-cache.ts';
import { schedulePod } from './scheduling-algorithm.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

export interface SchedulerOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Pods that name another scheduler are left alone. */
  readonly schedulerName?: string;
}

/** Gives pods without a node one. */
export interface Scheduler {
  /** The informers are started by the caller. */
  start(): void;
  stop(): Promise<void>;
}

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

/**
 * One pod at a time: filter the nodes, rank them, assume the pod is there, and POST the binding while the next pod is
 * looked at. A pod that fits nowhere gets a PodScheduled condition and an event, and waits for the cluster to change.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { client, clock, events, log, random } = options;
  const schedulerName = options.schedulerName ?? 'default-scheduler';
  const pods = options.informers.informer<Pod>(podsResource);
  const nodes = options.informers.informer<Node>({ group: '', version: 'v1', resource: 'nodes' });
  const claims = options.informers.informer<PersistentVolumeClaim>({
    group: '',
    version: 'v1',
    resource: 'persistentvolumeclaims',
  });
  const cache = new SchedulerCache();
  const queue = new SchedulingQueue(clock, () => wake());
  const binding = new Set<Promise<void>>();
  let stopped = false;
  let looping: Promise<void> | undefined;

  const isOurs = (pod: Pod): boolean =>
    (pod.spec?.schedulerName ?? 'default-scheduler') === schedulerName &&
    (pod.spec?.schedulingGates ?? []).length === 0;
  const isOver = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

  const observe = (pod: Pod, old?: Pod): void => {
    if (stopped) return;
    const uid = pod.metadata.uid ?? '';
    const nodeName = pod.spec?.nodeName ?? '';
    if (isOver(pod)) {
      release(pod);
    } else if (nodeName !== '') {
      queue.remove(uid);
      cache.setPod(pod, nodeName);
      if (old !== undefined && (old.spec?.nodeName ?? '') === '') queue.clusterChanged();
    } else if (isOurs(pod) && pod.metadata.deletionTimestamp === undefined) {
      if (old === undefined) queue.add(pod);
      else queue.update(pod, old);
    }
  };

  const release = (pod: Pod): void => {
    const uid = pod.metadata.uid ?? '';
    queue.remove(uid);
    cache.removePod(uid);
    if ((pod.spec?.nodeName ?? '') !== '') queue.clusterChanged();
  };

  const wake = (): void => {
    if (stopped || looping !== undefined) return;
    looping = run().finally(() => {
      looping = undefined;
    });
  };

  const run = async (): Promise<void> => {
    // Let what arrives together be seen together, so that priority decides.
    await Promise.resolve();
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const { pod, attempts } = next;
      try {
        await scheduleOne(pod, attempts);
      } catch (error) {
        log.error('scheduling failed', { pod: pod.metadata.name, error: String(error) });
        queue.retryLater(pod, attempts);
      }
    }
  };

  const scheduleOne = async (pod: Pod, attempts: number): Promise<void> => {
    const volumeProblem = claimProblem(pod);
    const result =
      volumeProblem === undefined
        ? schedulePod(pod, cache.nodes(), random)
        : { fits: false as const, message: volumeProblem };
    if (!result.fits) {
      queue.parkUnschedulable(pod, attempts);
      events.event(pod, 'Warning', 'FailedScheduling', result.message);
      await reportUnschedulable(pod, result.message);
      return;
    }
    cache.setPod(pod, result.nodeName);
    const work = bind(pod, result.nodeName, attempts).finally(() => binding.delete(work));
    binding.add(work);
  };

  /** Pods wait for claims that must exist and be bound first. */
  const claimProblem = (pod: Pod): string | undefined => {
    const total = cache.nodes().length;
    for (const volume of pod.spec?.volumes ?? []) {
      const name = volume.persistentVolumeClaim?.claimName;
      if (name === undefined) continue;
      const claim = claims.get(pod.metadata.namespace ?? '', name);
      const prefix = `0/${total} nodes are available:`;
      if (claim === undefined) return `${prefix} persistentvolumeclaim "${name}" not found.`;
      if ((claim.spec?.volumeName ?? '') === '') return `${prefix} pod has unbound immediate PersistentVolumeClaims.`;
    }
    return undefined;
  };

  const bind = async (pod: Pod, nodeName: string, attempts: number): Promise<void> => {
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    try {
      await client.request({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/pods/${name}/binding`,
        body: {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name, namespace, uid },
          target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
        },
      });
      events.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
    } catch (error) {
      const current = pods.get(namespace, name);
      if ((current?.spec?.nodeName ?? '') !== '' && current?.metadata.uid === uid) return;
      cache.removePod(uid);
      if (hasReason(error, 'NotFound') || stopped) return;
      log.warn('binding failed', { pod: `${namespace}/${name}`, node: nodeName, error: String(error) });
      queue.retryLater(pod, attempts);
    }
  };

  const reportUnschedulable = async (pod: Pod, message: string): Promise<void> => {
    const { name = '', namespace = '', uid = '', generation } = pod.metadata;
    const before = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
    if (before?.status === 'False' && before.message === message) return;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : formatTime(clock.now()),
    };
    try {
      await client
        .resource(podsResource, namespace)
        .patch(
          name,
          'application/strategic-merge-patch+json',
          { metadata: { uid }, status: { conditions: [condition] } },
          { subresource: 'status' },
        );
    } catch (error) {
      if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
    }
  };

  const observeNode = (node: Node): void => {
    cache.setNode(node);
    queue.clusterChanged();
  };

  return {
    start() {
      nodes.addHandler({
        added: observeNode,
        updated: observeNode,
        deleted: (node) => cache.removeNode(node.metadata.name ?? ''),
      });
      claims.addHandler({ added: () => queue.clusterChanged(), updated: () => queue.clusterChanged() });
      pods.addHandler({ added: (pod) => observe(pod), updated: (pod, old) => observe(pod, old), deleted: release });
    },
    async stop() {
      stopped = true;
      queue.close();
      await looping;
      await Promise.allSettled(binding);
    },
  };
}
