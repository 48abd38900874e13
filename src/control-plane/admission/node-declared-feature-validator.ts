import type { Container, Node, Pod } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import type { AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { changedPodOnNode } from './changed-pod-on-node.ts';
import { refusal } from './refusal.ts';

/** Features that an update of a pod may need of its node, by name, in the order in which they are told. */
const neededByUpdate: readonly { readonly feature: string; readonly isNeeded: (pod: Pod, old: Pod) => boolean }[] = [
  {
    feature: 'InPlacePodLevelResourcesVerticalScaling',
    isNeeded: (pod, old) => !equalJson(pod.spec?.resources ?? null, old.spec?.resources ?? null),
  },
  {
    feature: 'InPlacePodVerticalScalingInitContainers',
    isNeeded: (pod, old) =>
      (old.spec?.initContainers ?? []).some(
        (container, index) => container.restartPolicy !== 'Always' && isResized(container, pod, index),
      ),
  },
];

function isResized(container: Container, { spec }: Pod, index: number): boolean {
  return !equalJson(container.resources ?? {}, spec?.initContainers?.[index]?.resources ?? {});
}

/** A pod on a node changes in no way that takes a feature its node does not declare (KEP-5328). */
export function nodeDeclaredFeatureValidator(context: AdmissionContext): AdmissionPlugin {
  const nodes = context.informer<Node>({ group: '', version: 'v1', resource: 'nodes' });
  return {
    name: 'NodeDeclaredFeatureValidator',
    validate(attributes) {
      const change = changedPodOnNode(attributes, ['', 'resize']);
      if (change === undefined) return;
      const { pod, old, nodeName } = change;
      const needed = neededByUpdate.filter(({ isNeeded }) => isNeeded(pod, old)).map(({ feature }) => feature);
      if (needed.length === 0) return;
      const node = nodes.get('', nodeName);
      if (node === undefined) throw refusal(attributes, `node "${nodeName}" not found`);
      const missing = needed.filter((feature) => !(node.status?.declaredFeatures ?? []).includes(feature));
      if (missing.length === 0) return;
      const message = `pod update requires features ${missing.join(', ')} which are not available on node "${nodeName}"`;
      throw refusal(attributes, message);
    },
  };
}
