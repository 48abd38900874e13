import type { Pod } from '../../api/types/core-v1.ts';
import { type AdmissionPlugin, resourceKey } from './admission-plugin.ts';
import { mergeTolerations } from './tolerations.ts';

/** Pods that ask for a special resource may go to the nodes that are tainted for it. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',
  admit(attributes) {
    const { operation, subresource } = attributes;
    if (resourceKey(attributes) !== 'pods' || subresource !== '') return;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    const { spec } = attributes.object as unknown as Pod;
    if (spec === undefined) return;
    const names = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
      .flatMap(({ resources }) => Object.keys(resources?.requests ?? {}))
      .filter((name) => name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.'));
    const tolerations = [...new Set(names)].toSorted().map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoSchedule',
    }));
    for (const toleration of tolerations) spec.tolerations = mergeTolerations(spec.tolerations ?? [], [toleration]);
  },
};
