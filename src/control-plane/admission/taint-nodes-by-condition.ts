import type { Node } from '../../api/types/core-v1.ts';
import { type AdmissionPlugin, resourceKey } from './admission-plugin.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const;

/** New nodes take no pods until the node lifecycle controller finds them ready and removes the taint. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  admit(attributes) {
    if (attributes.operation !== 'CREATE' || resourceKey(attributes) !== 'nodes' || attributes.subresource !== '')
      return;
    const node = attributes.object as unknown as Node;
    const spec = (node.spec ??= {});
    if ((spec.taints ?? []).some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return;
    spec.taints = [...(spec.taints ?? []), { ...notReady }];
  },
};
