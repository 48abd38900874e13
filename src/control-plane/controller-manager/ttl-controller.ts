import type { Node } from '../../api/types/core-v1.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf } from './keyed-controller.ts';
import { nodesResource } from './node-taints.ts';

const annotation = 'node.alpha.kubernetes.io/ttl';

/** Sizes of clusters, overlapping so that one node more or less does not change everything, and their seconds. */
const steps: readonly { readonly from: number; readonly to: number; readonly seconds: number }[] = [
  { from: 0, to: 100, seconds: 0 },
  { from: 90, to: 500, seconds: 15 },
  { from: 450, to: 1000, seconds: 30 },
  { from: 900, to: 2000, seconds: 60 },
  { from: 1800, to: Number.POSITIVE_INFINITY, seconds: 300 },
];

/** The step for so many nodes, coming from another one. */
export function ttlStep(current: number, nodes: number): number {
  let step = current;
  while (nodes > (steps[step]?.to ?? 0)) step++;
  while (nodes < (steps[step]?.from ?? 0)) step--;
  return step;
}

/** Tells the kubelets in an annotation how long they may keep secrets and config maps, by the size of the cluster. */
export function createTtlController(context: ControllerContext): Controller {
  const nodes = context.informers.informer<Node>(nodesResource);
  let step = 0;
  return createKeyedController({
    name: 'ttl-controller',
    context,
    register(queue) {
      const touch = (node: Node): void => {
        step = ttlStep(step, nodes.list().length);
        queue.add(keyOf(node));
      };
      nodes.addHandler({ added: touch, updated: touch, deleted: touch });
    },
    async sync(name) {
      const node = nodes.get('', name);
      const wanted = `${steps[step]?.seconds ?? 0}`;
      if (node === undefined || node.metadata.annotations?.[annotation] === wanted) return;
      const patch = { metadata: { annotations: { [annotation]: wanted } } };
      try {
        await context.client.resource(nodesResource).patch(name, 'application/merge-patch+json', patch);
      } catch (error) {
        if (!hasReason(error, 'NotFound')) throw error;
      }
    },
  });
}
