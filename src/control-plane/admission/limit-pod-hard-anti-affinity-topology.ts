import type { Pod } from '../../api/types/core-v1.ts';
import { forbidden } from '../../apimachinery/status.ts';
import { type AdmissionPlugin, resourceKey } from './admission-plugin.ts';

const hostname = 'kubernetes.io/hostname';

/** Pods may keep others from their node, not from whole zones. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',
  validate(attributes) {
    const { operation, subresource } = attributes;
    if (resourceKey(attributes) !== 'pods' || subresource !== '') return;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    const pod = attributes.object as unknown as Pod;
    const terms = pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const other = terms.find(({ topologyKey }) => topologyKey !== hostname);
    if (other === undefined) return;
    const message = `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${other.topologyKey} but only key ${hostname} is allowed`;
    throw forbidden(attributes.resource, pod.metadata.name ?? '', message);
  },
};
