import type { Pod, Toleration } from '../../api/types/core-v1.ts';
import { type AdmissionPlugin, resourceKey } from './admission-plugin.ts';

const seconds = 300;
const conditions = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Pods stay five minutes on a node that is not ready, unless they say otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  admit(attributes) {
    if (resourceKey(attributes) !== 'pods' || attributes.subresource !== '') return;
    if (attributes.operation !== 'CREATE' && attributes.operation !== 'UPDATE') return;
    const { spec } = attributes.object as unknown as Pod;
    if (spec === undefined) return;
    const covers = (toleration: Toleration, key: string): boolean =>
      ((toleration.key ?? '') === key || (toleration.key ?? '') === '') &&
      ((toleration.effect ?? '') === '' || toleration.effect === 'NoExecute');
    for (const key of conditions) {
      if ((spec.tolerations ?? []).some((toleration) => covers(toleration, key))) continue;
      spec.tolerations = [
        ...(spec.tolerations ?? []),
        { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds },
      ];
    }
  },
};
