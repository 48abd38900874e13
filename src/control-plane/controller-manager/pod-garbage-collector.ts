import type { Node, Pod, PodCondition } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { readyCondition } from './node-health.ts';
import { nodesResource } from './node-taints.ts';
import { createPeriodicController } from './periodic-controller.ts';
import { podsResource } from './pod-control.ts';
import { isPodTerminal } from './pod-facts.ts';

const periodMillis = 20_000;
/** A node may come back within this time. */
const quarantineMillis = 40_000;
/** --terminated-pod-gc-threshold, when it is not given. */
const usuallyKept = 12_500;

/**
 * Removes pods that no kubelet will: of nodes that are gone or out of service, deleted ones without a node, and the
 * oldest of those that ended when there are too many.
 */
export function createPodGarbageCollector(context: ControllerContext): Controller {
  const pods = context.informers.informer<Pod>(podsResource);
  const nodes = context.informers.informer<Node>(nodesResource);
  /** When nodes were first missed, by name. */
  const missed = new Map<string, number>();
  const kept = context.terminatedPodThreshold ?? usuallyKept;
  return createPeriodicController({
    name: 'pod-garbage-collector-controller',
    context,
    periodMillis,
    async run() {
      const all = pods.list();
      const placed = all.filter(({ spec }) => (spec?.nodeName ?? '') !== '');
      const ended = all.filter(isPodTerminal).toSorted(byEvictionAndAge);
      const lost = await lostNodes(context, placed, missed, (name) => nodes.get('', name) !== undefined);
      const orphaned = placed.filter(({ spec }) => lost.has(spec?.nodeName ?? ''));
      const outOfService = placed.filter((pod) => isOutOfService(pod, nodes.get('', pod.spec?.nodeName ?? '')));
      const nowhere = all.filter(
        ({ metadata, spec }) => metadata.deletionTimestamp !== undefined && (spec?.nodeName ?? '') === '',
      );
      if (kept > 0) await removeAll(context, ended.slice(0, Math.max(0, ended.length - kept)));
      await removeAll(context, outOfService);
      await removeAll(context, orphaned, orphanCondition);
      await removeAll(context, nowhere);
    },
  });
}

const orphanCondition: PodCondition = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByPodGC',
  message: 'PodGC: node no longer exists',
};

/** Names of nodes that pods are on, and that are gone for a while. */
async function lostNodes(
  { client, clock }: ControllerContext,
  pods: readonly Pod[],
  missed: Map<string, number>,
  isThere: (name: string) => boolean,
): Promise<Set<string>> {
  const now = clock.now();
  const names = new Set(pods.map(({ spec }) => spec?.nodeName ?? '').filter((name) => !isThere(name)));
  for (const name of missed.keys()) if (!names.has(name)) missed.delete(name);
  const lost = new Set<string>();
  for (const name of names) {
    const since = missed.get(name);
    if (since === undefined) missed.set(name, now);
    else if (now - since >= quarantineMillis && (await isGone(client, name))) lost.add(name);
  }
  return lost;
}

async function isGone(client: ControllerContext['client'], name: string): Promise<boolean> {
  try {
    await client.resource(nodesResource).get(name);
    return false;
  } catch (error) {
    if (hasReason(error, 'NotFound')) return true;
    throw error;
  }
}

/** The node will not tell that the pod ended (KEP-2268). */
function isOutOfService({ metadata }: Pod, node: Node | undefined): boolean {
  if (metadata.deletionTimestamp === undefined || node === undefined) return false;
  const isTainted = node.spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service') === true;
  return isTainted && readyCondition(node)?.status !== 'True';
}

/** Evicted pods first, then the oldest. */
function byEvictionAndAge(left: Pod, right: Pod): number {
  const isEvicted = ({ status }: Pod): number => Number(status?.phase === 'Failed' && status.reason === 'Evicted');
  const age = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
  const byName = (left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1;
  return isEvicted(right) - isEvicted(left) || age(left) - age(right) || byName;
}

/** One that cannot be removed, which a webhook may not let go, holds nobody else up. */
async function removeAll(context: ControllerContext, pods: readonly Pod[], condition?: PodCondition): Promise<void> {
  for (const pod of pods) {
    try {
      await remove(context, pod, condition);
    } catch (error) {
      const { namespace = '', name = '' } = pod.metadata;
      context.log.error('pod-garbage-collector-controller', { pod: `${namespace}/${name}`, error: messageOf(error) });
    }
  }
}

async function remove({ client, clock }: ControllerContext, pod: Pod, condition?: PodCondition): Promise<void> {
  const { name = '', namespace, uid = '', generation } = pod.metadata;
  const pods = client.resource<Pod>(podsResource, namespace);
  try {
    if (!isPodTerminal(pod)) {
      const observed = generation === undefined ? {} : { observedGeneration: generation };
      const conditions =
        condition === undefined
          ? {}
          : { conditions: [{ ...condition, ...observed, lastTransitionTime: formatTime(clock.now()) }] };
      const patch = { metadata: { uid }, status: { phase: 'Failed', ...observed, ...conditions } };
      await pods.patch(name, 'application/strategic-merge-patch+json', patch, { subresource: 'status' });
    }
    await pods.delete(name, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
  }
}
