import { tolerates } from '../../api/core/v1/node-matching.ts';
import type { Node, Pod, Taint, Toleration } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { formatTime, type KubeObject } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Informer } from '../../client/informer.ts';
import type { Timer } from '../../system/clock.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { nodesResource } from './node-taints.ts';
import { podsResource } from './pod-control.ts';

/** A pod that is to go. */
interface Planned {
  readonly since: number;
  readonly timer: Timer | undefined;
}

/**
 * How long a pod may stay on a node with such taints, in milliseconds: 0 when one is not tolerated, Infinity when all
 * are for ever, else the shortest of the times that its tolerations name.
 */
export function stayMillis(taints: readonly Taint[], tolerations: readonly Toleration[] | undefined): number {
  const used = taints.map((taint) => (tolerations ?? []).find((toleration) => tolerates(toleration, taint)));
  if (used.includes(undefined)) return 0;
  const seconds = used.map((toleration) => toleration?.tolerationSeconds ?? Number.POSITIVE_INFINITY);
  return Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...seconds) * 1000);
}

/** Has pods leave nodes whose NoExecute taints they do not tolerate, at once or when their time there is over. */
export function createTaintEvictionController(context: ControllerContext): Controller {
  const nodes = context.informers.informer<Node>(nodesResource);
  const pods = context.informers.informer<Pod>(podsResource);
  const planned = new Map<string, Planned>();
  const controller = createKeyedController({
    name: 'taint-eviction-controller',
    context,
    register(queue) {
      const touchAll = (node: Node): void => {
        for (const pod of pods.list()) if (pod.spec?.nodeName === node.metadata.name) queue.add(keyOf(pod));
      };
      nodes.addHandler({
        added: (node) => {
          if (noExecuteTaints(node).length > 0) touchAll(node);
        },
        updated: (node, old) => {
          if (!equalJson(noExecuteTaints(node), noExecuteTaints(old))) touchAll(node);
        },
        deleted: touchAll,
      });
      const touch = (pod: Pod): void => queue.add(keyOf(pod));
      pods.addHandler({
        added: touch,
        updated(pod, old) {
          const { spec } = pod;
          const isMoved = spec?.nodeName !== old.spec?.nodeName;
          if (isMoved || !equalJson(spec?.tolerations ?? [], old.spec?.tolerations ?? [])) touch(pod);
        },
        deleted: touch,
      });
    },
    sync: (key) => decide(context, { nodes, pods, planned }, key),
  });
  return {
    ...controller,
    async stop() {
      for (const { timer } of planned.values()) timer?.cancel();
      planned.clear();
      await controller.stop();
    },
  };
}

interface Picture {
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly planned: Map<string, Planned>;
}

function noExecuteTaints({ spec }: Node): Taint[] {
  return (spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

async function decide(context: ControllerContext, picture: Picture, key: string): Promise<void> {
  const { nodes, pods, planned } = picture;
  const { namespace, name } = splitKey(key);
  const pod = pods.get(namespace, name);
  const node = nodes.get('', pod?.spec?.nodeName ?? '');
  const taints = node === undefined ? [] : noExecuteTaints(node);
  const stay = stayMillis(taints, pod?.spec?.tolerations);
  const before = planned.get(key);
  if (pod === undefined || taints.length === 0 || stay === Number.POSITIVE_INFINITY) {
    if (before !== undefined) cancel(context, planned, key);
    return;
  }
  if (stay === 0) {
    if (before !== undefined) cancel(context, planned, key);
    await evict(context, key);
    return;
  }
  const now = context.clock.now();
  // What began under one taint goes on under another, unless that lets it stay for less.
  const since = before?.since ?? now;
  if (before !== undefined && since + stay < now + stay) return;
  if (before !== undefined) cancel(context, planned, key);
  const timer = context.clock.setTimer(
    () => {
      planned.set(key, { since, timer: undefined });
      evict(context, key)
        .catch((error: unknown) => context.log.warn('evicting failed', { pod: key, error: String(error) }))
        .finally(() => planned.delete(key));
    },
    Math.max(0, since + stay - now),
    { unref: true },
  );
  planned.set(key, { since, timer });
}

function podReference(key: string): KubeObject {
  const { namespace, name } = splitKey(key);
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } };
}

function cancel({ events }: ControllerContext, planned: Map<string, Planned>, key: string): void {
  planned.get(key)?.timer?.cancel();
  planned.delete(key);
  events.event(podReference(key), 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
}

async function evict({ client, clock, events }: ControllerContext, key: string): Promise<void> {
  const { namespace, name } = splitKey(key);
  events.event(podReference(key), 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
  const pods = client.resource<Pod>(podsResource, namespace);
  try {
    const { metadata, status } = await pods.get(name);
    const before = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
      lastTransitionTime: before?.status === 'True' ? before.lastTransitionTime : formatTime(clock.now()),
    };
    const patch = { metadata: { uid: metadata.uid }, status: { conditions: [condition] } };
    await pods.patch(name, 'application/strategic-merge-patch+json', patch, { subresource: 'status' });
    await pods.delete(name);
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
  }
}
