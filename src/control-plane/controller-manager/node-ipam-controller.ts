import type { Node } from '../../api/types/core-v1.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf } from './keyed-controller.ts';
import { nodesResource } from './node-taints.ts';

/** The range of all pods, of which each node gets a part: 10.244.0.0/16 in parts of 24 bits, as kubeadm has it. */
const clusterPrefix = '10.244';
const partCount = 256;

/** Gives nodes that have none a range of addresses for their pods, the lowest that is free. */
export function createNodeIpamController(context: ControllerContext): Controller {
  const nodes = context.informers.informer<Node>(nodesResource);
  /** What was given and has not come back yet, by node. */
  const given = new Map<string, string>();
  return createKeyedController({
    name: 'node-ipam-controller',
    context,
    workers: 1,
    register(queue) {
      const look = (node: Node): void => {
        if ((node.spec?.podCIDRs ?? []).length > 0) given.delete(keyOf(node));
        else if (node.metadata.deletionTimestamp === undefined) queue.add(keyOf(node));
      };
      nodes.addHandler({ added: look, updated: look, deleted: (node) => given.delete(keyOf(node)) });
    },
    async sync(name) {
      const node = nodes.get('', name);
      if (node === undefined || (node.spec?.podCIDRs ?? []).length > 0) return;
      const used = new Set([...nodes.list().flatMap(({ spec }) => spec?.podCIDRs ?? []), ...given.values()]);
      const range =
        given.get(name) ??
        Array.from({ length: partCount }, (_, part) => `${clusterPrefix}.${part}.0/24`).find((one) => !used.has(one));
      if (range === undefined) {
        const { uid = '' } = node.metadata;
        const about = { apiVersion: 'v1', kind: 'Node', metadata: { name, uid } };
        context.events.event(about, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`);
        throw new Error('CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range');
      }
      given.set(name, range);
      const patch = { spec: { podCIDR: range, podCIDRs: [range] } };
      try {
        await context.client.resource(nodesResource).patch(name, 'application/merge-patch+json', patch);
      } catch (error) {
        given.delete(name);
        if (!hasReason(error, 'NotFound')) throw error;
      }
    },
  });
}
