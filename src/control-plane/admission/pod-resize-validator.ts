import { podRequests, resourceAmounts } from '../../api/core/v1/pod-resources.ts';
import type { Node, Pod } from '../../api/types/core-v1.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { changedPodOnNode } from './changed-pod-on-node.ts';
import { refusal } from './refusal.ts';

/** A pod is resized to no more than its node could ever give (KEP-1287). */
export function podResizeValidator(context: AdmissionContext): AdmissionPlugin {
  const nodes = context.informer<Node>({ group: '', version: 'v1', resource: 'nodes' });
  return {
    name: 'PodResizeValidator',
    validate(attributes) {
      const change = changedPodOnNode(attributes, ['resize']);
      if (change === undefined) return;
      const { pod, nodeName } = change;
      const node = nodes.get('', nodeName);
      if (node === undefined) throw refusal(attributes, `node "${nodeName}" not found`);
      const system = node.metadata.labels?.['kubernetes.io/os'] ?? 'linux';
      if (system !== 'linux') {
        const message = `pod resize is only supported on linux nodes, node "${nodeName}" is "${system}"`;
        throw refusalFor(attributes, message, 'UnsupportedPlatform');
      }
      const excess = excessOver(pod, node);
      if (excess.length === 0) return;
      const message = `node didn't have enough allocatable resources: ${excess.join('; ')}`;
      throw refusalFor(attributes, message, 'NodeCapacity');
    },
  };
}

/** Cpu in thousandths of a core, memory in bytes. */
function excessOver(pod: Pod, node: Node): string[] {
  const requests = podRequests(pod);
  const allocatable = resourceAmounts(node.status?.allocatable);
  return ['cpu', 'memory'].flatMap((name) => {
    const [wanted, available] = [requests.get(name) ?? 0, allocatable.get(name) ?? 0];
    return wanted > available ? [`${name}, requested: ${wanted}, allocatable: ${available}`] : [];
  });
}

/** A 403 whose cause says in one word what the node lacks. */
function refusalFor(attributes: AdmissionAttributes, message: string, reason: string): StatusError {
  const { status } = refusal(attributes, message);
  return new StatusError({ ...status, details: { ...status.details, causes: [{ reason }] } });
}
