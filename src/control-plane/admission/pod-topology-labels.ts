import type { Node } from '../../api/types/core-v1.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { type AdmissionContext, type AdmissionPlugin, resourceKey } from './admission-plugin.ts';

const topologyLabels = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'];

/** Pods that are given a node get the labels of its place (KEP-4742). */
export function podTopologyLabels(context: AdmissionContext): AdmissionPlugin {
  const nodes = context.informer<Node>({ group: '', version: 'v1', resource: 'nodes' });
  return {
    name: 'PodTopologyLabels',
    admit(attributes) {
      const { operation, subresource, object } = attributes;
      if (operation !== 'CREATE' || resourceKey(attributes) !== 'pods' || object === undefined) return;
      const nodeName = subresource === 'binding' ? boundNode(object) : subresource === '' ? ownNode(object) : '';
      if (nodeName === '') return;
      const labels = Object.entries(nodes.get('', nodeName)?.metadata.labels ?? {}).filter(([key]) =>
        topologyLabels.includes(key),
      );
      if (labels.length === 0) return;
      object.metadata.labels = { ...object.metadata.labels, ...Object.fromEntries(labels) };
    },
  };
}

/** A binding's labels go on to its pod. */
function boundNode(binding: Unstructured): string {
  const target = binding['target'] as { kind?: string; name?: string } | undefined;
  return target?.kind === 'Node' ? (target.name ?? '') : '';
}

function ownNode(pod: Unstructured): string {
  return (pod['spec'] as { nodeName?: string } | undefined)?.nodeName ?? '';
}
